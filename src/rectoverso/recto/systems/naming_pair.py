"""A pair whose critic learns the names of real pictures as well.

The classifier's half of AC-GAN (Odena, Olah and Shlens 2017, arXiv:1610.09585, eq. 2), for real pictures alone and read
from the same class vectors as the projection (Miyato and Koyama 2018): the critic soon has features that tell classes
apart, and the generator hears of them through the one logit. It is not asked for pictures that are easy to name, which
costs AC-GAN its variety.

Shapes: N images, M = 2 N real and generated ones, F features, K classes, C channels, H height, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from rectoverso.recto.nets.plain import PlainCritic
from rectoverso.recto.systems.augmented_pair import AugmentedPair
from rectoverso.recto.systems.one_pass import OnePassPair
from rectoverso.recto.train.players import Losses, Turn

if TYPE_CHECKING:
    from rectoverso.recto.systems.default import DefaultRecipe


class Naming(AugmentedPair):
    """A pair, in one pass or in two, with this lesson for its critic."""

    def judged(self, x_MCHW: Tensor, turn: Turn) -> tuple[Tensor, Losses]:
        naming = cast("DefaultRecipe", self.recipe).naming
        if turn.label_N is None or not naming:
            return super().judged(x_MCHW, turn)
        critic = cast("PlainCritic", self.critic)
        f_MF = critic.features(x_MCHW.contiguous(memory_format=torch.channels_last))
        named_NK = critic.named(f_MF[: len(turn.label_N)]).float()
        loss = naming * F.cross_entropy(named_NK, turn.label_N)
        return critic.rated(f_MF, self.labels(turn)).float(), {"naming": loss}


class NamingPair(Naming):
    """The players of `default` (a `Cast`), one after the other."""


class OnePassNamingPair(Naming, OnePassPair):
    """The players of `default` (a `Cast`), both at once."""
