"""GAN, the first one. Goodfellow et al. 2014: Generative Adversarial Nets, arXiv:1406.2661. For teaching.

``objective``: ``minimax`` is eq. 1 for both players, ``nonsaturating`` the generator's of section 3, which the paper
used in practice. ``optimiser``: ``momentum`` is the paper's (algorithm 1: stochastic gradient descent with momentum,
which is ``beta1``), ``adam`` came half a year later. Both move once a turn (algorithm 1 with k = 1).

Where the defaults leave the paper, for minutes on two cores instead of hours: Adam; gradients of both players from one
pass (``one_pass``: the step of the generator sees the critic before its step, not after); averaged weights
(``averaging.half_life=0`` turns that off); normal noise instead of uniform. ``paper`` is as close as we come.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import AdversarialRecipe
from rectoverso.recto.systems.recipe import Adam, Averaging, Milestone, Penalty, Recipe, Shape

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class MlpNets:
    """Fully connected networks: ``layers`` hidden layers of a width each, ``pieces`` in each maxout unit, the shares
    that ``dropout`` drops of the critic's input and features.
    """

    latent: int = 64
    generator_width: int = 512
    generator_layers: int = 2
    critic_width: int = 256
    critic_layers: int = 2
    pieces: int = 2
    dropout_input: float = field(default=0.0, metadata={"below": 1})
    dropout: float = field(default=0.3, metadata={"below": 1})
    output: Literal["sigmoid", "tanh"] = "sigmoid"

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.mlp import MlpGenerator

        return MlpGenerator(
            shape,
            latent=self.latent,
            width=self.generator_width,
            layers=self.generator_layers,
            output=self.output,
        )

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.mlp import MaxoutCritic

        return MaxoutCritic(
            shape,
            width=self.critic_width,
            layers=self.critic_layers,
            pieces=self.pieces,
            dropout_input=self.dropout_input,
            dropout=self.dropout,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GanRecipe(AdversarialRecipe):
    takes_private: ClassVar[bool] = True

    nets: MlpNets
    optimiser: Literal["adam", "momentum"] = field(default="adam")

    def check(self, shape: Shape) -> None:
        """Any sides will do: these networks know no neighbours."""
        self.check_private(shape)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.pair import Pair
        from rectoverso.recto.train.players import MomentumPlayer

        pair = super(GanRecipe, self).cast(shape, streams)
        assert isinstance(pair, Pair)  # noqa: S101 - that is what an adversarial recipe makes
        if self.optimiser == "momentum":
            pair.players = (
                MomentumPlayer("generator", pair.generator, self.generator_adam, self.averaging),
                MomentumPlayer("critic", pair.critic, self.critic_adam),
            )
        return pair


DEFAULT = GanRecipe(
    system="gan",
    preset="default",
    measured="2 cores: 3,300 images/s at 32 px; CIFAR-10 after 5 minutes: proxy-FID 57; digits readable, with speckles",
    expected=(Milestone(988_864, 57.2),),
    batch=64,
    nets=MlpNets(),
    objective="nonsaturating",
    penalty=Penalty("none"),
    generator_adam=Adam(5e-4, 1e-4, beta1=0.5, beta2=0.99),
    critic_adam=Adam(5e-4, 1e-4, beta1=0.5, beta2=0.99),
    averaging=Averaging(half_life=10_000, ramp=0.1),
    one_pass=True,
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "paper": replace(
        DEFAULT,
        preset="paper",
        measured="not measured",
        expected=(),
        batch=100,
        labels=False,
        nets=MlpNets(
            latent=100,
            generator_width=1200,
            critic_width=240,
            pieces=5,
            dropout_input=0.2,
            dropout=0.5,
        ),
        optimiser="momentum",
        generator_adam=Adam(0.1, 1e-3, beta1=0.5, beta2=0.0),
        critic_adam=Adam(0.1, 1e-3, beta1=0.5, beta2=0.0),
        averaging=Averaging(half_life=0, ramp=0.0),
        one_pass=False,
    ),
    "gpu": replace(
        DEFAULT,
        preset="gpu",
        measured="not measured",
        expected=(),
        batch=256,
        images=10_000_000,
        nets=MlpNets(
            latent=128, generator_width=2048, generator_layers=3, critic_width=1024, critic_layers=3
        ),
        generator_adam=Adam(2e-4, 2e-5, beta1=0.5, beta2=0.99),
        critic_adam=Adam(2e-4, 2e-5, beta1=0.5, beta2=0.99),
        averaging=Averaging(half_life=100_000, ramp=0.1),
    ),
}

SYSTEM = System(
    title="The first GAN: fully connected networks",
    year=2014,
    source="Goodfellow et al.: Generative Adversarial Nets, arXiv:1406.2661",
    needs="images",
    presets=PRESETS,
)
