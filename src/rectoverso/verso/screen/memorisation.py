"""Is this draft one of the pictures its maker was trained on?

The answer is a conformal test: how many strangers are as near to a training image as the draft is to its nearest
(neighbours.py)? The strangers are pictures that were held out of the training or, where there are none, the training
images themselves, each left out in turn. Near-duplicates of training images among them would make copies look
ordinary, so they are taken out of that comparison first. The stated rate therefore holds for pictures that are no
versions of a training picture; one that was taken a second later will be found as well. What a whole batch says is
counted in replication.py, and the check is asked for it before any of the batch leaves.

Near-duplicates are told by a law: around a stranger, training images lie as points in a ball of some dimension d, so
that a ratio below x has the probability 1 - exp(-c x^d). A ratio that this would not expect even once in the whole
set belongs to two versions of one picture.

Source of the law: L. Amsaleg et al., "Estimating Local Intrinsic Dimensionality", KDD 2015.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.atomic import write_atomically
from rectoverso.types import Draft, Finding, Message, Outcome
from rectoverso.verso.screen.neighbours import Floats, Neighbourhood, Whitening, repeated
from rectoverso.verso.screen.replication import Replication, p_values

REVIEW_RATE = 0.005
"""One in 200 pictures that are no copies is held for people."""

NUM_CALIBRATION = 2000
NUM_FOR_WHITENING = 20_000
IMAGES_A_DIRECTION = 3
"""Of so many training images one direction is kept to compare in. Whitened in as many directions as there are images,
these would all lie equally far from each other, and any new picture would be nearer to one of them than they are.
"""

MIN_IMAGES = 64
"""With fewer training images that are no versions of each other, every draft goes to people."""

MIN_HELD_OUT = 500
"""So many pictures that were not trained on tell strangers better than training images that are left out in turn."""

LOWEST_DUPLICATE, HIGHEST_DUPLICATE = 0.25, 0.60
"""Bounds on the ratio under which two training images count as versions of one picture. Strangers that are left out for
versions make others look nearer than they are: of 2,000 photographs of 32 pixels four come below 0.65, and one below
0.55, where near-copies stay below 0.4.
"""

IDENTICAL_RATIO = 0.15
IDENTICAL_CHANCE = 1e-4
NUM_FITS = 3
VERSION = "2"
FORMAT = 2
FORMATS = (1, 2)
"""Those that can be read: the first kept no strangers, so that its pictures have no p-values."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Ratios from which on a draft is too near, and how often a stranger is.

    ``review_rate`` is the share of strangers below ``review``; ``identical_rate`` the upper 95 % bound (three in the
    number compared, none having been seen) of those below ``identical``; ``duplicates`` the share of training images
    that were left out as versions of another.
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
        law, duplicate = _without_duplicates(ratios)
        strangers = np.sort(ratios[ratios >= duplicate])
        if len(strangers) < MIN_IMAGES:
            return None
        # Conformal: the draft is one more in the row, so that rank r has the rate r / (n + 1). In small sets
        # that rank is a throw of dice; the law, if it is stricter, steadies it.
        rank = max(1, int(REVIEW_RATE * (len(strangers) + 1)))
        return cls(
            review=min(float(strangers[rank - 1]), max(duplicate, law.quantile(REVIEW_RATE))),
            review_rate=rank / (len(strangers) + 1),
            identical=min(IDENTICAL_RATIO, law.quantile(IDENTICAL_CHANCE)),
            identical_rate=min(1.0, 3 / len(strangers)),
            duplicates=1 - len(strangers) / len(ratios),
            num_compared=len(strangers),
        )


@dataclass(frozen=True, slots=True)
class _Law:
    """P(ratio < x) = 1 - exp(-c x^d) of strangers, through two of its quantiles."""

    dimension: float
    log_crowding: float

    @classmethod
    def through(cls, ratios: Floats, low: float, high: float) -> _Law:
        near, far = np.maximum(np.quantile(ratios, [low, high]), 1e-6)
        depth_near, depth_far = _depth(low), _depth(high)
        dimension = (depth_far - depth_near) / max(float(np.log(far / near)), 1e-6)
        return cls(dimension, depth_far - dimension * float(np.log(far)))

    def quantile(self, chance: float) -> float:
        """The ratio that a stranger is below with this chance."""
        return float(np.exp((_depth(chance) - self.log_crowding) / self.dimension))


def _depth(chance: float) -> float:
    return float(np.log(-np.log1p(-chance)))


def _without_duplicates(ratios: Floats) -> tuple[_Law, float]:
    """The law of strangers, and the ratio under which a pair is no pair of strangers.

    Fitted first through the upper quantiles, which near-duplicates reach last, then again on what is left.
    """
    law = _Law.through(ratios, 0.6, 0.9)
    for _ in range(NUM_FITS):
        strangers = ratios[ratios >= _duplicate_level(law, len(ratios))]
        if len(strangers) < MIN_IMAGES:
            break
        law = _Law.through(strangers, 0.3, 0.7)
    return law, _duplicate_level(law, len(ratios))


def _duplicate_level(law: _Law, num: int) -> float:
    """What the law would not expect even once among ``num``, within bounds in case it fits badly."""
    return min(max(law.quantile(1 / num), LOWEST_DUPLICATE), HIGHEST_DUPLICATE)


def fitted(images: NDArray[np.uint8]) -> Whitening:
    """A space to compare in, in as many directions as so many images bear."""
    whitening = Whitening.fitted(images)
    most = max(1, len(images) // IMAGES_A_DIRECTION)
    return replace(whitening, projection=np.ascontiguousarray(whitening.projection[:, :most]))


def duplicate_level(ratios: Floats) -> float:
    """The ratio under which two pictures are versions of one, by the ratios of pictures of which most are not."""
    return _without_duplicates(ratios)[1]


def strangers_of(ratios: Floats) -> NDArray[np.float64]:
    """The ratios, sorted, of those that are no version of a training image."""
    return np.sort(ratios[ratios >= duplicate_level(ratios)]).astype(np.float64)


def _nobody() -> NDArray[np.float64]:
    return np.empty(0, np.float64)


@dataclass(frozen=True)
class Fingerprints:
    """What is kept of a training set: whitened features (N, D), half precision, the calibration, and the sorted ratios
    of the strangers that it was made on.
    """

    whitening: Whitening
    features: NDArray[np.float16]
    calibration: Calibration | None
    strangers: NDArray[np.float64] = field(default_factory=_nobody)

    @classmethod
    def of(
        cls, images: NDArray[np.uint8], *, held_out: NDArray[np.uint8] | None = None, seed: int = 0
    ) -> Fingerprints:
        """Describe and calibrate on training images (uint8 N, H, W, C): seconds for 50,000 of 32 pixels.

        ``held_out`` are pictures of the same kind that were not trained on. Enough of them are the strangers; else the
        training images are, each left out in turn.
        """
        draw = np.random.default_rng(seed)
        whitening = fitted(images[_some(len(images), NUM_FOR_WHITENING, draw)])
        features = np.clip(whitening(images), -6e4, 6e4).astype(np.float16)
        if int((~repeated(features)).sum()) < MIN_IMAGES:
            return cls(whitening, features, None)
        neighbourhood = Neighbourhood(whitening, features.astype(np.float32), once=True)
        if held_out is not None and len(held_out) >= MIN_HELD_OUT:
            ratios = neighbourhood.nearest(held_out[_some(len(held_out), NUM_CALIBRATION, draw)]).ratio
        else:
            left_out = _some(len(images), NUM_CALIBRATION, draw)
            ratios = neighbourhood.nearest(images[left_out], leave_out=left_out).ratio
        calibration = Calibration.of(ratios)
        return cls(
            whitening, features, calibration, _nobody() if calibration is None else strangers_of(ratios)
        )

    @cached_property
    def neighbourhood(self) -> Neighbourhood:
        return Neighbourhood(self.whitening, self.features.astype(np.float32), once=True)

    def judge(self, ratios: Floats) -> Replication:
        """What pictures with these ratios say together of their maker. There must be strangers."""
        limits = self.calibration
        identical = np.flatnonzero(ratios <= limits.identical).tolist() if limits else []
        p_N = p_values(ratios.astype(np.float64), self.strangers)
        return Replication.of(p_N.tolist(), len(self.strangers), identical)

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
            strangers=self.strangers,
        )
        write_atomically(path, buffer.getvalue(), mode=0o644)

    @classmethod
    def load(cls, path: Path) -> Fingerprints:
        """Read what ``save`` wrote; nothing is unpickled. Raises OSError, ValueError or KeyError."""
        with np.load(path, allow_pickle=False) as kept:
            written = int(kept["format"])
            if written not in FORMATS:
                raise ValueError(f"fingerprints of format {written}, not {FORMAT}")
            whitening = Whitening(kept["mean"], kept["projection"])
            strangers = kept["strangers"] if written > 1 else _nobody()
            return cls(whitening, kept["features"], _calibration(kept["calibration"]), strangers)


class MemorisationCheck:
    """Compares a draft with the training images behind it; ``examine`` raises when what is kept of them is damaged."""

    name = "memorisation"

    def __init__(self, fingerprints: Fingerprints | Path, *, against: Collection[str] = ()) -> None:
        """``against``: what is known against its maker, so that people look at every draft: ``replication``, that it
        brings training images back, or ``audit``, that it was found to give away what it was trained on.
        """
        self._source = fingerprints
        self._against = sorted(against)

    @property
    def version(self) -> str:
        """What was asked before anything was known against the maker, or no longer is, is asked anew."""
        return "-".join([VERSION, *self._against])

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        return Fingerprints.load(self._source) if isinstance(self._source, Path) else self._source

    def load(self) -> None:
        """Read the fingerprints of the training images."""
        _ = self._fingerprints.neighbourhood

    def examine(self, draft: Draft) -> Finding:
        """`block` when practically identical to a training image, `review` when nearer than strangers are, or when
        nothing was kept to compare with.
        """
        if isinstance(self._source, Path) and not self._source.exists():
            return Finding(self.name, Outcome.REVIEW, Message("screen.memorisation.unknown", {}))
        prints = self._fingerprints
        limits = prints.calibration
        if limits is None:
            return self._too_few(len(prints.features))
        found = prints.neighbourhood.nearest(draft.pixels[None])
        ratio, index = float(found.ratio[0]), int(found.index[0])
        if not np.isfinite(ratio):
            raise ValueError("the distance to the training images is not a number")
        return self._finding(ratio, index, limits)

    def together(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings of a batch: `review` also where only all of them together make a picture suspect."""
        replication = Replication.of_findings(findings)
        suspects = replication.suspects if replication else ()
        message = Message("screen.memorisation.together", {"count": len(findings)})
        return [
            replace(one, outcome=Outcome.REVIEW, message=message)
            if place in suspects and one.outcome is Outcome.PASS
            else one
            for place, one in enumerate(findings)
        ]

    def _finding(self, ratio: float, index: int, limits: Calibration) -> Finding:
        outcome = _outcome(ratio, limits)
        if self._against and outcome is Outcome.PASS:
            message = Message(f"screen.memorisation.against_{self._against[0]}")
            return Finding(self.name, Outcome.REVIEW, message, evidence=self._evidence(ratio, index))
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
            evidence=self._evidence(ratio, index),
        )

    def _evidence(self, ratio: float, index: int) -> dict[str, Any]:
        """What people see beside the finding, and what its batch is judged by."""
        prints = self._fingerprints
        compared = {"training_image": index, "compared_with": len(prints.features)}
        if not len(prints.strangers):
            return compared
        p_value = float(p_values(np.array([ratio]), prints.strangers)[0])
        return compared | {"p_value": round(p_value, 6), "strangers": len(prints.strangers)}

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
