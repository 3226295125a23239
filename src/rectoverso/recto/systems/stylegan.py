"""StyleGAN: latents become styles, styles set each layer's channels. Karras, Laine and Aila 2019, arXiv:1812.04948.

``gpu`` is the paper's, at any side from 16 to 256 pixels, without growing the networks while they train (the successor
paper drops that, section 4). ``default``, for minutes on two CPU cores, leaves it in these: scales of styles begin
about 0 instead of 1, noise learns at a two-hundredth of the rate, two mapping layers at a tenth, rates are five times
as high and fall, gamma is 0.1 instead of 10 and comes every 8 turns, batches are 16, half the pictures have two styles
(docs/adr/0007, docs/log.md 2026-11-25).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import AdversarialRecipe
from rectoverso.recto.systems.recipe import Adam, Averaging, Milestone, Penalty, PenaltyKind, Recipe, Shape

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class StyleNets:
    """Sides of a StyleGAN: ``latent`` and ``style`` numbers, ``depth`` layers from one to the other that learn at
    ``mapping_rate`` times the rate, channels at full side (twice as many at each half of it, up to ``widest``).

    Styles scale channels by ``style_start`` plus what they say; noise learns at ``noise_rate`` times the rate.
    """

    latent: int = 64
    style: int = 64
    depth: int = 3
    mapping_rate: float = 0.1
    style_start: float = 1.0
    noise_rate: float = 1.0
    generator_width: int = 32
    critic_width: int = 32
    widest: int = 128

    def sides(self) -> dict[str, Any]:
        """What both generators' constructors want to know."""
        from rectoverso.recto.nets.style_layers import Styling

        return {
            "styling": Styling(self.style, self.style_start, self.noise_rate),
            "latent": self.latent,
            "depth": self.depth,
            "rate": self.mapping_rate,
            "width": self.generator_width,
            "widest": self.widest,
        }


@dataclass(frozen=True, slots=True)
class StyleganNets(StyleNets):
    """StyleGAN's: adaptive instance norm, a plain critic."""

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.stylegan import StyleganGenerator

        return StyleganGenerator(shape, **self.sides())

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.stylegan import StyleganCritic

        return StyleganCritic(shape, width=self.critic_width, widest=self.widest)


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleganRecipe(AdversarialRecipe):
    """``mixing``: the share of pictures with two styles. The penalty is R1, in a turn of its own."""

    takes_one_pass: ClassVar[bool] = False  # the critic sees real and generated pictures apart
    penalties: ClassVar[tuple[PenaltyKind, ...]] = ("none", "gradient")

    nets: StyleNets  # type: ignore[assignment]
    mixing: float = 0.9

    @property
    def least_share(self) -> int:
        """Whole groups of pictures judged together."""
        from rectoverso.recto.nets.style_layers import GROUP

        return GROUP

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.style_pair import StylePair

        return StylePair(self, shape, streams)


PRESETS: dict[str, Recipe] = {
    "default": StyleganRecipe(
        system="stylegan",
        preset="default",
        measured="2 cores: 220 images/s at 32 px; CIFAR-10 after 5 minutes: proxy-FID 11",
        expected=(Milestone(65_408, 11.19),),
        batch=16,
        nets=StyleganNets(depth=2, style_start=0.0, noise_rate=0.005, generator_width=16, critic_width=16),
        mixing=0.5,
        objective="nonsaturating",
        penalty=Penalty("gradient", gamma=0.1, gamma_end=0.05, every=8),
        generator_adam=Adam(1e-2, 1e-3, beta1=0.0, beta2=0.99),
        critic_adam=Adam(1e-2, 1e-3, beta1=0.0, beta2=0.99),
        averaging=Averaging(half_life=10_000, ramp=0.1),
    ),
    "gpu": StyleganRecipe(
        system="stylegan",
        preset="gpu",
        measured="not measured: needs a GPU",
        batch=32,
        images=10_000_000,
        nets=StyleganNets(
            latent=512,
            style=512,
            depth=8,
            mapping_rate=0.01,
            generator_width=64,
            critic_width=64,
            widest=512,
        ),
        objective="nonsaturating",
        penalty=Penalty("gradient", gamma=10.0, gamma_end=10.0, every=16),
        generator_adam=Adam(2e-3, 2e-3, beta1=0.0, beta2=0.99),
        critic_adam=Adam(2e-3, 2e-3, beta1=0.0, beta2=0.99),
        averaging=Averaging(half_life=10_000, ramp=0.05),
    ),
}

SYSTEM = System(
    title="Style-based GAN",
    year=2019,
    source="Karras, Laine, Aila: A Style-Based Generator Architecture for GANs, arXiv:1812.04948",
    needs="images",
    presets=PRESETS,
)
