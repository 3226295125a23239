"""How DALL-E trains: codes first, then what continues captions with them and what ranks pictures (`dalle` has the
numbers).

Needs torch, which the recipe does without.

Shapes: N images, B of the whole batch, T places of words, G places of codes, C channels, H height, W width.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.codes import CodeBook, divergence
from rectoverso.recto.nets.drawer import Drawer
from rectoverso.recto.nets.draws import uniforms
from rectoverso.recto.systems import dalle_ladder as ladder
from rectoverso.recto.systems.captioned import FEW, Captions, moved
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.systems.staged import Careful, StagedPlayer
from rectoverso.recto.train.grid import in_rows
from rectoverso.recto.train.players import Losses, Phase, Turn, cosine
from rectoverso.recto.train.streams import Streams
from rectoverso.recto.train.sync import gathered

if TYPE_CHECKING:
    from rectoverso.recto.nets.matching import Scorer
    from rectoverso.recto.nets.prior import Prior
    from rectoverso.recto.systems.dalle import DalleRecipe


class DalleTrio:
    """Codes, prior and scorer (a `Cast`)."""

    def __init__(self, recipe: DalleRecipe, shape: Shape, streams: Streams) -> None:
        self.recipe, self.shape = recipe, shape
        self.codes, self.prior = recipe.nets.code_book(shape), recipe.nets.prior(shape)
        self.scorer = recipe.nets.scorer(shape)
        self.captions = Captions(shape.merges, recipe.nets.places, streams)
        self.codes.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        careful = Careful(recipe.decay, warm_up=recipe.warm_up)
        self.players = (
            StagedPlayer(
                "dvae", self.codes, recipe.code_adam, recipe.averaging, careful=Careful(), ends=recipe.stage
            ),
            *(
                StagedPlayer(name, module, adam, recipe.averaging, careful=careful, begins=begins)
                for name, module, adam, begins in (
                    ("prior", self.prior, recipe.prior_adam, recipe.stage),
                    ("scorer", self.scorer, recipe.scorer_adam, recipe.judged),
                )
            ),
        )
        self.phases = (
            Phase(("dvae",), self.code_losses, ends=recipe.stage),
            Phase(("prior",), self.prior_losses, begins=recipe.stage),
            Phase(("scorer",), self.scorer_losses, recipe.score_every, begins=recipe.judged),
        )

    def code_losses(self, turn: Turn) -> Losses:
        """Section 2.1: the picture through relaxed codes, and what keeps these from being sure too early."""
        image_NCHW = moved(turn, self.recipe.shift)
        temperature = cosine(1.0, self.recipe.sharp, turn.progress / self.recipe.stage)
        again_NCHW, logit_NKYX = self.codes.relaxed(image_NCHW, temperature)
        error = F.mse_loss(again_NCHW.float(), image_NCHW)
        turn.readings["psnr"] = ladder.decibels(error)
        turn.readings["codes_used"] = ladder.share_used(logit_NKYX.argmax(1), self.recipe.nets.codes)
        return {"reconstruction": error, "divergence": self.recipe.divergence * divergence(logit_NKYX)}

    def prior_losses(self, turn: Turn) -> Losses:
        """Section 2.2: words are a part of what is guessed, but the smaller one."""
        words, codes = self.prior.losses(self.captions.words(turn), self.coded(turn))
        weight = self.recipe.word_weight
        return {"words": weight * words, "codes": (1 - weight) * codes}

    def scorer_losses(self, turn: Turn) -> Losses:
        """Pictures as they come back from their codes, against the captions of the batch and others a word away, and
        these against what the prior draws for them.

        Every picture is compared with every caption, so each process does it for the whole batch.
        """
        with torch.no_grad():
            again_BCHW, rival_BCHW = (
                gathered(self.codes.decoder(code_NG).float())
                for code_NG in (self.coded(turn), self.drawn(turn))
            )
        word_BT = gathered(self.captions.words(turn))
        near_MT = self.captions.near(turn, word_BT)
        return {"ranking": self.scorer.losses(again_BCHW, word_BT, near_MT, rival_BCHW)}

    def coded(self, turn: Turn) -> Tensor:
        """The turn's pictures as codes (N, G)."""
        return turn.once("coded", lambda: self.codes.codes(moved(turn, self.recipe.shift)))

    def drawn(self, turn: Turn) -> Tensor:
        """What the prior draws for the turn's captions (N, G)."""
        uniform_NG = uniforms(turn.normals("rivals", self.prior.grid.places))
        drawn_N1G = self.prior.draw(
            self.captions.words(turn), uniform_NG[:, None], self.recipe.drawing.sampling
        )
        return drawn_N1G[:, 0]

    def averaged(self) -> list[nn.Module]:
        """Codes, prior and scorer as they are given to the world."""
        return [player.average.module if player.average else player.module for player in self.players]

    def published(self) -> dict[str, nn.Module]:
        """A copy of what draws, averaged."""
        codes, prior, scorer = (copy.deepcopy(module) for module in self.averaged())
        drawer = Drawer(
            self.shape,
            cast("CodeBook", codes).decoder,
            cast("Prior", prior),
            cast("Scorer", scorer),
            self.recipe.drawing.sampling,
        )
        return {"generator": drawer.eval()}

    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """Pictures of the first captions, each the better of a few candidates from noise of its own."""
        numbers = min(FEW, self.recipe.drawing.candidates) * self.prior.grid.places
        return self.captions.preview(published["generator"], numbers, examples)

    @torch.no_grad()
    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """Rows of pictures, above those of the same captions' real ones, and above these as codes keep them."""
        assert examples is not None  # noqa: S101 - its pictures are made from captions
        real_NCHW, codes = examples.image_NCHW[: len(picture_NCHW)], cast("CodeBook", self.averaged()[0])
        return in_rows(picture_NCHW, real_NCHW, codes.decoder(codes.codes(real_NCHW)))

    @torch.no_grad()
    def told(self, examples: Turn) -> dict[str, float]:
        """The ladder's first and last rungs on the examples: whether the codes keep pictures, and whether the prior
        heeds words.
        """
        codes, prior, _ = self.averaged()
        return ladder.kept(cast("CodeBook", codes), examples.image_NCHW) | ladder.heeded(
            cast("Prior", prior),
            self.captions.words(examples),
            cast("CodeBook", codes).codes(examples.image_NCHW),
        )
