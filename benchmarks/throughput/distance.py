"""How far generated pictures are from real ones: two small Frechet distances without downloaded weights.

Neither is the FID of papers, which measures in the features of a large classifier. They are what they say:

``layout``   64 principal components of the real pictures at half size: composition, colour, contrast.
``filters``  64 principal components of what an untrained, fixed network of three random convolutions sees
             (mean and spread of each channel): edges and textures.

Both answer one question: are the pictures of two trainings equally far from the real ones?
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.linalg import sqrtm

COMPONENTS = 64
Features = NDArray[np.float64]


def distances(made: NDArray[np.uint8], real: NDArray[np.uint8]) -> dict[str, float]:
    """Both distances between two sets of pictures, uint8 NHWC."""
    return {
        name: _frechet(see(made), see(real)) for name, see in (("layout", _layout), ("filters", _filters))
    }


def _frechet(made: Features, real: Features) -> float:
    """Between normal distributions fitted to both, in the principal components of the real one."""
    centre, spread = real.mean(0), real.std(0) + 1e-6
    made, real = (made - centre) / spread, (real - centre) / spread
    axes = np.linalg.eigh(np.cov(real.T))[1][:, -COMPONENTS:]
    made, real = made @ axes, real @ axes
    gap = made.mean(0) - real.mean(0)
    made_cov, real_cov = np.cov(made.T), np.cov(real.T)
    joint = sqrtm(made_cov @ real_cov).real
    return float(gap @ gap + np.trace(made_cov + real_cov - 2 * joint))


def _layout(images: NDArray[np.uint8]) -> Features:
    count, height, width, channels = images.shape
    squares = images.reshape(count, height // 2, 2, width // 2, 2, channels)
    return squares.mean((2, 4)).reshape(count, -1)


def _filters(images: NDArray[np.uint8]) -> Features:
    random = torch.Generator().manual_seed(11)
    widths = (3, 32, 64, 128)
    kernels = [
        torch.randn(after, before, 3, 3, generator=random) / (before * 9) ** 0.5
        for before, after in pairwise(widths)
    ]
    rows = []
    with torch.no_grad():
        for start in range(0, len(images), 500):
            x = torch.from_numpy(images[start : start + 500]).permute(0, 3, 1, 2).float() / 127.5 - 1
            seen = []
            for kernel in kernels:
                x = F.leaky_relu(F.conv2d(x, kernel, stride=2, padding=1), 0.2)
                seen += [x.mean((2, 3)), x.std((2, 3))]
            rows.append(torch.cat(seen, 1).numpy())
    return np.concatenate(rows).astype(np.float64)
