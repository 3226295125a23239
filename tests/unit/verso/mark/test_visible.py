"""The visible label can be read at every size and on every ground, and touches nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rectoverso.errors import LabelNoRoom
from rectoverso.types import Pixels
from rectoverso.verso.mark import visible
from rectoverso.verso.mark.visible import Placed, Wanted
from unit.verso.conftest import photo

CHINESE = Wanted("cn", ("AI生成",), "bottom_right", 0.05, 4.5)
ENGLISH = Wanted("us-ca", ("AI generated", "AI"), "bottom_left", 0.05, 4.5)
ICON = Wanted("eu", ("AI",), "top_right", 0.05, 4.5)
ALL = (CHINESE, ENGLISH, ICON)
SIZES = [
    (32, 32),
    (33, 200),
    (48, 160),
    (64, 64),
    (128, 128),
    (239, 300),
    (240, 240),
    (256, 640),
    (900, 250),
    (720, 720),
]


def put(pixels: Pixels, wanted: Sequence[Wanted]) -> tuple[Pixels, tuple[Placed, ...]]:
    labelled = visible.put(pixels, wanted)
    return labelled.pixels, labelled.placed


def ground(kind: str, height: int, width: int) -> Pixels:
    if kind == "busy":
        return photo(3, height, width)
    if kind == "noise":
        return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    if kind == "edges":  # half black, half white, where the words lie too
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[:, ::2] = 255
        return pixels
    return np.full((height, width, 3), {"dark": 8, "middle": 118, "light": 252}[kind], np.uint8)


@pytest.mark.parametrize("kind", ["dark", "middle", "light", "busy", "noise", "edges"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_words_can_be_read(kind: str, size: tuple[int, int]) -> None:
    pixels = ground(kind, *size)
    labelled, placed = put(pixels, ALL)
    assert {one.law for one in placed} == {"cn", "eu", "us-ca"}
    for one in placed:
        seen = visible.seen(labelled, one)
        assert seen is not None
        assert abs(seen.likeness) > 0.95
        assert seen.contrast >= 4.5
        height = visible.line_height(one.text, one.size)
        assert height >= 0.05 * min(labelled.shape[:2])
        assert height >= (11 if one.law == "cn" else 7)
        visible.seen(pixels, one)  # anywhere else it is only not there


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_else_is_touched(channels: int, size: tuple[int, int]) -> None:
    """In a strip the whole picture is the draft; in the picture only a box around the words is not."""
    pixels = photo(4, *size, channels=channels)
    before = pixels.copy()
    labelled, placed = put(pixels, [CHINESE])
    assert np.array_equal(pixels, before)
    assert labelled.shape[1:] == pixels.shape[1:]
    if min(size) < visible.INSIDE_FROM_PX:
        assert labelled.shape[0] > pixels.shape[0]
        assert np.array_equal(labelled[: size[0]], pixels)
        return
    assert labelled.shape == pixels.shape
    (one,) = placed
    rows, columns = np.nonzero((labelled != pixels).any(axis=2))
    assert one.top - one.size <= rows.min() <= rows.max() < one.top + one.height + one.size
    assert one.left - one.size <= columns.min() <= columns.max() < one.left + one.width + one.size


def test_a_strip_lies_at_the_edge_of_its_corner() -> None:
    pixels = photo(4, 64)
    labelled, _ = put(pixels, [ICON])
    assert np.array_equal(labelled[-64:], pixels)


def test_the_picture_lies_between_its_strips() -> None:
    pixels = photo(4, 48, 40)
    labelled = visible.put(pixels, ALL)
    assert labelled.above > 0
    assert np.array_equal(labelled.pixels[labelled.above : labelled.above + 48], pixels)
    assert visible.put(photo(4, 300), ALL).above == 0


@pytest.mark.parametrize("alpha", [0, 100, 254])
def test_words_do_not_shine_through(alpha: int) -> None:
    """On a page of any colour: what is behind a transparent picture cannot take the contrast away."""
    pixels = photo(4, 300, channels=4)
    pixels[..., 3] = alpha
    labelled, (one,) = put(pixels, [CHINESE])
    there = labelled[one.top : one.top + one.height, one.left : one.left + one.width]
    assert (there[..., 3] == 255).all()
    seen = visible.seen(labelled, one)
    assert seen is not None
    assert seen.contrast >= 4.5


def test_no_law_no_change() -> None:
    pixels = photo(1)
    labelled, placed = put(pixels, [])
    assert labelled is pixels
    assert placed == ()


def test_words_too_wide_hold_the_picture() -> None:
    with pytest.raises(LabelNoRoom, match="8 pixels"):
        put(photo(1, 64, 8), [CHINESE])
    assert put(photo(1, 64, 32), [ENGLISH])[1][0].text == "AI"
    assert put(photo(1, 64, 32), [CHINESE])[1][0].text == "AI\n生成"


@pytest.mark.parametrize(
    ("one", "other", "expected"), [(0, 255, 21.0), (255, 255, 1.0), (118, 255, 4.54), (119, 255, 4.48)]
)
def test_contrast_is_that_of_wcag(one: int, other: int, expected: float) -> None:
    """WCAG's own bar: #767676 on white passes 4.5, #777777 does not."""
    tones = [visible.luminance(np.full((1, 1, 3), tone, np.uint8)).item() for tone in (one, other)]
    assert visible.contrast(*tones) == pytest.approx(expected, abs=0.005)


def test_places_survive_their_text() -> None:
    places = (Placed("cn", "AI\n生成", 12, 1, 2, 3, 4), Placed("eu", "AI", 10, 5, 6, 7, 8))
    assert visible.from_text(visible.to_text(places)) == places
    assert visible.to_text(()) is None
    assert visible.from_text(None) == ()


def test_words_are_not_seen_where_there_are_none() -> None:
    _, (placed, *_) = put(photo(0, 300), [CHINESE])
    pictures = [photo(seed, 300) for seed in range(1, 11)]  # which go on at the other side where they end
    likeness = [
        visible.seen(np.roll(pixels, (15 * at, 40 * at), (0, 1)), placed)
        for pixels in pictures
        for at in range(20)
    ]
    assert max(abs(seen.likeness) for seen in likeness if seen) < visible.ALIKE - 0.2
