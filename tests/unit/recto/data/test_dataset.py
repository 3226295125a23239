"""The pictures of one training."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rectoverso.recto.data.check import bad
from rectoverso.recto.data.dataset import Dataset, digest, numbered

IMAGES = np.arange(3 * 8 * 8 * 3, dtype=np.uint8).reshape(3, 8, 8, 3)


def test_nothing_in_it_can_be_changed():
    one = Dataset("x", IMAGES.copy(), np.array([0, 1, 1]), ("a", "b"))
    with pytest.raises(ValueError, match="read-only"):
        one.images[0, 0, 0, 0] = 1
    with pytest.raises(AttributeError):
        one.name = "y"


def test_the_digest_is_the_same_on_every_machine():
    assert (
        digest(IMAGES, np.array([0, 1, 1]))
        == "6ef2e1a38061a3005613bfaf2442208a07523b0f73904877f15f013ae9537d78"
    )
    assert digest(IMAGES, None) == "df4da38bde9e6556a802e2e1088092fa10e5722ea9aa3623feacee2c8c97bb5d"


def test_the_digest_sees_shape_pixels_and_labels():
    other = IMAGES.copy()
    other[2, 7, 7, 2] ^= 1
    labels = np.array([0, 1, 1])
    seen = {digest(IMAGES, labels), digest(IMAGES, labels[::-1]), digest(IMAGES, None), digest(other, None)}
    assert len(seen | {digest(IMAGES.reshape(3, 4, 16, 3), None)}) == 5


def test_the_card_gets_plain_json():
    one = Dataset(
        "x", IMAGES.copy(), np.array([2, 0, 0]), ("a", "b", "c"), skipped=(bad("d/e.png", "empty"),)
    )
    said = json.loads(json.dumps(one.describe()))
    assert said["images"] == 3
    assert said["size"] == 8
    assert said["classes"] == {"a": 2, "b": 0, "c": 1}
    assert said["skipped"][0]["reason"] == "The file is empty (0 bytes)."


def test_labels_become_numbers_in_the_order_of_their_names():
    labels, classes, notes = numbered(["b", "a", "b"], ())
    assert (labels.tolist(), classes, notes) == ([1, 0, 1], ("a", "b"), ())
    labels, classes, _ = numbered([10, 9], ())
    assert (labels.tolist(), classes) == ([1, 0], ("9", "10"))


def test_no_labels_at_all_need_no_note():
    assert numbered([None, None], ()) == (None, (), ())


def test_a_part_is_other_data_than_the_same_pictures_in_full():
    whole, part = Dataset("x", IMAGES.copy()), Dataset("x", IMAGES.copy(), taken_from=30)
    assert len({whole.digest, part.digest, Dataset("x", IMAGES.copy(), taken_from=31).digest}) == 3
    assert part.describe()["taken_from"] == 30


def test_sides_are_told_apart():
    one = Dataset("x", IMAGES.reshape(3, 4, 16, 3).copy())
    assert (one.width, one.height, one.size, one.channels) == (16, 4, 4, 3)


def test_a_batch_is_a_copy():
    one = Dataset("x", IMAGES.copy())
    batch = one.batch(np.array([2, 0]))
    batch[:] = 0
    assert one.images[2].any()
