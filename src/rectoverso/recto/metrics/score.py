"""All scores of a generator against its data, by one stated protocol.

Every generator draws from the same latents: the streams of seed 0, purpose ``evaluate``. Labels have the shares
that they have in the data. Pictures are rounded to bytes, as people see them. All pictures of the data are the
reference of FID; what compares sets of equal size takes as many of them as were drawn, the same ones every time.

Shapes: N images, Z latent, K classes, H height, W width, C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rectoverso.errors import NotComparable
from rectoverso.i18n import Phrase
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.metrics.classifier import inception_score
from rectoverso.recto.metrics.estimate import Estimate
from rectoverso.recto.metrics.features import (
    BATCH,
    Extract,
    Features,
    Images,
    batches_of,
    extract,
    name_of,
)
from rectoverso.recto.metrics.frechet import Gaussian, frechet_distance
from rectoverso.recto.metrics.kernel import kernel_distance
from rectoverso.recto.metrics.manifold import manifold_scores
from rectoverso.recto.metrics.path_length import PATHS, path_length
from rectoverso.recto.nets.given import Given
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Message

PROTOCOL = "rectoverso-evaluation-1"
SAMPLES = 10_000
MOST_NEIGHBOURS = 10_000
"""Precision, recall, density and coverage compare every picture with every other, so of each set at most these."""
SEED = 0
PURPOSE = "evaluate"

Listener = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Scores:
    """What was measured, ``scores`` by name, and everything that must be equal for two of them to be compared."""

    scores: dict[str, Estimate]
    features: str
    features_digest: str
    data: str
    data_digest: str
    samples: int
    reference: int
    sides: tuple[int, int, int]

    @property
    def protocol(self) -> str:
        """In one line, how this was measured."""
        height, width, channels = self.sides
        return (
            f"{PROTOCOL}: {self.samples} samples against {self.reference} pictures, {width}x{height}x{channels}, "
            f"features {self.features} {self.features_digest[:12]}, data {self.data_digest[:12]}"
        )

    def value(self, metric: str) -> float:
        """The score of a metric by its full name, such as ``proxy-FID``. Raises KeyError."""
        return self.scores[metric].value

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "protocol": self.protocol,
            "features": {"name": self.features, "digest": self.features_digest},
            "data": {"name": self.data, "digest": self.data_digest, "images": self.reference},
            "samples": self.samples,
            "scores": {name: estimate.plain() for name, estimate in self.scores.items()},
        }


class Reference:
    """The data as these features see it: made once, used for every generator that is compared with it."""

    def __init__(self, dataset: Dataset, features: Features) -> None:
        self.dataset, self.features = dataset, features

    @cached_property
    def seen(self) -> Extract:
        return extract(self.features, batches_of(self.dataset.images))

    @cached_property
    def gaussian(self) -> Gaussian:
        return Gaussian.of(self.seen.feature_NF)

    def some(self, count: int) -> Extract:
        """At most ``count`` pictures, drawn once and for all."""
        order = Streams(SEED).order(0, len(self.seen))[:count]
        return Extract(self.seen.feature_NF[order])


def score_run(
    run: Path | RunGenerator,
    dataset: Dataset,
    features: Features,
    *,
    samples: int = SAMPLES,
    reference: Reference | None = None,
    listener: Listener | None = None,
) -> Scores:
    """Measure a run against ``dataset``, seen through ``features``.

    ``reference`` saves looking at the data again, when several runs or moments of a training are measured. Raises
    RunNotFound, and NotComparable when the run's pictures have other sides or channels than the data's.
    """
    generator = run if isinstance(run, RunGenerator) else RunGenerator(run)
    shape = generator.shape
    _check_sides((shape.height_px, shape.width_px, shape.channels), dataset)
    reference = reference or Reference(dataset, features)
    drawn = extract(features, drawn_batches(generator, dataset, samples, listener))
    scores = compare(reference, drawn)
    if features.continuous and not generator.recipe.asks:
        ends = latents(generator, dataset, 0, 2 * min(samples, PATHS))
        path = path_length(generator.module, *ends, features)
        scores[f"{features.name}-PPL-{path.space}"] = path.estimate
    return _scores(scores, reference, len(drawn))


def score_images(images_NHWC: Images, reference: Reference) -> Scores:
    """Measure pictures that exist, whatever made them. Raises NotComparable."""
    _check_sides(images_NHWC.shape[1:], reference.dataset)
    drawn = extract(reference.features, batches_of(images_NHWC))
    return _scores(compare(reference, drawn), reference, len(drawn))


def compare(reference: Reference, drawn: Extract) -> dict[str, Estimate]:
    """Every score of two sets of features, by its full name."""
    features, count = reference.features, len(drawn)
    scores = {"FID": frechet_distance(reference.gaussian, drawn.feature_NF)}
    scores["KID"] = kernel_distance(reference.seen.feature_NF, drawn.feature_NF)
    few = min(count, len(reference.seen), MOST_NEIGHBOURS)
    scores |= manifold_scores(reference.some(few).feature_NF, drawn.feature_NF[:few])
    if drawn.probability_NK is not None:
        scores["IS"] = inception_score(drawn.probability_NK)
    return {name_of(metric, features): estimate for metric, estimate in scores.items()}


def drawn_batches(
    generator: RunGenerator, dataset: Dataset, samples: int, listener: Listener | None = None
) -> Iterator[Images]:
    """The pictures of a run that are measured, uint8 NHWC, a batch at a time."""
    for first in range(0, samples, BATCH):
        count = min(BATCH, samples - first)
        if generator.recipe.asks:
            yield generator.batch_from(*materials(generator, dataset, first, count))
        else:
            yield generator.batch(*latents(generator, dataset, first, count))
        if listener:
            listener(first + count, samples)


def materials(
    generator: RunGenerator, dataset: Dataset, first: int, count: int
) -> tuple[torch.Tensor, Given]:
    """The noise (N, Z) of the measured pictures, and what they are made from: masks or captions of the data, drawn as
    labels are. Raises NotComparable for a run that asks for something else, or that the data does not have.
    """
    asks, streams = generator.recipe.asks, Streams(SEED)
    place_N = streams.choices(f"{PURPOSE}-label", first, count, len(dataset))
    noise_NZ = torch.from_numpy(
        streams.normals(PURPOSE, first, count, generator.recipe.noise(generator.shape))
    )
    if asks == {"map"} and dataset.masks is not None:
        return noise_NZ, Given(mask_NHW=torch.from_numpy(dataset.masks[place_N].astype(np.int64)))
    if asks == {"caption"} and dataset.captions is not None:
        return noise_NZ, Given(captions=tuple(dataset.captions[place] for place in place_N))
    facts: dict[str, object] = {"system": generator.recipe.system}
    raise NotComparable(
        reason=Phrase(Message("evaluate.made_from.reason", facts)),
        advice=Phrase(Message("evaluate.made_from.advice", facts)),
    )


def latents(
    generator: RunGenerator, dataset: Dataset, first: int, count: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The noise (N, Z) and labels (N,) or None of the measured pictures ``first`` onwards, the same for every run.

    Where run and data have the same classes, a label is that of a picture drawn from the data; else all classes are
    equally likely.
    """
    same = dataset.labels is not None and dataset.classes == generator.classes
    return drawn_from(dataset, generator.noise, generator.shape.classes, first, count, labelled_alike=same)


def drawn_from(
    dataset: Dataset, latent: int, classes: int, first: int, count: int, *, labelled_alike: bool = True
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The same for ``latent`` numbers of noise and so many ``classes``, which are those of the data or not."""
    streams = Streams(SEED)
    noise_NZ = torch.from_numpy(streams.normals(PURPOSE, first, count, latent))
    if not classes:
        return noise_NZ, None
    if labelled_alike and dataset.labels is not None:
        place_N = streams.choices(f"{PURPOSE}-label", first, count, len(dataset))
        return noise_NZ, torch.from_numpy(dataset.labels[place_N])
    return noise_NZ, torch.from_numpy(streams.choices(f"{PURPOSE}-label", first, count, classes))


def _scores(scores: dict[str, Estimate], reference: Reference, samples: int) -> Scores:
    dataset, features = reference.dataset, reference.features
    height, width, channels = dataset.images.shape[1:]
    return Scores(
        scores=scores,
        features=features.name,
        features_digest=str(features.digest),
        data=dataset.name,
        data_digest=str(dataset.digest),
        samples=samples,
        reference=len(dataset),
        sides=(height, width, channels),
    )


def _check_sides(sides: Iterable[int], dataset: Dataset) -> None:
    height, width, channels = sides
    if (height, width, channels) == dataset.images.shape[1:]:
        return
    facts: dict[str, object] = {
        "made": f"{width}x{height}x{channels}",
        "data": "{1}x{0}x{2}".format(*dataset.images.shape[1:]),
    }
    raise NotComparable(
        reason=Phrase(Message("evaluate.sides.reason", facts)),
        advice=Phrase(Message("evaluate.sides.advice", facts)),
    )
