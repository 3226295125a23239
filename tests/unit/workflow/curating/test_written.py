"""What is written has nothing but the picture, and every picture is accounted for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from rectoverso.verso.curate.metadata import examined
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.workflow.curated import curation_of
from unit.verso.conftest import encoded, photo
from unit.workflow.curating.sets import SIDE, jpeg_with_secrets, lines, run, set_of, write


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
