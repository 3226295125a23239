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
    ("count", "most", "groups"),
    [(63, 64, 0), (64, 64, 2), (300, 64, 8), (3183, 64, 64), (9**9, 48, 32), (9, 0, 0)],
)
def test_there_are_as_many_groups_as_pictures_allow(count: int, most: int, groups: int) -> None:
    assert groups_of(count, most) == groups


def test_what_looks_alike_comes_together() -> None:
    red, blue = (250, 10, 10), (10, 10, 250)
    colours = [red, blue, blue, red] * LEAST_IN_A_GROUP
    data = grouped(flat(colours), most=2)
    assert data.labels is not None
    assert len({label for label, colour in zip(data.labels, colours, strict=True) if colour == red}) == 1
    assert len(set(data.labels.tolist())) == 2


def test_groups_are_of_one_size_and_all_of_them_are_named() -> None:
    data = grouped(many(1000), most=16)
    assert data.labels is not None
    counts = np.bincount(data.labels)
    assert len(counts) == 16 == len(set(data.classes))
    assert counts.max() - counts.min() <= 1
    assert data.classes[0] == "group-01"


def test_an_invisible_colour_is_not_looked_at() -> None:
    seen, unseen = small(flat([(90, 20, 20, 255)])), small(flat([(90, 20, 20, 0)]))
    assert (unseen == 255).all()
    assert not (seen == 255).any()


def test_grey_pictures_have_groups_too() -> None:
    levels = [(level,) for level in range(128)]
    data = grouped(flat(levels), most=4)
    assert data.labels is not None
    assert np.array_equal(np.sort(data.labels), np.repeat(range(4), 32))
    assert set(np.abs(np.diff(data.labels)).tolist()) <= {0, 1, 2, 3}
    assert len(set(data.labels[:32].tolist())) == 1


def test_the_digest_is_that_of_the_data_and_the_card_says_what_was_done() -> None:
    data = many(200)
    made = grouped(data, most=64)
    assert made.digest == data.digest
    assert made.notes[-1].key == "data.note.groups"
    assert data.labels is None
    assert not data.notes
    assert grouped(made, most=64) is made


def test_classes_that_are_there_stay() -> None:
    data = Dataset("named", many(128).images, np.zeros(128, np.int64), ("all",))
    assert grouped(data, most=64) is data


def test_equal_pictures_stay_together_in_any_order_of_adding() -> None:
    """A processor may add in another order at another place: a difference in the last bit separates nobody."""
    value_NF = np.random.default_rng(1).integers(0, 256, (1, 192), dtype=np.uint8).repeat(3000, 0)
    value_NF[::3, 0] += 1
    assert len(set(along(value_NF)[1::3].tolist())) == 1


def test_pictures_all_alike_are_still_sorted() -> None:
    assert np.bincount(sorted_out(np.zeros((64, 192), np.uint8), 2)).tolist() == [32, 32]
