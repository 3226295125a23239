"""What the bounded process tells of remains and of DICOM: as steps in this process would, by a key that stays here."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator

import pytest

import planted
from hostile import Runs
from rectoverso.errors import DicomUnreadable, ImageStopped
from rectoverso.verso.anonymise.dicom.pseudonyms import Secret
from rectoverso.verso.anonymise.remains import remains
from rectoverso.verso.verify import frames
from rectoverso.verso.verify.belief import believed
from rectoverso.verso.verify.bounded import BoundedVerifier, shared
from rectoverso.verso.verify.bounds import Bounds, Job
from rectoverso.verso.verify.questions import answer
from rectoverso.verso.verify.records import NoRecords

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")


@pytest.fixture(scope="module")
def verifier() -> BoundedVerifier:
    return shared()


@pytest.mark.parametrize("media_type", planted.FILES)
def test_the_kinds_of_remains_are_those_of_this_process(media_type: str, verifier: BoundedVerifier) -> None:
    data = planted.FILES[media_type]()
    assert set(verifier.remains(data, name="a")) == {remain.kind for remain in remains(data)}


def test_a_file_that_keeps_its_walk_busy_is_an_error_with_its_reason() -> None:
    """An AVIF of 80 bytes that declares 268 million extents of nothing."""
    iloc = b"\0\0\0\0" + b"\0\0" + (4095).to_bytes(2, "big") + b"\0\1\0\0\xff\xff" * 4095
    box = (8 + len(iloc)).to_bytes(4, "big") + b"iloc" + iloc
    meta = (12 + len(box)).to_bytes(4, "big") + b"meta" + bytes(4) + box
    verifier = BoundedVerifier(Bounds(seconds=1.0))
    verifier.verify(b"")
    with pytest.raises(ImageStopped) as caught:
        verifier.remains(b"\0\0\0\x10ftypavif" + bytes(4) + meta, name="a.avif")
    verifier.close()
    assert caught.value.facts["reason"].messages[0].key == "verify.reason.bounded_time"


@pytest.fixture(scope="module")
def of_dicom() -> Iterator[BoundedVerifier]:
    pytest.importorskip("pydicom")
    verifier = BoundedVerifier(reads="dicom")
    yield verifier
    verifier.close()


def test_a_dicom_file_comes_out_as_from_this_process_by_a_key_that_is_not_in_there(
    of_dicom: BoundedVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    from patients import KEY, file_of, patient
    from rectoverso.verso.anonymise.dicom.deidentify import deidentify

    data, secret = file_of(patient()), Secret(KEY)
    handed, hand = [], frames.hand
    monkeypatch.setattr(frames, "hand", lambda pipe, value: handed.append(value) or hand(pipe, value))
    assert of_dicom.deidentify(data, secret, name="a") == deidentify(data, secret.keyed, name="a")
    assert len(handed) > 5
    assert not any(KEY in pickle.dumps(value) for value in handed)
    shown = patient()
    shown.BurnedInAnnotation = "YES"
    held = of_dicom.deidentify(file_of(shown), secret, name="a")
    assert [why.key for why in held.held] == ["anonymise.burned_in.said"]
    assert of_dicom.deidentify(file_of(shown), secret, name="a", looked_at=True).data
    with pytest.raises(DicomUnreadable, match=r"b\.dcm"):
        of_dicom.deidentify(b"no DICOM", secret, name="b.dcm")


@posix
def test_a_dicom_file_that_takes_over_what_reads_it_gets_nowhere(of_dicom: BoundedVerifier) -> None:
    from patients import KEY, file_of, patient

    code = "import os\ntry:\n open('/etc/passwd')\nexcept OSError: pass\nelse: os._exit(1)"
    job = Job(asks="dicom", proof=Runs(code))  # type: ignore[arg-type]
    assert of_dicom._read(file_of(patient()), job, "a", Secret(KEY)).data  # type: ignore[union-attr]
    crash = Job(asks="dicom", proof=Runs("import os; os.abort()"))  # type: ignore[arg-type]
    with pytest.raises(ImageStopped):
        of_dicom._read(file_of(patient()), crash, "a", Secret(KEY))


FILE = bytes(128) + b"DICM..."
ROW = {"key": "anonymise.problem.day", "facts": {}}


@pytest.mark.parametrize(
    ("said", "data"),
    [
        ({"uid": "../../home/me/.bashrc", "held": [], "done": {}}, FILE),
        ({"uid": "2.25.1", "held": [], "done": {}}, b"#!/bin/sh"),
        ({"uid": "2.25.1", "held": [], "done": {}}, b""),
        ({"uid": "2.25.1", "held": [ROW], "done": {}}, FILE),
        ({"uid": "", "held": [ROW], "done": {}}, b"more"),
        ({"uid": "", "held": [], "done": {}}, b""),
        ({"uid": "", "held": [{"key": "verify.evidence.credential_trusted", "facts": {}}], "done": {}}, b""),
        ({"uid": "2.25.1", "held": [], "done": {"of another kind": 1}}, FILE),
        ({"uid": "2.25.1", "held": [], "done": {"removed": "many"}}, FILE),
        ({"uid": 5, "held": [], "done": {}}, FILE),
        ({}, FILE),
    ],
)
def test_a_dicom_file_of_another_form_is_none(said: dict[str, object], data: bytes) -> None:
    job = Job(asks="dicom")
    good = {"uid": "2.25.1", "held": [], "done": {"removed": 1}}
    assert believed({"dicom": good}, job, lambda: FILE).data == FILE  # type: ignore[union-attr]
    with pytest.raises(frames.PipeEnded):
        believed({"dicom": said}, job, lambda: data)


def test_the_secret_is_asked_of_nobody_but_the_secret() -> None:
    assert len(answer(Secret(bytes(32)), "keyed", ["text"], b"uid 1")) == 32
    with pytest.raises(frames.PipeEnded):
        answer(NoRecords(), "keyed", ["text"], b"uid 1")
    for name in ("by_digest", "_key", "__init__"):
        with pytest.raises(frames.PipeEnded):
            answer(Secret(bytes(32)), name, ["text"], b"uid 1")
