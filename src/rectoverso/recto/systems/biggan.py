"""BigGAN. Brock, Donahue and Simonyan 2019: Large Scale GAN Training for High Fidelity, arXiv:1809.11096.

Hinge objective, spectral norm in both networks, shared class embedding with skip-z, self-attention, orthogonal
regularisation of the generator (eq. 3), averaged weights, and standing statistics: before weights are given out, batch
norm's statistics are measured anew over many batches of the generator's own (appendix D). ``nets.truncation`` is the
truncation trick (section 3.1): the threshold of the latents of what is given out, 0 for none; the statistics are
measured with it.

``gpu`` is the paper's training as far as one card carries it: critic twice a turn of the generator, rates 5e-5 and 2e-4
with a batch of 2048 there, 1e-4 and 4e-4 with 256 here. ``default``, for minutes on two cores: narrow networks, higher
rates, a small batch and one step each.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import AdversarialRecipe
from rectoverso.recto.systems.recipe import Adam, Averaging, Milestone, Penalty, Recipe, Shape

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class BigNets:
    """``generator_width`` and ``critic_width`` are those at the full side; ``embedding`` numbers describe a class."""

    latent: int = field(default=64, metadata={"least": 16})  # a chunk of two for each of 256 pixels' levels
    generator_width: int = 32
    critic_width: int = 32
    embedding: int = 32
    attention_px: int = field(default=16, metadata={"least": 0})
    truncation: float = 0.0

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.biggan import BigGenerator

        return BigGenerator(
            shape,
            latent=self.latent,
            width=self.generator_width,
            embedding=self.embedding,
            attention_px=self.attention_px,
        )

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.biggan import BigCritic

        return BigCritic(shape, width=self.critic_width, attention_px=self.attention_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class BigGanRecipe(AdversarialRecipe):
    """``critic_turns``: the critic's steps for each of the generator's; ``orthogonal``: the weight of eq. 3."""

    takes_one_pass: ClassVar[bool] = False  # the critic has more turns than the generator

    nets: BigNets
    critic_turns: int = 2
    orthogonal: float = 1e-4

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.big_pair import BigPair

        return BigPair(self, shape, streams)


DEFAULT = BigGanRecipe(
    system="biggan",
    preset="default",
    measured="2 cores: 310 images/s at 32 px; CIFAR-10 after 5 minutes: proxy-FID 13",
    expected=(Milestone(93_600, 12.61),),
    batch=32,
    nets=BigNets(generator_width=16, critic_width=16),
    objective="hinge",
    penalty=Penalty("none"),
    critic_turns=1,
    generator_adam=Adam(2.5e-4, 2.5e-5, beta1=0.0, beta2=0.99),  # a quarter of the critic's, as in the paper
    critic_adam=Adam(1e-3, 1e-4, beta1=0.0, beta2=0.99),
    averaging=Averaging(half_life=10_000, ramp=0.1),
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        measured="not measured",
        expected=(),
        batch=256,
        images=50_000_000,
        milestones=50,
        nets=BigNets(latent=120, generator_width=96, critic_width=96, embedding=128, attention_px=64),
        critic_turns=2,
        generator_adam=Adam(1e-4, 1e-4, beta1=0.0, beta2=0.999, epsilon=1e-6),
        critic_adam=Adam(4e-4, 4e-4, beta1=0.0, beta2=0.999, epsilon=1e-6),
        averaging=Averaging(half_life=1_000_000, ramp=0.1),
    ),
}

SYSTEM = System(
    title="BigGAN",
    year=2019,
    source="Brock, Donahue, Simonyan: Large Scale GAN Training for High Fidelity, arXiv:1809.11096",
    needs="images, better with labels",
    presets=PRESETS,
)
