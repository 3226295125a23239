"""The Frechet distance between two sets of features: FID, when the features are Inception's.

Heusel et al. 2017 (arXiv:1706.08500, section 4): both sets are described by a Gaussian, and
``|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`` is how far apart these are.

It is biased: fewer samples look farther away, by about a constant divided by their number (Binkowski et al. 2018,
arXiv:1801.01401, appendix; Chong and Forsyth 2020, arXiv:1911.07023). Compare only distances of the same number of
samples; the interval says nothing of this bias.

Matrices go through torch, which keeps to the number of threads that it was given.

Shapes: N images, F features.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rectoverso.recto.metrics.estimate import Estimate
from rectoverso.recto.metrics.features import Floats

Doubles = NDArray[np.float64]

RESAMPLES = 20
METHOD = f"bootstrap over the generated samples, {RESAMPLES} resamples, normal"


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Mean (F,) and covariance (F, F), in float64."""

    mean_F: Tensor
    covariance_FF: Tensor

    @classmethod
    def of(cls, feature_NF: Floats, times_N: Doubles | None = None) -> Gaussian:
        """Of features (N, F), each counted ``times_N`` (N,) times, or once; the covariance is the unbiased one."""
        mean_F, apart_NF = _apart(feature_NF, times_N)
        return cls(mean_F, apart_NF.T @ apart_NF)

    @cached_property
    def root_FF(self) -> Tensor:
        """The symmetric square root of the covariance."""
        values_F, vectors_FF = torch.linalg.eigh(self.covariance_FF)
        root_FF: Tensor = (vectors_FF * values_F.clamp(min=0).sqrt()) @ vectors_FF.T
        return root_FF


def distance(one: Gaussian, other: Gaussian) -> float:
    """The Frechet distance of two Gaussians.

    The trace of ``(S1 S2)^(1/2)`` is the sum of the roots of the eigenvalues of ``S1^(1/2) S2 S1^(1/2)``, which is
    symmetric: no complex numbers arise, and singular covariances do no harm.
    """
    between_FF = one.root_FF @ other.covariance_FF @ one.root_FF
    return _sum(one, other.mean_F, other.covariance_FF.trace(), between_FF)


def distance_to(real: Gaussian, fake_NF: Floats, times_N: Doubles | None = None) -> float:
    """The distance of features (N, F), each counted so many times, from a Gaussian.

    With fewer samples than features, the same eigenvalues are those of a smaller matrix (N, N).
    """
    if len(fake_NF) >= fake_NF.shape[1]:
        return distance(real, Gaussian.of(fake_NF, times_N))
    mean_F, apart_NF = _apart(fake_NF, times_N)
    return _sum(real, mean_F, apart_NF.square().sum(), apart_NF @ real.covariance_FF @ apart_NF.T)


def frechet_distance(real: Gaussian, fake_NF: Floats, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """The distance of generated features (N, F) from the data's Gaussian, which is taken as known.

    A resample holds fewer different samples, and so is biased upwards itself; only the spread of the resamples
    is used, around the distance of all samples.
    """
    rng, count = np.random.default_rng(seed), len(fake_NF)
    times_RN = rng.multinomial(count, np.full(count, 1 / count), resamples).astype(np.float64)
    again = [distance_to(real, fake_NF, times_N) for times_N in times_RN]
    return Estimate.normal(distance_to(real, fake_NF), float(np.std(again, ddof=1)), METHOD, least=0.0)


def _apart(feature_NF: Floats, times_N: Doubles | None) -> tuple[Tensor, Tensor]:
    """The mean (F,), and the features' distances from it (N, F), scaled so that their square is the covariance."""
    times = torch.ones(len(feature_NF)).double() if times_N is None else torch.from_numpy(times_N)
    count = float(times.sum())
    if count < 2:
        raise ValueError("a covariance needs two samples")
    x_NF = torch.from_numpy(feature_NF).double()
    mean_F = times @ x_NF / count
    return mean_F, (x_NF - mean_F) * (times / (count - 1)).sqrt()[:, None]


def _sum(real: Gaussian, mean_F: Tensor, spread: Tensor, between: Tensor) -> float:
    overlap = torch.linalg.eigvalsh(between).clamp(min=0).sqrt().sum()
    apart = (real.mean_F - mean_F).square().sum()
    return float(apart + real.covariance_FF.trace() + spread - 2 * overlap)
