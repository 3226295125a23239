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

from rectoverso.recto.data.tokenizer import Tokenizer
from rectoverso.recto.nets.codes import CodeBook, divergence
from rectoverso.recto.nets.drawer import Drawer
from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.matching import nearby
from rectoverso.recto.systems import dalle_ladder as ladder
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

SHOWN = 16
FEW = 2
"""Candidates of each in a preview."""
NEAR = 4
"""Texts a word away, of each caption of a batch."""


class DalleTrio:
    """Codes, prior and scorer (a `Cast`)."""

    def __init__(self, recipe: DalleRecipe, shape: Shape, streams: Streams) -> None:
        self.recipe, self.shape, self.streams = recipe, shape, streams
        self.codes, self.prior = recipe.nets.code_book(shape), recipe.nets.prior(shape)
        self.scorer, self.tokenizer = recipe.nets.scorer(shape), Tokenizer(shape.merges)
        self.codes.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        careful = Careful(recipe.decay, warm_up=recipe.warm_up)
        self.players = (
            StagedPlayer(
                "dvae", self.codes, recipe.code_adam, recipe.averaging, careful=Careful(), ends=recipe.stage
            ),
            *(
                StagedPlayer(name, module, adam, recipe.averaging, careful=careful, begins=recipe.stage)
                for name, module, adam in (
                    ("prior", self.prior, recipe.prior_adam),
                    ("scorer", self.scorer, recipe.scorer_adam),
                )
            ),
        )
        self.phases = (
            Phase(("dvae",), self.code_losses, ends=recipe.stage),
            Phase(("prior",), self.prior_losses, begins=recipe.stage),
            Phase(("scorer",), self.scorer_losses, recipe.score_every, begins=recipe.stage),
        )

    def code_losses(self, turn: Turn) -> Losses:
        """Section 2.1: the picture through relaxed codes, and what keeps these from being sure too early."""
        image_NCHW = self.moved(turn)
        temperature = cosine(1.0, self.recipe.sharp, turn.progress / self.recipe.stage)
        again_NCHW, logit_NKYX = self.codes.relaxed(image_NCHW, temperature)
        error = F.mse_loss(again_NCHW.float(), image_NCHW)
        turn.readings["psnr"] = ladder.decibels(error)
        turn.readings["codes_used"] = ladder.share_used(logit_NKYX.argmax(1), self.recipe.nets.codes)
        return {"reconstruction": error, "divergence": self.recipe.divergence * divergence(logit_NKYX)}

    def prior_losses(self, turn: Turn) -> Losses:
        """Section 2.2: words are a part of what is guessed, but the smaller one."""
        words, codes = self.prior.losses(self.words(turn), self.coded(turn))
        weight = self.recipe.word_weight
        return {"words": weight * words, "codes": (1 - weight) * codes}

    def scorer_losses(self, turn: Turn) -> Losses:
        """Pictures as they come back from their codes, against the captions of the batch and others a word away.

        Every picture is compared with every caption, so each process does it for the whole batch.
        """
        with torch.no_grad():
            again_BCHW = gathered(self.codes.decoder(self.coded(turn)).float())
        word_BT = gathered(self.words(turn))
        near_MT = torch.cat([self.near(turn, word_BT, number) for number in range(NEAR)])
        return {"ranking": self.scorer.losses(again_BCHW, word_BT, near_MT)}

    def near(self, turn: Turn, word_BT: Tensor, number: int) -> Tensor:
        """Each caption with one of its words from another caption of the batch."""
        draw = turn.streams.uniforms(f"near-{number}", turn.begins, turn.batch, 2)
        where_B, other_B = torch.from_numpy(draw).to(word_BT.device).unbind(1)
        return nearby(word_BT, where_B, (other_B * len(word_BT)).long())

    def moved(self, turn: Turn) -> Tensor:
        """The turn's pictures, each moved by a few pixels, its edges repeated: what a caption says of it stays true."""
        most = self.recipe.shift
        return turn.once("moved", lambda: _moved(turn, most) if most else turn.image_NCHW)

    def coded(self, turn: Turn) -> Tensor:
        """The turn's pictures as codes (N, G)."""
        return turn.once("coded", lambda: self.codes.codes(self.moved(turn)))

    def words(self, turn: Turn) -> Tensor:
        """The turn's captions (N, T)."""
        assert turn.captions is not None  # noqa: S101 - the data was checked
        word_NT = torch.from_numpy(self.tokenizer.batch(turn.captions, self.recipe.nets.places))
        return word_NT.to(turn.image_NCHW.device)

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

    @torch.no_grad()
    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """Pictures of the first captions, each the better of a few candidates from noise of its own."""
        captions, candidates = self.shown(examples), min(FEW, self.recipe.drawing.candidates)
        numbers = candidates * self.prior.grid.places
        noise = self.streams.normals("preview", 0, len(captions), numbers)
        noise_NZ = torch.from_numpy(noise).to(next(self.codes.parameters()).device)
        picture_NCHW: Tensor = published["generator"](noise_NZ, Given(captions=captions))
        return picture_NCHW

    @torch.no_grad()
    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """Rows of pictures, above those of the same captions' real ones, and above these as codes keep them."""
        assert examples is not None  # noqa: S101 - its pictures are made from captions
        real_NCHW, codes = examples.image_NCHW[: len(picture_NCHW)], cast("CodeBook", self.averaged()[0])
        return in_rows(picture_NCHW, real_NCHW, codes.decoder(codes.codes(real_NCHW)))

    def shown(self, examples: Turn | None) -> tuple[str, ...]:
        assert examples is not None  # noqa: S101 - its pictures are made from captions
        assert examples.captions is not None  # noqa: S101 - the data was checked
        return examples.captions[:SHOWN]

    @torch.no_grad()
    def told(self, examples: Turn) -> dict[str, float]:
        """The ladder's first and last rungs on the examples: whether the codes keep pictures, and whether the prior
        heeds words.
        """
        codes, prior, _ = self.averaged()
        return ladder.kept(cast("CodeBook", codes), examples.image_NCHW) | ladder.heeded(
            cast("Prior", prior),
            self.words(examples),
            cast("CodeBook", codes).codes(examples.image_NCHW),
        )


def _moved(turn: Turn, most: int) -> Tensor:
    (height, width), device = turn.image_NCHW.shape[2:], turn.image_NCHW.device
    across_N, down_N = (
        torch.from_numpy(turn.streams.choices(f"moved-{way}", turn.first, turn.count, 2 * most + 1)) - most
        for way in ("across", "down")
    )
    row_NH = (torch.arange(height) + down_N[:, None]).clamp(0, height - 1).to(device)
    column_NW = (torch.arange(width) + across_N[:, None]).clamp(0, width - 1).to(device)
    image_NHWC = turn.image_NCHW.permute(0, 2, 3, 1)
    place_N11 = torch.arange(turn.count, device=device)[:, None, None]
    return image_NHWC[place_N11, row_NH[:, :, None], column_NW[:, None]].permute(0, 3, 1, 2)
