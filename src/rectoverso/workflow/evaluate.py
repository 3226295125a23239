"""Measure how good and how varied the pictures of a run are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rectoverso.errors import NotComparable, UnknownName
from rectoverso.i18n import Phrase
from rectoverso.store.home import Home
from rectoverso.types import Message
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.progress import Listener, Progress, silent

if TYPE_CHECKING:
    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.metrics.features import Features
    from rectoverso.recto.metrics.score import Reference, Scores
    from rectoverso.recto.sample.generator import RunGenerator

FEATURES = ("proxy", "inception")
CACHE = "features"
FEWEST = 12
"""Neighbours, covariances and subsets need some pictures of each kind."""
SCORES = "scores.json"


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """What `verso evaluate` was asked for."""

    run: Path
    data: str
    features: str = "proxy"
    samples: int = 10_000
    skip_bad: bool = False
    take: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of it; ``path`` is where it is kept in the run."""

    run: Path
    path: Path
    weights_digest: str
    scores: Scores

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it, and as the file in the run has it but for its place."""
        return {"run": str(self.run), "weights_digest": self.weights_digest} | self.scores.plain()


def evaluate_run(request: EvaluateRequest, home_path: Path, listener: Listener = silent) -> Evaluated:
    """Measure a run against DATA, or ``take`` pictures of it, and keep the numbers in the run.

    The proxy features of DATA are trained once and kept in the home. Raises InputError for a run or data that cannot be
    used, UnknownName (features), WeightsMissing, MissingExtra.
    """
    if request.features not in FEATURES:
        raise UnknownName(kind="features", name=request.features, known=", ".join(FEATURES), hint="")
    with training_part("Evaluating"):
        from rectoverso.recto.metrics.score import Reference, score_run
        from rectoverso.recto.sample.generator import RunGenerator
        from rectoverso.recto.train.folder import write

    generator = RunGenerator(request.run)
    dataset = _open(request, generator, listener)
    _check_enough(len(dataset), request.samples)
    features = _features(request.features, dataset, home_path, listener)
    reference = Reference(dataset, features)
    scores = score_run(
        generator,
        dataset,
        features,
        samples=request.samples,
        reference=reference,
        listener=_told(listener, "measuring"),
    )
    if request.features == "proxy":
        _keep_gaussian(reference, home_path)
    digest = str(generator.maker.digest)
    evaluated = Evaluated(request.run, request.run / SCORES, digest, scores)
    write(evaluated.path, (json.dumps(evaluated.plain(), indent=2, ensure_ascii=False) + "\n").encode())
    return evaluated


def _open(request: EvaluateRequest, generator: RunGenerator, listener: Listener) -> Dataset:
    """The data, at the run's own sides and channels, its masks with the run's classes."""
    from rectoverso.recto.data.source import open_source

    return open_source(
        request.data,
        size=generator.size,
        channels=generator.shape.channels,
        take=request.take,
        skip_bad=request.skip_bad,
        mask_classes=generator.shape.regions or None,
        listener=_told(listener, "reading"),
    )


def _check_enough(images: int, samples: int) -> None:
    count = min(images, samples)
    if count >= FEWEST:
        return
    reason, advice = (
        Message(f"evaluate.few.{part}", {"count": count, "least": FEWEST}) for part in ("reason", "advice")
    )
    raise NotComparable(reason=Phrase(reason), advice=Phrase(advice))


def _features(name: str, dataset: Dataset, home_path: Path, listener: Listener) -> Features:
    if name == "inception":
        from rectoverso.recto.metrics.inception import inception_features

        return inception_features()
    from rectoverso.recto.metrics.proxy_training import proxy_features

    cache = Home.open(home_path).path / CACHE
    return proxy_features(dataset, cache, listener=_told(listener, "learning_features"))


def _keep_gaussian(reference: Reference, home_path: Path) -> None:
    """For the trainings on this data that come (`quick`): it is at hand now, and they would have to look again."""
    from rectoverso.recto.metrics.quick import kept_gaussian

    kept_gaussian(reference, Home.open(home_path).path / CACHE)


def _told(listener: Listener, stage: Literal["reading", "learning_features", "measuring"]) -> _Counter:
    return _Counter(listener, Message(f"progress.{stage}"))


@dataclass(frozen=True, slots=True)
class _Counter:
    """The engine counts, the listener hears of it."""

    listener: Listener
    stage: Message

    def __call__(self, done: int, total: int) -> None:
        self.listener(Progress(self.stage, done, total))
