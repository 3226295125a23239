"""A recipe: every number of a system, frozen, in plain Python; presets are recipes, and `--set a.b=c` makes
new ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:  # systems are listed without loading torch
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams

Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a system must know of the data before it builds networks: side in pixels, channels, number of
    classes.
    """

    size_px: int
    channels: int
    classes: int


@dataclass(frozen=True, slots=True)
class Adam:
    """Adam (Kingma and Ba 2015). The rate goes from ``rate`` to ``rate_end`` along half a cosine."""

    rate: float
    rate_end: float
    beta1: float
    beta2: float
    epsilon: float = 1e-8


@dataclass(frozen=True, slots=True)
class Averaging:
    """Half-life of the averaged weights: ``half_life`` images (0: no average), at most ``ramp`` of the images
    seen.
    """

    half_life: int = field(metadata={"least": 0})
    ramp: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(ABC):
    """What all systems share.

    ``images`` is the length of a run when nobody says otherwise. ``threads`` 0 means all physical cores; on a machine
    that is busy with other things, 1 is faster. ``milestones``: how many times a run shows samples and saves;
    it also saves every ``checkpoint_s`` seconds. A whole number is at least its field's ``least``, or else 1.
    """

    fixed: ClassVar[frozenset[str]] = frozenset({"system", "preset", "measured"})

    system: str
    preset: str
    measured: str = ""
    batch: int = field(default=64, metadata={"least": 2})  # batch norm needs two
    images: int = 200_000
    flip: bool = False
    labels: bool = True
    precision: Precision = "auto"
    threads: int = field(default=0, metadata={"least": 0})
    milestones: int = 10
    checkpoint_s: float = 60.0

    @property
    @abstractmethod
    def latent(self) -> int:
        """Numbers of noise an image is made from."""

    @abstractmethod
    def generator(self, shape: Shape) -> nn.Module:
        """A generator (latents, labels or None) -> pictures, untrained."""

    @abstractmethod
    def cast(self, shape: Shape, streams: Streams) -> Cast:
        """The players and phases of a training."""

    @abstractmethod
    def check(self, shape: Shape) -> None:
        """Raise BadSetting when these numbers cannot train on pictures of this shape."""
