"""Who takes turns, and what a turn is.

A *player* is a named module with its optimiser and, where wanted, its running average. A *phase* lets players
move: every so many turns, down the gradient of some named losses. Whether the players are adversaries
is written in the losses and nowhere else. A *cast* is all of it together; a system's file makes one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from rectoverso.recto.systems.recipe import Adam, Averaging
from rectoverso.recto.train import optimisers
from rectoverso.recto.train.average import Average
from rectoverso.recto.train.streams import Streams

Thing = TypeVar("Thing")
Losses = dict[str, Tensor]


@dataclass
class Turn:
    """One batch and its place in the run; ``progress`` is the share of the run already done, 0 to 1, ``passes`` how
    often every picture of the data has been seen.

    Where the data has them, ``mask_NHW`` (int64) and ``captions`` belong to the pictures; ``other_NCHW`` are as many of
    the second set.

    Of several ``processes`` each has a turn of its own, with its part of the batch: ``first`` and ``count`` are of that
    part, so what is drawn for images ``first`` to ``first + count`` is each image's own in any cut.
    """

    image_NCHW: Tensor
    label_N: Tensor | None
    first: int
    progress: float
    streams: Streams
    processes: int = 1
    passes: float = 0.0
    readings: dict[str, float] = field(default_factory=dict)
    mask_NHW: Tensor | None = None
    captions: tuple[str, ...] | None = None
    other_NCHW: Tensor | None = None
    _made: dict[str, object] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.image_NCHW)

    @property
    def batch(self) -> int:
        """Images that all processes see in this turn."""
        return self.count * self.processes

    @property
    def number(self) -> int:
        """How many turns came before this one."""
        return self.first // self.batch

    @property
    def begins(self) -> int:
        """The first image of the whole batch."""
        return self.number * self.batch

    def once(self, name: str, make: Callable[[], Thing]) -> Thing:
        """What was made under this name earlier in the turn, or else what ``make`` makes now."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]  # type: ignore[return-value]

    def normals(self, purpose: str, width: int) -> Tensor:
        """Standard normal numbers (N, D), each image's own."""
        normals_ND = torch.from_numpy(self.streams.normals(purpose, self.first, self.count, width))
        return normals_ND.to(self.image_NCHW.device)

    def signs(self, purpose: str, width: int) -> Tensor:
        """Fair signs, 1 or -1 (N, D), each image's own."""
        signs_ND = torch.from_numpy(self.streams.signs(purpose, self.first, self.count, width))
        return signs_ND.to(self.image_NCHW.device)


class Player:
    """A named module, the optimiser that moves it, and its running average or None."""

    def __init__(self, name: str, module: nn.Module, adam: Adam, averaging: Averaging | None = None) -> None:
        self.name, self.module, self.adam = name, module, adam
        self.average = Average(module, averaging) if averaging and averaging.half_life else None

    @cached_property
    def optimiser(self) -> torch.optim.Optimizer:
        """Made when first asked for: a player that is only shown needs none."""
        adam = self.adam
        return optimisers.Adam(
            self.module.parameters(), adam.rate, (adam.beta1, adam.beta2), adam.epsilon, fused=True
        )

    def move_to(self, device: torch.device) -> None:
        """Compute there from now on; the parameters stay the ones that the optimiser knows."""
        self.module.to(device)
        if self.average:
            self.average.module.to(device)

    def step(self, progress: float) -> None:
        """Move by the gradients that are there, at the learning rate of this point of the run."""
        for group in self.optimiser.param_groups:
            group["lr"] = cosine(self.adam.rate, self.adam.rate_end, progress)
        self.optimiser.step()

    def follow(self, images: int, count: int) -> None:
        """Let the average, if there is one, take in the module after ``images`` images, ``count`` of them
        new.
        """
        if self.average:
            self.average.follow(images, count)


class MomentumPlayer(Player):
    """A player that moves by stochastic gradient descent with momentum (``beta1``), as before there was Adam."""

    @cached_property
    def optimiser(self) -> torch.optim.Optimizer:
        return optimisers.SGD(self.module.parameters(), self.adam.rate, self.adam.beta1, fused=True)


@dataclass(frozen=True)
class Phase:
    """``players`` move every ``every`` turns, down the sum of what ``losses`` returns for the turn, from the share
    ``begins`` of a run to the share ``ends``.
    """

    players: tuple[str, ...]
    losses: Callable[[Turn], Losses]
    every: int = 1
    begins: float = 0.0
    ends: float = 1.0

    def is_due(self, number: int, progress: float) -> bool:
        """Whether its turn has come: of all turns it is this one, at this share of the run."""
        return number % self.every == 0 and self.is_on(progress)

    def is_on(self, progress: float) -> bool:
        """Whether this share of the run is within its own; a run ends with the phases that it ended in."""
        return self.begins <= progress < self.ends or progress >= self.ends == 1.0


class Cast(Protocol):
    """Everything the loop needs of a system."""

    @property
    def players(self) -> tuple[Player, ...]: ...

    @property
    def phases(self) -> tuple[Phase, ...]: ...

    def published(self) -> dict[str, nn.Module]:
        """The modules as they are given to the world, by the name of their weights' file."""
        ...

    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """Pictures (N, C, H, W) that show the state of the run, always made from the same noise and, where pictures
        are made from something, from the same ``examples``.
        """
        ...

    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """These pictures with what people want to see beside them."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A cast that measures itself on the examples whenever a run shows samples."""

    def told(self, examples: Turn) -> dict[str, float]:
        """What it measured, by name: for `Status.readings`."""
        ...


def cosine(start: float, end: float, progress: float) -> float:
    """From ``start`` to ``end`` along half a cosine."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
