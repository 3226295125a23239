"""All works that look alike from afar are told, however many there are, by signs as well as number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rectoverso.verso.screen import shapes
from rectoverso.verso.screen.shapes import Shapes
from rectoverso.verso.screen.sketch import INSIDE_KK, NUM_FREQUENCIES, Sketch
from rectoverso.verso.screen.symmetry import INVERSES

COUNT = 900


def _sketch(inside: Any) -> Sketch:
    shape = np.zeros((NUM_FREQUENCIES, NUM_FREQUENCIES), np.float32)
    shape[INSIDE_KK] = inside / np.linalg.norm(inside)
    return Sketch(shape, np.zeros((2, 6, 6), np.float32), 300)


def _views(sketch: Sketch) -> Any:
    return np.stack([sketch.turned(inverse).shape[INSIDE_KK] for inverse in INVERSES])


@pytest.fixture(scope="module")
def kept() -> list[bytes]:
    """Shapes that have no more in common than pictures do: some directions have most of what they are."""
    rng = np.random.default_rng(5)
    weights = np.linspace(3, 0.2, int(INSIDE_KK.sum()))
    return [_sketch(rng.standard_normal(len(weights)) * weights).to_bytes() for _ in range(COUNT)]


@pytest.fixture(scope="module")
def both(kept: list[bytes]) -> tuple[Shapes, Shapes]:
    """Compared number by number, and by signs first."""
    few = Shapes(kept)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "FEW", 0)
        return few, Shapes(kept)


@pytest.mark.parametrize("mixed", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("symmetry", [0, 5])
def test_signs_find_what_numbers_find(
    mixed: float, symmetry: int, kept: list[bytes], both: tuple[Shapes, Shapes]
) -> None:
    rng = np.random.default_rng(symmetry)
    for place in range(0, COUNT, 90):
        own, other = (Sketch.from_bytes(kept[at]).shape[INSIDE_KK] for at in (place, rng.integers(COUNT)))
        asked = _sketch(own + mixed * other).turned(symmetry)
        asked = asked.inverted() if place % 180 else asked
        few, many = (one.near(_views(asked), 0.8, at_least=3) for one in both)
        alike = int((np.abs(few[1]).max(axis=1) >= 0.8).sum())
        assert alike == 1
        assert few[0][0] == many[0][0] == place
        assert np.allclose(few[1][0], many[1][0], atol=1e-5)
        assert len(few[0]) == len(many[0]) == 3


def test_so_many_that_are_alike_hide_none(kept: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "FEW", 0)
    crowd = [kept[7]] * 500
    places, alike = Shapes([*kept, *crowd]).near(_views(Sketch.from_bytes(kept[7])), 0.8, at_least=1)
    assert {7, *range(COUNT, COUNT + 500)} <= set(places.tolist())
    assert np.abs(alike).max(axis=1).min() >= 0.8


def test_works_as_alike_as_was_asked_and_no_more_are_told(
    kept: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The margin of signs: none of two thousand at the very limit is missed, and most strangers are not looked at."""
    rng = np.random.default_rng(1)
    own = Sketch.from_bytes(kept[0]).shape[INSIDE_KK]
    aside = rng.standard_normal((2_000, len(own)))
    aside -= np.outer(aside @ own, own)
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    edge = [_sketch(0.802 * own + (1 - 0.802**2) ** 0.5 * row).to_bytes() for row in aside]
    monkeypatch.setattr(shapes, "FEW", 0)
    known, looked = Shapes([*edge, *kept]), []
    rows = Shapes._rows
    monkeypatch.setattr(Shapes, "_rows", lambda self, some: (looked.append(len(some)), rows(self, some))[1])
    places, _ = known.near(own[None], 0.8)
    assert set(range(2_000)) <= set(places.tolist())
    assert sum(looked) < 2_000 + COUNT / 10


@pytest.mark.parametrize("are_few", [True, False])
def test_no_works_are_none(are_few: bool, monkeypatch: pytest.MonkeyPatch, kept: list[bytes]) -> None:
    monkeypatch.setattr(shapes, "FEW", int(are_few) - 1)
    places, alike = Shapes(kept[:0]).near(_views(Sketch.from_bytes(kept[0])), 0.8, at_least=1)
    assert (len(places), alike.shape) == (0, (0, 8))
