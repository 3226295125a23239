"""Somebody enters pieces of a picture many times over: what they were cut from is found, or people look."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from rectoverso.i18n import LANGUAGES, say
from rectoverso.store.rights import Asked, Rights
from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen import known as known_points
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.verso.screen.trace import Trace

CREDIT = Rights(asked=Asked.CREDIT)


@pytest.fixture(scope="module")
def own(pictures: Any) -> Pixels:
    return np.asarray(pictures.photo(60, 300, 400))


@pytest.fixture(scope="module")
def crops(own: Pixels, pictures: Any) -> list[tuple[Work, bytes]]:
    """Sixteen pieces from nearly the same place, whose owner asks for no more than to be named."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(16):
        top, left, height, width = np.array([75, 100, 110, 150]) + rng.integers(-5, 6, 4)
        piece = np.ascontiguousarray(own[top : top + height, left : left + width])
        work = dataclasses.replace(pictures.work(piece, f"Piece {number}"), rights=CREDIT)
        made.append((work, Trace.of(piece).to_bytes()))
    return made


@pytest.fixture(scope="module")
def work(own: Pixels, pictures: Any) -> tuple[Work, bytes]:
    return pictures.work(own, "The work"), Trace.of(own).to_bytes()


def _check(*kept: tuple[Work, bytes]) -> SimilarityCheck:
    return SimilarityCheck([work for work, _ in kept], traces={work.id: trace for work, trace in kept})


def _draft(own: Pixels, pictures: Any) -> Any:
    """That very place of the work, saved anew."""
    return pictures.draft(pictures.jpeg(np.ascontiguousarray(own[75:185, 100:250]), 90))


def test_pieces_of_a_work_do_not_hide_it(
    own: Pixels,
    crops: list[tuple[Work, bytes]],
    work: tuple[Work, bytes],
    pictures: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known_points, "BOOK_FROM", 300)
    finding = _check(*crops, work).examine(_draft(own, pictures))
    assert finding.outcome is Outcome.BLOCK
    assert finding.evidence["work"]["title"] == "The work"


def test_where_there_are_more_than_can_be_looked_at_people_look(
    own: Pixels, crops: list[tuple[Work, bytes]], pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rectoverso.verso.screen.votes.MOST", 13)
    finding = _check(*crops).examine(_draft(own, pictures))
    assert finding.outcome is Outcome.REVIEW
    assert finding.evidence["crowded"]
    assert finding.message.key == "screen.similarity.crowded"
    for language in LANGUAGES:
        assert "Piece" in say(finding.message, language)


def test_without_a_crowd_what_asks_for_credit_passes(
    own: Pixels, crops: list[tuple[Work, bytes]], pictures: Any
) -> None:
    finding = _check(*crops[:3]).examine(_draft(own, pictures))
    assert finding.outcome is Outcome.PASS
    assert "crowded" not in finding.evidence


def test_works_that_are_not_compared_take_no_votes(
    own: Pixels, crops: list[tuple[Work, bytes]], work: tuple[Work, bytes], pictures: Any
) -> None:
    """As if they had been entered and withdrawn: what is kept of them is still there."""
    traces = {one.id: trace for one, trace in (*crops, work)}
    finding = SimilarityCheck([work[0]], traces=traces).examine(_draft(own, pictures))
    assert finding.outcome is Outcome.BLOCK
    assert finding.evidence["stages"][2]["compared"] == 1
