"""EdgeConnect: fills holes, edges first. Nazeri et al. 2019, arXiv:1901.00212 (networks: `nets.edgeconnect`).

Two networks that fill and two critics (section 3); holes are irregular strokes (section 4.2); edges are Canny's. Where
the presets leave the paper, besides the networks: both learn at once and are joined early in the run, instead of one
after the other; critics join late, as until then true edges and colours teach more in the same time; least squares
instead of cross-entropy in the critics' losses; in place of the perceptual and style losses stand the features of the
critic, for those losses come with a network of one's own (`perception`); the distance to the true colours counts within
the hole alone; edges have a cross-entropy of their own; pieces of 64 pixels on a CPU.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import OF_FAKES, AdversarialRecipe, Objective
from rectoverso.recto.systems.perception import NOTHING_LOOKS, Perception
from rectoverso.recto.systems.recipe import (
    Adam,
    Ask,
    Averaging,
    Penalty,
    PenaltyKind,
    Recipe,
    Shape,
    check_multiple,
    check_patch_critic,
)

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.nets.patch_critic import PatchCritic
    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class EdgeConnectNets:
    """The widths, halvings and blocks of the two that fill, and how many pixels a side come in as one; the side of the
    pieces that they are shown, and the least at which they fill; the critics' width and halvings.
    """

    generator_width: int = 64
    edge_width: int = 32
    generator_downs: int = 1
    blocks: int = 4
    generator_patch: int = 2
    piece_px: int = 64
    critic_width: int = 24
    critic_downs: int = 2

    @property
    def latent(self) -> int:
        """It takes no noise."""
        return 0

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.edgeconnect import EdgeConnectGenerator

        return EdgeConnectGenerator(
            shape,
            width=self.generator_width,
            edge_width=self.edge_width,
            downs=self.generator_downs,
            blocks=self.blocks,
            patch=self.generator_patch,
            coarsest_px=self.piece_px,
        )

    def critic(self, shape: Shape) -> nn.Module:
        """That of the colours."""
        return self.critics(shape)[1]

    def critics(self, shape: Shape) -> tuple[PatchCritic, PatchCritic]:
        """Of edges beside a grey picture, and of pictures."""
        from rectoverso.recto.nets.patch_critic import PatchCritic

        edges, fill = (
            PatchCritic(inputs, width=self.critic_width, downs=self.critic_downs)
            for inputs in (2, shape.channels)
        )
        return edges, fill


@dataclass(frozen=True, slots=True)
class FillWeights:
    """Of the losses: the edges' cross-entropy, the colours' distance, how much either critic counts, and how much more
    what they see on the way.
    """

    edges: float = 1.0
    near: float = 10.0
    edge_fooling: float = 0.1
    fooling: float = 0.1
    matching: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeConnectRecipe(AdversarialRecipe):
    """``joint``: the share of a run after which imagined edges take the place of true ones; ``judged``: that after
    which there are critics; ``perception`` adds perceptual losses of the filled pictures.
    """

    takes_one_pass: ClassVar[bool] = False
    penalties: ClassVar[tuple[PenaltyKind, ...]] = ("none",)
    objectives: ClassVar[tuple[Objective, ...]] = OF_FAKES
    asks: ClassVar[frozenset[Ask]] = frozenset({"picture", "hole"})

    nets: EdgeConnectNets
    weights: FillWeights = FillWeights()
    perception: Perception = NOTHING_LOOKS
    joint: float = 0.3
    judged: float = 0.4

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.fill_pair import FillPair

        return FillPair(self, shape, streams)

    def check(self, shape: Shape) -> None:
        """Raise BadSetting for sides that the networks cannot halve as often as they do, and idle settings, and what
        `Perception.eye` raises.
        """
        nets = self.nets
        height, width = (min(side, nets.piece_px) for side in (shape.height_px, shape.width_px))
        piece = replace(shape, height_px=height, width_px=width)
        for sides in (shape, piece):
            check_multiple(sides, nets.generator_patch << nets.generator_downs)
        check_patch_critic(piece, nets.critic_downs)
        self.check_idle()
        self.perception.eye(shape)


DEFAULT = EdgeConnectRecipe(
    system="edgeconnect",
    preset="default",
    measured="2 cores, 10 minutes of photographs: holes at 24.7 dB (Navier-Stokes 23.6), proxy-LPIPS 0.38 (0.46)",
    batch=8,
    flip=True,
    labels=False,
    nets=EdgeConnectNets(),
    objective="least_squares",
    penalty=Penalty("none"),
    generator_adam=Adam(7e-4, 2e-5, beta1=0.9, beta2=0.99),
    critic_adam=Adam(5e-4, 5e-5, beta1=0.5, beta2=0.99),
    averaging=Averaging(half_life=5_000, ramp=0.1),
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        measured="not measured",
        batch=32,
        images=3_000_000,
        nets=EdgeConnectNets(
            generator_width=96,
            edge_width=64,
            generator_downs=2,
            blocks=8,
            piece_px=128,
            critic_width=64,
            critic_downs=3,
        ),
        generator_adam=Adam(4e-4, 4e-6, beta1=0.9, beta2=0.99),
        critic_adam=Adam(2e-4, 2e-6, beta1=0.5, beta2=0.99),
        averaging=Averaging(half_life=50_000, ramp=0.1),
    ),
}

SYSTEM = System(
    title="Fills holes, edges first",
    year=2019,
    source="Nazeri et al.: EdgeConnect, arXiv:1901.00212",
    needs="images, larger than 64 px for the best use",
    presets=PRESETS,
)
