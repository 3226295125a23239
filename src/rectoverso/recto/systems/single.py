"""One picture is enough: in the spirit of SinGAN (Shaham, Dekel and Michaeli 2019, arXiv:1905.01164), from the paper.

A pyramid of small networks learns how the patches of one picture look, scale by scale; each scale's generator and
critic are trained while their share of the run lasts, and then stay. The run draws new pictures of the same kind, of
any sides. Networks and equations: `nets.single`; the training: `single_pair`.

Where the presets leave the paper, for minutes on two cores: fewer and wider steps between scales, beginning at 16
pixels instead of 25; the non-saturating objective with a penalty by finite differences instead of WGAN-GP (no second
derivatives); one step of each player a turn instead of three and three; and no norms. ``gpu`` has the paper's scales.

Every patch that such a run draws is of its one training picture, and the check for memorised pictures says so: with
fewer than 64 training pictures it holds every picture for people. That is right, and it is not to be worked around: the
rights in the one picture decide about all that is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import OF_FAKES, AdversarialRecipe, Objective
from rectoverso.recto.systems.recipe import (
    Adam,
    Averaging,
    Penalty,
    PenaltyKind,
    Recipe,
    Shape,
    bad_size,
)

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.nets.single import SingleCritics
    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class SingleNets:
    """The width of all convolutions, the shorter side of the first scale, and from scale to scale."""

    width: int = 32
    coarsest_px: int = 16
    factor: float = field(default=1.5, metadata={"least": 1.1})

    @property
    def latent(self) -> int:
        """It depends on the sides (`SingleRecipe.noise`)."""
        return 0

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.single import SingleGenerator

        return SingleGenerator(shape, width=self.width, coarsest_px=self.coarsest_px, factor=self.factor)

    def critic(self, shape: Shape) -> SingleCritics:
        """Of all scales."""
        from rectoverso.recto.nets.single import SingleCritics

        return SingleCritics(shape, width=self.width, coarsest_px=self.coarsest_px, factor=self.factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleRecipe(AdversarialRecipe):
    """``longest_px``: the longer side that the picture is brought to when no size is given. ``near`` weighs how near
    the picture drawn from z* is to the true one (eq. 3); ``noise_share`` is the noise of a scale beside what the scales
    before it leave out (section 2.2, there 0.1).
    """

    takes_one_pass: ClassVar[bool] = False
    penalties: ClassVar[tuple[PenaltyKind, ...]] = ("none", "finite_difference")
    objectives: ClassVar[tuple[Objective, ...]] = OF_FAKES
    grows: ClassVar[bool] = True
    least_pictures: ClassVar[int] = 1
    most_pictures: ClassVar[int | None] = 1
    takes_any_size: ClassVar[bool] = True

    nets: SingleNets
    longest_px: int = 128
    near: float = 50.0
    noise_share: float = 0.1

    def noise(self, shape: Shape) -> int:
        """That of all scales; the last numbers are the finest scale's."""
        from rectoverso.recto.nets.single import pyramid

        scales = pyramid((shape.height_px, shape.width_px), self.nets.coarsest_px, self.nets.factor)
        return sum(shape.channels * high * wide for high, wide in scales)

    @property
    def natural_px(self) -> int | None:
        return self.longest_px

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.single_pair import SinglePair

        return SinglePair(self, shape, streams)

    def check(self, shape: Shape) -> None:
        """Raise BadSetting for sides that hold next to no patches, and for settings without an effect."""
        if min(shape.height_px, shape.width_px) < LEAST_PX:
            raise bad_size(shape, f">= {LEAST_PX}")
        self.check_idle()


LEAST_PX = 16

DEFAULT = SingleRecipe(
    system="single",
    preset="default",
    measured="not measured",
    batch=2,
    images=8_000,
    labels=False,
    nets=SingleNets(),
    objective="nonsaturating",
    penalty=Penalty("finite_difference", gamma=0.1, gamma_end=0.1, sigma=0.05, every=4),
    generator_adam=Adam(2e-3, 1e-4, beta1=0.5, beta2=0.99),
    critic_adam=Adam(2e-3, 1e-4, beta1=0.5, beta2=0.99),
    averaging=Averaging(half_life=0, ramp=0.0),
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        images=64_000,
        batch=4,
        longest_px=250,
        nets=SingleNets(width=64, coarsest_px=25, factor=4 / 3),
        generator_adam=Adam(5e-4, 5e-5, beta1=0.5, beta2=0.999),
        critic_adam=Adam(5e-4, 5e-5, beta1=0.5, beta2=0.999),
    ),
}

SYSTEM = System(
    title="One picture is enough",
    year=2019,
    source="Shaham et al.: SinGAN, arXiv:1905.01164",
    needs="one image",
    presets=PRESETS,
)
