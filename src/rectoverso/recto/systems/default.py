"""The best pair that we have for two CPU cores: `rectoverso.recto.nets.plain`, trained in one pass.

Relativistic pairing with R1 + R2 (Huang et al. 2024, arXiv:2501.05441, eq. 2-4) by finite differences from both sides,
class-conditional: pictures without classes are sorted into groups (`data.groups`). The generator draws every pixel, and
its latent sets gain and bias of every norm (self-modulation, Chen et al. 2019, arXiv:1810.01365). The critic looks at
squares of 2x2 pixels, is twice as wide for it, halves by means of squares, learns the names of real pictures
(`naming_pair`), and sees changed ones where they are few (`augmented_pair`).
From 64 pixels on doublings are smooth and refined, without which drawings had a tartan (docs/log.md, 2026-11-27).
After 300 CPU seconds of CIFAR-10 the modulation took the proxy-FID from 12.3 to 6.6, the names to 4.2; `dcgan default`
was at 10.2. After 40,000 images the means took it from 9.4 and 9.9 to 7.0 and 7.2 (two seeds; docs/log.md, 2026-11-25
and 26).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import AdversarialRecipe
from rectoverso.recto.systems.plain import PlainNets
from rectoverso.recto.systems.recipe import Adam, Augmentation, Averaging, Milestone, Penalty, Recipe, Shape

if TYPE_CHECKING:
    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRecipe(AdversarialRecipe):
    """``naming`` weighs how well the critic names the classes of real pictures. Pictures without classes are sorted
    into so many ``groups`` that look alike, which are then their classes (`data.groups`), where there are enough of
    them; 0: never. ``gamma_px``: the side of the pictures that the penalty's gamma is meant for; where there are
    classes it grows with the pixels beyond (Karras et al. 2020, arXiv:2006.06676, appendix C; tried up to 64 px); 0:
    never.
    """

    nets: PlainNets
    naming: float = 0.0
    groups: int = field(default=0, metadata={"least": 0})
    gamma_px: int = field(default=0, metadata={"least": 0})
    augment: Augmentation = field(default=Augmentation(most=0.0))

    def prepared(self, dataset: Dataset) -> Dataset:
        from rectoverso.recto.data.groups import grouped

        return grouped(dataset, self.groups) if self.labels else dataset

    def groups_in(self, count: int) -> int:
        from rectoverso.recto.data.groups import groups_of

        return groups_of(count, self.groups) if self.labels else 0

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.naming_pair import NamingPair, OnePassNamingPair

        return (OnePassNamingPair if self.moves_at_once else NamingPair)(self.fitted(shape), shape, streams)

    def fitted(self, shape: Shape) -> Self:
        """With the gamma of pictures of this size. Without classes it stays: of 300 micrographs more of it made worse
        ones (docs/log.md, 2026-11-26).
        """
        if not self.gamma_px or not shape.classes:
            return self
        times = max(1.0, shape.height_px * shape.width_px / self.gamma_px**2)
        penalty = self.penalty
        return dataclasses.replace(
            self,
            penalty=dataclasses.replace(
                penalty, gamma=penalty.gamma * times, gamma_end=penalty.gamma_end * times
            ),
        )

    def check(self, shape: Shape) -> None:
        super(DefaultRecipe, self).check(shape)
        self.nets.check(shape)


DEFAULT = DefaultRecipe(
    system="default",
    preset="default",
    measured="2 cores: 360 images/s at 32 px; CIFAR-10 after 101,000 images, 5 minutes: proxy-FID 3.2 (dcgan 10.4)",
    expected=(Milestone(101_376, 3.2),),
    batch=32,
    images=300_000,
    nets=PlainNets(critic_width=64, critic_patch=2, modulated=True, pooled=True, refined_px=64),
    objective="relativistic",
    penalty=Penalty("finite_difference", gamma=0.5, gamma_end=0.1, sigma=0.05, every=4, passes=40),
    generator_adam=Adam(2e-3, 2e-4, beta1=0.0, beta2=0.99),
    critic_adam=Adam(1e-3, 1e-4, beta1=0.0, beta2=0.99),
    averaging=Averaging(half_life=10_000, ramp=0.1),
    one_pass=True,
    naming=0.2,
    groups=64,
    gamma_px=32,
    augment=Augmentation(images=100_000),
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": dataclasses.replace(
        DEFAULT.at_size("l"),
        preset="gpu",
        measured="H200, 400 s, flip=true, critic not yet pooled: CIFAR-10 proxy-FID 1.4, 5,760 images/s",
        expected=(),
        images=10_000_000,
    ),
}

SYSTEM = System(
    title="The pair we are making better",
    year=2026,
    source="this project; relativistic pairing with R1 + R2: Huang et al. 2024, arXiv:2501.05441",
    needs="images, better with labels",
    presets=PRESETS,
)
