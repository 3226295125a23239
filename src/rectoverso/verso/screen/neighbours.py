"""Nearest neighbours among training images, and how unusual it is to be as near as this.

A picture is described by its low frequencies, whitened on the training images so that every direction in which they
differ counts the same. How near is too near depends on how crowded the neighbourhood is, so the distance to the
nearest image is divided by the mean distance to others that follow: the ratio is about 1 among strangers and about 0
for a copy, in sparse photographs as in crowded digits. A picture that is there more often than so many others follow
would be a crowd of its own, in which a copy is nothing unusual, though it is what is learnt by heart first. So training
images that are the same count once, and no crowd as denser than twice the usual one, as versions of one would be.

Source: N. Carlini et al., "Extracting Training Data from Diffusion Models", 2023, section 4 (the ratio).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.sketch import INSIDE_KK, NUM_COLOUR_FREQUENCIES, WEIGHTS_KK, coefficients

# Shapes: N training images, Q queries, M as it is and mirrored, V shifted views, C candidates; F features,
# D whitened features, KK frequencies.

Floats = NDArray[np.float32]

NUM_WHITENED = 128
NUM_BRIGHTNESS_FREQUENCIES = 12
NUM_CANDIDATES = 100
FIRST_NEIGHBOUR, LAST_NEIGHBOUR = 10, 30
"""The neighbours that the nearest is measured by. The first ten are left out: they may be versions of it."""

DENSEST_SHARE = 0.5
"""What follows counts as no nearer than this share of what follows around the median of training images."""
NUM_USUAL, USUAL_CHUNK = 100, 25

FIT_CHUNK = 4096
QUERY_CHUNK = 250
FEW_QUERIES = 4
MIN_SHIFT_SIDE_PX = 16

_FREQUENCY = np.arange(NUM_COLOUR_FREQUENCIES)
_SUM_KK = np.add.outer(np.arange(INSIDE_KK.shape[0]), np.arange(INSIDE_KK.shape[0]))
_BRIGHTNESS_KK = (_SUM_KK > 0) & (_SUM_KK < NUM_BRIGHTNESS_FREQUENCIES)
_COLOUR_KK = _SUM_KK < NUM_COLOUR_FREQUENCIES
_COLOUR_WEIGHTS = np.maximum(WEIGHTS_KK, 0.5)[_COLOUR_KK]


@dataclass(frozen=True, slots=True)
class Whitening:
    """From features to whitened features: subtract ``mean`` (F), multiply by ``projection`` (F, D)."""

    mean: Floats
    projection: Floats

    @classmethod
    def fitted(cls, images: NDArray[np.uint8]) -> Whitening:
        """Principal directions of the images' features, each scaled to unit variance."""
        features = described(images)
        mean = features.mean(axis=0)
        centred = features - mean
        variances, directions = np.linalg.eigh(centred.T @ centred / len(features))
        keep = np.argsort(variances)[::-1][:NUM_WHITENED]
        # Directions with next to no variance hold rounding noise; the floor keeps it from being blown up.
        floor = 1e-3 * max(float(variances[keep[0]]), 1e-12)
        scale = 1 / np.sqrt(np.maximum(variances[keep], 0) + floor)
        return cls(mean, (directions[:, keep] * scale).astype(np.float32))

    def __call__(self, images: NDArray[np.uint8]) -> Floats:
        return np.asarray((described(images) - self.mean) @ self.projection, np.float32)


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each query: the ratio, and which training image is nearest. Shapes (Q,)."""

    ratio: Floats
    index: NDArray[np.int64]


def described(images: NDArray[np.uint8]) -> Floats:
    """The features (N, F) of images (N, H, W, C): frequencies over contrast, so that brightness drops out."""
    parts = [np.empty((0, int(_BRIGHTNESS_KK.sum() + 2 * _COLOUR_KK.sum())), np.float32)]
    parts += [_described(images[start : start + FIT_CHUNK]) for start in range(0, len(images), FIT_CHUNK)]
    return np.concatenate(parts)


def _described(images: NDArray[np.uint8]) -> Floats:
    planes = coefficients(images)
    brightness = (planes[:, 0] * WEIGHTS_KK)[:, _BRIGHTNESS_KK]
    colour = (planes[:, 1:][:, :, _COLOUR_KK] * _COLOUR_WEIGHTS).reshape(len(images), -1)
    contrast = np.linalg.norm(brightness, axis=1, keepdims=True) + 1e-3
    return np.asarray(np.concatenate([brightness, colour], axis=1) / contrast, np.float32)


class Neighbourhood:
    """Training images to measure distances to: their whitened features (N, D). ``once``: those that are the same as one
    before them are left out.
    """

    def __init__(self, whitening: Whitening, known_ND: Floats, *, once: bool = False) -> None:
        self._whitening = whitening
        self._known_ND = known_ND
        self._squares_N = np.einsum("nd,nd->n", known_ND, known_ND)
        self._count = len(known_ND)
        if once:
            again_N = repeated(known_ND)
            self._squares_N[again_N] = np.inf
            self._count -= int(again_N.sum())

    @cached_property
    def _densest(self) -> float:
        """The mean distance to those that follow in the densest crowd that counts; from some training images."""
        usual, places = [], np.linspace(0, len(self._known_ND) - 1, NUM_USUAL).astype(np.int64)
        last = min(LAST_NEIGHBOUR + 2, self._count)
        for part in np.split(places, range(USUAL_CHUNK, NUM_USUAL, USUAL_CHUNK)):
            some_QD = self._known_ND[part]
            far_QN = self._squares_N - 2 * some_QD @ self._known_ND.T
            nearest_QN = np.sort(np.partition(far_QN, last - 1, axis=1)[:, :last], axis=1)
            squares_Q = np.einsum("qd,qd->q", some_QD, some_QD)[:, None]
            following_QN = np.sqrt(np.maximum(nearest_QN[:, FIRST_NEIGHBOUR + 1 :] + squares_Q, 0))
            usual.append(following_QN.mean(axis=1) if following_QN.size else np.zeros(len(part)))
        return DENSEST_SHARE * float(np.median(np.concatenate(usual)))

    def nearest(self, images: NDArray[np.uint8], *, leave_out: NDArray[np.int64] | None = None) -> Nearest:
        """The nearest training images of ``images`` (Q, H, W, C), as they are, mirrored, or a pixel aside.

        ``leave_out`` names, for each query, the training image that it is itself.
        """
        starts = range(0, len(images), QUERY_CHUNK)
        left = np.full(len(images), -1) if leave_out is None else leave_out
        parts = [self._nearest(images[at : at + QUERY_CHUNK], left[at : at + QUERY_CHUNK]) for at in starts]
        return Nearest(
            np.concatenate([part.ratio for part in parts]), np.concatenate([part.index for part in parts])
        )

    def ranked(self, images: NDArray[np.uint8], *, at_most: int) -> Nearest:
        """Not only the nearest: so many training images of each (Q, H, W, C), all by the same measure. Shapes (Q, R);
        where there are fewer, their ratio is infinite.
        """
        nobody = np.full(len(images), -1)
        rows = [
            _several(*self._measured(images[at : at + 1], nobody[at : at + 1]), at_most, self._densest)
            for at in range(len(images))
        ]
        return Nearest(np.stack([row.ratio for row in rows]), np.stack([row.index for row in rows]))

    def _nearest(self, images: NDArray[np.uint8], left_out: NDArray[np.int64]) -> Nearest:
        return _ratios(*self._measured(images, left_out), self._densest)

    def _measured(
        self, images: NDArray[np.uint8], left_out: NDArray[np.int64]
    ) -> tuple[Floats, NDArray[np.int64]]:
        """Candidates by the picture and its mirror image; the least distance over small shifts decides."""
        both = (images, images[:, :, ::-1])
        views_MVQD = [np.stack([self._whitening(moved) for moved in _shifted(view)]) for view in both]
        unmoved = np.concatenate([views_VQD[0] for views_VQD in views_MVQD])
        candidates_MQC = np.split(self._candidates(unmoved, np.tile(left_out, 2)), 2)
        distances = [
            _least_distances(views_VQD, self._known_ND[candidates_QC])
            for views_VQD, candidates_QC in zip(views_MVQD, candidates_MQC, strict=True)
        ]
        return np.concatenate(distances, axis=1), np.concatenate(candidates_MQC, axis=1)

    def _products(self, queries_QD: Floats) -> Floats:
        """(Q, N). For few queries BLAS's threads wait for each other longer than one of them would take alone."""
        if len(queries_QD) <= FEW_QUERIES:
            return np.asarray(np.einsum("qd,nd->qn", queries_QD, self._known_ND))
        return np.asarray(queries_QD @ self._known_ND.T)

    def _candidates(self, queries_QD: Floats, left_out: NDArray[np.int64]) -> NDArray[np.int64]:
        far_QN = self._squares_N - 2 * self._products(queries_QD)
        count = max(1, min(NUM_CANDIDATES, self._count - 1))
        rows = np.flatnonzero(left_out >= 0)
        far_QN[rows, left_out[rows]] = np.inf
        return np.argpartition(far_QN, count - 1, axis=1)[:, :count]


def repeated(known_ND: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which rows (N,) are the same as one before them."""
    rows = np.ascontiguousarray(known_ND)
    as_one = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).reshape(-1)
    again_N = np.ones(len(rows), np.bool_)
    again_N[np.unique(as_one, return_index=True)[1]] = False
    return again_N


def _least_distances(shifted_VQD: Floats, candidates_QCD: Floats) -> Floats:
    """(Q, C): from each candidate to the nearest of a query's shifted views."""
    views_QVD = shifted_VQD.transpose(1, 0, 2)
    products_QVC = views_QVD @ candidates_QCD.transpose(0, 2, 1)
    theirs_QC = np.einsum("qcd,qcd->qc", candidates_QCD, candidates_QCD)
    ours_QV = np.einsum("qvd,qvd->qv", views_QVD, views_QVD)
    squared_QC = (ours_QV[:, :, None] - 2 * products_QVC).min(axis=1) + theirs_QC
    return np.asarray(np.sqrt(np.maximum(squared_QC, 0)), np.float32)


def _ratios(distances_QC: Floats, indices_QC: NDArray[np.int64], densest: float) -> Nearest:
    order, ratios_QC = _relative(distances_QC, densest)
    return Nearest(ratios_QC[:, 0], np.take_along_axis(indices_QC, order[:, :1], axis=1)[:, 0])


def _relative(distances_QC: Floats, densest: float) -> tuple[NDArray[np.int64], Floats]:
    """The order of candidates, the nearest first, and their distances over those of the neighbours that follow."""
    last = min(LAST_NEIGHBOUR + 1, distances_QC.shape[1])
    order = np.argsort(distances_QC, axis=1, kind="stable")[:, :last]
    ordered = np.take_along_axis(distances_QC, order, axis=1)
    following = ordered[:, FIRST_NEIGHBOUR:].mean(axis=1, keepdims=True)
    return order, (ordered / np.maximum(following, max(densest, 1e-6))).astype(np.float32)


def _several(distances_QC: Floats, indices_QC: NDArray[np.int64], at_most: int, densest: float) -> Nearest:
    """Of one query: each training image once, which may be a candidate as it is and mirrored."""
    order, ratios_QC = _relative(distances_QC, densest)
    named = indices_QC[0, order[0]]
    first = np.sort(np.unique(named, return_index=True)[1])[:at_most]
    ratio, index = np.full(at_most, np.inf, np.float32), np.full(at_most, -1)
    ratio[: len(first)], index[: len(first)] = ratios_QC[0, first], named[first]
    return Nearest(ratio, index)


def _shifted(images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The images as they are, then moved by one pixel (of 32) in eight directions, edges repeated."""
    height, width = images.shape[1:3]
    if min(height, width) < MIN_SHIFT_SIDE_PX:
        return [images]
    step = max(1, round(min(height, width) / 32))
    framed = np.pad(images, ((0, 0), (step, step), (step, step), (0, 0)), mode="edge")
    moves = sorted(((y, x) for y in (0, 1, 2) for x in (0, 1, 2)), key=lambda move: move != (1, 1))
    return [framed[:, y * step : y * step + height, x * step : x * step + width] for y, x in moves]
