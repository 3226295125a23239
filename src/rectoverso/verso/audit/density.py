"""Attacks with nothing but pictures that the generator drew: does it draw more of them near a picture it was trained
on?

    nearest   How near the nearest drawn picture is, over the distance to others that follow: the ratio of the
              replication test, asked the other way round. (GAN-Leaks' attack on drawn pictures, made relative.)
    within    How many drawn pictures lie within a small distance, and how deep (Monte Carlo integration).
    relative  How dense drawn pictures lie there, relative to pictures of the same kind that were not trained on: what
              is merely common is no sign (DOMIAS). By the distances to the k-th nearest of each.

The space is that of the screening (neighbours.py), whitened on the *drawn* pictures: whitened on the training
pictures it would have known them, and they would lie apart from others whatever the generator is like.

Sources: D. Chen et al., "GAN-Leaks", CCS 2020; B. Hilprecht et al., "Monte Carlo and Reconstruction Membership
Inference Attacks against Generative Models", PETS 2019; B. van Breugel et al., "Membership Inference Attacks against
Synthetic Data through Overfitting Detection" (DOMIAS), AISTATS 2023.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.audit.attack import Floats
from rectoverso.verso.screen.neighbours import Neighbourhood, Whitening

# Shapes: N pictures asked about, S drawn ones, R of reference; D whitened features.

Images = NDArray[np.uint8]
Features = NDArray[np.float32]

CHUNK = 500
WITHIN_SHARE = 0.5
"""The small distance is the one that so many of the pictures asked about have a drawn picture within."""
RANK = 3
"""The neighbour whose distance tells how dense it is. The first alone would be a throw of dice."""
SMALL = 1e-6


def scores_by_pictures(asked: Images, drawn: Images, reference: Images) -> dict[str, Floats]:
    """The scores (N,) of each attack by its name, from pictures (uint8 NHWC). Of ``asked`` nothing else is known;
    ``reference`` are none of them. Without enough reference there is no ``relative``.
    """
    whitening = Whitening.fitted(drawn)
    asked_ND, drawn_SD = whitening(asked), whitening(drawn)
    mirrored_ND = whitening(asked[:, :, ::-1])
    ratio_N = Neighbourhood(whitening, drawn_SD).nearest(asked).ratio
    scores = {"nearest": -ratio_N.astype(np.float64), "within": _within(asked_ND, mirrored_ND, drawn_SD)}
    if len(reference) >= RANK:
        there_N = _kth(asked_ND, mirrored_ND, whitening(reference))
        scores["relative"] = np.log(there_N) - np.log(_kth(asked_ND, mirrored_ND, drawn_SD))
    return scores


def _within(asked_ND: Features, mirrored_ND: Features, drawn_SD: Features) -> Floats:
    """The sum over drawn pictures within the distance of the logarithm of how far within."""
    nearest_N = np.concatenate([far.min(axis=1) for far in _distances(asked_ND, mirrored_ND, drawn_SD)])
    near = max(float(np.quantile(nearest_N, WITHIN_SHARE)), SMALL)
    parts = [
        np.log(np.maximum(near / np.maximum(far_NS, SMALL), 1)).sum(axis=1)
        for far_NS in _distances(asked_ND, mirrored_ND, drawn_SD)
    ]
    return np.concatenate(parts)


def _kth(asked_ND: Features, mirrored_ND: Features, known_SD: Features) -> Floats:
    """The distance to the `RANK`-th nearest."""
    parts = [
        np.partition(far_NS, RANK - 1, axis=1)[:, RANK - 1]
        for far_NS in _distances(asked_ND, mirrored_ND, known_SD)
    ]
    return np.maximum(np.concatenate(parts), SMALL)


def _distances(asked_ND: Features, mirrored_ND: Features, known_SD: Features) -> Iterator[Floats]:
    """From each picture, as it is or mirrored, to each known one, some rows at a time."""
    squares_S = np.einsum("sd,sd->s", known_SD, known_SD)
    for first in range(0, len(asked_ND), CHUNK):
        part = slice(first, first + CHUNK)
        apart = [
            np.einsum("nd,nd->n", one, one)[:, None] + squares_S - 2 * one @ known_SD.T
            for one in (asked_ND[part], mirrored_ND[part])
        ]
        yield np.sqrt(np.maximum(np.minimum(*apart), 0)).astype(np.float64)
