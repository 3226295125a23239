"""CycleGAN: from one set of pictures to another without pairs. Zhu, Park, Isola and Efros 2017, arXiv:1703.10593.

Two translators (section 7.2) and two patch critics; least squares (eq. 1 with section 4), cycles there and back (eq. 2,
weight 10), identity (section 5.2, half of that), pools of 50 earlier pictures (section 4), Adam 2e-4 with beta1 0.5.

Where the presets leave the paper, for minutes on two cores: squares of 2x2 pixels come in as one pixel, so that most of
the work happens at a quarter of the pixels; norms over all channels of a picture; narrower networks and fewer blocks;
doublings that leave no chequers; translators that begin as ones that change nothing, without which they exchanged red
and green; a batch of more than one; cycles count a third of theirs and identity nothing; averaged weights; rates that
fall along half a cosine.
``paper`` has the paper's sizes and weights, but these rates and doublings, halvings by 4x4 instead of 3x3
convolutions, and torch's first weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

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
    """The translators' and critics' widths at their first step, how often they halve, the translators' blocks, how
    many pixels a side come in as one, the translators' norm, and whether they begin as ones that change nothing
    (``skip``).
    """

    generator_width: int = 48
    generator_downs: int = 1
    blocks: int = 4
    generator_patch: int = 2
    norm: Literal["channel", "picture"] = "picture"
    skip: bool = True
    critic_width: int = 32
    critic_downs: int = 2

    @property
    def latent(self) -> int:
        """It takes no noise: one picture makes one picture."""
        return 0

    @property
    def least_multiple(self) -> int:
        """What sides must be multiples of."""
        return self.generator_patch << self.generator_downs

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.both_ways import BothWays

        return BothWays(
            shape.channels,
            width=self.generator_width,
            downs=self.generator_downs,
            blocks=self.blocks,
            patch=self.generator_patch,
            norm=self.norm,
            skip=self.skip,
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
    nets: CycleNets
    cycle: float = 10.0
    identity: float = 5.0
    pool: int = 50

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.cycle_pair import CyclePair

        return CyclePair(self, shape, streams)

    def check(self, shape: Shape) -> None:
        """Raise BadSetting for sides that the networks cannot halve as often as they do, and idle settings."""
        check_multiple(shape, self.nets.least_multiple)
        check_patch_critic(shape, self.nets.critic_downs)
        self.check_idle()


DEFAULT = CycleRecipe(
    system="cyclegan",
    preset="default",
    measured="1 core, 9 minutes of emoji at 64 px: a network that tells the styles apart takes 48% for the other",
    batch=4,
    flip=True,
    labels=False,
    nets=CycleNets(critic_downs=3),
    objective="least_squares",
    penalty=Penalty("none"),
    generator_adam=Adam(1e-3, 1e-4, beta1=0.5, beta2=0.99),
    critic_adam=Adam(1e-3, 1e-4, beta1=0.5, beta2=0.99),
    averaging=Averaging(half_life=5_000, ramp=0.1),
    cycle=3.0,
    identity=0.0,
)

PAPER_NETS = CycleNets(
    generator_width=64,
    generator_downs=2,
    blocks=9,
    generator_patch=1,
    norm="channel",
    skip=False,
    critic_width=64,
    critic_downs=3,
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
        nets=PAPER_NETS,
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
        cycle=10.0,
        identity=1.0,
        nets=replace(PAPER_NETS, norm="picture", skip=True),
        generator_adam=Adam(4e-4, 4e-6, beta1=0.5, beta2=0.99),
        critic_adam=Adam(4e-4, 4e-6, beta1=0.5, beta2=0.99),
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
