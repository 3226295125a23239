"""KID, the kernel distance between two sets of features.

Binkowski et al. 2018 (arXiv:1801.01401, section 4): the squared maximum mean discrepancy with the kernel
``(x . y / F + 1)^3``, estimated without bias and averaged over subsets. Unlike FID it does not depend on the number of
samples, other than by chance; around zero it may be negative.

Shapes: N images, M images of a subset, F features.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from rectoverso.recto.metrics.estimate import Estimate
from rectoverso.recto.metrics.features import Floats

SUBSETS = 100
SUBSET = 1000
FEWEST_APART = 10
"""Subsets are so small that this many fit beside each other."""
METHOD = "subsets, as if only those that fit beside each other were independent, normal"


def kernel_distance(
    real_NF: Floats, fake_NF: Floats, *, subsets: int = SUBSETS, subset: int | None = None, seed: int = 0
) -> Estimate:
    """KID of two sets of features, (N, F) each, over random subsets of at most 1000 and a tenth of the smaller set.

    All subsets are drawn from the same samples, so their number does not make the interval narrower: the standard
    error is their spread over the root of how many disjoint ones there could be.
    """
    fewest = min(len(real_NF), len(fake_NF))
    subset = subset or max(2, min(SUBSET, fewest // FEWEST_APART))
    rng = np.random.default_rng(seed)
    values = [discrepancy(_some(real_NF, subset, rng), _some(fake_NF, subset, rng)) for _ in range(subsets)]
    apart = max(1, fewest // subset)
    error = float(np.std(values, ddof=1)) / math.sqrt(apart) if subsets > 1 else math.nan
    return Estimate.normal(float(np.mean(values)), error, METHOD)


def discrepancy(x_MF: Floats, y_MF: Floats) -> float:
    """The unbiased estimate of the squared discrepancy of two sets of equal size (equation 4)."""
    count = len(x_MF)
    within = sum(
        (kernel.sum() - np.trace(kernel)) / (count - 1)
        for kernel in (_kernel(x_MF, x_MF), _kernel(y_MF, y_MF))
    )
    return float((within - 2 * _kernel(x_MF, y_MF).sum() / count) / count)


def _kernel(x_MF: Floats, y_MF: Floats) -> NDArray[np.float64]:
    dots_MM = torch.from_numpy(x_MF) @ torch.from_numpy(y_MF).T  # torch keeps to its number of threads
    base_MM = dots_MM.numpy().astype(np.float64) / x_MF.shape[1] + 1
    cube_MM: NDArray[np.float64] = base_MM * base_MM * base_MM
    return cube_MM


def _some(feature_NF: Floats, count: int, rng: np.random.Generator) -> Floats:
    return feature_NF[rng.choice(len(feature_NF), count, replace=False)]
