"""A sketch keeps what a picture looks like from afar, and says when that is nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rectoverso.types import Pixels
from rectoverso.verso.screen.sketch import Sketch, colours_agree


def likeness(one: Sketch, other: Sketch) -> float:
    return float((one.shape * other.shape).sum())


@pytest.mark.parametrize("side", [24, 32, 64, 600, 2100])
def test_a_picture_looks_alike_at_every_size(side: int, pictures: Any) -> None:
    original = pictures.photo(3)
    assert likeness(Sketch.of(original), Sketch.of(pictures.scaled(original, side, side))) > 0.97


def test_unrelated_pictures_do_not_look_alike(photos: list[Pixels]) -> None:
    sketches = [Sketch.of(pixels) for pixels in photos]
    unrelated = [likeness(a, b) for i, a in enumerate(sketches) for b in sketches[:i]]
    assert max(unrelated) < 0.6


def test_brightness_and_contrast_change_nothing(photos: list[Pixels]) -> None:
    paler = (80 + photos[0] * 0.4).astype(np.uint8)
    assert likeness(Sketch.of(photos[0]), Sketch.of(paler)) > 0.999


def test_what_was_written_is_read_back(photos: list[Pixels]) -> None:
    sketch = Sketch.of(photos[0])
    kept = Sketch.from_bytes(sketch.to_bytes())
    assert kept.side_px == 160
    assert likeness(sketch, kept) > 0.9999
    assert colours_agree(sketch, kept, at_least=0.999)


@pytest.mark.parametrize("data", [b"", b"\x01", bytes(659), b"\x02" + bytes(658)])
def test_bytes_that_are_no_sketch_are_not_read_as_one(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a sketch"):
        Sketch.from_bytes(data)


def flat() -> Pixels:
    return np.full((64, 64, 3), 200, np.uint8)


def gradient() -> Pixels:
    return np.tile(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], (64, 1, 3))


def almost_flat() -> Pixels:
    return flat() + np.random.default_rng(0).integers(0, 3, (64, 64, 3)).astype(np.uint8)


@pytest.mark.parametrize("make", [flat, gradient, almost_flat])
def test_a_picture_of_nothing_is_called_plain(make: Any) -> None:
    assert Sketch.of(make()).plain


def test_photographs_and_simple_drawings_are_not_plain(photos: list[Pixels]) -> None:
    cross = np.full((64, 64, 3), 255, np.uint8)
    cross[28:36], cross[:, 28:36] = 0, 0
    assert not any(Sketch.of(pixels).plain for pixels in [*photos, cross])


def test_grey_agrees_with_any_colour_but_colours_can_disagree(photos: list[Pixels]) -> None:
    warm, cold = photos[0].copy(), photos[0].copy()
    warm[..., 2] //= 3
    cold[..., 0] //= 3
    grey = np.repeat(photos[0].mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    assert colours_agree(Sketch.of(warm), Sketch.of(grey))
    assert not colours_agree(Sketch.of(warm), Sketch.of(cold))


def test_transparency_is_seen_over_white(photos: list[Pixels]) -> None:
    hidden = np.concatenate([photos[0], np.zeros((*photos[0].shape[:2], 1), np.uint8)], axis=2)
    assert Sketch.of(hidden).plain


@pytest.mark.parametrize("side", [400, 1200])
def test_what_hides_behind_transparent_pixels_is_not_seen_at_any_size(side: int, pictures: Any) -> None:
    shown, hidden = (
        pictures.scaled(pictures.photo(1), side, side),
        pictures.scaled(pictures.photo(2), side, side),
    )
    clear = (np.indices((side, side)).sum(axis=0) % 2 == 0)[..., None]
    mixed = np.concatenate([np.where(clear, shown, hidden), clear * np.uint8(255)], axis=2)
    assert likeness(Sketch.of(mixed), Sketch.of(shown)) > 0.99


def test_one_channel_is_grey(photos: list[Pixels]) -> None:
    grey = photos[0][..., :1]
    assert likeness(Sketch.of(grey), Sketch.of(np.repeat(grey, 3, axis=2))) > 0.9999
