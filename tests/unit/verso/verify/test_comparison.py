"""A picture beside the released one: untouched, edited, saved again, resized, or another picture."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import fingerprint, on_white
from rectoverso.verso.verify.comparison import compare, is_alike
from unit.verso.conftest import decoded, encoded, photo, stroke

RELEASED = photo(1, 96)


def alike(picture: Pixels, released: Pixels) -> bool | None:
    return is_alike(picture, released, fingerprint(picture), fingerprint(released))


def test_an_untouched_picture_is_told_as_such_in_any_mode() -> None:
    opaque = np.dstack([RELEASED, np.full(RELEASED.shape[:2], 255, np.uint8)])
    assert compare(RELEASED, RELEASED).key == "verify.evidence.pixels_identical"
    assert compare(opaque, RELEASED).key == "verify.evidence.pixels_identical"
    grey = photo(1, 40, channels=1)
    assert compare(grey.repeat(3, axis=2), grey).key == "verify.evidence.pixels_identical"


def test_changed_pixels_are_counted() -> None:
    edited = RELEASED.copy()
    edited[10:12, 20:25] = 255 - edited[10:12, 20:25]
    row = compare(edited, RELEASED)
    assert row.key == "verify.evidence.pixels_changed"
    assert (row.facts["changed"], row.facts["total"]) == ("10", "9,216")


def test_saving_with_loss_is_told_with_its_distance() -> None:
    row = compare(decoded(encoded(RELEASED, "JPEG", quality=80)), RELEASED)
    assert row.key == "verify.evidence.saved_again"
    assert 25 < float(row.facts["psnr"]) < 50


def test_another_size_is_told() -> None:
    assert compare(RELEASED[:48], RELEASED).facts == {"size": "96 x 48", "released": "96 x 96"}


@pytest.mark.parametrize("side", [16, 32, 96])
def test_a_changed_picture_is_alike_and_another_is_not(side: int) -> None:
    for seed in range(8):
        picture, other = photo(seed, side), photo(seed + 100, side)
        darker = (picture * 0.7).astype(np.uint8)
        saved = decoded(encoded(picture, "JPEG", quality=40))
        assert alike(darker, picture)
        assert alike(saved, picture)
        assert not alike(other, picture)


def test_flat_pictures_are_compared_too() -> None:
    black, white = np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)
    assert alike(black, black)
    assert not alike(stroke(1), black)
    assert not alike(white, photo(1, 32))


def test_without_pixels_or_hash_nothing_is_held_against_the_picture() -> None:
    assert is_alike(RELEASED, None, b"", b"") is None
    assert not is_alike(RELEASED, None, fingerprint(RELEASED), fingerprint(photo(9, 96)))


def test_a_transparent_picture_is_compared_as_it_looks_on_white() -> None:
    """What a file hides under full transparency is no difference, and its copy on white is the same picture."""
    clear = photo(2, 96, channels=4)
    clear[..., 3] = np.linspace(0, 255, 96).round()
    flat = np.asarray(on_white(clear))
    hidden = np.where(clear[..., 3:] > 0, clear, np.array([200, 0, 200, 0], np.uint8))
    assert compare(flat, clear).key == "verify.evidence.pixels_identical"
    assert is_alike(flat, clear, b"", b"")
    assert is_alike(hidden, clear, b"", b"")
    assert is_alike(np.asarray(on_white(clear[:, ::-1])), clear, b"", b"")
    assert not is_alike(photo(3, 96), clear, b"", b"")
