"""How a text-conditional pair trains: the class is a caption, and the critic learns to find captions (`textgan` has the
numbers).

Shapes: N images, B of the whole batch, M = 2 N real and generated ones, T places of words, F features, K texts, C
channels, H height, W width.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from rectoverso.recto.nets.matching import found
from rectoverso.recto.nets.textgan import TextCritic, TextDrawer, TextGenerator
from rectoverso.recto.systems.captioned import FEW, Captions, moved
from rectoverso.recto.systems.one_pass import OnePassPair
from rectoverso.recto.systems.pair import REMEASURED_IMAGES, Pair, twice
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.grid import in_rows
from rectoverso.recto.train.players import Losses, Turn
from rectoverso.recto.train.statistics import remeasure
from rectoverso.recto.train.streams import Streams
from rectoverso.recto.train.sync import gathered

if TYPE_CHECKING:
    from rectoverso.recto.systems.textgan import TextGanRecipe


class Heard(nn.Module):
    """The last captions of a run: part of the critic's state and of exact resume, for norms are measured with them."""

    word_BT: Tensor

    def __init__(self, places: int) -> None:
        super().__init__()
        self.register_buffer("word_BT", torch.full((REMEASURED_IMAGES, places), -1))

    def hear(self, word_BT: Tensor, first: int) -> None:
        """Keep captions of the images from ``first`` on, in place of the oldest."""
        place_B = (torch.arange(len(word_BT), device=word_BT.device) + first) % len(self.word_BT)
        self.word_BT[place_B] = word_BT


class Worded(Pair):
    """A pair, in one pass or in two, whose pictures have captions."""

    def __init__(self, recipe: TextGanRecipe, shape: Shape, streams: Streams) -> None:
        super().__init__(recipe, shape, streams)
        self.numbers = recipe
        self.captions = Captions(shape.merges, recipe.nets.places, streams)
        self.critic.heard = Heard(recipe.nets.places)

    def condition(self, turn: Turn) -> Tensor:
        """The captions (N, T)."""
        return self.captions.words(turn)

    def seen(self, turn: Turn, x_NCHW: Tensor, purpose: str) -> Tensor:
        """Real pictures are moved by a few pixels."""
        return moved(turn, self.numbers.shift) if "real" in purpose else x_NCHW

    def judged(self, x_MCHW: Tensor, turn: Turn) -> tuple[Tensor, Losses]:
        """The logits, and how surprised the critic is at each real picture's caption among all of the batch and others
        a word away. Every process reads the whole batch's captions, for its own pictures only.
        """
        critic, word_NT = cast("TextCritic", self.critic), self.condition(turn)
        word_BT = gathered(word_NT)
        cast("Heard", critic.heard).hear(word_BT, turn.begins)
        word_KT = torch.cat([word_BT, self.captions.near(turn, word_BT)])
        own, count = turn.first - turn.begins, turn.count
        read_KF = critic.reader(word_KT)
        f_MF = critic.features(x_MCHW.contiguous(memory_format=torch.channels_last))
        logit_M = critic.fitting(f_MF, twice(read_KF[own : own + count])).float()
        same_NK = (word_NT[:, None] == word_KT[None]).all(2)
        surprise = found(critic.matched(f_MF[:count], read_KF).float(), same_NK, own)
        return logit_M, {"matching": self.numbers.matching * surprise}

    def published(self) -> dict[str, nn.Module]:
        """What draws: the averaged generator, its norms measured anew with the last captions, and the critic."""
        average = self.players[0].average
        generator = copy.deepcopy(average.module if average else self.generator)
        critic = copy.deepcopy(self.critic).eval()
        remeasure(generator, (partial(generator, *of) for of in self.heard()))
        del critic.heard
        drawer = TextDrawer(
            self.shape.merges,
            cast("TextGenerator", generator),
            cast("TextCritic", critic),
            self.recipe.latent,
        )
        return {"generator": drawer.eval()}

    def heard(self) -> list[tuple[Tensor, Tensor]]:
        """Latents and the last captions, in batches."""
        word_BT = cast("Heard", self.critic.heard).word_BT
        z_BZ, _ = self.noise("norms", 0, len(word_BT))
        batch = self.recipe.batch
        return [(z_BZ[n : n + batch], word_BT[n : n + batch]) for n in range(0, len(word_BT), batch)]

    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """Pictures of the first captions, each the better of a few candidates from noise of its own."""
        numbers = min(FEW, self.numbers.candidates) * self.recipe.latent
        return self.captions.preview(published["generator"], numbers, examples)

    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """Rows of pictures, above those of the same captions' real ones."""
        assert examples is not None  # noqa: S101 - its pictures are made from captions
        return in_rows(picture_NCHW, examples.image_NCHW[: len(picture_NCHW)])


class TextPair(Worded):
    """The players of `textgan` (a `Cast`), one after the other."""


class OnePassTextPair(Worded, OnePassPair):
    """The players of `textgan` (a `Cast`), both at once."""
