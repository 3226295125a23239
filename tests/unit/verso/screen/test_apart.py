"""Works that nobody has seen are found like others, and take nothing from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen import votes
from rectoverso.verso.screen.apart import Apart
from rectoverso.verso.screen.cascade import Cascade
from rectoverso.verso.screen.parts import CANDIDATES
from rectoverso.verso.screen.similarity import cascade_of
from rectoverso.verso.screen.trace import Trace


@pytest.fixture(scope="module")
def traces(works: list[Work], photos: list[Pixels]) -> dict[str, bytes]:
    return {work.id: Trace.of(pixels).to_bytes() for work, pixels in zip(works, photos, strict=True)}


def part(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[20:140, 30:180])


def test_without_such_works_nothing_is_another(works: list[Work], traces: dict[str, bytes]) -> None:
    assert isinstance(cascade_of(works, traces), Cascade)


def test_they_are_found_with_the_numbers_that_others_would_have(
    works: list[Work], photos: list[Pixels], traces: dict[str, bytes]
) -> None:
    unseen = [replace(work, by_fingerprints=at % 2 == 0) for at, work in enumerate(works)]
    apart = cascade_of(unseen, traces)
    assert isinstance(apart, Apart)
    together = Cascade(works, traces)
    one, other = (cascade.look(part(photos[0])) for cascade in (apart, together))
    assert one.matches[0].outcome is Outcome.BLOCK
    assert one.matches[0].plain() == other.matches[0].plain()
    assert [stage.name for stage in one.stages] == [stage.name for stage in other.stages]
    assert [stage.compared for stage in one.stages[:3]] == [stage.compared for stage in other.stages[:3]]


def test_a_crowd_of_them_calls_no_picture_crowded(
    works: list[Work], photos: list[Pixels], traces: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends the points of one picture many times over would have all that shares them held, without a quota."""
    monkeypatch.setattr(votes, "MOST", CANDIDATES)
    crowd = [replace(works[1], id=f"{number:08x}", by_fingerprints=True) for number in range(CANDIDATES + 4)]
    kept = traces | {work.id: traces[works[1].id] for work in crowd}
    registered = [works[0], *crowd]
    draft = part(photos[1])
    assert Cascade(registered, kept).look(draft).crowded, "else this would show nothing"
    assert not cascade_of(registered, kept).look(draft).crowded
