"""What a training will take, said before its first step: speed, time, memory, and the score to expect.

Speed is measured by a few turns of a throw-away cast on the real feed. Everything random is a function of (seed, image
index, purpose), so these turns take nothing from the run's own: its weights are the same with and without a forecast.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

from rectoverso.recto.systems.recipe import Milestone, Recipe, Shape
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.machine import cuda_memory_mb, forget_cuda_peak, memory_mb
from rectoverso.recto.train.pace import Profile
from rectoverso.recto.train.players import Cast, Phase, Turn
from rectoverso.recto.train.step import Stepper
from rectoverso.recto.train.streams import Streams

CYCLE = 4
"""Turns measured in one go: what a loss does only now and then, it does every 2nd or 4th turn as a rule. A phase of its
own is counted by how often its turn comes, whether or not it came while measuring.
"""
PARTS = 8
"""Of a run that grows: a cycle is measured in the middle of each, and one at the start. What does not grow is measured
once.
"""
SIDE_PX = 32
"""Of the pictures that expected scores were measured with."""
COPIES = 2
"""Of the state, in memory while a checkpoint is written: laid out in order, and as the bytes of the file."""
NEAR = 1.25
"""How many times more or fewer images than were ever measured a score is still expected for."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """``images`` seen at the run's end, of which those still to come take ``seconds`` at ``images_per_s``.

    ``memory_mb`` of this process, and ``device_memory_mb`` of its CUDA device (0 without one). ``score`` is the
    proxy-FID on CIFAR-10 that the preset reached after as many images, None where nobody has measured one.
    """

    images_per_s: float
    images: int
    seconds: float
    memory_mb: int
    device_memory_mb: int = 0
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one image, in seconds, and of a process: memory in MB, on its machine and on its CUDA device."""

    profile: Profile
    memory_mb: int
    device_memory_mb: int


def measure(
    recipe: Recipe,
    feed: Feed,
    streams: Streams,
    device: torch.device,
    clock: Callable[[], float] = time.monotonic,
) -> Cost:
    """Let a throw-away cast take a few turns. Of several processes all must measure at once, by a shared clock."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.torch_seed("weights", 0))
        cast = recipe.cast(feed.shape, streams)
        for player in cast.players:
            player.move_to(device)
        trial = Trial(Stepper(recipe, cast, device), feed, clock)
        moments = [0.0, *((part + 0.5) / PARTS for part in range(PARTS))] if recipe.grows else [0.5]
        start_s, *part_s = (seconds / recipe.batch for seconds in trial.run(moments))
    cost = Cost(
        Profile(start_s, tuple(part_s) or (start_s,)),
        memory_mb() + COPIES * state_mb(cast),
        cuda_memory_mb(),
    )
    forget_cuda_peak()
    return cost


class Trial:
    """A few turns of a cast, timed; each phase apart, for they do not all come as often."""

    def __init__(self, stepper: Stepper, feed: Feed, clock: Callable[[], float]) -> None:
        self.stepper, self.feed, self.clock = stepper, feed, clock
        self.phase_s: dict[int, list[float]] = {}
        self.rest_s: list[float] = []

    def run(self, moments: Sequence[float]) -> list[float]:
        """Seconds of a turn, at each of these moments of a run."""
        self._turn(0, moments[-1], everything=True)  # the dearest, and torch makes itself ready
        rare_s = {place: seconds[0] for place, seconds in self.phase_s.items()}
        return [self._cycle(number, progress, rare_s) for number, progress in enumerate(moments)]

    def _cycle(self, number: int, progress: float, rare_s: dict[int, float]) -> float:
        """Seconds of a turn, the mean over many, of which a few are taken; what does not come in them costs
        ``rare_s``.
        """
        self.phase_s, self.rest_s = {}, []
        for turn in range(CYCLE * number + 1, CYCLE * (number + 1) + 1):
            self._turn(turn, progress)
        phases = self.stepper.cast.phases
        shares = (
            _mean(self.phase_s.get(place, [seconds])) / phases[place].every
            for place, seconds in rare_s.items()
            if phases[place].is_on(progress)
        )
        return max(_mean(self.rest_s) + sum(shares), 1e-9)

    def _turn(self, number: int, progress: float, *, everything: bool = False) -> None:
        began = self.clock()
        turn = self.feed.turn(number * self.stepper.recipe.batch, progress)
        spent = 0.0
        for place, phase in enumerate(self.stepper.cast.phases):
            if everything or phase.is_due(number, progress):
                seconds = self._phase(phase, turn)
                self.phase_s.setdefault(place, []).append(seconds)
                spent += seconds
        self.stepper.follow((number + 1) * turn.batch, turn)
        self.rest_s.append(self.clock() - began - spent)

    def _phase(self, phase: Phase, turn: Turn) -> float:
        """Seconds, until a CUDA device has done its work."""
        began = self.clock()
        total, _ = self.stepper.losses(phase, turn)
        self.stepper.move(phase, total, turn.progress)
        if self.stepper.device.type == "cuda":
            torch.cuda.synchronize(self.stepper.device)
        return self.clock() - began


def state_mb(cast: Cast) -> int:
    """What a checkpoint of the cast holds, in MB."""
    from rectoverso.recto.train.checkpoint import gather

    return sum(tensor.nbytes for tensor in gather(cast.players).values()) // 2**20


def expected_score(milestones: Sequence[Milestone], images: int, shape: Shape) -> float | None:
    """The score of a run of so many images, between those that were measured, straight in the logarithm of images.

    None far from all of them, and for pictures of other sides than theirs.
    """
    if not milestones or (shape.height_px, shape.width_px) != (SIDE_PX, SIDE_PX):
        return None
    rows = sorted(milestones, key=lambda row: row.images)
    if not rows[0].images / NEAR <= images <= rows[-1].images * NEAR:
        return None
    inside = min(max(images, rows[0].images), rows[-1].images)
    for low, high in pairwise(rows):
        if low.images <= inside <= high.images:
            share = math.log(inside / low.images) / math.log(high.images / low.images)
            return low.score + share * (high.score - low.score)
    return rows[0].score


def _mean(seconds: Sequence[float]) -> float:
    return sum(seconds) / len(seconds)
