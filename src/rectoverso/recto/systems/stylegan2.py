"""StyleGAN2 with adaptive augmentation. Karras et al. 2020, arXiv:1912.04958 and arXiv:2006.06676.

``gpu`` follows the second paper, at any side from 16 to 256 pixels. ``default``, for minutes on two CPU cores, is
without mixing and path lengths, as its authors train CIFAR-10, and leaves it in these: scales of styles begin about 0
instead of 1, noise learns at a two-hundredth of the rate and the mapping at a tenth, rates are eight times as high and
fall, gamma is 0.1 and batches are 16, the augmentation may grow twice as fast (docs/adr/0007, docs/log.md 2026-11-25).
``--set path.weight=2 --set mixing=0.9`` brings both back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.recipe import Adam, Augmentation, Averaging, Milestone, Penalty, Recipe, Shape
from rectoverso.recto.systems.stylegan import StyleganRecipe, StyleNets

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class Stylegan2Nets(StyleNets):
    """StyleGAN2's: weight demodulation and a sum of pictures, a residual critic."""

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.stylegan2 import Stylegan2Generator

        return Stylegan2Generator(shape, **self.sides())

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.stylegan2 import Stylegan2Critic

        return Stylegan2Critic(shape, width=self.critic_width, widest=self.widest)


@dataclass(frozen=True, slots=True)
class PathLength:
    """Path length regularisation, every ``every`` turns and that much stronger, on a ``share`` of a batch (every
    so manyth picture: 1 in 2, 1 in 3 ...); weight 0: none.
    """

    weight: float = 2.0
    every: int = 4
    share: float = 0.5

    @property
    def stride(self) -> int:
        """Every so manyth picture is measured; 0 where none is."""
        return round(1 / self.share) if self.weight and self.share else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stylegan2Recipe(StyleganRecipe):
    path: PathLength = field(default=PathLength())
    augment: Augmentation = field(default=Augmentation())

    @property
    def least_share(self) -> int:
        """Whole groups of pictures judged together, and of those whose path is measured."""
        return math.lcm(super(Stylegan2Recipe, self).least_share, self.path.stride or 1)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.style_pair import Stylegan2Pair

        return Stylegan2Pair(self, shape, streams)


PRESETS: dict[str, Recipe] = {
    "default": Stylegan2Recipe(
        system="stylegan2",
        preset="default",
        measured="2 cores: 200 images/s at 32 px; CIFAR-10 after 5 minutes: proxy-FID 12",
        expected=(Milestone(58_816, 11.86),),
        batch=16,
        nets=Stylegan2Nets(depth=2, style_start=0.0, noise_rate=0.005, generator_width=16, critic_width=16),
        mixing=0.0,
        objective="nonsaturating",
        penalty=Penalty("gradient", gamma=0.1, gamma_end=0.05, every=16),
        generator_adam=Adam(2e-2, 2e-3, beta1=0.0, beta2=0.99),
        critic_adam=Adam(2e-2, 2e-3, beta1=0.0, beta2=0.99),
        averaging=Averaging(half_life=10_000, ramp=0.1),
        path=PathLength(weight=0.0),
        augment=Augmentation(images=200_000),
    ),
    "gpu": Stylegan2Recipe(
        system="stylegan2",
        preset="gpu",
        measured="not measured: needs a GPU",
        batch=32,
        images=10_000_000,
        nets=Stylegan2Nets(
            latent=512,
            style=512,
            depth=2,
            mapping_rate=0.01,
            generator_width=64,
            critic_width=64,
            widest=512,
        ),
        objective="nonsaturating",
        penalty=Penalty("gradient", gamma=1.0, gamma_end=1.0, every=16),
        generator_adam=Adam(2.5e-3, 2.5e-3, beta1=0.0, beta2=0.99),
        critic_adam=Adam(2.5e-3, 2.5e-3, beta1=0.0, beta2=0.99),
        averaging=Averaging(half_life=20_000, ramp=0.05),
    ),
}

SYSTEM = System(
    title="StyleGAN2 with adaptive augmentation",
    year=2020,
    source="Karras et al.: Analyzing and Improving the Image Quality of StyleGAN, arXiv:1912.04958; Training"
    " GANs with Limited Data, arXiv:2006.06676",
    needs="images",
    presets=PRESETS,
)
