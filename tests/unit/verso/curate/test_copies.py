"""Copies are told from strangers by their prints alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.curate import copies
from rectoverso.verso.curate.copies import AGREE, HASH_BITS, Index, Pair, agreement
from rectoverso.verso.curate.prints import NUM_FREQUENCIES, NUM_VIEWS, Block, Print, described, turned_views
from rectoverso.verso.screen.symmetry import SYMMETRIES, turned
from unit.verso.conftest import decoded, encoded, photo


def block(*pictures: Pixels, start: int = 0) -> tuple[Block, dict[int, bytes]]:
    prints = [Print.of(pixels) for pixels in pictures]
    places = list(range(start, start + len(prints)))
    thumbs = {place: printed.thumb for place, printed in zip(places, prints, strict=True)}
    return Block.of(places, [(printed.hashed, printed.views) for printed in prints]), thumbs


def found(*pictures: Pixels) -> list[Pair]:
    one, thumbs = block(*pictures)
    pairs = {(pair.later, pair.earlier): pair for pair in Index(one).pairs(one, thumbs.__getitem__)}
    return list(pairs.values())


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
            assert pair.score <= HASH_BITS if pair.by == "hash" else pair.score >= AGREE


def test_strangers_are_none_and_nothing_is_a_copy_of_itself() -> None:
    assert found(*(photo(seed, 64) for seed in range(40))) == []


def test_copies_are_found_between_blocks() -> None:
    original = photo(9, 96)
    one, thumbs = block(original, photo(10, 96))
    other, more = block(photo(11, 96), EDITS["saved"](original), start=7)
    thumbs |= more
    for index, asking in ((one, other), (other, one)):
        pairs = Index(index).pairs(asking, thumbs.__getitem__)
        assert [(pair.later, pair.earlier) for pair in pairs] == [(8, 0)]


def test_plain_pictures_have_nothing_to_go_by_and_are_no_copies() -> None:
    grey, other = np.full((40, 40, 3), 90, np.uint8), np.full((40, 40, 3), 91, np.uint8)
    assert Print.of(grey).hashed == Print.of(grey).views == b""
    assert found(grey, other) == []


def test_views_and_those_of_the_turned_picture() -> None:
    small = photo(4, 64)
    views = described(small)
    assert views.shape == (NUM_VIEWS, NUM_FREQUENCIES)
    assert np.allclose(np.linalg.norm(views, axis=1), 1, atol=1e-5)
    for symmetry in range(len(SYMMETRIES)):
        assert np.allclose(turned_views(views, symmetry)[0], described(turned(small, symmetry))[0], atol=1e-4)


def test_a_grey_copy_is_found_by_its_hash() -> None:
    original = photo(21, 128)
    grey = np.repeat(np.asarray(Image.fromarray(original).convert("L"))[..., None], 3, axis=2)
    (pair,) = found(original, grey)
    assert pair.by == "hash"


def random_block(count: int, rng: np.random.Generator, start: int = 0) -> Block:
    views = rng.standard_normal((count, NUM_VIEWS, NUM_FREQUENCIES)).astype(np.float32)
    views /= np.linalg.norm(views, axis=-1, keepdims=True)
    hashes = rng.integers(0, 256, (count, 32), np.uint8)
    return Block(np.arange(start, start + count), hashes, views)


def test_every_hash_within_the_radius_is_found_and_none_beyond() -> None:
    """As comparing one by one says, for copies that differ in any bits."""
    rng = np.random.default_rng(5)
    held = random_block(400, rng)
    hashes = held.hashes.copy()
    for row in range(400):
        for bit in rng.choice(256, 16 + row % 32, replace=False):
            hashes[row, bit // 8] ^= 1 << bit % 8
    asking = Block(np.arange(1000, 1400), hashes, np.zeros_like(held.views))
    by_hash = {(pair.earlier, pair.later): pair.score for pair in Index(held).pairs(asking, lambda _: b"")}
    wanted = {(row, 1000 + row): float(16 + row % 32) for row in range(400) if 16 + row % 32 <= HASH_BITS}
    assert by_hash == wanted


def test_regions_find_what_comparing_one_by_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Near views among many strangers: hardly any is lost to the regions."""
    rng = np.random.default_rng(6)
    held = random_block(3000, rng)
    near = held.views[:, :1] + 0.05 * rng.standard_normal((3000, 1, NUM_FREQUENCIES)).astype(np.float32)
    views = np.repeat(near / np.linalg.norm(near, axis=-1, keepdims=True), NUM_VIEWS, axis=1)
    asking = Block(np.arange(9000, 9300), np.zeros((300, 32), np.uint8), views[:300])
    monkeypatch.setattr(copies, "FEW", 100)
    monkeypatch.setattr(copies, "agreement", lambda *_: 1.0)
    thumb = bytes(64 * 64)
    hits = {(pair.earlier, pair.later) for pair in Index(held).pairs(asking, lambda _: thumb)}
    assert len(hits & {(row, 9000 + row) for row in range(300)}) >= 297


def test_agreement_is_of_the_part_and_does_not_see_brightness() -> None:
    grey = photo(5, 64)[..., 0].astype(np.float32)
    assert agreement(grey, grey * 0.6 + 20) > 0.999
    assert agreement(grey, photo(6, 64)[..., 0].astype(np.float32)) < 0.8
