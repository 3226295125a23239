"""How EdgeConnect trains: edges and colours side by side, then together (`edgeconnect` has the numbers).

Every turn cuts a piece out of each picture and draws a hole into it, both functions of the image's index. Up to the
share ``joint`` of a run the second translator is given the true edges within the hole, from then on those that the
first one imagines, whose loss then also comes back through them (sections 3.2 and 4.2).

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.data.holes import hole
from rectoverso.recto.nets.edgeconnect import EdgeConnectGenerator, canny, laid_in
from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.patch_critic import matched
from rectoverso.recto.systems.perception import Perceiving
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.grid import in_rows
from rectoverso.recto.train.objectives import OBJECTIVES
from rectoverso.recto.train.players import Losses, Phase, Player, Turn
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.edgeconnect import EdgeConnectRecipe

SHOWN = 16
SHOWN_SHARE = (0.2, 0.3)


class Made(NamedTuple):
    """Logits of edges, the edges with those laid into the hole (N, 1, H, W), and the filled pictures (N, C, H, W)."""

    logit_N1HW: Tensor
    edge_N1HW: Tensor
    whole_NCHW: Tensor


class FillPair:
    """The two translators as one player, their critics as another (a `Cast`)."""

    def __init__(self, recipe: EdgeConnectRecipe, shape: Shape, streams: Streams) -> None:
        self.recipe, self.shape, self.streams = recipe, shape, streams
        self.generator = cast("EdgeConnectGenerator", recipe.nets.generator(shape))
        edges, fill = recipe.nets.critics(shape)
        self.edge_critic, self.fill_critic = edges, fill
        critics = nn.ModuleDict({"edges": edges, "fill": fill})
        for module in (self.generator, critics):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.critic_objective, self.generator_objective = OBJECTIVES[recipe.objective]
        self.perceiving = Perceiving(recipe.perception, shape)
        self.players = (
            Player("generator", self.generator, recipe.generator_adam, recipe.averaging),
            Player("critic", critics, recipe.critic_adam),
            *self.perceiving.players,
        )
        self.phases = (Phase(("generator",), self.generator_losses), Phase(("critic",), self.critic_losses))

    def generator_losses(self, turn: Turn) -> Losses:
        """Section 3.1: the edges fool their critic and match its features; section 3.2: the colours are near, fool
        theirs and match its features.
        """
        x_NCHW, edge_N1HW, hole_N1HW, _ = self.task(turn)
        made = self.made(turn)
        edge = self.edges_said(x_NCHW, made.edge_N1HW)
        fill = self.fill_critic.judged(made.whole_NCHW)
        with torch.no_grad():
            real_edge, real_fill = self.edges_said(x_NCHW, edge_N1HW), self.fill_critic.judged(x_NCHW)
        weights = self.recipe.weights
        near = within((made.whole_NCHW - x_NCHW).abs(), hole_N1HW)
        losses = {
            "edges": weights.edges * self.edge_distance(made.logit_N1HW, edge_N1HW, hole_N1HW),
            "edge_generator": self.generator_objective(edge[0], edge[0]),
            "edge_matching": weights.matching * matched([edge], [real_edge]),
            "near": weights.near * near,
            "generator": weights.fooling * self.generator_objective(fill[0], fill[0]),
            "matching": weights.fooling * weights.matching * matched([fill], [real_fill]),
        }
        return losses | self.perceiving.losses(made.whole_NCHW, x_NCHW)

    def critic_losses(self, turn: Turn) -> Losses:
        x_NCHW, edge_N1HW, hole_N1HW, _ = self.task(turn)
        made = self.made(turn)
        edges = [self.edges_said(x_NCHW, e)[0] for e in (edge_N1HW, made.edge_N1HW.detach())]
        fills = [self.fill_critic.judged(x)[0] for x in (x_NCHW, made.whole_NCHW.detach())]
        # Of the places that a hole is in, for the others are the same.
        turn.readings["margin"] = ((fills[0].mean() - fills[1].mean()) / hole_N1HW.mean()).item()
        return {"edge_critic": self.critic_objective(*edges), "critic": self.critic_objective(*fills)}

    def edge_distance(self, logit_N1HW: Tensor, edge_N1HW: Tensor, hole_N1HW: Tensor) -> Tensor:
        """Cross-entropy within the hole: in a run of minutes the critic alone does not find the edges."""
        loss_N1HW = F.binary_cross_entropy_with_logits(logit_N1HW.float(), edge_N1HW, reduction="none")
        return within(loss_N1HW, hole_N1HW)

    def edges_said(self, x_NCHW: Tensor, edge_N1HW: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What the first critic says of edges beside the grey picture they belong to (eq. 2)."""
        return self.edge_critic.judged(torch.cat([x_NCHW[:, :3].mean(1, keepdim=True), edge_N1HW], 1))

    def made(self, turn: Turn) -> Made:
        """What both translators make of the turn's task, once for both players."""
        return turn.once("made", lambda: self.make(turn))

    def make(self, turn: Turn) -> Made:
        x_NCHW, edge_N1HW, hole_N1HW, around_N1HW = self.task(turn)
        logit_N1HW = self.generator.imagined(x_NCHW, around_N1HW, hole_N1HW)
        imagined_N1HW = torch.sigmoid(logit_N1HW).float()
        inside_N1HW = imagined_N1HW if turn.progress >= self.recipe.joint else edge_N1HW
        # Around the hole the edges are those that can be seen there in use as well.
        given_N1HW = laid_in(around_N1HW, inside_N1HW, hole_N1HW)
        drawn_N1HW = laid_in(edge_N1HW, imagined_N1HW, hole_N1HW)
        return Made(logit_N1HW, drawn_N1HW, self.generator.filled(x_NCHW, given_N1HW, hole_N1HW))

    def task(self, turn: Turn) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Pieces of the turn's pictures, their edges, holes, and the edges that are seen around these."""
        return turn.once("task", lambda: self.cut_out(turn))

    def cut_out(self, turn: Turn) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x_NCHW = pieces(turn, self.recipe.piece_px)
        sides = x_NCHW.shape[2:]
        holes = [
            hole(chance_of(turn.streams, "hole", turn.first + place), *sides) for place in range(turn.count)
        ]
        hole_N1HW = torch.from_numpy(np.stack(holes)[:, None].astype(np.float32)).to(x_NCHW.device)
        return x_NCHW, canny(x_NCHW), hole_N1HW, canny(x_NCHW, hole_N1HW)

    def published(self) -> dict[str, nn.Module]:
        """A copy of the averaged translators."""
        average = self.players[0].average
        return {"generator": copy.deepcopy(average.module if average else self.generator).eval()}

    @torch.no_grad()
    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """The first pictures, with holes filled."""
        x_NCHW, hole_N1HW = self.shown(examples)
        picture_NCHW: Tensor = published["generator"](
            x_NCHW.new_zeros(len(x_NCHW), 0), Given(x_NCHW, hole_N1HW=hole_N1HW)
        )
        return picture_NCHW

    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """Rows of pictures with holes, of the filled ones, and of the real ones."""
        x_NCHW, hole_N1HW = self.shown(examples)
        return in_rows(laid_in(x_NCHW, torch.ones_like(x_NCHW), hole_N1HW), picture_NCHW, x_NCHW)

    def shown(self, examples: Turn | None) -> tuple[Tensor, Tensor]:
        """Pieces from the middle of the first pictures, and their holes."""
        assert examples is not None  # noqa: S101 - its pictures are made from pictures
        side = min(2 * self.recipe.piece_px, *examples.image_NCHW.shape[2:])
        top, left = ((whole - side) // 2 for whole in examples.image_NCHW.shape[2:])
        x_NCHW = examples.image_NCHW[:SHOWN, :, top : top + side, left : left + side]
        chances = [chance_of(self.streams, "preview", place) for place in range(len(x_NCHW))]
        holes = np.stack([hole(chance, side, side, SHOWN_SHARE) for chance in chances])
        return x_NCHW, torch.from_numpy(holes[:, None].astype(np.float32)).to(x_NCHW.device)


def within(x_NCHW: Tensor, hole_N1HW: Tensor) -> Tensor:
    """The mean over pictures of each one's mean over its hole, so that it does not matter how a batch is cut."""
    sum_N = (x_NCHW.mean(1, keepdim=True) * hole_N1HW).sum((1, 2, 3))
    return (sum_N / hole_N1HW.sum((1, 2, 3)).clamp_min(1)).mean()


def pieces(turn: Turn, side: int) -> Tensor:
    """A square from a place of its own out of each picture of the turn (N, C, S, S); all of one that is smaller."""
    x_NCHW = turn.image_NCHW
    height, width = (min(side, whole) for whole in x_NCHW.shape[2:])
    u_N2 = turn.streams.uniforms("piece", turn.first, turn.count, 2)
    tops = (u_N2[:, 0] * (x_NCHW.shape[2] - height + 1)).astype(int)
    lefts = (u_N2[:, 1] * (x_NCHW.shape[3] - width + 1)).astype(int)
    cut = [
        x_CHW[:, top : top + height, left : left + width]
        for x_CHW, top, left in zip(x_NCHW, tops, lefts, strict=True)
    ]
    return torch.stack(cut).contiguous(memory_format=torch.channels_last)


def chance_of(streams: Streams, purpose: str, index: int) -> np.random.Generator:
    """Random numbers of one image."""
    return np.random.default_rng(streams.words(purpose, index, 1, 4)[0])
