"""A generator that is taught to have the mean random features of pictures it never sees (Harder et al. 2021).

Random Fourier features (Rahimi and Recht 2007) are cosines and sines of random projections, together 1 long. Their mean
over the pictures of a class, in the limit, is all there is to know of them (Gretton et al. 2012). It is released once,
with noise, beside the class's count; the square distance of the generator's means to that is its loss.

Shapes: N pictures, B of a batch, Z latent, C channels, H height, W width, P pixels and channels, F frequencies, K
classes, D = 2 F features.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.privacy.engine import CUTS, Mechanism, filled
from rectoverso.recto.privacy.feed import PrivateTurn
from rectoverso.recto.privacy.guarantee import noise_of
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Losses, Phase, Player, Turn
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.dpmerf import DpmerfRecipe

PREVIEWS = 64
AT_ONCE = 256
"""Pictures whose features are in memory together."""


class Released(nn.Module):
    """The one look: noisy sums of features and counts (K, D + 1), in steps of the lattice. Part of the state of a run,
    so that no run looks twice.
    """

    sum_KE: Tensor
    is_there: Tensor

    def __init__(self, classes: int, features: int) -> None:
        super().__init__()
        self.register_buffer("sum_KE", torch.zeros(classes, features + 1, dtype=torch.float64))
        self.register_buffer("is_there", torch.tensor(0))


class MeanMatch:
    """The one player of `dpmerf` (a `Cast`)."""

    def __init__(self, recipe: DpmerfRecipe, shape: Shape, streams: Streams) -> None:
        self.recipe, self.shape, self.streams = recipe, shape, streams
        self.classes = max(1, shape.classes)
        seen = recipe.seen(shape)
        self.sides = (seen.height_px, seen.width_px)
        pixels = seen.channels * seen.height_px * seen.width_px
        self.generator = recipe.generator(shape)
        self.released = self.generator.released = Released(self.classes, 2 * recipe.frequencies)
        self.players = (Player("generator", self.generator, recipe.adam, recipe.averaging),)
        self.phases = (Phase(("generator",), self.losses),)
        projection_PF = streams.normals("frequencies", 0, pixels, recipe.frequencies)
        self.projection_PF = torch.from_numpy(projection_PF) / (recipe.kernel * math.sqrt(pixels))

    def losses(self, turn: Turn) -> Losses:
        """The mean over classes of the square distance between means; free of what the generated pictures' own spread
        adds to it, but for a number that nothing changes.
        """
        assert isinstance(turn, PrivateTurn)  # noqa: S101 - no other feed hands out private pictures
        if not self.released.is_there:
            self.look(turn)
        label_B = torch.arange(turn.count, device=turn.image_NCHW.device) % self.classes
        picture_BCHW = self.generator(
            turn.normals("latent", self.recipe.latent), label_B if self.shape.classes else None
        )
        feature_BD = self.features(picture_BCHW)
        own_KB = F.one_hot(label_B, self.classes).T.to(feature_BD.dtype)
        count_K1 = own_KB.sum(1, keepdim=True)
        mean_KD = own_KB @ feature_BD / count_K1
        spread_K = (count_K1[:, 0] * (mean_KD**2).sum(1) - 1) / (count_K1[:, 0] - 1)
        return {"generator": (spread_K - 2 * (mean_KD * self.wanted()).sum(1)).mean()}

    @torch.no_grad()
    def look(self, turn: PrivateTurn) -> None:
        """Sum what every picture says, add the noise, and keep it."""
        mechanism = Mechanism(self.recipe.clip_of_one(), noise_of(self.recipe), 1)
        label_N = (
            turn.label_N if turn.label_N is not None else torch.zeros(len(turn.image_NCHW), dtype=torch.int64)
        )
        sum_KE = torch.zeros_like(self.released.sum_KE, dtype=torch.int64)
        for first in range(0, len(turn.image_NCHW), AT_ONCE):
            label_n = label_N[first : first + AT_ONCE].to(sum_KE.device)
            feature_ND = self.features(filled(turn.image_NCHW[first:], AT_ONCE))[: len(label_n)]
            said_NE = torch.cat([feature_ND, torch.ones_like(feature_ND[:, :1])], dim=1) / math.sqrt(2)
            sum_KE.index_add_(0, label_n, mechanism.cut(said_NE).to(torch.int64))
        noisy_E = mechanism.noised(sum_KE.flatten(), turn.secret, turn.number)
        self.released.sum_KE.copy_(noisy_E.view_as(sum_KE))
        self.released.is_there.fill_(1)

    def wanted(self) -> Tensor:
        """The mean features of each class (K, D), as far as the release tells: sums over counts."""
        sum_KE = self.released.sum_KE
        return (sum_KE[:, :-1] / sum_KE[:, -1:].clamp_min(CUTS)).float()

    def features(self, x_NCHW: Tensor) -> Tensor:
        """Random features (N, D), each row 1 long."""
        seen_NCHW = F.adaptive_avg_pool2d(x_NCHW, self.sides)
        turned_NF = seen_NCHW.flatten(1) @ self.projection_PF.to(x_NCHW)
        both_ND = torch.cat([turned_NF.cos(), turned_NF.sin()], dim=1)
        return both_ND / math.sqrt(self.recipe.frequencies)

    def published(self) -> dict[str, nn.Module]:
        """A copy of the averaged generator."""
        average = self.players[0].average
        generator = copy.deepcopy(average.module if average else self.generator)
        del generator.released
        return {"generator": generator}

    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """The pictures alone: they are made from nothing."""
        del examples
        return picture_NCHW

    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """64 pictures, the classes in turn."""
        del examples
        module = published["generator"]
        device = next(module.parameters()).device
        noise_NZ = torch.from_numpy(self.streams.normals("preview", 0, PREVIEWS, self.recipe.latent)).to(
            device
        )
        label_N = torch.arange(PREVIEWS, device=device) % self.classes if self.shape.classes else None
        with torch.no_grad():
            picture_NCHW: Tensor = module(noise_NZ, label_N)
        return picture_NCHW
