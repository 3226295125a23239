"""pix2pixHD: pictures from maps, coarse to fine. Wang et al. 2018, arXiv:1711.11585 (networks: `nets.pix2pixhd`).

Least squares at several scales (section 3.2), feature matching with weight 10 (eq. 3 and 4), first the global network
alone, then both together (section 3.1). Where the presets leave the paper: rates that fall along half a cosine,
averaged weights, narrower networks on a CPU, styles taken from similar maps instead of clusters, and, in ``default``,
critics that see the classes without the boundaries (those of classes alone tell them nothing new).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.maps import MapRecipe
from rectoverso.recto.systems.recipe import Adam, Averaging, Penalty, Recipe, Shape

if TYPE_CHECKING:
    from torch import nn


BANK = 256
"""How many pictures of the training, the last of those with different maps, are remembered for their styles."""


@dataclass(frozen=True, slots=True)
class Pix2pixHdNets:
    """The generator's width and halvings, the global network's blocks; the critics' width, halvings and number; of how
    many remembered pictures, whose maps are ``near``, a style is a mean; whether the critics see the boundaries, too.
    """

    has_coarse: ClassVar[bool] = True

    generator_width: int = 24
    generator_downs: int = 2
    blocks: int = 3
    critic_width: int = 24
    critic_downs: int = 2
    scales: int = 2
    near: int = field(default=16, metadata={"below": BANK + 1})
    shows_boundaries: bool = False

    @property
    def latent(self) -> int:
        """A weight for each of the remembered pictures whose maps are near."""
        return self.near

    @property
    def least_multiple(self) -> int:
        return max(8, 2 << self.generator_downs)

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.pix2pixhd import Pix2pixHdGenerator

        return Pix2pixHdGenerator(
            shape,
            width=self.generator_width,
            downs=self.generator_downs,
            blocks=self.blocks,
            near=self.near,
        )

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.patch_critic import ManyScales

        inputs = shape.regions + self.shows_boundaries + shape.channels
        return ManyScales(inputs, scales=self.scales, width=self.critic_width, downs=self.critic_downs)


DEFAULT = MapRecipe(
    system="pix2pixhd",
    preset="default",
    measured="2 cores, 10 minutes of road scenes: read at 97% of real scenes; proxy-FID 3.5 (pix2pix 7.4)",
    batch=4,
    flip=True,
    labels=False,
    nets=Pix2pixHdNets(),
    objective="least_squares",
    penalty=Penalty("none"),
    generator_adam=Adam(1e-3, 1e-4, beta1=0.5, beta2=0.99),
    critic_adam=Adam(1e-3, 1e-4, beta1=0.5, beta2=0.99),
    averaging=Averaging(half_life=2_000, ramp=0.1),
    coarse=0.3,
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        measured="not measured",
        batch=16,
        images=1_000_000,
        nets=Pix2pixHdNets(
            generator_width=64,
            generator_downs=3,
            blocks=9,
            critic_width=64,
            critic_downs=3,
            scales=3,
            shows_boundaries=True,
        ),
        generator_adam=Adam(4e-4, 4e-6, beta1=0.5, beta2=0.99),
        critic_adam=Adam(4e-4, 4e-6, beta1=0.5, beta2=0.99),
        averaging=Averaging(half_life=20_000, ramp=0.1),
    ),
}

SYSTEM = System(
    title="Pictures from maps, coarse to fine",
    year=2018,
    source="Wang et al.: High-Resolution Image Synthesis with Conditional GANs (pix2pixHD), arXiv:1711.11585",
    needs="images with masks",
    presets=PRESETS,
)
