"""A text-conditional GAN: a picture from a caption in one step, the fast path beside `dalle`.

A text in place of the class (Reed et al. 2016, arXiv:1605.05396) in the pair of `default`: relativistic pairing with R1
and R2, self-modulation, one pass for both players. As in Zhang et al. 2021 (XMC-GAN, arXiv:2101.04702, section 4.2) the
critic learns to find the caption of each real picture among those of the batch; further ones, a word away, are among
them here. Of several candidates the one that the critic finds nearest to the caption is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.adversarial import AdversarialRecipe
from rectoverso.recto.systems.dalle import BYTES
from rectoverso.recto.systems.plain import check_patches
from rectoverso.recto.systems.recipe import Adam, Ask, Averaging, Need, Penalty, Recipe, Shape

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.nets.textgan import Reading, TextCritic, TextGenerator
    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class TextGanNets:
    """The plain pair's numbers (`plain.PlainNets`); ``text``: what the generator keeps of a caption; ``words`` to
    choose from and ``places`` of a text; width and blocks of what reads them.
    """

    latent: int = 64
    text: int = 64
    generator_width: int = 32
    critic_width: int = 64
    generator_patch: int = 1
    critic_patch: int = 2
    words: int = field(default=512, metadata={"least": BYTES})
    places: int = 16
    reader_width: int = 96
    reader_blocks: int = 1

    def reading(self, shape: Shape) -> Reading:
        from rectoverso.recto.nets.reader import Reader

        return lambda outputs: Reader(
            words=BYTES + len(shape.merges),
            places=self.places,
            width=self.reader_width,
            blocks=self.reader_blocks,
            outputs=outputs,
        )

    def generator(self, shape: Shape) -> TextGenerator:
        from rectoverso.recto.nets.textgan import TextGenerator

        return TextGenerator(
            shape,
            self.reading(shape),
            latent=self.latent,
            text=self.text,
            width=self.generator_width,
            patch=self.generator_patch,
        )

    def critic(self, shape: Shape) -> TextCritic:
        from rectoverso.recto.nets.textgan import TextCritic

        return TextCritic(shape, self.reading(shape), width=self.critic_width, patch=self.critic_patch)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextGanRecipe(AdversarialRecipe):
    """``matching`` weighs how well the critic finds captions; ``candidates`` are drawn of each picture; ``shift``: by
    how many pixels a real picture is moved at most.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"captions"})
    asks: ClassVar[frozenset[Ask]] = frozenset({"caption"})

    nets: TextGanNets
    matching: float = 0.5
    candidates: int = 8
    shift: int = field(default=2, metadata={"least": 0})

    @property
    def merges(self) -> int:
        return self.nets.words - BYTES

    def noise(self, shape: Shape) -> int:
        """A latent for each candidate."""
        del shape
        return self.candidates * self.latent

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.textgan import TextDrawer

        nets = self.nets
        return TextDrawer(shape.merges, nets.generator(shape), nets.critic(shape), self.latent)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.text_pair import OnePassTextPair, TextPair

        return (OnePassTextPair if self.moves_at_once else TextPair)(self, shape, streams)

    def check(self, shape: Shape) -> None:
        super(TextGanRecipe, self).check(shape)
        check_patches(self.nets, shape)


DEFAULT = TextGanRecipe(
    system="textgan",
    preset="default",
    measured="2 cores, 10 minutes of shapes at 64 px: 9% of the captions of other scenes drawn right; blotches",
    batch=32,
    labels=False,
    nets=TextGanNets(),
    objective="relativistic",
    penalty=Penalty("finite_difference", gamma=0.5, gamma_end=0.1, sigma=0.05, every=4),
    generator_adam=Adam(1e-3, 1e-4, beta1=0.0, beta2=0.99),
    critic_adam=Adam(1e-3, 1e-4, beta1=0.0, beta2=0.99),
    averaging=Averaging(half_life=10_000, ramp=0.1),
    one_pass=True,
)

PRESETS: dict[str, Recipe] = {
    "default": DEFAULT,
    "gpu": replace(DEFAULT.at_size("l"), preset="gpu", measured="not measured", images=5_000_000),
}

SYSTEM = System(
    title="A picture from a caption in one step",
    year=2021,
    source="Reed et al. 2016: Generative Adversarial Text to Image Synthesis, arXiv:1605.05396; XMC-GAN: "
    "Zhang et al. 2021, arXiv:2101.04702",
    needs="images with captions",
    presets=PRESETS,
)
