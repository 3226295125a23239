"""Sealing: every file is accounted for, and a bad one never stops the good ones."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from hostile import Crashing
from rectoverso.errors import FilesUnusable
from rectoverso.types import Decision, Maker, Origin
from rectoverso.verso.mark import credential, label
from rectoverso.verso.mark.credential import ManifestFacts
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.verso.verify.labels import read_labels, told_of_origin
from rectoverso.workflow import seal
from rectoverso.workflow.ledgers import existing_home, keys_of, open_ledger
from rectoverso.workflow.registry import add_works
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.verify import reports
from unit.verso.conftest import ASSET, make_signer, photo
from unit.verso.law.corpus import AI, Drawn, Makers, signed

Picture = Callable[..., Path]
CAPTURED = {name: value.replace("trainedAlgorithmicMedia", "digitalCapture") for name, value in AI.items()}


def test_bad_files_are_told_and_the_good_ones_sealed(tmp_path: Path, home: Path, picture: Picture) -> None:
    (tmp_path / "text.png").write_text("no picture")
    files = [tmp_path / "missing.png", picture("good.png"), tmp_path / "text.png"]
    batch = seal_files(files, tmp_path / "out", home)
    assert [Path(failure.source).name for failure in batch.failed] == ["missing.png", "text.png"]
    assert [passage.asset.decision for passage in batch.passages] == [Decision.RELEASE]


def test_a_file_that_kills_what_reads_it_is_told_and_the_good_ones_sealed(
    tmp_path: Path, home: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(to_png(photo(4, 64)))
    reader = Crashing(at=bad.read_bytes())
    monkeypatch.setattr(seal, "shared", lambda: reader)
    batch = seal_files([bad, picture("good.png")], tmp_path / "out", home)
    reader.close()
    assert [failure.error.code for failure in batch.failed] == ["image_stopped"]
    assert [passage.asset.decision for passage in batch.passages] == [Decision.RELEASE]


def test_a_work_registered_between_two_calls_is_compared_with(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    first = seal_files([picture("one.png", 1)], tmp_path / "out", home)
    add_works([picture("work.png", 5)], home, title="Waves", owner="Anna")
    copy = tmp_path / "copy.png"
    copy.write_bytes((tmp_path / "work.png").read_bytes())
    second = seal_files([tmp_path / "one.png", copy], tmp_path / "out", home)
    assert first.passages[0].asset.decision is Decision.RELEASE
    assert [passage.asset.decision for passage in second.passages] == [Decision.RELEASE, Decision.REFUSE]


@pytest.mark.parametrize(
    ("origin", "is_ai"), [(Origin.AI, True), (Origin.EDITED, True), (Origin.CAPTURED, False)]
)
def test_the_origin_stands_in_the_credential(
    tmp_path: Path, home: Path, picture: Picture, origin: Origin, is_ai: bool
) -> None:
    batch = seal_files([picture("one.png")], tmp_path / "out", home, origin=origin)
    path = batch.passages[0].path
    assert path is not None
    (report,) = reports([path], home, [])
    assert report.ai_generated is is_ai


def test_an_empty_folder_is_said_to_hold_no_picture(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FilesUnusable, match="no picture"):
        seal_files([tmp_path / "empty"], tmp_path / "out", home)


def test_the_same_files_again_are_not_decided_again(tmp_path: Path, home: Path, picture: Picture) -> None:
    file = picture("one.png")
    first = seal_files([file], tmp_path / "out", home)
    second = seal_files([file], tmp_path / "out", home)
    assert second.passages[0].repeated
    assert second.passages[0].asset == first.passages[0].asset


def test_a_released_ai_image_cannot_be_passed_off_as_captured(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    first = seal_files([picture("one.png")], tmp_path / "out", home)
    assert first.passages[0].path is not None
    again = seal_files([first.passages[0].path], tmp_path / "again", home, origin=Origin.CAPTURED)
    assert again.passages[0].asset.decision is Decision.HOLD


def test_a_photograph_whose_block_says_that_ai_made_it_is_held(tmp_path: Path, home: Path) -> None:
    """Released, it would contradict itself: the block travels on."""
    block = '{"Label":"1","ContentProducer":"x","ProduceID":"1"}'
    draft = tmp_path / "draft.png"
    draft.write_bytes(
        label.write(photo(5, 96), label.xmp_packet(label.Label(aigc=block)), "image/png", block)
    )
    (held,) = seal_files([draft], tmp_path / "out", home, origin=Origin.CAPTURED).passages
    (released,) = seal_files([draft], tmp_path / "out", home).passages
    assert (held.asset.decision, released.asset.decision) == (Decision.HOLD, Decision.RELEASE)


def _its_label_says_so() -> bytes:
    return Drawn(photo(5, 96), AI).file()


def _its_credential_says_so() -> bytes:
    return signed(Drawn(photo(5, 96)), Makers(make_signer("Another maker"), ""), stamped=False, marked=False)


def _its_incomplete_block_says_so() -> bytes:
    return Drawn(photo(5, 96), text=('{"Label":"1"}',)).file()


@pytest.mark.parametrize("made", [_its_label_says_so, _its_credential_says_so, _its_incomplete_block_says_so])
def test_what_its_own_file_calls_ai_is_not_signed_as_a_photograph(
    tmp_path: Path, home: Path, made: Callable[[], bytes]
) -> None:
    """The metadata of other makers stays behind: nobody would see it again."""
    draft = tmp_path / "draft.png"
    draft.write_bytes(made())
    (held,) = seal_files([draft], tmp_path / "out", home, origin=Origin.CAPTURED).passages
    (released,) = seal_files([draft], tmp_path / "out", home).passages
    assert (held.asset.decision, released.asset.decision) == (Decision.HOLD, Decision.RELEASE)


def test_a_photograph_that_calls_itself_one_is_sealed_as_one(tmp_path: Path, home: Path) -> None:
    draft = tmp_path / "draft.png"
    draft.write_bytes(Drawn(photo(5, 96), CAPTURED).file())
    (passage,) = seal_files([draft], tmp_path / "out", home, origin=Origin.CAPTURED).passages
    assert passage.asset.decision is Decision.RELEASE


def _its_exif_names_a_camera() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "A maker", "Camera 1"
    out = io.BytesIO()
    Image.fromarray(photo(5, 96)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def _its_label_says_captured() -> bytes:
    return Drawn(photo(5, 96), CAPTURED).file()


def _its_credential_says_captured() -> bytes:
    facts = ManifestFacts(ASSET, Origin.CAPTURED, Maker("", ""), datetime.now(UTC), "a camera", "1")
    return credential.sign(to_png(photo(5, 96)), "image/png", facts, make_signer("A camera"))


@pytest.mark.parametrize(
    ("made", "where"),
    [
        (_its_exif_names_a_camera, "EXIF"),
        (_its_label_says_captured, "XMP"),
        (_its_credential_says_captured, "C2PA"),
    ],
)
def test_what_a_camera_took_is_not_signed_as_made_by_ai_without_a_word(
    tmp_path: Path, home: Path, made: Callable[[], bytes], where: str
) -> None:
    draft = tmp_path / "draft.png"
    draft.write_bytes(made())
    (refused,) = seal_files([draft], tmp_path / "out", home).passages
    assert refused.asset.decision is Decision.REFUSE
    told = next(found for found in refused.asset.findings if found["check"] == "origin")
    assert told["message"] == {"key": "screen.origin.camera", "facts": {"where": where}}
    (edited,) = seal_files([draft], tmp_path / "out", home, origin=Origin.EDITED).passages
    (accepted,) = seal_files([draft], tmp_path / "out", home, unsafe_origin=True).passages
    assert (edited.asset.decision, accepted.asset.decision) == (Decision.RELEASE, Decision.RELEASE)
    entries = [
        open_ledger(found, keys_of(found)).entry(one.asset.ledger_index)
        for found in [existing_home(home)]
        for one in (edited, accepted)
    ]
    assert [entry.get("unsafe") for entry in entries] == [None, ["origin"]]


def test_a_second_packet_does_not_hide_what_the_first_denies(tmp_path: Path) -> None:
    both = tmp_path / "both.png"
    text = PngImagePlugin.PngInfo()
    for kind in (Origin.CAPTURED, Origin.AI):
        packet = label.xmp_packet(label.Label(source_type=label.SOURCE_TYPES[kind]))
        text.add_itxt("XML:com.adobe.xmp", packet.decode())
    Image.fromarray(photo(5, 96)).save(both, pnginfo=text)
    assert told_of_origin(both.read_bytes()) == (True, "XMP")
    assert read_labels(both.read_bytes()).ai_generated is True


@pytest.mark.parametrize(
    "written",
    [
        "digsrctype:trainedAlgorithmicMedia",
        "https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia/",
        " http://cv.iptc.org/newscodes/digitalsourcetype/CompositeSynthetic",
    ],
)
def test_a_source_type_is_known_however_it_is_written(written: str) -> None:
    assert label.is_of_ai(written)
    assert not label.is_of_camera(written)


def test_what_no_check_can_see_does_not_leave(tmp_path: Path, home: Path) -> None:
    """A picture beneath full transparency, which a program that drops alpha would show."""
    pixels = np.dstack([photo(5, 96), np.full((96, 96), 255, np.uint8)])
    pixels[:48, :, :3], pixels[:48, :, 3] = photo(6, 96)[:48], 0
    draft = tmp_path / "draft.png"
    draft.write_bytes(to_png(pixels))
    (passage,) = seal_files([draft], tmp_path / "out", home).passages
    assert passage.path is not None
    assert not open_picture(passage.path.read_bytes(), "")[:48, :, :3].any()
