"""Votes that agree on how a work lies count together; others do not."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
import pytest

from rectoverso.verso.screen import votes
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.votes import Ballot, candidates, looked_at, named

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
    found = candidates(index, picture, at_most=5).candidates
    assert found[0].work == work
    assert not found[0].mirrored
    assert found[0].votes > 2 * found[1].votes


@pytest.mark.parametrize(("mirrored", "inverted"), [(True, False), (False, True), (True, True)])
def test_the_way_of_looking_is_told(mirrored: bool, inverted: bool, index: Any, descriptors: Any) -> None:
    picture = looked_at(_points(1, descriptors), mirrored=mirrored, inverted=inverted)
    found, *_ = candidates(index, picture, at_most=1).candidates
    assert (found.work, found.mirrored, found.inverted) == (1, mirrored, inverted)


def _crowd(count: int, descriptors: Any) -> Any:
    """So many works of the same points, to the last bit, as pieces cut a pixel apart have them."""
    made = faiss.IndexIDMap2(faiss.IndexFlatL2(128))
    turns, octaves = _points(0, descriptors).pose()
    for work in range(count):
        made.add_with_ids(descriptors, named(np.full(COUNT, work), turns, octaves))
    return made


@pytest.mark.parametrize("count", [9, 40, votes.MOST])
def test_of_works_with_the_same_points_none_hides_another(count: int, descriptors: Any) -> None:
    told = candidates(_crowd(count, descriptors), _points(0, descriptors), at_most=12)
    assert {one.work for one in told.candidates} == set(range(count))
    assert not told.is_crowded


@pytest.mark.parametrize("count", [votes.MOST + 1, 300])
def test_of_more_than_are_looked_at_it_is_told(count: int, descriptors: Any) -> None:
    told = candidates(_crowd(count, descriptors), _points(0, descriptors), at_most=12)
    assert len(told.candidates) == votes.MOST
    assert told.is_crowded


def test_what_a_crowd_adds_takes_nobodys_place(index: Any, descriptors: Any) -> None:
    """As if all points were in one."""
    picture = _points(0, descriptors)
    usual = candidates(index, picture, at_most=5).candidates
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(votes, "NEAR", 2.0)
        assert candidates(index, picture, at_most=5).candidates[:5] == usual[:5]


def test_no_points_and_an_empty_index_name_nothing(index: Any, descriptors: Any) -> None:
    none = _points(0, descriptors[:0])
    assert candidates(index, none, at_most=5) == Ballot(())
    empty = faiss.IndexIDMap2(faiss.IndexFlatL2(128))
    assert candidates(empty, _points(0, descriptors), at_most=5) == Ballot(())
