"""Masks are read beside pictures, cut as they are, and an unknown class is named."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rectoverso.errors import BadImages, DataUnusable, FilesUnusable
from rectoverso.i18n import explain
from rectoverso.recto.data.frame import Frame
from rectoverso.recto.data.masks import framed_levels, read_map
from rectoverso.recto.data.source import open_source


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def scenes(path: Path, masks: list[Image.Image]) -> Path:
    """A Parquet file of pictures that are as light as their masks are high."""
    rows = []
    for mask in masks:
        levels = np.asarray(mask.convert("L") if mask.mode != "P" else mask).astype(np.uint8) * 20
        picture = png(Image.fromarray(np.repeat(levels[..., None], 3, 2)))
        rows.append({"image": {"bytes": picture, "path": None}, "mask": {"bytes": png(mask), "path": None}})
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def levels(*rows: list[int]) -> Image.Image:
    """A grey mask of 16 pixels a side, in stripes of these classes."""
    return Image.fromarray(
        np.repeat(np.kron(np.array(rows), np.ones((16 // len(rows), 4))), 1, 0).astype(np.uint8)
    )


def test_masks_stand_beside_their_pictures(tmp_path: Path) -> None:
    file = scenes(tmp_path / "a.parquet", [levels([0, 1, 2, 3], [3, 2, 1, 0])] * 3)
    dataset = open_source(file, size=16)
    assert dataset.regions == ("0", "1", "2", "3")
    assert dataset.masks is not None
    assert (dataset.images[..., 0] == dataset.masks * 20).all()


def test_a_mask_is_cut_as_its_picture_is(tmp_path: Path) -> None:
    wide = Image.fromarray(np.repeat(np.arange(4, dtype=np.uint8), 8)[None].repeat(16, 0))
    dataset = open_source(scenes(tmp_path / "a.parquet", [wide] * 2), size=8, mask_classes=4)
    assert dataset.masks is not None
    assert set(dataset.masks.ravel()) == {1, 2}, "the middle of the picture"
    assert abs(dataset.images[..., 0].astype(int) - dataset.masks * 20.0).mean() < 5


def test_a_mask_of_another_shape_than_its_picture_is_named(tmp_path: Path) -> None:
    file = scenes(tmp_path / "a.parquet", [levels([0, 1, 2, 3])] * 2)
    table = pq.read_table(file).to_pylist()
    table[1]["mask"]["bytes"] = png(levels([0, 1, 2, 3]).crop((0, 0, 16, 12)))
    pq.write_table(pa.Table.from_pylist(table), file)
    with pytest.raises(BadImages, match=r"a.parquet\[1\] \(mask\).*16 x 12.*16 x 16") as caught:
        open_source(file, size=16)
    assert "16 x 12" in explain(caught.value, "zh")


def test_a_mask_may_be_half_as_large_as_its_picture(tmp_path: Path) -> None:
    file = scenes(tmp_path / "a.parquet", [levels([0, 1, 2, 3])] * 2)
    table = pq.read_table(file).to_pylist()
    table[1]["mask"]["bytes"] = png(levels([0, 1, 2, 3]).resize((8, 8), Image.Resampling.NEAREST))
    pq.write_table(pa.Table.from_pylist(table), file)
    dataset = open_source(file, size=16)
    assert dataset.masks is not None
    assert (dataset.masks[0] == dataset.masks[1]).all()


def test_a_class_is_never_an_average(tmp_path: Path) -> None:
    del tmp_path
    halves = np.where(np.arange(30) < 15, 0, 10)[None].repeat(30, 0).astype(np.uint8)
    assert set(framed_levels(halves, Frame(8, 8)).ravel()) == {0, 10}


def test_a_palette_is_read_by_its_numbers(tmp_path: Path) -> None:
    paletted = levels([0, 1, 2, 3]).convert("P")
    paletted.putpalette([200, 10, 10, 0, 0, 0, 30, 30, 90, 250, 250, 250] + [0] * 756)
    paletted.save(tmp_path / "map.png")
    assert set(read_map(tmp_path / "map.png").ravel()) == {0, 1, 2, 3}


def test_an_unknown_class_is_named_before_anything_else(tmp_path: Path) -> None:
    odd = levels([0, 1, 2, 1])
    odd.putpixel((5, 7), 9)
    file = scenes(tmp_path / "a.parquet", [levels([0, 1, 2, 1]), odd])
    with pytest.raises(DataUnusable, match="unknown class 9") as caught:
        open_source(file, size=16)
    assert "--mask-classes 10" in str(caught.value)
    assert "9" in explain(caught.value, "zh")
    with pytest.raises(BadImages, match=r"a.parquet\[1\] \(mask\).*class 9 at column 5, row 7"):
        open_source(file, size=16, mask_classes=3)
    assert open_source(file, size=16, mask_classes=10).regions[-1] == "9"


def test_a_mask_in_colours_is_refused(tmp_path: Path) -> None:
    coloured = Image.new("RGB", (16, 16), "red")
    coloured.save(tmp_path / "map.png")
    with pytest.raises(FilesUnusable, match="picture in RGB"):
        read_map(tmp_path / "map.png")


def test_a_mask_of_greys_in_colours_is_its_levels_and_a_jpeg_is_none(tmp_path: Path) -> None:
    """Many paint programs save greys as colours. A JPEG of the same looks alike and has other levels."""
    mask = Image.fromarray(np.kron(np.array([[0, 1, 2, 3]], np.uint8), np.ones((16, 4), np.uint8)))
    mask.convert("RGB").save(tmp_path / "map.png")
    assert (read_map(tmp_path / "map.png")[..., 0] == np.asarray(mask)).all()
    mask.save(tmp_path / "map.jpg", quality=100)
    with pytest.raises(FilesUnusable, match="JPEG changes levels"):
        read_map(tmp_path / "map.jpg")


def test_masks_captions_and_the_other_set_belong_to_the_digest(tmp_path: Path) -> None:
    one = open_source(scenes(tmp_path / "a.parquet", [levels([0, 1, 2, 3])] * 2), size=16)
    plain = type(one)(one.name, one.images)
    assert len({one.digest, plain.digest, type(one)(one.name, one.images, other=plain).digest}) == 3
    captioned = type(one)(one.name, one.images, captions=("a", "b"))
    assert captioned.digest not in {one.digest, plain.digest}


def test_a_mask_of_16_bits_may_tell_instances(tmp_path: Path) -> None:
    """As Cityscapes writes them: 1000 times the class and a number, or the class alone."""
    wide = np.kron(np.array([[0, 1, 2000, 2001]], np.uint16), np.ones((16, 4), np.uint16))
    mask = Image.fromarray(wide)
    assert mask.mode == "I;16"
    picture = png(Image.new("RGB", (16, 16)))
    rows = [{"image": {"bytes": picture, "path": None}, "mask": {"bytes": png(mask), "path": None}}] * 2
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    dataset = open_source(tmp_path / "a.parquet", size=8)
    assert dataset.masks is not None
    assert set(dataset.masks.ravel()) == {0, 1, 2000, 2001}
    assert dataset.regions == ("0", "1", "2")
    mask.save(tmp_path / "map.png")
    assert set(read_map(tmp_path / "map.png").ravel()) == {0, 1, 2000, 2001}
    with pytest.raises(BadImages, match=r"class 2 at column 8, row 0"):
        open_source(tmp_path / "a.parquet", size=8, mask_classes=2)


def test_a_mask_of_16_bits_without_instances_is_as_one_of_8(tmp_path: Path) -> None:
    levels([0, 1, 2, 3]).save(tmp_path / "8.png")
    Image.fromarray(np.asarray(levels([0, 1, 2, 3])).astype(np.uint16)).save(tmp_path / "16.png")
    shallow, deep = (read_map(tmp_path / f"{bits}.png") for bits in (8, 16))
    assert deep.dtype == shallow.dtype == np.uint8
    assert (deep == shallow).all()
