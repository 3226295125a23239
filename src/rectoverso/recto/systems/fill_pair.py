"""How EdgeConnect trains: edges and colours side by side, then together (`edgeconnect` has the numbers).

Every turn cuts a region out of each picture, and draws a hole into it, all functions of the image's index. Where
pictures are large enough, a region has twice the sides of a piece and is seen twice, as in use: whole, at half its
sides, and then a piece of it at its own, begun with what was made of the whole. Up to the share ``joint`` of a run the
second network is given the true edges within the hole, from then on those that the first one imagines, whose loss then
also comes back through them (sections 3.2 and 4.2). Critics join at the share ``judged``.

Shapes: N images, C channels, H height, W width, S side of a piece.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.data.holes import hole
from rectoverso.recto.nets.edgeconnect import EdgeConnectGenerator, begun, canny, laid_in
from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.patch_critic import matched
from rectoverso.recto.nets.resampling import halved_around, larger_smoothly, smaller
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


class View(NamedTuple):
    """Pictures (N, C, H, W), holes (N, 1, H, W), all edges, and those that are seen around the holes."""

    x_NCHW: Tensor
    hole_N1HW: Tensor
    edge_N1HW: Tensor
    around_N1HW: Tensor


class Made(NamedTuple):
    """Logits of edges, the edges with those laid into the hole (N, 1, H, W), and the filled pictures (N, C, H, W)."""

    logit_N1HW: Tensor
    edge_N1HW: Tensor
    whole_NCHW: Tensor


class FillPair:
    """The two networks that fill as one player, their critics as another (a `Cast`)."""

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
        self.phases = (
            Phase(("generator",), self.generator_losses),
            Phase(("critic",), self.critic_losses, begins=recipe.judged),
        )

    def generator_losses(self, turn: Turn) -> Losses:
        """Section 3.1: the edges are the true ones, fool their critic and match its features; section 3.2: the colours
        are near, fool theirs and match its features.
        """
        view, made = self.made(turn)
        weights = self.recipe.weights
        near = within((made.whole_NCHW - view.x_NCHW).abs(), view.hole_N1HW)
        edges = self.edge_distance(made.logit_N1HW, view.edge_N1HW, view.hole_N1HW)
        losses = {"edges": weights.edges * edges, "near": weights.near * near}
        if turn.progress >= self.recipe.judged:
            losses |= self.judged(view, made)
        return losses | self.perceiving.losses(made.whole_NCHW, view.x_NCHW)

    def judged(self, view: View, made: Made) -> Losses:
        """What the critics say."""
        weights = self.recipe.weights
        edge = self.edges_said(view.x_NCHW, made.edge_N1HW)
        fill = self.fill_critic.judged(made.whole_NCHW)
        with torch.no_grad():
            real_edge = self.edges_said(view.x_NCHW, view.edge_N1HW)
            real_fill = self.fill_critic.judged(view.x_NCHW)
        return {
            "edge_generator": weights.edge_fooling
            * at_holes(self.generator_objective, edge[0], edge[0], view.hole_N1HW),
            "edge_matching": weights.edge_fooling * weights.matching * matched([edge], [real_edge]),
            "generator": weights.fooling
            * at_holes(self.generator_objective, fill[0], fill[0], view.hole_N1HW),
            "matching": weights.fooling * weights.matching * matched([fill], [real_fill]),
        }

    def critic_losses(self, turn: Turn) -> Losses:
        view, made = self.made(turn)
        real_edge, edge = (
            self.edges_said(view.x_NCHW, e)[0] for e in (view.edge_N1HW, made.edge_N1HW.detach())
        )
        real, fill = (self.fill_critic.judged(x)[0] for x in (view.x_NCHW, made.whole_NCHW.detach()))
        turn.readings["margin"] = at_holes(margin, real, fill, view.hole_N1HW).item()
        return {
            "edge_critic": at_holes(self.critic_objective, real_edge, edge, view.hole_N1HW),
            "critic": at_holes(self.critic_objective, real, fill, view.hole_N1HW),
        }

    def edge_distance(self, logit_N1HW: Tensor, edge_N1HW: Tensor, hole_N1HW: Tensor) -> Tensor:
        """Cross-entropy within the hole: in a run of minutes the critic alone does not find the edges."""
        loss_N1HW = F.binary_cross_entropy_with_logits(logit_N1HW.float(), edge_N1HW, reduction="none")
        return within(loss_N1HW, hole_N1HW)

    def edges_said(self, x_NCHW: Tensor, edge_N1HW: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What the first critic says of edges beside the grey picture they belong to (eq. 2)."""
        return self.edge_critic.judged(torch.cat([x_NCHW[:, :3].mean(1, keepdim=True), edge_N1HW], 1))

    def made(self, turn: Turn) -> tuple[View, Made]:
        """All that is seen in this turn and what is made of it, once for both players."""
        return turn.once("made", lambda: self.make(turn))

    def make(self, turn: Turn) -> tuple[View, Made]:
        whole, piece = self.cut_out(turn)
        is_joint = turn.progress >= self.recipe.joint
        first = self.fill_in(whole, begun(whole.x_NCHW, whole.hole_N1HW, None), is_joint)
        if piece is None:
            return whole, first
        before_NCHW = self.piece_of(turn, larger_smoothly(first.whole_NCHW.detach()))
        second = self.fill_in(piece, laid_in(piece.x_NCHW, before_NCHW, piece.hole_N1HW), is_joint)
        view = View(*map(torch.cat, zip(whole, piece, strict=True)))
        return view, Made(*map(torch.cat, zip(first, second, strict=True)))

    def fill_in(self, view: View, begun_NCHW: Tensor, is_joint: bool) -> Made:
        logit_N1HW = self.generator.imagined(begun_NCHW, view.around_N1HW, view.hole_N1HW)
        imagined_N1HW = torch.sigmoid(logit_N1HW).float()
        inside_N1HW = imagined_N1HW if is_joint else view.edge_N1HW
        # Around the hole the edges are those that can be seen there in use as well.
        given_N1HW = laid_in(view.around_N1HW, inside_N1HW, view.hole_N1HW)
        drawn_N1HW = laid_in(view.edge_N1HW, imagined_N1HW, view.hole_N1HW)
        return Made(logit_N1HW, drawn_N1HW, self.generator.filled(begun_NCHW, given_N1HW, view.hole_N1HW))

    def cut_out(self, turn: Turn) -> tuple[View, View | None]:
        """Regions at the sides that they are first seen at, and the pieces that are seen after that, if any are."""
        piece = self.recipe.nets.piece_px
        if min(turn.image_NCHW.shape[2:]) < 2 * piece:
            x_NCHW = self.piece_of(turn, turn.image_NCHW)
            return seen(x_NCHW, self.holes(turn, x_NCHW)), None
        x_NCHW = regions(turn, 2 * piece)
        hole_N1HW = self.holes(turn, x_NCHW)
        # As in use, a pixel at the rim of a hole tells nothing of those of its square that are hidden.
        around_NCHW, half_N1HW = halved_around(x_NCHW, hole_N1HW)
        whole = seen(laid_in(around_NCHW, smaller(x_NCHW), half_N1HW), half_N1HW)
        return whole, seen(self.piece_of(turn, x_NCHW), self.piece_of(turn, hole_N1HW))

    def piece_of(self, turn: Turn, x_NCHW: Tensor) -> Tensor:
        """The turn's piece of each picture."""
        return squares(turn, x_NCHW, self.recipe.nets.piece_px)

    def holes(self, turn: Turn, x_NCHW: Tensor) -> Tensor:
        sides = x_NCHW.shape[2:]
        drawn = [
            hole(chance_of(turn.streams, "hole", turn.first + place), *sides) for place in range(turn.count)
        ]
        return torch.from_numpy(np.stack(drawn)[:, None].astype(np.float32)).to(x_NCHW.device)

    def published(self) -> dict[str, nn.Module]:
        """A copy of the averaged networks."""
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
        side = min(2 * self.recipe.nets.piece_px, *examples.image_NCHW.shape[2:])
        top, left = ((whole - side) // 2 for whole in examples.image_NCHW.shape[2:])
        x_NCHW = examples.image_NCHW[:SHOWN, :, top : top + side, left : left + side]
        chances = [chance_of(self.streams, "preview", place) for place in range(len(x_NCHW))]
        holes = np.stack([hole(chance, side, side, SHOWN_SHARE) for chance in chances])
        return x_NCHW, torch.from_numpy(holes[:, None].astype(np.float32)).to(x_NCHW.device)


def within(x_NCHW: Tensor, hole_N1HW: Tensor) -> Tensor:
    """The mean over pictures of each one's mean over its hole, so that it does not matter how a batch is cut."""
    sum_N = (x_NCHW.mean(1, keepdim=True) * hole_N1HW).sum((1, 2, 3))
    return (sum_N / hole_N1HW.sum((1, 2, 3)).clamp_min(1)).mean()


def at_holes(
    objective: Callable[[Tensor, Tensor], Tensor],
    real_N1YX: Tensor,
    fake_N1YX: Tensor,
    hole_N1HW: Tensor,
) -> Tensor:
    """An objective of the logits at places with a hole, for elsewhere both sides are the same: the mean over pictures
    of each one's, so that it does not matter how a batch is cut.
    """
    is_there_N1YX = F.adaptive_max_pool2d(hole_N1HW, real_N1YX.shape[2:]) > 0
    told = [
        objective(real[there], fake[there])
        for real, fake, there in zip(real_N1YX, fake_N1YX, is_there_N1YX, strict=True)
        if there.any()
    ]
    return torch.stack([0 * fake_N1YX.sum(), *told]).sum() / len(fake_N1YX)


def margin(real_P: Tensor, fake_P: Tensor) -> Tensor:
    """By how much a critic rates the real ones higher."""
    return real_P.mean() - fake_P.mean()


def seen(x_NCHW: Tensor, hole_N1HW: Tensor) -> View:
    """With the edges of pictures, and with those that are seen around their holes."""
    return View(x_NCHW, hole_N1HW, canny(x_NCHW), canny(x_NCHW, hole_N1HW))


def squares(turn: Turn, x_NCHW: Tensor, side: int) -> Tensor:
    """A square from a place of its own out of each picture (N, C, S, S); all of one that is smaller."""
    height, width = (min(side, whole) for whole in x_NCHW.shape[2:])
    u_N2 = turn.streams.uniforms("piece", turn.first, turn.count, 2)
    tops = (u_N2[:, 0] * (x_NCHW.shape[2] - height + 1)).astype(int)
    lefts = (u_N2[:, 1] * (x_NCHW.shape[3] - width + 1)).astype(int)
    cut = [
        x_CHW[:, top : top + height, left : left + width]
        for x_CHW, top, left in zip(x_NCHW, tops, lefts, strict=True)
    ]
    return torch.stack(cut).contiguous(memory_format=torch.channels_last)


def regions(turn: Turn, side: int) -> Tensor:
    """A square of a size and from a place of its own out of each picture of the turn, brought to this side, which is
    its least (N, C, S, S).
    """
    x_NCHW = turn.image_NCHW
    height, width = x_NCHW.shape[2:]
    u_N3 = turn.streams.uniforms("region", turn.first, turn.count, 3)
    found = []
    for x_CHW, (size, down, across) in zip(x_NCHW, u_N3, strict=True):
        own = side + int(size * (min(height, width) - side + 1))
        top, left = int(down * (height - own + 1)), int(across * (width - own + 1))
        x_1CHW = x_CHW[None, :, top : top + own, left : left + own]
        found.append(F.interpolate(x_1CHW, (side, side), mode="bilinear", antialias=True))
    return torch.cat(found).contiguous(memory_format=torch.channels_last)


def chance_of(streams: Streams, purpose: str, index: int) -> np.random.Generator:
    """Random numbers of one image."""
    return np.random.default_rng(streams.words(purpose, index, 1, 4)[0])
