"""SPADE: semantic image synthesis with style. Park et al. 2019, arXiv:1903.07291 (`nets.spade` has the networks).

Hinge (section 3.1), critics with spectral norm at two scales, feature matching with weight 10, the style encoder's
divergence with weight 0.05 (appendix A), a faster critic (rates 1e-4 and 4e-4, appendix A). Where the presets leave the
paper: higher rates that fall along half a cosine, averaged weights, narrower networks on a CPU, no spectral norm in the
generator, which has noise at every pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.maps import MapRecipe
from rectoverso.recto.systems.recipe import Adam, Averaging, Penalty, Recipe, Shape

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class SpadeNets:
    """The latent of a style, the generator's width and the channels that see the map; the critics' width, halvings and
    number.
    """

    has_coarse: ClassVar[bool] = False
    shows_boundaries: ClassVar[bool] = False

    latent: int = 64
    generator_width: int = 16
    seen_width: int = 32
    critic_width: int = 24
    critic_downs: int = 2
    scales: int = 2

    @property
    def least_multiple(self) -> int:
        return 8

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.spade import SpadeGenerator

        return SpadeGenerator(shape, latent=self.latent, width=self.generator_width, seen=self.seen_width)

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.patch_critic import ManyScales

        inputs = shape.regions + shape.channels
        return ManyScales(
            inputs, scales=self.scales, width=self.critic_width, downs=self.critic_downs, spectral=True
        )


DEFAULT = MapRecipe(
    system="spade",
    preset="default",
    measured="2 cores, 10 minutes of road scenes: read at 94% of real scenes; proxy-FID 3.7 (pix2pix 7.4)",
    batch=4,
    flip=True,
    labels=False,
    nets=SpadeNets(),
    objective="hinge",
    penalty=Penalty("none"),
    generator_adam=Adam(1e-3, 1e-4, beta1=0.0, beta2=0.99),
    critic_adam=Adam(2e-3, 2e-4, beta1=0.0, beta2=0.99),
    averaging=Averaging(half_life=2_000, ramp=0.1),
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        measured="not measured",
        batch=16,
        images=1_000_000,
        nets=SpadeNets(latent=256, generator_width=32, seen_width=128, critic_width=64, critic_downs=3),
        generator_adam=Adam(2e-4, 2e-6, beta1=0.0, beta2=0.99),
        critic_adam=Adam(4e-4, 4e-6, beta1=0.0, beta2=0.99),
        averaging=Averaging(half_life=20_000, ramp=0.1),
    ),
}

SYSTEM = System(
    title="Semantic image synthesis with style",
    year=2019,
    source="Park et al.: Semantic Image Synthesis with Spatially-Adaptive Normalization (SPADE), arXiv:1903.07291",
    needs="images with masks",
    presets=PRESETS,
)
