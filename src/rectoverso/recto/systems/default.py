"""The pair that we are trying to make the best for two CPU cores: `rectoverso.recto.nets.plain`, trained in one pass.

Relativistic pairing with R1 + R2 (Huang et al. 2024, arXiv:2501.05441, eq. 2-4) by finite differences from both sides,
class-conditional when there are labels. The generator draws every pixel; the critic looks at squares of 2x2 pixels, and
is twice as wide for it. After 150 CPU seconds of CIFAR-10 that took a quarter off the proxy-FID of `dcgan default` at
the same batch; after 600 it is a little behind (8.4 and 7.3; one seed each; docs/log.md, 2026-11-25).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import AdversarialRecipe
from rectoverso.recto.systems.plain import PlainNets
from rectoverso.recto.systems.recipe import Adam, Averaging, Milestone, Penalty, Recipe, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRecipe(AdversarialRecipe):
    spreads: ClassVar[bool] = True

    nets: PlainNets

    def check(self, shape: Shape) -> None:
        super(DefaultRecipe, self).check(shape)
        self.nets.check(shape)


DEFAULT = DefaultRecipe(
    system="default",
    preset="default",
    measured="2 cores: 430 images/s at 32 px; CIFAR-10 after 5 minutes: proxy-FID 8.4 (dcgan default 7.3, article 76)",
    expected=(Milestone(127_616, 8.44),),
    batch=32,
    nets=PlainNets(critic_width=64, critic_patch=2, modulated=True),
    objective="relativistic",
    penalty=Penalty("finite_difference", gamma=0.5, gamma_end=0.1, sigma=0.05, every=4),
    generator_adam=Adam(2e-3, 2e-4, beta1=0.0, beta2=0.99),
    critic_adam=Adam(1e-3, 1e-4, beta1=0.0, beta2=0.99),
    averaging=Averaging(half_life=10_000, ramp=0.1),
    one_pass=True,
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": dataclasses.replace(
        DEFAULT.at_size("l"), preset="gpu", measured="not measured yet", expected=(), images=10_000_000
    ),
}

SYSTEM = System(
    title="The pair we are making better",
    year=2026,
    source="this project; relativistic pairing with R1 + R2: Huang et al. 2024, arXiv:2501.05441",
    needs="images, better with labels",
    presets=PRESETS,
)
