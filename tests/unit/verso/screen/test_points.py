"""Points are found again in what became of a picture, and are kept in few bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rectoverso.types import Pixels
from rectoverso.verso.screen.points import KEPT, SOUGHT, Points, codes_and_pose, decoded


def _found_again(one: Points, other: Points) -> float:
    """The share of points of the one that the other has at the same place, described alike."""
    near = np.linalg.norm(one.xy[:, None] - other.xy[None], axis=2) < 2
    alike = one.descriptors @ other.descriptors.T > 0.95
    return float((near & alike).any(axis=1).mean())


@pytest.fixture(scope="module")
def points(photos: list[Pixels]) -> Points:
    return Points.kept(photos[0])


def test_there_are_many_and_they_have_length_one(points: Points) -> None:
    assert 50 < len(points) <= KEPT.points
    assert np.allclose(np.linalg.norm(points.descriptors, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize(
    ("way", "change"),
    [("mirrored", lambda pixels: pixels[:, ::-1]), ("inverted", lambda pixels: 255 - pixels)],
)
def test_reordered_points_are_those_of_the_changed_picture(
    way: str, change: Any, points: Points, photos: list[Pixels]
) -> None:
    of_changed = Points.sought(np.ascontiguousarray(change(photos[0])))
    assert _found_again(getattr(points, way)(), of_changed) > 0.8
    assert _found_again(points, of_changed) < 0.1


def test_mirroring_and_inverting_twice_changes_nothing(points: Points) -> None:
    for way in ("mirrored", "inverted"):
        twice = getattr(getattr(points, way)(), way)()
        assert np.allclose(twice.xy, points.xy, atol=1e-3)
        assert np.array_equal(twice.descriptors, points.descriptors)


def test_what_is_kept_comes_back_nearly_as_it_was_in_less_than_12_kilobytes(points: Points) -> None:
    data = points.to_bytes()
    back = Points.from_bytes(data)
    assert len(data) <= 12 * 1024
    assert (back.height, back.width) == (points.height, points.width)
    assert np.allclose(back.xy, points.xy, atol=0.01)
    assert np.allclose(back.size, points.size, rtol=0.03)
    apart = np.abs((back.angle - points.angle + np.pi) % (2 * np.pi) - np.pi)
    assert apart.max() < 0.02
    assert (back.descriptors * points.descriptors).sum(axis=1).min() > 0.9
    bits, turns, octaves = codes_and_pose(data, 20)
    assert np.array_equal(decoded(bits), back.descriptors[:20])
    assert np.array_equal(np.stack([turns, octaves]), np.stack(points.pose())[:, :20])


@pytest.mark.parametrize("spoilt", [b"", b"\2", b"\1" + b"\0" * 7, b"\2" + b"\0" * 7, None])
def test_anything_else_is_not_read(spoilt: bytes | None, points: Points) -> None:
    with pytest.raises(ValueError, match="not points"):
        Points.from_bytes(points.to_bytes()[:-1] if spoilt is None else spoilt)


def test_flat_and_tiny_pictures_have_none(pictures: Any) -> None:
    flat = np.full((200, 300, 3), 90, np.uint8)
    for pixels in (flat, flat[:20, :20], pictures.photo(1, 11, 40), np.zeros((16, 4000, 3), np.uint8)):
        kept = Points.kept(pixels)
        assert len(kept) == 0
        assert len(Points.from_bytes(kept.to_bytes())) == 0


def test_strips_are_looked_at_too(pictures: Any) -> None:
    assert len(Points.kept(pictures.photo(1, 120, 4000))) > 0


def test_small_pictures_are_enlarged_and_have_many(pictures: Any) -> None:
    small = Points.kept(pictures.photo(1, 48, 64))
    assert small.small
    assert (small.height, small.width) == (192, 256)
    assert len(small) > 50
    assert Points.from_bytes(small.to_bytes()).small
    assert not Points.kept(pictures.photo(1, 96, 200)).small


def test_the_points_of_a_part_of_a_busy_sheet_are_among_those_sought(pictures: Any) -> None:
    """A small picture on a sheet full of corners: an eighth of the area gets its share of the points."""
    rng = np.random.default_rng(0)
    sheet = np.kron(rng.integers(0, 2, (48, 64, 1)), np.ones((8, 8, 3))).astype(np.uint8) * 255
    sheet[120:255, 200:380] = pictures.photo(5, 135, 180)
    sought = Points.sought(sheet)
    inside = ((sought.xy > [200, 120]) & (sought.xy < [380, 255])).all(axis=1)
    assert len(sought) == SOUGHT.points
    assert inside.mean() > 0.1


def test_the_first_few_are_spread_as_well(points: Points) -> None:
    few = points.first(40)
    assert len(few) == 40
    assert (np.ptp(few.xy, axis=0) > 0.6 * np.array([few.width, few.height])).all()


def test_points_are_spread_over_the_picture_though_one_corner_is_busiest(pictures: Any) -> None:
    pixels = (pictures.photo(3, 300, 400) // 8 + 100).astype(np.uint8)
    pixels[:100, :100] = np.random.default_rng(0).integers(0, 256, (100, 100, 1))
    kept = Points.kept(pixels)
    assert (kept.xy > 110).any(axis=1).mean() > 0.5


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_all_kinds_of_pixels_are_read(channels: int, photos: list[Pixels]) -> None:
    pixels = np.concatenate([photos[2], np.full((*photos[2].shape[:2], 1), 255, np.uint8)], axis=2)
    assert len(Points.kept(pixels[:, :, :channels])) > 50
