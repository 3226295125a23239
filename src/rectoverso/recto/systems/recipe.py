"""A recipe: every number of a system, frozen, in plain Python; presets are recipes, and `--set a.b=c` makes
new ones.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.types import Message

if TYPE_CHECKING:  # systems are listed without loading torch
    from torch import nn

    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams

Precision = Literal["auto", "float32", "bfloat16"]
Device = Literal["auto", "cpu", "cuda"]
Size = Literal["xs", "s", "m", "l"]
Need = Literal["other", "masks", "captions"]
Ask = Literal["picture", "map", "hole", "caption"]
PenaltyKind = Literal["none", "gradient", "finite_difference", "between"]


START_PX = 4
"""Networks begin at pictures whose shorter side is this, or up to twice this where the side is no power of two."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a system must know of the data before it builds networks: sides in pixels, channels, number of
    classes, and of the ``regions`` that masks tell apart; of captions, the ``merges`` in which they are read
    (`data.tokenizer`).
    """

    height_px: int
    width_px: int
    channels: int
    classes: int
    regions: int = 0
    merges: tuple[str, ...] = ()

    @property
    def levels(self) -> int:
        """How many times a network doubles its first picture to reach these sides."""
        return max(0, (min(self.height_px, self.width_px) // START_PX).bit_length() - 1)

    @property
    def start(self) -> tuple[int, int]:
        """Height and width of a network's first picture."""
        return self.height_px >> self.levels, self.width_px >> self.levels

    @property
    def is_reached_by_doubling(self) -> bool:
        doubled = [side << self.levels for side in self.start]
        return doubled == [self.height_px, self.width_px] and min(self.start) >= START_PX


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


@dataclass(frozen=True, slots=True)
class Penalty:
    """On the critic's slope at real and generated pictures, every ``every`` turns and that much stronger.

    ``between`` wants a slope of 1 at points between both (WGAN-GP), and gamma is then all of its weight. Gamma goes
    from ``gamma`` to ``gamma_end`` along half a cosine and stays where it is after ``passes`` over the data (0: never).
    """

    kind: PenaltyKind
    gamma: float = 0.0
    gamma_end: float = 0.0
    sigma: float = 0.05
    every: int = 1
    passes: int = field(default=0, metadata={"least": 0})


MOST_BY_PASSES = 0.3


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Adaptive augmentation: the mean sign of real logits to hold (of real ones less generated ones, where the
    objective compares them), the images in which the probability goes from 0 to 1, and the most it may be; 0: none.
    ``per_pass``: what each pass over the data adds to it, up to `MOST_BY_PASSES`, whatever the critic says.
    """

    target: float = 0.6
    images: int = 500_000
    most: float = field(default=0.8, metadata={"below": 1})
    per_pass: float = 0.0

    def by_passes(self, passes: float) -> float:
        """The probability's part that comes of having seen the data so often."""
        return min(MOST_BY_PASSES, self.per_pass * passes)


@dataclass(frozen=True, slots=True)
class Milestone:
    """What a run of so many images came to: its proxy-FID on CIFAR-10 at 32 px, of 10,000 samples."""

    images: int
    score: float


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may tell of any one of its pictures: ``epsilon`` at ``delta`` (Dwork, McSherry, Nissim and
    Smith 2006); 0: nothing is promised. ``pictures``: about how many there are, as everybody may know it: it says how
    often a picture is looked at, and is never compared with how many there really are (`recto.privacy`).
    """

    epsilon: float = 0.0
    delta: float = 1e-5
    pictures: int = field(default=0, metadata={"least": 0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(ABC):
    """What all systems share.

    ``size`` is the dial that many other numbers follow. ``images`` is the length of a run when nobody says otherwise.
    ``device``: ``auto`` is CUDA when there is a device. ``threads`` 0 means all physical cores; on a machine that is
    busy with other things, 1 is faster. ``milestones``: how many times a run shows samples and saves; it also saves
    every ``checkpoint_s`` seconds. ``held_out`` pictures are not trained on, only judged, to see overfitting. A whole
    number is at least its field's ``least``, or else 1; a number is below its field's ``below``, where it has one.
    ``expected`` is what whole runs of the preset came to; setting what is not ``harmless`` to the score empties it.
    """

    fixed: ClassVar[frozenset[str]] = frozenset({"system", "preset", "measured", "expected"})
    harmless: ClassVar[frozenset[str]] = frozenset(
        {"images", "precision", "device", "threads", "milestones", "checkpoint_s"}
    )
    needs: ClassVar[frozenset[Need]] = frozenset()
    """What its data must have beside pictures."""
    asks: ClassVar[frozenset[Ask]] = frozenset()
    """What one of its pictures is made from beside noise and a class."""
    takes_style: ClassVar[bool] = False
    """Whether a picture whose style is meant can be given beside what it asks for."""
    both_ways: ClassVar[bool] = False
    """Whether it also goes from the second set of pictures to the first."""
    grows: ClassVar[bool] = False
    """Whether an image costs more or less at the end of a run than at its start."""
    least_pictures: ClassVar[int] = 2
    most_pictures: ClassVar[int | None] = None
    """How many pictures it can learn from; None: any number."""
    takes_any_size: ClassVar[bool] = False
    """Whether its generator draws pictures of other sides than it was trained on."""
    takes_private: ClassVar[bool] = False
    """Whether it can keep a `Budget`."""

    system: str
    preset: str
    measured: str = ""
    expected: tuple[Milestone, ...] = ()
    size: Size = "s"
    batch: int = field(default=64, metadata={"least": 2})  # batch norm needs two
    images: int = 200_000
    flip: bool = False
    labels: bool = True
    precision: Precision = "auto"
    device: Device = "auto"
    threads: int = field(default=0, metadata={"least": 0})
    milestones: int = 10
    checkpoint_s: float = 60.0
    held_out: int = field(default=0, metadata={"least": 0})
    private: Budget = field(default=Budget())

    @property
    @abstractmethod
    def latent(self) -> int:
        """Numbers of noise an image is made from."""

    @property
    def merges(self) -> int:
        """The most merges of bytes in which it reads captions (`data.tokenizer`); 0 where it reads none."""
        return 0

    def noise(self, shape: Shape) -> int:
        """The same for pictures of a shape, where it depends on that."""
        del shape
        return self.latent

    @property
    def natural_px(self) -> int | None:
        """The longer side that pictures are brought to when no size is asked for, their aspect kept; None: a square, as
        the data layer has it.
        """
        return None

    def at_size(self, size: Size) -> Self:
        """The recipe with its dial turned (`dial`); one without a dial stays as it is."""
        return dataclasses.replace(self, size=size)

    @property
    def is_private(self) -> bool:
        return self.private.epsilon > 0

    def lasting(self, images: int | None) -> Self:
        """As it is trained for so many images: where a budget is kept, its length and precision are part of it."""
        if not self.is_private:
            return self
        precision: Precision = "float32" if self.precision == "auto" else self.precision
        return dataclasses.replace(self, images=images or self.images, precision=precision)

    def looks(self, images: int) -> tuple[float, int]:
        """Of a private run of so many images: the probability with which a step takes each picture, and the steps that
        look at pictures.
        """
        return min(1.0, self.batch / max(1, self.private.pictures)), -(-images // self.batch)

    def clip_of_one(self) -> float:
        """Of a private run: the most that one picture adds to what is released."""
        return 1.0

    @property
    def least_share(self) -> int:
        """Of several processes each takes a multiple of so many images of a batch: two, for some penalties take every
        other.
        """
        return 2

    def prepared(self, dataset: Dataset) -> Dataset:
        """The data as its players are shown it: as it is. Prepared data stays as it is."""
        return dataset

    def groups_in(self, count: int) -> int:
        """How many classes `prepared` finds in so many pictures that have none."""
        del count
        return 0

    @abstractmethod
    def generator(self, shape: Shape) -> nn.Module:
        """A generator (latents, labels or None) -> pictures, untrained."""

    @abstractmethod
    def cast(self, shape: Shape, streams: Streams) -> Cast:
        """The players and phases of a training."""

    def check(self, shape: Shape) -> None:
        """Raise BadSetting when these numbers cannot train on pictures of this shape."""
        if not shape.is_reached_by_doubling:
            raise bad_size(shape, "4 x 2^n, 5 x 2^n, 6 x 2^n, 7 x 2^n")


def check_multiple(shape: Shape, least: int) -> None:
    """Raise BadSetting for sides that networks of strides, which halve them so far, cannot bring back."""
    if shape.height_px % least or shape.width_px % least:
        raise bad_size(shape, f"{least} x n")


def check_patch_critic(shape: Shape, downs: int, scales: int = 1) -> None:
    """Raise BadSetting for sides at which a critic of patches (`nets.patch_critic`) has nothing to say: the smallest
    picture is halved so often, and loses a pixel twice.
    """
    least = 3 << (downs + scales - 1)
    if min(shape.height_px, shape.width_px) < least:
        raise bad_size(shape, f">= {least}")


def bad_size(shape: Shape, sizes: str) -> BadSetting:
    """The error for pictures of sides that a system cannot make."""
    facts: dict[str, object] = {"size": f"{shape.width_px}x{shape.height_px}", "sizes": sizes}
    return BadSetting(
        setting="size",
        reason=Phrase(Message("train.size.reason", facts)),
        advice=Phrase(Message("train.size.advice", facts)),
    )
