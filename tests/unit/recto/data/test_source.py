"""From what a person typed to pictures in memory."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from assets.pictures import BAD, encoded, picture, write_good
from rectoverso.errors import BadImages, BadSetting, DataNotFound, DataUnusable, RectoversoError
from rectoverso.i18n import explain
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.entry import Contents, Entry
from rectoverso.recto.data.frame import Frame
from rectoverso.recto.data.source import Room, Wanted, _storage, find_source, open_source

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


@pytest.mark.parametrize(
    "settings", [{"size": 7}, {"size": "64x5000"}, {"channels": 2}, {"take": 1}, {"take": 2000}]
)
def test_settings_without_sense_are_refused(settings):
    with pytest.raises(BadSetting):
        open_source("digits", **settings)


def test_the_listener_hears_how_far_it_is(good):
    heard: list[tuple[int, int]] = []
    open_source(good, listener=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (6, 6)


def drawn(alpha: int, mode: str = "RGBA") -> bytes:
    """Red, with a clear border that hides green, and a middle of this alpha."""
    image = Image.new("RGBA", (48, 32), (0, 255, 0, 0))
    image.paste((255, 0, 0, alpha), (8, 8, 40, 24))
    return encoded(image.convert(mode))


def test_a_rectangle_is_width_by_height_and_the_same_from_any_source(tmp_path):
    files = write_good(tmp_path / "pets")
    sets = [
        open_source(tmp_path / "pets", size="48x16"),
        open_source(packed(files, tmp_path / "pets.zip"), size=(48, 16)),
        open_source(parquet(files, tmp_path / "pets.parquet"), size=" 48X16 "),
    ]
    assert {one.images.shape for one in sets} == {(6, 16, 48, 3)}
    assert len({one.digest for one in sets}) == 1
    said = sets[0].describe()
    assert (said["width"], said["height"]) == (48, 16)


def test_auto_keeps_alpha_only_where_pictures_really_have_transparency(tmp_path):
    """An alpha that hides nothing is none; one picture in ten with transparency is enough, one in forty is not."""
    clear = open_source(
        packed({"a.png": drawn(255), "b.png": drawn(128)}, tmp_path / "a.zip"), channels="auto"
    )
    assert clear.channels == 4
    opaque = {f"{number}.png": encoded(picture(number, mode="RGBA")) for number in range(39)}
    assert open_source(packed(opaque, tmp_path / "b.zip"), channels="auto").channels == 3
    for count, channels in ((40, 3), (10, 4)):
        some = dict(list(opaque.items())[: count - 1]) | {"0.png": drawn(255), "z.png": encoded(picture(9))}
        assert open_source(packed(some, tmp_path / "c.zip"), channels="auto").channels == channels


def test_alpha_is_kept_or_drawn_on_white_as_asked(tmp_path):
    data = packed({"a.png": drawn(255), "b.png": drawn(255)}, tmp_path / "a.zip")
    kept = open_source(data, size="48x32", channels=4).images
    assert kept[0, 0, 0].tolist() == [0, 0, 0, 0], "what is invisible has no colour"
    assert kept[0, 16, 24].tolist() == [255, 0, 0, 255]
    for channels in (None, 3, "3"):
        on_white = open_source(data, size="48x32", channels=channels).images
        assert on_white[0, 0, 0].tolist() == [255, 255, 255]
        assert on_white[0, 16, 24].tolist() == [255, 0, 0]


def test_four_channels_of_pictures_without_alpha_are_opaque(good):
    found = open_source(good, channels="4").images
    assert found.shape[3] == 4
    assert (found[..., 3] == 255).all()


def test_a_bad_picture_among_transparent_ones_is_named_with_its_fix(tmp_path):
    files = {f"{number}.png": drawn(100 + number) for number in range(4)} | {"9.png": drawn(7)[:90]}
    with pytest.raises(BadImages, match=r"9\.png: The PNG is truncated.*Copy or download it again, in full"):
        open_source(packed(files, tmp_path / "a.zip"), size="24x16", channels="auto")
    found = open_source(tmp_path / "a.zip", size="24x16", channels="auto", skip_bad=True)
    assert found.images.shape == (4, 16, 24, 4)
    assert [one.path for one in found.skipped] == ["9.png"]


def test_a_part_is_balanced_named_on_the_card_and_in_the_digest(tmp_path):
    write_good(tmp_path / "pets", ("ape", "cat", "dog"), each=8)
    whole, part = open_source(tmp_path / "pets"), open_source(tmp_path / "pets", take=6)
    assert np.bincount(part.labels).tolist() == [2, 2, 2]
    assert part.describe()["taken_from"] == 24
    assert part.describe()["notes"] == [
        "Only 6 of 24 pictures were taken, the classes in turn, in an order that is always the same."
    ]
    assert part.digest not in {whole.digest, Dataset("x", part.images.copy(), part.labels).digest}
    assert part.digest == open_source(tmp_path / "pets", take=6).digest
    larger = {image.tobytes() for image in open_source(tmp_path / "pets", take=12).images}
    assert {image.tobytes() for image in part.images} < larger


def test_a_bad_picture_outside_the_part_does_not_matter(tmp_path):
    files = write_good(tmp_path / "pets", each=10)
    used = {image.tobytes() for image in open_source(tmp_path / "pets", take=4).images}
    for path in files:
        alone = packed({"a.png": files[path], "b.png": files[path]}, tmp_path / "one.zip")
        if open_source(alone).images[0].tobytes() not in used:
            (tmp_path / "pets" / path).write_bytes(b"")
    assert len(open_source(tmp_path / "pets", take=4)) == 4
    with pytest.raises(BadImages, match="16 of 20"):
        open_source(tmp_path / "pets")


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("settings", [{}, {"channels": 4, "size": "24x16"}, {"channels": 1}, {"take": 4}])
def test_pictures_mapped_from_a_file_are_the_same_data_as_in_memory(tmp_path, settings, cached):
    for number in range(6):
        (tmp_path / "in" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        picture(number, mode="L").save(tmp_path / "in" / "ab"[number % 2] / f"{number}.png")
    before = open_source(tmp_path / "in", **settings)
    cache = tmp_path / "cache" if cached else None
    mapped = open_source(tmp_path / "in", **settings, cache=cache, ram_bytes=0)
    assert isinstance(mapped.images.base, mmap.mmap)
    assert mapped.digest == before.digest
    np.testing.assert_array_equal(mapped.images, before.images)
    with pytest.raises(ValueError, match="read-only"):
        mapped.images[0, 0, 0, 0] = 1
    assert len(list((tmp_path / "cache").glob("*"))) == cached


def test_bad_pictures_leave_no_hole_in_the_file_and_no_file_when_they_stop_it(tmp_path):
    write_good(tmp_path / "pets", each=4)
    alone = open_source(tmp_path / "pets")
    (tmp_path / "pets/cat/2x.png").write_bytes(b"")
    with pytest.raises(BadImages, match=r"cat/2x\.png: The file is empty"):
        open_source(tmp_path / "pets", cache=tmp_path / "cache", ram_bytes=0)
    assert not list((tmp_path / "cache").iterdir())
    for _ in range(2):  # the second time beside the file of the first
        found = open_source(tmp_path / "pets", cache=tmp_path / "cache", ram_bytes=0, skip_bad=True)
        assert found.digest == alone.digest
        assert [one.path for one in found.skipped] == ["cat/2x.png"]


def test_what_was_decoded_once_is_found_again_until_a_picture_changes(good, tmp_path, monkeypatch):
    again = partial(open_source, good, cache=tmp_path / "cache", ram_bytes=0)
    first = again().digest
    with monkeypatch.context() as patched:
        patched.setattr("rectoverso.recto.data.source.decode", None)
        assert again().digest == first
    (good / "cat/0.png").write_bytes(encoded(picture(77)))
    assert again().digest != first
    assert open_source(good).digest == again().digest


def test_more_than_the_disk_holds_is_refused_before_it_is_asked_for():
    entry = Entry("x", lambda: b"")
    room = Room(Frame(1024, 1024), 4, None, 0)
    with pytest.raises(DataUnusable, match=r"1024x1024 pixels need \d+ GiB.*--take"):
        _storage(Wanted("d", Contents("d", Repeated(entry, 2**30))), room)


class Repeated(Sequence):
    """The same entry a great many times."""

    def __init__(self, entry, count):
        self.entry, self.count = entry, count

    def __len__(self):
        return self.count

    def __getitem__(self, place):
        return self.entry


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
    emoji = open_source(Path(DATA, "emoji/noto.parquet"), size=32, take=600)
    assert len(emoji.captions) == len(emoji) == 600
    assert emoji.taken_from == 3183
    assert (emoji.images[:, 0, 0] > 200).mean() > 0.9, "drawings stand on white"
    clear = open_source(Path(DATA, "emoji/noto.parquet"), size=16, channels="auto", take=300)
    assert clear.images.shape == (300, 16, 16, 4)
    assert (clear.images[:, 0, 0] == 0).all(axis=1).mean() > 0.8, "and without it in nothing"
    roads = open_source(Path(DATA, "camvid/val.parquet"), size="96x64", channels="auto")
    assert roads.images.shape == (101, 64, 96, 3)


@pytest.mark.parametrize("size", [None, 20, "24x16"])
@pytest.mark.parametrize("channels", [None, "auto", 4])
def test_the_outline_is_known_before_the_pictures_are_read(
    good: Path, size: int | str | None, channels: int | str | None
) -> None:
    found = find_source(good, size=size, channels=channels)
    dataset = found.read(None)
    for name in ("height", "width", "channels", "classes"):
        assert getattr(found.outline, name) == getattr(dataset, name)
    assert len(found.outline) == len(dataset) == 6
    assert found.outline.labels is not None
    assert found.outline.labels.tolist() == dataset.labels.tolist()  # type: ignore[union-attr]
