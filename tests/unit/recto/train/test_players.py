"""Turns and schedules."""

import pytest
import torch

from rectoverso.recto.train.players import Phase, Turn, cosine
from rectoverso.recto.train.streams import Streams


def turn(first: int, count: int) -> Turn:
    return Turn(torch.zeros(count, 3, 4, 4), None, first, 0.0, Streams(1))


def test_cosine_goes_from_start_to_end_and_stays() -> None:
    assert [cosine(4, 2, share) for share in (0, 0.5, 1, 7)] == pytest.approx([4, 3, 2, 2])


def test_things_are_made_once_a_turn() -> None:
    one, made = turn(0, 2), []
    for _ in range(2):
        one.once("fakes", lambda: made.append(1))
    assert made == [1]


def test_an_images_noise_does_not_depend_on_the_batch_it_is_in() -> None:
    for kind in ("normals", "signs"):
        whole = getattr(turn(0, 8), kind)("x", 5)
        parts = [getattr(turn(first, 4), kind)("x", 5) for first in (0, 4)]
        assert torch.equal(whole, torch.cat(parts))


def test_turns_are_numbered_by_images() -> None:
    assert turn(24, 8).number == 3


def test_a_phase_is_due_on_its_turns_within_its_part_of_the_run() -> None:
    phase = Phase(("p",), lambda _: {}, every=2, begins=0.25, ends=0.5)
    due = [(number, progress) for number in (0, 1, 2) for progress in (0.0, 0.25, 0.4, 0.5, 1.0)]
    assert [place for place in due if phase.is_due(*place)] == [(0, 0.25), (0, 0.4), (2, 0.25), (2, 0.4)]
    assert Phase(("p",), lambda _: {}).is_due(3, 1.0)
