"""CycleGAN: from one set of pictures to another without pairs. Zhu, Park, Isola and Efros 2017, arXiv:1703.10593.

Two translators (section 7.2) and two patch critics; least squares (eq. 1 with section 4), cycles there and back (eq. 2,
weight 10), identity (section 5.2, half of that), pools of 50 earlier pictures (section 4), Adam 2e-4 with beta1 0.5.

Where the presets leave the paper, for minutes on two cores:

- The translators are U-nets (Ronneberger et al. 2015) without norms of single channels, narrow at full sides, whose
  doublings are smooth: a network of halvings alone drew chequers, and one that adds to what it is shown never left it.
- The critics have spectral norm and no other: instance norms hid from them what is bright, dark, red or green, so that
  translators exchanged colours, and nothing told them to make a map of a photograph.
- A batch of more than one; cycles count a third of theirs and identity nothing; averaged weights; rates that fall along
  half a cosine.

``paper`` has the paper's networks, sizes and weights, but these rates and smoother doublings, halvings by 4x4 instead
of 3x3 convolutions, and torch's first weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import OF_FAKES, AdversarialRecipe, Objective
from rectoverso.recto.systems.recipe import (
    Adam,
    Ask,
    Averaging,
    Need,
    Penalty,
    PenaltyKind,
    Recipe,
    Shape,
    check_multiple,
    check_patch_critic,
)

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class CycleNets:
    """U-nets and critics: their widths at their first step, how often they halve, and the U-nets' blocks at their
    smallest sides.
    """

    generator_width: int = 16
    generator_downs: int = 3
    blocks: int = 3
    critic_width: int = 32
    critic_downs: int = 3

    @property
    def latent(self) -> int:
        """It takes no noise: one picture makes one picture."""
        return 0

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.both_ways import BothWays

        return BothWays(self.translator(shape.channels), self.translator(shape.channels))

    def translator(self, channels: int) -> nn.Module:
        """Pictures (N, C, H, W) to pictures of the other set, of the same sides and in [-1, 1]."""
        from torch import nn

        from rectoverso.recto.nets.unet import UNet

        unet = UNet(
            channels,
            channels,
            width=self.generator_width,
            downs=self.generator_downs,
            blocks=self.blocks,
            smooth=True,
        )
        return nn.Sequential(unet, nn.Tanh())

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.patch_critic import PatchCritic

        return PatchCritic(
            shape.channels, width=self.critic_width, downs=self.critic_downs, spectral=True, instance=False
        )


@dataclass(frozen=True, slots=True)
class PaperNets(CycleNets):
    """Those of section 7.2: halvings, blocks and doublings with instance norms, critics with instance norms."""

    generator_width: int = 64
    generator_downs: int = 2
    blocks: int = 9
    critic_width: int = 64

    def translator(self, channels: int) -> nn.Module:
        from rectoverso.recto.nets.translator import Translator

        return Translator(
            channels, channels, width=self.generator_width, downs=self.generator_downs, blocks=self.blocks
        )

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.patch_critic import PatchCritic

        return PatchCritic(shape.channels, width=self.critic_width, downs=self.critic_downs)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRecipe(AdversarialRecipe):
    """``cycle`` weighs the way there and back, ``identity`` what is already of the other set; ``pool`` is places."""

    takes_one_pass: ClassVar[bool] = False
    penalties: ClassVar[tuple[PenaltyKind, ...]] = ("none",)
    objectives: ClassVar[tuple[Objective, ...]] = OF_FAKES
    needs: ClassVar[frozenset[Need]] = frozenset({"other"})
    asks: ClassVar[frozenset[Ask]] = frozenset({"picture"})
    both_ways: ClassVar[bool] = True

    batch: int = 4
    nets: CycleNets | PaperNets
    cycle: float = 10.0
    identity: float = 5.0
    pool: int = 50

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.cycle_pair import CyclePair

        return CyclePair(self, shape, streams)

    def check(self, shape: Shape) -> None:
        """Raise BadSetting for sides that the networks cannot halve as often as they do, and idle settings."""
        check_multiple(shape, 1 << self.nets.generator_downs)
        check_patch_critic(shape, self.nets.critic_downs)
        self.check_idle()


DEFAULT = CycleRecipe(
    system="cyclegan",
    preset="default",
    measured="2 cores, 10 minutes of streets at 64 px: 68% of pixels read as the map has them (real ones 88%)",
    batch=4,
    flip=True,
    labels=False,
    nets=CycleNets(),
    objective="least_squares",
    penalty=Penalty("none"),
    generator_adam=Adam(1e-3, 1e-4, beta1=0.5, beta2=0.99),
    critic_adam=Adam(1e-3, 1e-4, beta1=0.5, beta2=0.99),
    averaging=Averaging(half_life=5_000, ramp=0.1),
    cycle=3.0,
    identity=0.0,
)

PAPER_ADAM = Adam(2e-4, 2e-6, beta1=0.5, beta2=0.999)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "paper": replace(
        DEFAULT,
        preset="paper",
        measured="not measured",
        batch=1,
        cycle=10.0,
        identity=5.0,
        nets=PaperNets(),
        generator_adam=PAPER_ADAM,
        critic_adam=PAPER_ADAM,
        averaging=Averaging(half_life=0, ramp=0.0),
    ),
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        measured="not measured",
        batch=16,
        images=1_000_000,
        nets=CycleNets(generator_width=32, critic_width=64),
        generator_adam=Adam(5e-4, 5e-5, beta1=0.5, beta2=0.99),
        critic_adam=Adam(5e-4, 5e-5, beta1=0.5, beta2=0.99),
        averaging=Averaging(half_life=50_000, ramp=0.1),
    ),
}

SYSTEM = System(
    title="From one set of pictures to another, without pairs",
    year=2017,
    source="Zhu et al.: Unpaired Image-to-Image Translation (CycleGAN), arXiv:1703.10593",
    needs="two sets of images (--data, --data-b)",
    presets=PRESETS,
)
