"""DP-MERF: one noisy look at the pictures, and a generator taught from that. Harder, Adamczewski and Park 2021,
arXiv:2002.11603.

What is looked at is the mean of random features of all pictures of each class (`mean_match`): one release, whose noise
pays for everything, so the generator may be trained for as long as anybody likes. The fast baseline of differential
privacy: minutes on a CPU. Its pictures are blurred, but what they teach a classifier is not.

Where we leave the paper: noise on the counts of the classes is part of the same release, all from one budget; the
distance of means is free of its bias; normal noise in whole numbers (`privacy.engine`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.recipe import Adam, Averaging, Budget, Recipe, Shape

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class DpmerfRecipe(Recipe):
    """``frequencies`` of random features, two of each; ``kernel``: the length at which they look, in root mean squares
    of a pixel's difference. They look at pictures made smaller, to about ``seen_px`` a side, and the generator, fully
    connected, ``width`` wide, ``layers`` deep, draws no larger ones and enlarges them: what fewer features than pixels
    do not see would stay the noise that it began as.
    """

    takes_private: ClassVar[bool] = True

    noise_size: int = 32
    width: int = 384
    layers: int = 2
    frequencies: int = 800
    seen_px: int = 16
    kernel: float = 0.4
    adam: Adam
    averaging: Averaging

    @property
    def latent(self) -> int:
        return self.noise_size

    def looks(self, images: int) -> tuple[float, int]:
        """All pictures once, before anything else."""
        return 1.0, min(1, images)

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.mlp import Enlarged, MlpGenerator

        small = self.seen(shape)
        drawn = MlpGenerator(small, latent=self.latent, width=self.width, layers=self.layers)
        return Enlarged(drawn, (shape.height_px, shape.width_px))

    def seen(self, shape: Shape) -> Shape:
        """The shape of the pictures that are looked at."""
        times = max(1, min(shape.height_px, shape.width_px) // self.seen_px)
        return replace(shape, height_px=shape.height_px // times, width_px=shape.width_px // times)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.mean_match import MeanMatch

        return MeanMatch(self, shape, streams)

    def check(self, shape: Shape) -> None:
        """Any sides will do. Raise BadSetting without a budget: there is nothing else that this is for."""
        from rectoverso.recto.privacy.guarantee import refusal

        if not self.is_private:
            raise refusal("always", "private.epsilon", system=self.system)
        if self.batch < 2 * max(1, shape.classes):
            raise refusal("few", "batch", least=2 * max(1, shape.classes))


PRESETS: dict[str, Recipe] = {
    "default": DpmerfRecipe(
        system="dpmerf",
        preset="default",
        measured="not measured",
        batch=200,
        images=300_000,
        adam=Adam(2e-3, 2e-5, beta1=0.5, beta2=0.99),
        averaging=Averaging(half_life=10_000, ramp=0.1),
        private=Budget(epsilon=10.0, delta=1e-5),
    ),
}

SYSTEM = System(
    title="DP-MERF: mean embeddings under differential privacy",
    year=2021,
    source="Harder, Adamczewski, Park: DP-MERF, AISTATS 2021, arXiv:2002.11603",
    needs="images, better with labels",
    presets=PRESETS,
)
