"""The Inception Score, by any classifier: whether each picture shows one thing, and all together many.

Salimans et al. 2016 (arXiv:1606.03498, section 4): ``exp(E KL(p(y|x) || p(y)))``, from 1 to the number of classes. It
looks at no data, so pictures that were copied score well.

Shapes: N images, K classes.
"""

from __future__ import annotations

import math

import numpy as np

from rectoverso.recto.metrics.estimate import Estimate
from rectoverso.recto.metrics.features import Floats

SPLITS = 10
METHOD = f"spread over {SPLITS} equal parts, normal"
_TINY = 1e-12


def inception_score(probability_NK: Floats, splits: int = SPLITS) -> Estimate:
    """The mean score of ``splits`` equal parts of the class probabilities (N, K), as the paper takes it."""
    parts = [score_of(part) for part in np.array_split(probability_NK, splits) if len(part)]
    error = float(np.std(parts, ddof=1)) / math.sqrt(len(parts)) if len(parts) > 1 else math.nan
    return Estimate.normal(float(np.mean(parts)), error, METHOD, least=1.0)


def score_of(probability_NK: Floats) -> float:
    """The score of one part."""
    p_NK = probability_NK.astype(np.float64).clip(_TINY)
    apart_N = (p_NK * (np.log(p_NK) - np.log(p_NK.mean(0)))).sum(1)
    return float(np.exp(apart_N.mean()))
