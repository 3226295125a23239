"""Are the held-out pictures of the same kind as those that were trained on? Asked without the run.

Attacks tell members from others also where the two merely differ: other years, another camera, a file format, an order
by which they were parted. What whoever has never seen the run can tell is no leak, and nothing that an attack says of
such pictures is one either. And pictures that were chosen to look like members would hide one. So a classifier of
pictures alone learns the sides on one half of the pictures asked about and is tried on the other, and the other way
round: where it does better than chance, there is no audit.

It sees the features of the screening (neighbours.py), and what these leave out: how bright, how rich in contrast, and
how fine a picture is, and how it changes where blocks of JPEG begin.

Source: D. Das, J. Zhang, F. Tramer, "Blind Baselines Beat Membership Inference Attacks for Foundation Models",
arXiv:2406.16201.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.audit.attack import Attack, Flags, Floats
from rectoverso.verso.screen.neighbours import described

# Shapes: N pictures, H height, W width, C channels, F features, T pictures to learn from, V to try on.

Images = NDArray[np.uint8]

LEVEL = 0.001
"""Sides that were parted by lot are taken for different ones so seldom."""
SHRINKAGE = 0.1
"""Of the mean variance, added to each direction: fewer pictures than features are no reason to believe them all."""
BLOCK_PX = 8
CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Kinds:
    """How often chance tells the sides apart as well as pictures alone do, and how well that is: half is chance."""

    p_value: float
    area: float

    @property
    def differ(self) -> bool:
        return self.p_value < LEVEL

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"p_value": float(f"{self.p_value:.3g}"), "area": round(self.area, 4)}


def kinds(images_NHWC: Images, is_member_N: Flags) -> Kinds:
    """Try to tell members from others by the pictures alone, which come in an order that knows no membership."""
    feature_NF = features(images_NHWC)
    half = len(feature_NF) // 2
    halves = slice(None, half), slice(half, None)
    tried = [
        Attack.of(
            "kinds", _scores(feature_NF[learnt], is_member_N[learnt], feature_NF[asked]), is_member_N[asked]
        )
        for learnt, asked in (halves, halves[::-1])
    ]
    # Each half alone is a test that holds; of two the better one is twice as likely.
    least = 2 * min(one.chance for one in tried)
    return Kinds(min(1.0, least), float(np.mean([one.area for one in tried])))


def _scores(learnt_TF: Floats, is_member_T: Flags, asked_VF: Floats) -> Floats:
    """Fisher's discriminant, learnt on some and tried on others."""
    member_TF, other_TF = learnt_TF[is_member_T], learnt_TF[~is_member_T]
    if not len(member_TF) or not len(other_TF):
        return np.zeros(len(asked_VF))
    within = np.concatenate([member_TF - member_TF.mean(axis=0), other_TF - other_TF.mean(axis=0)])
    spread_FF = within.T @ within / len(within)
    spread_FF[np.diag_indices_from(spread_FF)] += SHRINKAGE * np.trace(spread_FF) / len(spread_FF) + 1e-12
    apart_F = member_TF.mean(axis=0) - other_TF.mean(axis=0)
    return np.asarray(asked_VF @ np.linalg.solve(spread_FF, apart_F), np.float64)


def features(images_NHWC: Images) -> Floats:
    """What is seen of pictures (uint8 NHWC): (N, F), each of unit variance over them."""
    parts = [_plain(images_NHWC[at : at + CHUNK]) for at in range(0, len(images_NHWC), CHUNK)]
    feature_NF = np.concatenate([described(images_NHWC).astype(np.float64), np.concatenate(parts)], axis=1)
    centred_NF = feature_NF - feature_NF.mean(axis=0)
    return np.asarray(centred_NF / np.maximum(centred_NF.std(axis=0), 1e-9), np.float64)


def _plain(images_NHWC: Images) -> Floats:
    """Means, contrasts and extremes by channel; steps from pixel to pixel, within blocks and between them."""
    x_NHWC = images_NHWC.astype(np.float32)
    down, across = (np.abs(np.diff(x_NHWC, axis=axis)).mean(axis=3) for axis in (1, 2))
    twice = np.abs(np.diff(x_NHWC, n=2, axis=2)).mean(axis=(1, 2, 3))
    between_NHW = across[:, :, BLOCK_PX - 1 :: BLOCK_PX]
    blocks = between_NHW.mean(axis=(1, 2)) if between_NHW.size else np.zeros(len(x_NHWC), np.float32)
    steps = [down.mean(axis=(1, 2)), across.mean(axis=(1, 2)), twice, blocks]
    ends = [(images_NHWC == end).mean(axis=(1, 2)) for end in (0, 255)]
    told = [x_NHWC.mean(axis=(1, 2)), x_NHWC.std(axis=(1, 2)), *ends, np.log1p(np.stack(steps, axis=1))]
    return np.concatenate(told, axis=1).astype(np.float64)
