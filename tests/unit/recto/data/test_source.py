"""From what a person typed to pictures in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from assets.pictures import BAD, encoded, picture, write_good
from rectoverso.errors import BadImages, BadSetting, DataNotFound, DataUnusable, RectoversoError
from rectoverso.i18n import explain
from rectoverso.recto.data.source import open_source

DATA = os.environ.get("RECTOVERSO_TEST_DATA")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Three cats and three dogs in their folders."""
    write_good(tmp_path / "pets")
    return tmp_path / "pets"


def packed(files: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def parquet(files: dict[str, bytes], path: Path) -> Path:
    rows = {
        "image": [{"bytes": data, "path": name} for name, data in files.items()],
        "label": [name.split("/")[0] for name in files],
    }
    pq.write_table(pa.table(rows), path, row_group_size=2)
    return path


def test_the_same_pictures_are_the_same_data_whatever_holds_them(tmp_path):
    files = write_good(tmp_path / "pets")
    sets = [
        open_source(tmp_path / "pets"),
        open_source(str(packed(files, tmp_path / "pets.zip"))),
        open_source(parquet(files, tmp_path / "pets.parquet")),
    ]
    assert len({one.digest for one in sets}) == 1
    for one in sets:
        assert one.name == "pets"
        assert one.classes == ("cat", "dog")
        assert one.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_other_pixels_or_labels_are_other_data(good):
    before = open_source(good).digest
    (good / "cat/0.png").write_bytes(encoded(picture(77)))
    pixels = open_source(good).digest
    (good / "dog").rename(good / "ape")
    assert len({before, pixels, open_source(good).digest}) == 3


def test_pictures_keep_their_pixels_when_they_have_the_size(tmp_path):
    for number in range(2):
        picture(number, side=32).save(tmp_path / f"{number}.png")
    found = open_source(tmp_path, size=32)
    np.testing.assert_array_equal(found.images[1], np.asarray(picture(1, side=32)))


@pytest.mark.parametrize(("side", "expected"), [(20, 32), (32, 32), (47, 32), (48, 64), (500, 64)])
def test_the_size_follows_the_pictures_unless_it_is_given(tmp_path, side, expected):
    for number in range(3):
        picture(number, side=side).save(tmp_path / f"{number}.png")
    assert open_source(tmp_path).images.shape == (3, expected, expected, 3)
    assert open_source(tmp_path, size=16).images.shape == (3, 16, 16, 3)


def test_grey_stays_grey_when_all_are_grey_and_it_was_asked(tmp_path):
    for number in range(2):
        picture(number, mode="L").save(tmp_path / f"{number}.png")
    assert open_source(tmp_path, channels=1).channels == 1
    assert open_source(tmp_path).channels == 3
    picture(3).save(tmp_path / "colour.png")
    assert open_source(tmp_path, channels=1).channels == 3


def test_one_bad_picture_stops_the_training_and_is_named_with_its_fix(good):
    (good / "cat/9.png").write_bytes(b"")
    with pytest.raises(BadImages) as caught:
        open_source(good)
    assert "1 of 7 pictures" in str(caught.value)
    assert "cat/9.png: The file is empty (0 bytes). Copy or download it again." in str(caught.value)


def test_the_bad_are_named_in_the_readers_language(good):
    (good / "cat/9.png").write_bytes(b"")
    with pytest.raises(BadImages) as caught:
        open_source(good)
    assert "cat/9.png：文件是空的（0 字节）。请重新复制或下载。" in explain(caught.value, "zh")


def test_skip_bad_keeps_all_the_good_ones_and_says_what_it_left_out(good):
    alone = open_source(good)
    for name, (_, make) in BAD.items():
        (good / "cat" / name).write_bytes(make())
    found = open_source(good, skip_bad=True)
    assert found.digest == alone.digest
    assert [Path(one.path).name for one in found.skipped] == sorted(BAD)
    assert {row["path"] for row in found.describe()["skipped"]} == {f"cat/{name}" for name in BAD}


def test_too_few_good_ones_are_not_a_training_set(tmp_path):
    picture(1).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"text")
    with pytest.raises(DataUnusable, match="1 usable"):
        open_source(tmp_path, skip_bad=True)


def test_notes_and_hidden_files_beside_the_pictures_are_passed_over(good):
    digest = open_source(good).digest
    for name in (
        "Thumbs.db",
        ".DS_Store",
        "desktop.ini",
        "notes.txt",
        "cat/0.json",
        "LICENSE",
        "cat/._0.png",
    ):
        (good / name).write_bytes(b"x")
    assert open_source(good).digest == digest


def test_a_file_that_is_no_picture_is_named(good):
    (good / "report.docx").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(BadImages, match=r"report\.docx: By its content this is zip"):
        open_source(good)


def test_classes_are_left_out_with_a_note_where_some_pictures_have_none(good):
    picture(5).save(good / "stray.png")
    found = open_source(good)
    assert found.labels is None
    assert found.classes == ()
    assert found.describe()["notes"] == ["1 of 7 pictures have no class, so classes are left out."]


@pytest.mark.parametrize("name", ["nowhere", "a\0b", "x" * 5000])
def test_a_path_that_leads_nowhere_is_not_found(name, tmp_path):
    with pytest.raises((DataNotFound, DataUnusable)):
        open_source(str(tmp_path / name))


def test_not_found_names_the_built_in_data(tmp_path):
    with pytest.raises(DataNotFound, match="digits, shapes"):
        open_source(tmp_path / "nowhere")


def test_the_hub_is_refused_with_a_way_round():
    with pytest.raises(DataUnusable, match=r"load_dataset\('org/name'.*to_parquet"):
        open_source("hf:org/name")


def test_an_empty_folder_a_single_picture_and_packed_data_are_told_apart(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataUnusable, match="no picture"):
        open_source(tmp_path / "empty")
    picture(1).save(tmp_path / "one.png")
    with pytest.raises(DataUnusable, match="single file"):
        open_source(tmp_path / "one.png")
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "0.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataUnusable, match=r"--data .*0\.parquet"):
        open_source(tmp_path / "shards")


@pytest.mark.parametrize("settings", [{"size": 7}, {"size": 5000}, {"channels": 2}])
def test_settings_without_sense_are_refused(settings):
    with pytest.raises(BadSetting):
        open_source("digits", **settings)


def test_the_listener_hears_how_far_it_is(good):
    heard: list[tuple[int, int]] = []
    open_source(good, listener=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (6, 6)


def test_more_than_memory_holds_is_refused_before_it_is_asked_for():
    from rectoverso.recto.data.source import _check_memory

    with pytest.raises(DataUnusable, match="GiB"):
        _check_memory("d", 2**40, 64)


def test_every_picture_is_read_in_its_place_when_there_are_many(tmp_path):
    """More than one chunk, on more than one thread."""
    files = {f"{number:04}.png": encoded(picture(number % 50, side=8)) for number in range(700)}
    found = open_source(packed(files, tmp_path / "many.zip"), size=8)
    expected = np.stack([np.asarray(picture(number % 50, side=8)) for number in range(700)])
    np.testing.assert_array_equal(found.images, expected)


def test_warnings_of_the_decoder_do_not_reach_the_person(good, recwarn):
    damaged_notes = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01"
    (good / "cat/x.jpg").write_bytes(encoded(picture(1), "JPEG", exif=damaged_notes))
    with pytest.warns(UserWarning, match="Corrupt EXIF"):
        Image.open(good / "cat/x.jpg").getexif()
    recwarn.clear()
    assert len(open_source(good)) == 7
    assert not recwarn.list


def test_reading_data_does_not_load_torch():
    program = "import sys, rectoverso.recto.data.source; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_named(good):
    (good / "cat").chmod(0)
    try:
        with pytest.raises(RectoversoError, match="permission"):
            open_source(good)
    finally:
        (good / "cat").chmod(0o700)


@pytest.mark.skipif(not DATA, reason="RECTOVERSO_TEST_DATA is not set")
def test_real_parquet_files_are_read_whole():
    cifar = open_source(Path(DATA, "cifar10/test.parquet"))
    assert cifar.images.shape == (5000, 32, 32, 3)
    assert cifar.classes[:2] == ("airplane", "automobile")
    assert np.bincount(cifar.labels).tolist() == [500] * 10
    emoji = open_source(Path(DATA, "emoji/noto.parquet"), size=32)
    assert len(emoji.captions) == len(emoji) == 3183
    assert (emoji.images[:, 0, 0] > 200).mean() > 0.9, "drawings stand on white"
