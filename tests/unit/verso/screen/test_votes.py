"""Votes that agree on how a work lies count together; others do not."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
import pytest

from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.votes import candidates, looked_at, named

COUNT = 40


def _points(seed: int, descriptors: Any) -> Points:
    """Points anywhere, of any size and direction, so described."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 400, (len(descriptors), 2)).astype(np.float32)
    size, angle = rng.uniform(4, 30, len(xy)), rng.uniform(0, 2 * np.pi, len(xy))
    return Points(400, 400, xy, size.astype(np.float32), angle.astype(np.float32), descriptors)


@pytest.fixture(scope="module")
def descriptors() -> Any:
    rows = np.random.default_rng(0).random((COUNT, 128), np.float32) ** 3
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def index(descriptors: Any) -> Any:
    """Three works of the same points, of which each lies in its own way, and a crowd of others."""
    made = faiss.IndexIDMap2(faiss.IndexFlatL2(128))
    for work in range(3):
        turns, octaves = _points(work, descriptors).pose()
        made.add_with_ids(descriptors, named(np.full(COUNT, work), turns, octaves))
    others = np.random.default_rng(9).random((400, 128), np.float32) ** 3
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    zeros = np.zeros(400, np.uint8)
    made.add_with_ids(others, named(np.arange(3, 403), zeros, zeros))
    return made


def _turned(points: Points, turn: float, scale: float) -> Points:
    return Points(400, 400, points.xy, points.size * scale, points.angle + turn, points.descriptors)


@pytest.mark.parametrize(("turn", "scale"), [(0.0, 1.0), (1.7, 0.4), (-2.5, 2.2), (3.1, 0.25)])
@pytest.mark.parametrize("work", [0, 2])
def test_the_work_whose_points_were_all_moved_alike_comes_first(
    work: int, turn: float, scale: float, index: Any, descriptors: Any
) -> None:
    picture = _turned(_points(work, descriptors), turn, scale)
    found = candidates(index, picture, among=range(403), at_most=5)
    assert found[0].work == work
    assert not found[0].mirrored
    assert found[0].votes > 2 * found[1].votes


@pytest.mark.parametrize(("mirrored", "inverted"), [(True, False), (False, True), (True, True)])
def test_the_way_of_looking_is_told(mirrored: bool, inverted: bool, index: Any, descriptors: Any) -> None:
    picture = looked_at(_points(1, descriptors), mirrored=mirrored, inverted=inverted)
    (found,) = candidates(index, picture, among=range(403), at_most=1)
    assert (found.work, found.mirrored, found.inverted) == (1, mirrored, inverted)


def test_only_works_that_are_looked_for_are_named(index: Any, descriptors: Any) -> None:
    found = candidates(index, _points(0, descriptors), among={1, 2}, at_most=5)
    assert {one.work for one in found} == {1, 2}


def test_no_points_and_an_empty_index_name_nothing(index: Any, descriptors: Any) -> None:
    none = _points(0, descriptors[:0])
    assert candidates(index, none, among={1}, at_most=5) == []
    empty = faiss.IndexIDMap2(faiss.IndexFlatL2(128))
    assert candidates(empty, _points(0, descriptors), among={1}, at_most=5) == []
