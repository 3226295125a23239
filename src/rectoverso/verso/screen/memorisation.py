"""Is this draft one of the pictures its maker was trained on?

The answer is a conformal test: how many of the training images themselves, each left out in turn, are as near
to another one as the draft is to its nearest (neighbours.py)? Near-duplicates in the training set would make
copies look ordinary, so they are taken out of that comparison first. The stated rate therefore holds for
pictures that are no versions of a training picture; one that was taken a second later will be found as well.

Near-duplicates are told by a law: around a stranger, training images lie as points in a ball of some
dimension d, so that a ratio below x has the probability 1 - exp(-c x^d). It is fitted where near-duplicates
have no say, and a ratio that it would not expect even once in the set belongs to a version of one picture.

Source of the law: L. Amsaleg et al., "Estimating Local Intrinsic Dimensionality", KDD 2015.
"""

from __future__ import annotations

import io
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.atomic import write_atomically
from rectoverso.types import Draft, Finding, Message, Outcome
from rectoverso.verso.screen.neighbours import Floats, Neighbourhood, Whitening

REVIEW_RATE = 0.005
"""One in 200 pictures that are no copies is held for people."""

NUM_CALIBRATION = 2000
NUM_FOR_WHITENING = 20_000
MIN_IMAGES = 64
"""With fewer training images that are no versions of each other, every draft goes to people."""

LOWEST_DUPLICATE, HIGHEST_DUPLICATE = 0.25, 0.75
"""Bounds on the ratio under which two training images count as versions of one picture."""

IDENTICAL_RATIO = 0.15
IDENTICAL_CHANCE = 1e-4
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Calibration:
    """Ratios from which on a draft is too near, and how often a stranger is.

    ``review_rate`` is the share of strangers below ``review``; ``identical_rate`` the upper 95 % bound (three
    in the number compared, none having been seen) of those below ``identical``; ``duplicates`` the share of
    training images that were left out as versions of another.
    """

    review: float
    review_rate: float
    identical: float
    identical_rate: float
    duplicates: float
    num_compared: int

    @classmethod
    def of(cls, ratios: Floats) -> Calibration | None:
        """From the ratios of training images, each left out in turn; none when too few are strangers."""
        dimension, crowding = _stranger_law(ratios)
        duplicate = _law_quantile(dimension, crowding, 1 / len(ratios))
        strangers = np.sort(ratios[ratios >= np.clip(duplicate, LOWEST_DUPLICATE, HIGHEST_DUPLICATE)])
        if len(strangers) < MIN_IMAGES:
            return None
        # Conformal: the draft is one more in the row, so that rank r has the rate r / (n + 1). In small sets
        # that rank is a throw of dice; the law, if it is stricter, steadies it.
        rank = max(1, int(REVIEW_RATE * (len(strangers) + 1)))
        identical = min(IDENTICAL_RATIO, _law_quantile(dimension, crowding, IDENTICAL_CHANCE))
        return cls(
            review=min(float(strangers[rank - 1]), _law_quantile(dimension, crowding, REVIEW_RATE)),
            review_rate=rank / (len(strangers) + 1),
            identical=float(identical),
            identical_rate=min(1.0, 3 / len(strangers)),
            duplicates=1 - len(strangers) / len(ratios),
            num_compared=len(strangers),
        )


def _stranger_law(ratios: Floats) -> tuple[float, float]:
    """The law's d and log c, from the 30 % and 70 % points, which near-duplicates hardly move."""
    low, high = np.maximum(np.quantile(ratios, [0.3, 0.7]), 1e-6)
    depth_low, depth_high = np.log(-np.log1p([-0.3, -0.7]))
    dimension = (depth_high - depth_low) / max(float(np.log(high / low)), 1e-6)
    return float(dimension), float(depth_high - dimension * np.log(high))


def _law_quantile(dimension: float, log_crowding: float, chance: float) -> float:
    return float(np.exp((np.log(-np.log1p(-chance)) - log_crowding) / dimension))


@dataclass(frozen=True)
class Fingerprints:
    """What is kept of a training set: whitened features (N, D), half precision, and the calibration."""

    whitening: Whitening
    features: NDArray[np.float16]
    calibration: Calibration | None

    @classmethod
    def of(cls, images: NDArray[np.uint8], *, seed: int = 0) -> Fingerprints:
        """Describe and calibrate on training images (uint8 N, H, W, C): seconds for 50,000 of 32 pixels."""
        draw = np.random.default_rng(seed)
        whitening = Whitening.fitted(images[_some(len(images), NUM_FOR_WHITENING, draw)])
        features = np.clip(whitening(images), -6e4, 6e4).astype(np.float16)
        if len(images) < MIN_IMAGES:
            return cls(whitening, features, None)
        left_out = _some(len(images), NUM_CALIBRATION, draw)
        neighbourhood = Neighbourhood(whitening, features.astype(np.float32))
        ratios = neighbourhood.nearest(images[left_out], leave_out=left_out).ratio
        return cls(whitening, features, Calibration.of(ratios))

    @cached_property
    def neighbourhood(self) -> Neighbourhood:
        return Neighbourhood(self.whitening, self.features.astype(np.float32))

    def save(self, path: Path) -> None:
        """Write to one .npz, whole or not at all."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            format=FORMAT,
            mean=self.whitening.mean,
            projection=self.whitening.projection,
            features=self.features,
            calibration=_numbers(self.calibration),
        )
        write_atomically(path, buffer.getvalue(), mode=0o644)

    @classmethod
    def load(cls, path: Path) -> Fingerprints:
        """Read what ``save`` wrote; nothing is unpickled. Raises OSError, ValueError or KeyError."""
        with np.load(path, allow_pickle=False) as kept:
            if int(kept["format"]) != FORMAT:
                raise ValueError(f"fingerprints of format {int(kept['format'])}, not {FORMAT}")
            whitening = Whitening(kept["mean"], kept["projection"])
            return cls(whitening, kept["features"], _calibration(kept["calibration"]))


class MemorisationCheck:
    """Compares a draft with the training images behind it; ``examine`` raises when they cannot be read."""

    name = "memorisation"

    def __init__(self, fingerprints: Fingerprints | Path) -> None:
        self._source = fingerprints

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        return Fingerprints.load(self._source) if isinstance(self._source, Path) else self._source

    def examine(self, draft: Draft) -> Finding:
        """`block` when practically identical to a training image, `review` when nearer than strangers are."""
        prints = self._fingerprints
        limits = prints.calibration
        if limits is None:
            return self._too_few(len(prints.features))
        found = prints.neighbourhood.nearest(draft.pixels[None])
        ratio, index = float(found.ratio[0]), int(found.index[0])
        if not np.isfinite(ratio):
            raise ValueError("the distance to the training images is not a number")
        return self._finding(ratio, index, limits)

    def _finding(self, ratio: float, index: int, limits: Calibration) -> Finding:
        outcome = _outcome(ratio, limits)
        is_block = outcome is Outcome.BLOCK
        return Finding(
            check=self.name,
            outcome=outcome,
            message=Message(
                f"screen.memorisation.{outcome.value}", {"index": index, "ratio": f"{ratio:.2f}"}
            ),
            score=round(ratio, 4),
            threshold=round(limits.identical if is_block else limits.review, 4),
            false_positive_rate=limits.identical_rate if is_block else limits.review_rate,
            evidence={"training_image": index, "compared_with": len(self._fingerprints.features)},
        )

    def _too_few(self, count: int) -> Finding:
        message = Message("screen.memorisation.too_few", {"count": count, "least": MIN_IMAGES})
        return Finding(self.name, Outcome.REVIEW, message, evidence={"compared_with": count})


def _outcome(ratio: float, limits: Calibration) -> Outcome:
    if ratio <= limits.identical:
        return Outcome.BLOCK
    return Outcome.REVIEW if ratio <= limits.review else Outcome.PASS


def _some(total: int, at_most: int, draw: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(draw.permutation(total)[:at_most])


def _numbers(calibration: Calibration | None) -> NDArray[np.float64]:
    return np.array(() if calibration is None else astuple(calibration), np.float64)


def _calibration(numbers: NDArray[np.float64]) -> Calibration | None:
    if not len(numbers):
        return None
    review, review_rate, identical, identical_rate, duplicates, num_compared = numbers.tolist()
    return Calibration(review, review_rate, identical, identical_rate, duplicates, int(num_compared))
