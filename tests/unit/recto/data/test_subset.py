"""A part of the data."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rectoverso.recto.data.subset import taken

LABELS = np.repeat(["a", "b", "c"], [100, 30, 4]).tolist()


def test_each_class_gives_as_many_until_it_has_no_more():
    counts = [
        np.unique(np.array(LABELS)[taken(LABELS, count)], return_counts=True)[1].tolist()
        for count in (9, 30, 134)
    ]
    assert counts == [[3, 3, 3], [13, 13, 4], [100, 30, 4]]


def test_a_smaller_part_lies_within_a_larger_one():
    parts = [set(taken(LABELS, count).tolist()) for count in range(135)]
    assert all(len(part) == count for count, part in enumerate(parts))
    assert all(small < large for small, large in pairwise(parts))


def test_the_part_is_spread_over_the_data_in_ascending_order_and_always_the_same():
    places = taken([None] * 10_000, 100)
    assert (np.diff(places) > 0).all()
    assert np.histogram(places, 4, (0, 10_000))[0].min() > 12
    assert places[:5].tolist() == taken([None] * 10_000, 100)[:5].tolist()
