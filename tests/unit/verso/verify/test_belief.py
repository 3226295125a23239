"""What the bounded process says is not believed beyond its form, and what it asks is answered no further."""

from __future__ import annotations

import os

import pytest

from rectoverso.verso.verify import frames
from rectoverso.verso.verify.belief import believed, unreadable
from rectoverso.verso.verify.bounds import Job
from rectoverso.verso.verify.questions import answer
from rectoverso.verso.verify.records import NoRecords
from unit.verso.conftest import ASSET

RECOVERED = dict.fromkeys(("p_value", "distance", "signer", "ai_generated", "manifest_id"))
RECOVERED |= {"asset": ASSET, "by": "watermark", "state": "valid"}


@pytest.mark.parametrize("said", [{}, {"manifest": {}}, {"manifest": {"state": "believed"}}, {"manifest": 3}])
def test_a_manifest_of_another_form_is_none(said: dict[str, object]) -> None:
    with pytest.raises(frames.PipeEnded):
        believed(said, Job(asks="manifest"), bytes)


@pytest.mark.parametrize(
    "lie",
    [
        {"inquiry": {"service": "https://example.org", "by": [], "answer": "found"}},
        {"recovered": RECOVERED | {"service": "https://example.org"}},
    ],
)
def test_no_process_that_asks_no_network_says_that_it_did(lie: dict[str, object]) -> None:
    said = {"report": {"path": "a", "outcome": "nothing_found"}}
    assert believed(said, Job(), bytes)
    with pytest.raises(frames.PipeEnded):
        believed({"report": said["report"] | lie}, Job(), bytes)


@pytest.mark.parametrize(
    "said",
    [
        {"picture": [2, 2, 2], "block": None, "says_ai": False, "camera": ""},
        {"picture": [-2, -2, 3], "block": None, "says_ai": False, "camera": ""},
        {"picture": [2, 2, 4], "block": None, "says_ai": False, "camera": ""},
        {"picture": [2, 2, 3], "block": 5, "says_ai": False, "camera": ""},
        {"picture": [2, 2, 3], "block": None, "says_ai": "no", "camera": ""},
        {"picture": "2x2", "block": None, "says_ai": False, "camera": ""},
        {"picture": [2, 2, 3], "block": None, "says_ai": False, "camera": "\x1b[2J"},
        {"picture": [2, 2]},
    ],
)
def test_a_picture_of_another_form_is_none(said: dict[str, object]) -> None:
    with pytest.raises(frames.PipeEnded):
        believed(said, Job(asks="picture"), lambda: bytes(12))


@pytest.mark.parametrize(
    "rows", [[], [[]], [[{"key": "law.person", "facts": {}, "state": "kept"}]], [[{"key": "x"}]], "no"]
)
def test_clauses_of_another_form_are_none(rows: object) -> None:
    with pytest.raises(frames.PipeEnded):
        believed({"clauses": rows}, Job(asks="clauses", laws=("cn",)), bytes)


def test_an_error_of_another_kind_is_none() -> None:
    assert unreadable("image_empty", {"path": ""}).code == "image_empty"
    for code in ("image_stopped", "home_missing", "__class__"):
        with pytest.raises(frames.PipeEnded):
            unreadable(code, {"path": ""})
    with pytest.raises(frames.PipeEnded):
        unreadable("image_damaged", {"path": ""})


@pytest.mark.parametrize(
    ("name", "about", "raw"),
    [
        ("__class__", ["nothing"], b""),
        ("_home", ["nothing"], b""),
        ("forensic_key", ["nothing"], b""),
        ("recognised", ["pixels", 10, 10, 3], b"short"),
        ("recognised", ["pixels", -1, -1, 3], b"123"),
        ("recognised", ["pixels", 2, 2, 2], b"12345678"),
        ("asset", ["list"], b""),
        ("asset", [], b""),
    ],
)
def test_only_questions_are_answered(name: str, about: list[object], raw: bytes) -> None:
    with pytest.raises(frames.PipeEnded):
        answer(NoRecords(), name, about, raw)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"path": "", "outcome": "real"},
        {"path": "", "outcome": "trusted", "watermark": {"found": "perhaps"}},
        {
            "path": "",
            "outcome": "trusted",
            "contradictions": [{"key": "verify.evidence.nothing_of_the_kind"}],
        },
        {
            "path": "",
            "outcome": "trusted",
            "label": {"evidence": [{"key": "verify.evidence.credential_trusted"}]},
        },
        {"path": "", "outcome": "trusted", "contradictions": [{"key": ["x"]}]},
    ],
)
def test_a_report_of_another_form_is_none(said: dict[str, object]) -> None:
    with pytest.raises(frames.PipeEnded):
        believed({"report": said}, Job(), bytes)


def test_frames_that_claim_too_much_are_not_read() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as answers, os.fdopen(writing, "wb") as out:
        out.write((2**60).to_bytes(8, "big"))
        out.flush()
        with pytest.raises(frames.PipeEnded):
            frames.told(answers)
