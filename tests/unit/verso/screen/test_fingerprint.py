"""The hash of a picture stays when the picture is saved anew, and is not given where it would mean nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances, fingerprint, fingerprints
from rectoverso.verso.screen.symmetry import turned


def bits_apart(one: bytes, other: bytes) -> int:
    return int(distances(one, np.frombuffer(other, np.uint8)))


def test_a_poor_copy_differs_in_few_bits(photos: list[Pixels], pictures: Any) -> None:
    far = [bits_apart(fingerprint(pixels), fingerprint(pictures.poor_copy(pixels))) for pixels in photos]
    assert max(far) <= 30


def test_unrelated_pictures_differ_in_about_half_of_the_bits(photos: list[Pixels]) -> None:
    hashes = [fingerprint(pixels) for pixels in photos]
    near = [bits_apart(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(near) > 80


@pytest.mark.parametrize("symmetry", range(8))
def test_the_eight_hashes_are_those_of_the_turned_pictures_in_order(
    symmetry: int, photos: list[Pixels]
) -> None:
    part = fingerprints(photos[0])[symmetry * NUM_BYTES : (symmetry + 1) * NUM_BYTES]
    assert bits_apart(part, fingerprint(turned(photos[0], symmetry))) <= 8


def test_a_plain_picture_has_no_hash() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    assert fingerprint(white) == fingerprints(white) == b""


def test_grey_and_transparent_pictures_are_hashed_as_they_look(photos: list[Pixels]) -> None:
    height, width = photos[0].shape[:2]
    opaque = np.concatenate([photos[0], np.full((height, width, 1), 255, np.uint8)], axis=2)
    assert bits_apart(fingerprint(opaque), fingerprint(photos[0])) == 0
    assert len(fingerprint(photos[0][..., :1])) == NUM_BYTES


def test_one_hash_is_compared_with_many_at_once(photos: list[Pixels]) -> None:
    hashes = [fingerprint(pixels) for pixels in photos[:3]]
    many = np.frombuffer(b"".join(hashes), np.uint8).reshape(3, NUM_BYTES)
    assert distances(hashes[1], many).tolist() == [bits_apart(hashes[1], other) for other in hashes]
