"""Precision and recall, density and coverage: whether pictures lie where the data lie, and the reverse.

Each set is a cloud of balls, one around every picture, out to its k-th neighbour in the same set. Precision: the share
of generated pictures inside a ball of the data; recall: the share of the data inside a ball of the generated
(Kynkaanniemi et al. 2019, arXiv:1904.06991, section 2; k = 3). Density: how many balls of the data a generated
picture is in, over k; coverage: the share of the data's balls with a generated picture in them (Naeem et al. 2020,
arXiv:2002.09797, section 3; k = 5).

Shapes: N real images, M generated images, B of them at a time, F features.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from rectoverso.recto.metrics.estimate import Estimate
from rectoverso.recto.metrics.features import Floats

K_BALLS = 3
K_COUNTED = 5
BLOCK = 1000
METHOD = "standard error over the pictures that are judged, the balls taken as they are, normal"


@torch.inference_mode()
def manifold_scores(real_NF: Floats, fake_MF: Floats) -> dict[str, Estimate]:
    """``precision``, ``recall``, ``density`` and ``coverage`` of generated features (M, F) among real (N, F).

    Sets of equal size are meant; each needs more than 5. Distances are Euclidean, every pair's, a block of rows at a
    time.
    """
    if min(len(real_NF), len(fake_MF)) <= K_COUNTED:
        raise ValueError(f"neighbours need more than {K_COUNTED} samples of each kind")
    centre_F = real_NF.mean(0, dtype=np.float64).astype(np.float32)  # small numbers lose least when squared
    real, fake = torch.from_numpy(real_NF - centre_F), torch.from_numpy(fake_MF - centre_F)
    ball_N, counted_N = radii(real, (K_BALLS, K_COUNTED))
    (fake_ball_M,) = radii(fake, (K_BALLS,))
    precise, density = [], []
    recalled_N = torch.zeros(len(real), dtype=torch.bool)
    nearest_N = torch.full((len(real),), torch.inf)
    for rows, apart_BN in _blocks(fake, real):
        precise.append((apart_BN <= ball_N).any(1))
        density.append((apart_BN < counted_N).sum(1).double() / K_COUNTED)
        recalled_N |= (apart_BN <= fake_ball_M[rows, None]).any(0)
        nearest_N = torch.minimum(nearest_N, apart_BN.amin(0))
    return {
        "precision": _mean(torch.cat(precise)),
        "recall": _mean(recalled_N),
        "density": _mean(torch.cat(density)),
        "coverage": _mean(nearest_N < counted_N),
    }


def radii(x_NF: Tensor, ks: tuple[int, ...]) -> list[Tensor]:
    """The squared distance (N,) from each to its k-th neighbour among the others, for every k."""
    found = []
    for rows, apart_BN in _blocks(x_NF, x_NF):
        places_B = torch.arange(rows.start, rows.start + len(apart_BN))
        apart_BN[torch.arange(len(apart_BN)), places_B] = torch.inf
        found.append(apart_BN.topk(max(ks), dim=1, largest=False, sorted=True).values)
    nearest_NK = torch.cat(found)
    return [nearest_NK[:, k - 1] for k in ks]


def _blocks(x_MF: Tensor, y_NF: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Squared distances (B, N) from some rows of the first set to all of the second."""
    square_N = y_NF.square().sum(1)
    for first in range(0, len(x_MF), BLOCK):
        x_BF = x_MF[first : first + BLOCK]
        apart_BN = torch.addmm(square_N[None], x_BF, y_NF.T, alpha=-2).add_(x_BF.square().sum(1)[:, None])
        yield slice(first, first + BLOCK), apart_BN.clamp_(min=0)


def _mean(value_N: Tensor) -> Estimate:
    values = value_N.double()
    error = float(values.std() / len(values) ** 0.5)
    return Estimate.normal(float(values.mean()), error, METHOD, least=0.0)
