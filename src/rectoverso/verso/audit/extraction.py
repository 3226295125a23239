"""Attempts to get training pictures back: many pictures are drawn, and each is compared with all that were trained on.

Which of them are suspects, and whether the run replicates, the replication test says (screen/replication.py). Here
the suspects are put together by the training picture that they come nearest to: one that comes back often was learnt
by heart. The nearest pairs are kept for people to look at, also where nobody is a suspect: then they show how near it
comes.

What the door would refuse as practically identical is a copy. Strangers give that once in ten thousand, so that more
copies than that, shown at 99.9 %, are a leak whatever share of all pictures they are: a run may have learnt one picture
by heart among thousands.

Source: N. Carlini et al., "Extracting Training Data from Diffusion Models", USENIX Security 2023, sections 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.audit.attack import Share
from rectoverso.verso.screen.memorisation import IDENTICAL_CHANCE, Fingerprints
from rectoverso.verso.screen.replication import Replication, p_values

SHOWN = 8
SURE = 0.998
"""Of the two-sided interval of copies, whose lower end alone is asked: at 99.9 %."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A training picture and the drawn ones that come nearest to it: ``place`` is the nearest of ``count`` of them, at
    ``ratio``; in a share ``p_value`` of strangers one comes as near.
    """

    training_image: int
    place: int
    count: int
    ratio: float
    p_value: float

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        told = {"training_image": self.training_image, "drawn": self.count}
        return told | {"ratio": round(self.ratio, 4), "p_value": round(self.p_value, 6)}


@dataclass(frozen=True, slots=True)
class Extraction:
    """``clusters`` of the suspects, those drawn most often first; ``nearest``: the pairs to look at, nearest first;
    ``copies``: the share of drawn pictures that are practically identical to a training picture.
    """

    replication: Replication
    clusters: tuple[Cluster, ...]
    nearest: tuple[Cluster, ...]
    copies: Share

    @property
    def returns(self) -> bool:
        """Whether there are more copies than strangers give, beyond doubt."""
        return self.copies.low > IDENTICAL_CHANCE


def extraction(drawn: NDArray[np.uint8], fingerprints: Fingerprints, shown: int = SHOWN) -> Extraction:
    """Compare drawn pictures (uint8 NHWC) with the training pictures. The fingerprints must have strangers."""
    found = fingerprints.neighbourhood.nearest(drawn)
    limits = fingerprints.calibration
    copies = 0 if limits is None else int((found.ratio <= limits.identical).sum())
    replication = fingerprints.judge(found.ratio)
    p_N = p_values(found.ratio.astype(np.float64), fingerprints.strangers)

    def clusters(places: NDArray[np.int64]) -> list[Cluster]:
        """By training picture, each with the nearest of its places, in the order of the places."""
        images, first, counts = np.unique(found.index[places], return_index=True, return_counts=True)
        rows = sorted(zip(first.tolist(), images.tolist(), counts.tolist(), strict=True))
        return [
            Cluster(image, int(places[at]), count, float(found.ratio[places[at]]), float(p_N[places[at]]))
            for at, image, count in rows
        ]

    order_N = np.argsort(found.ratio, kind="stable")
    suspects = order_N[np.isin(order_N, np.array(replication.suspects, np.int64))]
    return Extraction(
        replication,
        tuple(sorted(clusters(suspects), key=lambda one: -one.count)),
        tuple(clusters(order_N)[:shown]),
        Share(copies, len(drawn), SURE),
    )
