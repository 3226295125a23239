"""Progressive growing. Karras, Aila, Laine and Lehtinen 2018, arXiv:1710.10196.

Both networks start at 4x4 and grow level by level; each level is faded in and then trained for as long again (appendix
A.1: 800,000 images each). Here those times are equal shares of the run, so that the growth is a function of the run's
progress alone: over the first ``grown_by`` of it all levels come in, the rest is for the full picture.

``gpu`` is the paper's training: WGAN-GP (``between``, gamma 10) with ``drift`` 0.001, Adam at 0.001 with betas 0 and
0.99, one step of each player a turn, averaged weights (half-life 10,000 images: 0.999 a batch of 16). ``default``
takes relativistic pairing with a penalty on the slope that needs no second derivative, rates ten times as high, small
batches and early growth: after 36,000 pictures of CIFAR-10 at batch 32 and grown by 0.4 of the run, blocks were left in
the pictures (docs/log.md). Both presets keep one batch size at all levels.

A run of which only the seconds are known measures beforehand how much slower it will be when it has grown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import AdversarialRecipe
from rectoverso.recto.systems.recipe import Adam, Averaging, Milestone, Penalty, Recipe, Shape

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class GrowingNets:
    """``generator_width`` and ``critic_width`` are those at the full side; each level below has twice as many channels,
    at most eight times.
    """

    latent: int = 64
    generator_width: int = 16
    critic_width: int = 16

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.progressive import GrowingGenerator

        return GrowingGenerator(shape, latent=self.latent, width=self.generator_width)

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.progressive import GrowingCritic

        return GrowingCritic(shape, width=self.critic_width)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressiveRecipe(AdversarialRecipe):
    """``drift`` weighs the squared logits of real pictures; ``grown_by`` is the share of the run after which all
    levels are there.
    """

    takes_one_pass: ClassVar[bool] = False  # the critic judges pictures together, by their deviation

    grows: ClassVar[bool] = True

    nets: GrowingNets
    drift: float = 0.0
    grown_by: float = 0.5

    @property
    def least_share(self) -> int:
        """Whole groups of pictures judged together, and as many again of every other picture."""
        from rectoverso.recto.nets.progressive import GROUP

        return 2 * GROUP

    def growth(self, levels: int, progress: float) -> float:
        """How many levels are in use: 2 ``levels`` equal parts of training at one level and fading in the next."""
        if progress >= self.grown_by:
            return float(levels)
        part = 2 * levels * progress / self.grown_by
        level = int(part // 2)
        return level + max(0.0, part - 2 * level - 1)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.growing import GrowingPair

        return GrowingPair(self, shape, streams)


DEFAULT = ProgressiveRecipe(
    system="progressive",
    preset="default",
    measured="2 cores: 270 images/s at 32 px; CIFAR-10 after 5 minutes: proxy-FID 15",
    expected=(Milestone(75_856, 15.33),),
    batch=16,
    nets=GrowingNets(),
    objective="relativistic",
    penalty=Penalty("finite_difference", gamma=0.3, gamma_end=0.05, sigma=0.05, every=4),
    drift=0.001,
    grown_by=0.2,
    generator_adam=Adam(1e-2, 1e-3, beta1=0.0, beta2=0.99),
    critic_adam=Adam(1e-2, 1e-3, beta1=0.0, beta2=0.99),
    averaging=Averaging(half_life=10_000, ramp=0.1),
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        measured="not measured",
        expected=(),
        images=12_000_000,
        milestones=40,
        nets=GrowingNets(latent=512, generator_width=64, critic_width=64),
        objective="wasserstein",
        penalty=Penalty("between", gamma=10.0, gamma_end=10.0),
        grown_by=0.5,
        generator_adam=Adam(1e-3, 1e-3, beta1=0.0, beta2=0.99),
        critic_adam=Adam(1e-3, 1e-3, beta1=0.0, beta2=0.99),
        averaging=Averaging(half_life=10_000, ramp=0.1),
    ),
}

SYSTEM = System(
    title="Progressive growing of GANs",
    year=2018,
    source="Karras, Aila, Laine, Lehtinen: Progressive Growing of GANs, arXiv:1710.10196",
    needs="images",
    presets=PRESETS,
)
