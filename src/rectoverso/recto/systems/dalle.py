"""DALL-E: a picture from a caption, word by word and then code by code. Ramesh et al. 2021, arXiv:2102.12092.

First a discrete autoencoder learns to write a picture as a grid of codes (section 2.1); then it stays as it is, a
transformer learns to continue captions with codes (section 2.2: words weigh 1/8, codes 7/8), and a contrastive model
learns to say which of several pictures fits a caption best (section 2.6). All three are players of one run.

Where the presets leave the paper, for minutes on two cores: grids of 8 or 16 codes a side, 512 words and 512 codes,
small networks, pictures moved by a pixel or two while learning, averaged weights; matrices of the transformers move by
Muon (`train.muon`); the contrastive model is learned from the same captions, also against what the prior draws for
them. The divergence of the codes is a mean over places with a weight of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.dial import FACTORS, widened
from rectoverso.recto.systems.recipe import (
    Adam,
    Ask,
    Averaging,
    Need,
    Recipe,
    Shape,
    Size,
    bad_size,
)

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.nets.codes import CodeBook, Grid
    from rectoverso.recto.nets.draws import Sampling
    from rectoverso.recto.nets.matching import Scorer
    from rectoverso.recto.nets.prior import Prior
    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams

BYTES = 256
ABOVE_0 = 1e-6


@dataclass(frozen=True, slots=True)
class DalleNets:
    """``grid``: codes on the shorter side, at least; ``codes`` and ``words`` to choose from; ``places`` of a text; the
    networks' widths and the transformers' blocks.
    """

    grid: int = 8
    codes: int = field(default=512, metadata={"least": 2})
    code_width: int = 64
    words: int = field(default=512, metadata={"least": BYTES})
    places: int = 16
    prior_width: int = 192
    prior_blocks: int = 4
    scorer_width: int = 96
    scorer_blocks: int = 2
    look_width: int = 48

    def laid(self, shape: Shape) -> Grid:
        from rectoverso.recto.nets.codes import Grid

        return Grid(shape, self.grid)

    def code_book(self, shape: Shape) -> CodeBook:
        from rectoverso.recto.nets.codes import CodeBook

        return CodeBook(shape, self.laid(shape), codes=self.codes, width=self.code_width)

    def prior(self, shape: Shape) -> Prior:
        from rectoverso.recto.nets.prior import Prior

        return Prior(
            self.laid(shape),
            words=BYTES + len(shape.merges),
            places=self.places,
            codes=self.codes,
            width=self.prior_width,
            blocks=self.prior_blocks,
        )

    def scorer(self, shape: Shape) -> Scorer:
        from rectoverso.recto.nets.matching import Scorer

        return Scorer(
            shape,
            self.laid(shape),
            words=BYTES + len(shape.merges),
            places=self.places,
            width=self.scorer_width,
            picture_width=self.look_width,
            blocks=self.scorer_blocks,
        )


@dataclass(frozen=True, slots=True)
class Drawing:
    """How pictures are drawn (`nets.draws.Sampling`), and from how many ``candidates`` the best is kept."""

    temperature: float = 1.0
    top_k: int = field(default=0, metadata={"least": 0})
    top_p: float = 1.0
    candidates: int = 8

    @property
    def sampling(self) -> Sampling:
        from rectoverso.recto.nets.draws import Sampling

        return Sampling(self.temperature, self.top_k, self.top_p)


@dataclass(frozen=True, slots=True, kw_only=True)
class DalleRecipe(Recipe):
    """During the share ``stage`` of a run only the codes are learned, afterwards only what is done with them: the prior
    at once, the scorer when the share ``judge`` of this part is over and the prior draws well enough to be judged.

    ``sharp`` is the codes' temperature at the end of its stage, from 1; ``divergence`` weighs how far codes are from
    even ones, ``word_weight`` words against codes; ``shift``: by how many pixels a picture is moved at most; ``decay``
    is that of the transformers' weights, ``warm_up`` the steps in which their rates rise. The scorer moves every
    ``score_every`` turns, for what it is shown has to be drawn first.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"captions"})
    asks: ClassVar[frozenset[Ask]] = frozenset({"caption"})
    grows: ClassVar[bool] = True

    nets: DalleNets
    drawing: Drawing
    code_adam: Adam
    prior_adam: Adam
    scorer_adam: Adam
    averaging: Averaging
    stage: float = field(default=0.35, metadata={"least": ABOVE_0, "below": 1})
    sharp: float = field(default=1 / 16, metadata={"least": ABOVE_0})
    divergence: float = 1e-5
    word_weight: float = field(default=1 / 8, metadata={"below": 1})
    shift: int = field(default=2, metadata={"least": 0})
    decay: float = 0.05
    warm_up: int = 200
    judge: float = field(default=0.5, metadata={"below": 1})
    score_every: int = 2

    @property
    def judged(self) -> float:
        """The share of a run at which the scorer begins."""
        return self.stage + self.judge * (1 - self.stage)

    @property
    def latent(self) -> int:
        return self.drawing.candidates

    @property
    def merges(self) -> int:
        return self.nets.words - BYTES

    def noise(self, shape: Shape) -> int:
        """A number for each code of each candidate."""
        return self.drawing.candidates * self.nets.laid(shape).places

    def at_size(self, size: Size) -> Self:
        """Widths follow the dial, rates its square root the other way (`dial`)."""
        k = FACTORS[size] / FACTORS[self.size]
        return replace(
            self,
            size=size,
            nets=widened(self.nets, k),
            code_adam=_rated(self.code_adam, k**-0.5),
            prior_adam=_rated(self.prior_adam, k**-0.5),
            scorer_adam=_rated(self.scorer_adam, k**-0.5),
        )

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.drawer import Drawer

        nets, decoder = self.nets, self.nets.code_book(shape).decoder
        return Drawer(shape, decoder, nets.prior(shape), nets.scorer(shape), self.drawing.sampling)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.dalle_trio import DalleTrio

        return DalleTrio(self, shape, streams)

    def check(self, shape: Shape) -> None:
        """Raise BadSetting for sides that cannot be halved down to the grid."""
        if not self.nets.laid(shape).fits:
            raise bad_size(shape, f"{1 << self.nets.laid(shape).halvings} x n")


def _rated(adam: Adam, factor: float) -> Adam:
    return replace(adam, rate=adam.rate * factor, rate_end=adam.rate_end * factor)


DEFAULT = DalleRecipe(
    system="dalle",
    preset="default",
    measured="2 cores, 37 minutes of 16,384 shapes at 64 px: 94% of unseen captions of two things drawn right",
    batch=16,
    images=160_000,
    labels=False,
    nets=DalleNets(),
    drawing=Drawing(temperature=0.9, top_p=0.95),
    code_adam=Adam(2e-3, 2e-5, beta1=0.9, beta2=0.99),
    prior_adam=Adam(2e-3, 2e-5, beta1=0.9, beta2=0.96),
    scorer_adam=Adam(1e-3, 2e-5, beta1=0.9, beta2=0.98),
    averaging=Averaging(half_life=2_000, ramp=0.05),
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        measured="not measured",
        batch=128,
        images=2_000_000,
        nets=DalleNets(
            grid=16,
            codes=1024,
            code_width=128,
            words=2048,
            places=32,
            prior_width=512,
            prior_blocks=10,
            scorer_width=256,
            scorer_blocks=4,
            look_width=96,
        ),
        drawing=Drawing(temperature=0.95, candidates=16),
        code_adam=Adam(1e-3, 1e-5, beta1=0.9, beta2=0.99),
        prior_adam=Adam(6e-4, 6e-6, beta1=0.9, beta2=0.96),
        scorer_adam=Adam(5e-4, 5e-6, beta1=0.9, beta2=0.98),
        averaging=Averaging(half_life=20_000, ramp=0.05),
        warm_up=1000,
    ),
}

SYSTEM = System(
    title="A picture from a caption, code by code",
    year=2021,
    source="Ramesh et al.: Zero-Shot Text-to-Image Generation (DALL-E), arXiv:2102.12092",
    needs="images with captions",
    presets=PRESETS,
)
