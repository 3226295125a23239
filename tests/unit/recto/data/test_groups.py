"""Groups found in pictures without classes."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.groups import LEAST_IN_A_GROUP, along, grouped, groups_of, small, sorted_out


def flat(colours: list[tuple[int, ...]], side: int = 16) -> Dataset:
    images = np.array(colours, dtype=np.uint8)[:, None, None].repeat(side, 1).repeat(side, 2)
    return Dataset("flat", images)


def many(count: int, seed: int = 0) -> Dataset:
    images = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return Dataset("many", images)


@pytest.mark.parametrize(
    ("count", "wanted", "groups"),
    [(2047, 64, 0), (2048, 64, 64), (9**9, 48, 32), (64, 2, 2), (9**9, 1, 0), (9, 0, 0)],
)
def test_there_are_as_many_groups_as_are_wanted_or_none(count: int, wanted: int, groups: int) -> None:
    assert groups_of(count, wanted) == groups


def test_what_looks_alike_comes_together() -> None:
    red, blue = (250, 10, 10), (10, 10, 250)
    colours = [red, blue, blue, red] * LEAST_IN_A_GROUP
    data = grouped(flat(colours), 2)
    assert data.labels is not None
    assert len({label for label, colour in zip(data.labels, colours, strict=True) if colour == red}) == 1
    assert len(set(data.labels.tolist())) == 2


def test_groups_are_of_one_size_and_all_of_them_are_named() -> None:
    data = grouped(many(1000), 16)
    assert data.labels is not None
    counts = np.bincount(data.labels)
    assert len(counts) == 16 == len(set(data.classes))
    assert counts.max() - counts.min() <= 1
    assert data.classes[1] == "group-01", "its number is its name"


def test_an_invisible_colour_is_not_looked_at() -> None:
    seen, unseen = small(flat([(90, 20, 20, 255)])), small(flat([(90, 20, 20, 0)]))
    assert (unseen == 255).all()
    assert not (seen == 255).any()


def test_grey_pictures_have_groups_too() -> None:
    levels = [(level,) for level in range(128)]
    data = grouped(flat(levels), 4)
    assert data.labels is not None
    assert np.array_equal(np.sort(data.labels), np.repeat(range(4), 32))
    assert np.count_nonzero(np.diff(data.labels)) == 3


def test_the_digest_is_that_of_the_data_and_the_card_says_what_was_done() -> None:
    data = many(200)
    made = grouped(data, 4)
    assert made.digest == data.digest
    assert made.notes[-1].key == "data.note.groups"
    assert data.labels is None
    assert not data.notes
    assert grouped(made, 4) is made


def test_classes_that_are_there_stay() -> None:
    data = Dataset("named", many(128).images, np.arange(128, dtype=np.int64) % 2, ("a", "b"))
    assert grouped(data, 4) is data


def test_a_folder_around_all_pictures_is_no_class() -> None:
    data = Dataset("wrapped", many(128).images, np.zeros(128, np.int64), ("pics",))
    assert len(grouped(data, 4).classes) == 4


def test_which_way_an_axis_points_is_not_left_to_the_last_bit() -> None:
    """Of pictures and their mirror images the numbers at both ends of an axis are as good as equal."""
    value_NF = np.zeros((64, 4), np.uint8)
    value_NF[:, 1], value_NF[:, 2] = range(64), range(64, 0, -1)
    assert (np.diff(along(value_NF)) > 0).all(), "it points where the first of the equal numbers grows"


def test_pictures_all_alike_are_still_sorted() -> None:
    assert np.bincount(sorted_out(np.zeros((64, 192), np.uint8), 2)).tolist() == [32, 32]
