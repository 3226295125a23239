"""Trainings in tests: what takes most of a short one is left out where a test is about something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rectoverso.recto.data import shapes
from rectoverso.recto.metrics.proxy_training import Lesson
from rectoverso.recto.systems import big_pair, pair, text_pair
from rectoverso.recto.train import loop
from rectoverso.recto.train.forecast import Cost
from rectoverso.recto.train.pace import Profile
from rectoverso.workflow import replication

REMEASURED = 64
"""Images on which batch norms are measured anew, instead of 1024."""

SCENES = 256
"""Scenes in the built-in shapes, instead of 4096."""


PROBES = 64
"""Pictures that a run is asked for when it is asked whether it brings its training pictures back, instead of 512."""


@contextmanager
def trainings() -> Iterator[None]:
    """Have trainings do without what takes most of a short one."""
    with forecasts(by=guess), few_norm_images(), few_probes():
        yield


def guess(*_: object) -> Cost:
    """What a training will take, said without measuring it: that is 5 turns, and 37 of a system that grows."""
    return Cost(Profile(1e-3, (1e-3,)), 0, 0)


@contextmanager
def forecasts(by: Callable[..., Cost]) -> Iterator[None]:
    """Have trainings say by this what they will take; it changes nothing else of them (test_forecast)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "measure", by)
        yield


@contextmanager
def few_norm_images() -> Iterator[None]:
    """Have published norms measured on a few images."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (pair, big_pair, text_pair):
            patch.setattr(module, "REMEASURED_IMAGES", REMEASURED)
        yield


@contextmanager
def few_probes() -> Iterator[None]:
    """Have few pictures drawn of a run that was just trained, to be compared with those it was trained on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication, "MOST", PROBES)
        yield


@contextmanager
def few_scenes() -> Iterator[None]:
    """Have few scenes drawn where data is `shapes`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "SCENES", SCENES)
        yield


@contextmanager
def short_lessons() -> Iterator[None]:
    """Have proxy features taught on 32 pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lesson.__init__, "__defaults__", (16, 32, 0, "float32"))
        yield
