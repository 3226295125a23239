"""What pictures are compared by: a network's features, and the class probabilities where it has classes.

Any network can be plugged in (`Features`). Two are here: `proxy`, trained on the data itself, whose scores compare
only with scores of the very same features, and `inception`, that of the papers.

Shapes: N images, F features, K classes, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rectoverso.recto.data.pixels import to_tensor
from rectoverso.types import Digest

Floats = NDArray[np.float32]
Images = NDArray[np.uint8]

BATCH = 250


class Features(Protocol):
    """A network that pictures are seen through. ``name`` and ``digest`` say which one, to the bit.

    ``published`` are the metrics whose scores by these features are those of the literature; the others go by the
    network's name. ``width`` is F; ``classes`` is K, or 0 where the network's classes mean nothing. ``continuous``:
    pictures are not rounded on the way, so that the tiniest difference is seen.
    """

    @property
    def name(self) -> str: ...

    @property
    def published(self) -> frozenset[str]: ...

    @property
    def digest(self) -> Digest: ...

    @property
    def width(self) -> int: ...

    @property
    def classes(self) -> int: ...

    @property
    def continuous(self) -> bool: ...

    def embed(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor | None]:
        """Features (N, F) in float32 and class probabilities (N, K) or None, of pictures in [-1, 1] of any side."""
        ...


def name_of(metric: str, features: Features) -> str:
    """What a score is called: ``FID`` only where it is the FID of the literature, else such as ``proxy-FID``."""
    return metric if metric in features.published else f"{features.name}-{metric}"


@dataclass(frozen=True, slots=True, eq=False)
class Extract:
    """The features (N, F) of a set of pictures, and the class probabilities (N, K) or None."""

    feature_NF: Floats
    probability_NK: Floats | None = None

    def __len__(self) -> int:
        return len(self.feature_NF)


@torch.inference_mode()
def extract(features: Features, batches: Iterable[Images]) -> Extract:
    """See pictures, uint8 NHWC a batch, through the network; only one batch of them is held at a time."""
    rows, chances = [], []
    for images_NHWC in batches:
        feature_NF, probability_NK = features.embed(to_tensor(images_NHWC))
        rows.append(feature_NF.float().cpu().numpy())
        if probability_NK is not None:
            chances.append(probability_NK.float().cpu().numpy())
    if not rows:
        raise ValueError("no pictures to look at")
    return Extract(np.concatenate(rows), np.concatenate(chances) if chances else None)


def batches_of(images_NHWC: Images, size: int = BATCH) -> Iterator[Images]:
    """Pictures in memory, ``size`` at a time."""
    for first in range(0, len(images_NHWC), size):
        yield images_NHWC[first : first + size]
