"""Copies are told from strangers by their prints alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.curate.copies import AGREE, LIKE, TURNED_BITS, Pair, agreement, pairs
from rectoverso.verso.curate.prints import NUM_FREQUENCIES, NUM_VIEWS, Block, Print, described, mirrored
from unit.verso.conftest import decoded, encoded, photo


def block(*pictures: Pixels, start: int = 0) -> tuple[Block, dict[int, bytes]]:
    prints = [Print.of(pixels) for pixels in pictures]
    places = list(range(start, start + len(prints)))
    thumbs = {place: printed.thumb for place, printed in zip(places, prints, strict=True)}
    return Block.of(places, [(printed.hashes, printed.views) for printed in prints]), thumbs


def found(*pictures: Pixels) -> list[Pair]:
    one, thumbs = block(*pictures)
    return list(pairs(one, one, thumbs.__getitem__))


def cut(pixels: Pixels, down: float, along: float) -> Pixels:
    """A tenth of each side is gone: at a corner, in the middle, anywhere."""
    height, width = pixels.shape[:2]
    top, left = round(height * 0.1 * down), round(width * 0.1 * along)
    return np.ascontiguousarray(pixels[top : top + round(height * 0.9), left : left + round(width * 0.9)])


EDITS: dict[str, Callable[[Pixels], Pixels]] = {
    "saved": lambda pixels: decoded(encoded(pixels, "JPEG", quality=50)),
    "small": lambda pixels: np.asarray(Image.fromarray(pixels).resize((80, 60), Image.Resampling.LANCZOS)),
    "mirrored": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "turned": lambda pixels: np.ascontiguousarray(np.rot90(pixels)),
    "corner": lambda pixels: cut(pixels, 0, 0),
    "other corner": lambda pixels: cut(pixels, 1, 1),
    "edge": lambda pixels: cut(pixels, 0, 0.5),
    "middle": lambda pixels: cut(pixels, 0.5, 0.5),
    "cut and mirrored": lambda pixels: np.ascontiguousarray(cut(pixels, 1, 0)[:, ::-1]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_copy_is_found_whichever_came_first(edit: str) -> None:
    for seed in range(3):
        original = photo(300 + seed, 144, 192)
        for pictures in ((original, EDITS[edit](original)), (EDITS[edit](original), original)):
            (pair,) = found(*pictures)
            assert (pair.later, pair.earlier) == (1, 0)
            assert pair.score <= TURNED_BITS if pair.by == "hash" else pair.score >= AGREE


def test_strangers_are_none_and_nothing_is_a_copy_of_itself() -> None:
    assert found(*(photo(seed, 64) for seed in range(40))) == []


def test_copies_are_found_between_blocks() -> None:
    original = photo(9, 96)
    one, thumbs = block(original, photo(10, 96))
    other, more = block(photo(11, 96), EDITS["saved"](original), start=7)
    thumbs |= more
    assert [(pair.later, pair.earlier) for pair in pairs(one, other, thumbs.__getitem__)] == [(8, 0)]
    assert [(pair.later, pair.earlier) for pair in pairs(other, one, thumbs.__getitem__)] == [(8, 0)]


def test_plain_pictures_have_nothing_to_go_by_and_are_no_copies() -> None:
    grey, other = np.full((40, 40, 3), 90, np.uint8), np.full((40, 40, 3), 91, np.uint8)
    assert Print.of(grey).hashes == Print.of(grey).views == b""
    assert found(grey, other) == []


def test_views_and_their_mirror() -> None:
    small = photo(4, 64)
    views = described(small)
    assert views.shape == (NUM_VIEWS, NUM_FREQUENCIES)
    assert np.allclose(np.linalg.norm(views, axis=1), 1, atol=1e-5)
    assert np.allclose(mirrored(views)[0], described(np.ascontiguousarray(small[:, ::-1]))[0], atol=1e-4)
    assert float(views[0] @ views[1]) > LIKE


def test_agreement_is_of_the_part_and_does_not_see_brightness() -> None:
    grey = photo(5, 64)[..., 0].astype(np.float32)
    assert agreement(grey, grey * 0.6 + 20) > 0.999
    assert agreement(grey, photo(6, 64)[..., 0].astype(np.float32)) < 0.8
