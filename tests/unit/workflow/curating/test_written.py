"""What is written has nothing but the picture, and every picture is accounted for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rectoverso.errors import ImageStopped, Unexpected
from rectoverso.i18n import Phrase
from rectoverso.types import Message, Pixels
from rectoverso.verso.curate.metadata import examined
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.workflow.curated import curation_of
from rectoverso.workflow.curating import look
from unit.verso.conftest import encoded, photo
from unit.workflow.curating.sets import (
    SIDE,
    actions,
    cornered,
    jpeg_with_secrets,
    lines,
    picture,
    run,
    set_of,
    write,
)
from work import has_white_corner


def test_nothing_but_the_picture_is_written(tmp_path: Path) -> None:
    source, out = tmp_path / "camera", tmp_path / "set"
    straight, turned, webp = photo(11, SIDE, 96), photo(12, SIDE, 96), photo(13, SIDE)
    write(source, straight=jpeg_with_secrets(straight), turned=jpeg_with_secrets(turned, 6))
    exif = Image.Exif()
    exif[0x013B] = "SECRET PERSON"
    (source / "web.webp").write_bytes(encoded(webp, "WEBP", lossless=True, exif=exif.tobytes()))
    curated = run(source, out)
    found = lines(out)
    assert {"exif", "gps", "maker_note", "comment", "trailer"} <= set(found["straight"]["metadata"])
    assert found["straight"]["in_file"] == {"owner": "SECRET PERSON"}  # kept, in the manifest alone
    assert b"SECRET" not in (out / "pictures.parquet").read_bytes()
    for row in set_of(out):
        data = row["image"]["bytes"]
        before = next(source.glob(f"{Path(row['title']).stem}.*")).read_bytes()
        assert examined(data).kinds == ()
        assert np.array_equal(open_picture(data, ""), open_picture(before, ""))  # upright, and as it was seen
    written = {name: row["written"] for name, row in found.items()}
    assert written["straight"]["media_type"] == "image/jpeg"  # its coefficients are as they were
    assert written["turned"]["removed"][-1] == "redrawn"
    assert curated.summary.changed == 3


def test_a_clean_picture_stays_byte_for_byte(tmp_path: Path) -> None:
    data = encoded(photo(3, SIDE), "JPEG", quality=85)
    write(tmp_path / "pictures", a=data, b=to_png(photo(4, SIDE)))
    run(tmp_path / "pictures", tmp_path / "set")
    first, second = set_of(tmp_path / "set")
    assert first["image"]["bytes"] == data
    assert second["image"]["bytes"] == (tmp_path / "pictures" / "b.png").read_bytes()


def test_what_cannot_be_opened_is_left_out_with_its_reason(tmp_path: Path) -> None:
    source = tmp_path / "pictures"
    write(
        source, good=to_png(photo(1, SIDE)), broken=to_png(photo(2, SIDE))[:-2000], tiny=to_png(photo(3, 4))
    )
    (source / "text.jpg").write_bytes(b"no picture")
    run(source, tmp_path / "set")
    about = {
        name: [reason["about"] for reason in row["reasons"]] for name, row in lines(tmp_path / "set").items()
    }
    assert about == {
        "good": [],
        "broken": ["image_damaged"],
        "tiny": ["too_small"],
        "text": ["image_unsupported"],
    }


def test_training_carries_the_manifest_and_a_changed_set_does_not(tmp_path: Path) -> None:
    write(tmp_path / "pictures", **{f"p{at}": to_png(photo(at, 64)) for at in range(3)})
    curated = run(tmp_path / "pictures", tmp_path / "set")
    pictures = tmp_path / "set" / "pictures.parquet"
    assert curation_of(str(pictures)).manifest == curated.manifest
    assert curation_of("digits").manifest is None
    table = pq.read_table(pictures)
    pq.write_table(table.slice(0, 2), pictures)
    changed = curation_of(str(pictures))
    assert changed.manifest is None
    assert [note.key for note in changed.notes] == ["data.note.curation_unproven"]


def test_what_nobody_foresaw_leaves_a_picture_out_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "pictures", a=picture(1), b=cornered(2))
    image_bits = look.image_bits

    def fails(pixels: Pixels) -> bytes:
        if has_white_corner(pixels):
            raise ZeroDivisionError
        return image_bits(pixels)

    (tmp_path / "pictures" / "declarations.jsonl").write_text("")
    monkeypatch.setattr(look, "image_bits", fails)
    run(tmp_path / "pictures", tmp_path / "set")
    assert actions(tmp_path / "set") == {"a": "keep", "b": "drop"}
    assert lines(tmp_path / "set")["b"]["reasons"][0]["about"] == "not_looked_at (ZeroDivisionError)"


def test_where_no_process_can_be_started_nothing_is_blamed_on_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise ImageStopped(path="a", reason=Phrase(Message(look.NOT_STARTED, {"layer": "opening"})))

    write(tmp_path / "pictures", a=picture(1))
    monkeypatch.setattr(look, "examined", lambda *_: look._asked_twice(stopped))
    with pytest.raises(Unexpected):
        run(tmp_path / "pictures", tmp_path / "set")
