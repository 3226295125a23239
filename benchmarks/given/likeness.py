"""How near pictures are to the true ones: in pixels, in structure, and in the features of a network taught on the data.

``proxy-LPIPS`` is the distance of Zhang et al. 2018 (arXiv:1801.03924, eq. 1 with all weights 1) through the layers of
the proxy network; it compares with no other network's.

Shapes: N images, C channels, H height, W width, D features.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.metrics.proxy import ProxyFeatures, resized
from rectoverso.recto.sample.likeness import psnr_db, ssim

BATCH = 32
Images = NDArray[np.uint8]


def distances(made: Images, true: Images, features: ProxyFeatures) -> dict[str, float]:
    """Means over the pictures: L1 of values from 0 to 1, PSNR, SSIM, proxy-LPIPS, distance of proxy features."""
    pairs = list(zip(made, true, strict=True))
    return {
        "L1": float(np.mean([np.abs(a.astype(float) - b).mean() / 255 for a, b in pairs])),
        "PSNR": float(np.mean([psnr_db(a, b) for a, b in pairs])),
        "SSIM": float(np.mean([ssim(a, b) for a, b in pairs])),
        "proxy-LPIPS": float(np.mean(perceived(made, true, features))),
        "proxy-distance": float(np.mean(apart(made, true, features))),
    }


def apart(made: Images, true: Images, features: ProxyFeatures) -> NDArray[np.float64]:
    """The distance of the features that FID is made of, of each pair (N,)."""
    apart_N: NDArray[np.float64] = np.linalg.norm(embedded(made, features) - embedded(true, features), axis=1)
    return apart_N


@torch.inference_mode()
def embedded(images: Images, features: ProxyFeatures) -> NDArray[np.float64]:
    """The features (N, D) that FID is made of."""
    batches = [images[first : first + BATCH] for first in range(0, len(images), BATCH)]
    return np.concatenate([features.embed(to_tensor(batch))[0].double().numpy() for batch in batches])


@torch.inference_mode()
def of_class(images: Images, features: ProxyFeatures, number: int) -> float:
    """The share of the pictures that the network takes for this class."""
    told = [
        features.net(to_tensor(images[first : first + BATCH]))[1] for first in range(0, len(images), BATCH)
    ]
    return float((torch.cat(told).argmax(1) == number).float().mean())


@torch.inference_mode()
def perceived(made: Images, true: Images, features: ProxyFeatures) -> NDArray[np.float64]:
    """The distance of each pair (N,): of unit vectors at every place of every layer, squared, a mean over places."""
    rows = []
    for first in range(0, len(made), BATCH):
        x, y = (to_tensor(images[first : first + BATCH]) for images in (made, true))
        total = torch.zeros(len(x))
        for a, b in zip(_layers(x, features), _layers(y, features), strict=True):
            total += (F.normalize(a, dim=1) - F.normalize(b, dim=1)).square().sum(1).mean((1, 2))
        rows.append(total.double().numpy())
    return np.concatenate(rows)


def _layers(x_NCHW: torch.Tensor, features: ProxyFeatures) -> list[torch.Tensor]:
    x = F.pixel_unshuffle(resized(x_NCHW, features.net.sides), 2)
    seen = []
    for layer in features.net.layers:
        x = layer(x)
        seen.append(x.float())
    return seen
