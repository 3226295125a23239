"""DCGAN: one generator, one critic, noise to pictures. Radford, Metz and Chintala 2016, arXiv:1511.06434.

``article`` is the pair of the source article, which is Keras' tutorial: both players move down gradients taken at the
same point, on the same generated pictures. ``default`` is a plain small pair for two CPU cores, on which the system
`default` builds. ``private`` keeps a budget of differential privacy (`private_pair`, docs/en/differential-privacy.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import AdversarialRecipe, NoisySteps
from rectoverso.recto.systems.plain import PlainNets
from rectoverso.recto.systems.recipe import Adam, Averaging, Milestone, Penalty, Recipe, Shape, bad_size

if TYPE_CHECKING:
    from torch import nn

SIZES_PX = (16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class ArticleNets:
    """The article's networks; ``width`` is the critic's first, and a quarter of the generator's."""

    latent: int = 100
    width: int = field(
        default=64, metadata={"least": 4}
    )  # the last of 128 pixels has an eighth of twice that
    dropout: float = field(default=0.3, metadata={"below": 1})

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.dcgan import ArticleGenerator

        return ArticleGenerator(shape.width_px, shape.channels, latent=self.latent, width=self.width)

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.dcgan import ArticleCritic

        return ArticleCritic(shape.width_px, shape.channels, width=self.width, dropout=self.dropout)


@dataclass(frozen=True, slots=True, kw_only=True)
class DcganRecipe(AdversarialRecipe):
    takes_private: ClassVar[bool] = True

    nets: ArticleNets | PlainNets

    def check(self, shape: Shape) -> None:
        if isinstance(self.nets, ArticleNets) and not (
            shape.height_px == shape.width_px and shape.width_px in SIZES_PX
        ):
            raise bad_size(shape, ", ".join(map(str, SIZES_PX)))
        super(DcganRecipe, self).check(shape)
        if isinstance(self.nets, PlainNets):
            self.nets.check(shape)


PRESETS: dict[str, Recipe] = {
    "default": DcganRecipe(
        system="dcgan",
        preset="default",
        measured="2 cores: 400 images/s at 32 px; CIFAR-10 after 5 minutes: proxy-FID 7.7",
        expected=(Milestone(119_680, 7.74),),
        batch=32,
        nets=PlainNets(),
        objective="relativistic",
        penalty=Penalty("finite_difference", gamma=0.5, gamma_end=0.1, sigma=0.05, every=4),
        generator_adam=Adam(2e-3, 2e-4, beta1=0.0, beta2=0.99),
        critic_adam=Adam(1e-3, 1e-4, beta1=0.0, beta2=0.99),
        averaging=Averaging(half_life=10_000, ramp=0.1),
        one_pass=True,
    ),
    "article": DcganRecipe(
        system="dcgan",
        preset="article",
        measured="2 cores: 710 images/s at 32 px in bfloat16; CIFAR-10 after 5 minutes: proxy-FID 47",
        expected=(Milestone(133_440, 76.09), Milestone(209_024, 47.37)),
        batch=64,
        labels=False,
        nets=ArticleNets(),
        objective="nonsaturating",
        penalty=Penalty("none"),
        generator_adam=Adam(1e-4, 1e-4, beta1=0.5, beta2=0.999, epsilon=1e-7),
        critic_adam=Adam(1e-4, 1e-4, beta1=0.5, beta2=0.999, epsilon=1e-7),
        averaging=Averaging(half_life=0, ramp=0.0),
        one_pass=True,
    ),
    "private": DcganRecipe(
        system="dcgan",
        preset="private",
        measured="epsilon 10, 1,437 handwritten digits: a classifier that saw only generated ones is right on 79%",
        batch=128,
        images=64_000,
        nets=PlainNets(latent=16, critic_width=16, critic_patch=2, pooled=True),
        objective="hinge",
        penalty=Penalty("none"),
        generator_adam=Adam(2e-3, 2e-4, beta1=0.5, beta2=0.99),
        critic_adam=Adam(1e-3, 1e-4, beta1=0.5, beta2=0.99),
        averaging=Averaging(half_life=3_000, ramp=0.1),
        private=NoisySteps(epsilon=10.0, delta=1e-5, clip=1.0, critic_steps=2, adaptive=True),
    ),
}

SYSTEM = System(
    title="Deep convolutional GAN",
    year=2016,
    source="Radford, Metz, Chintala: Unsupervised Representation Learning with DCGANs, arXiv:1511.06434",
    needs="images",
    presets=PRESETS,
)
