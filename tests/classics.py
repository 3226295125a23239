"""What the tests of several systems ask: how striped pictures are, and whether a resumed run is the same run."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from quick import forecasts
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import Recipe
from rectoverso.recto.train import forecast
from rectoverso.recto.train.forecast import measure
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.status import Status


def stripedness(picture: np.ndarray) -> float:
    """1 when only rows differ from each other (horizontal stripes), -1 when only columns do."""
    grey = picture.astype(float).mean(2)
    rows, columns = grey.mean(1).var(), grey.mean(0).var()
    return float((rows - columns) / (rows + columns))


def stripe_scores(run: Path) -> tuple[float, float]:
    """Mean stripedness of twenty pictures of each of the two classes."""
    generator = RunGenerator(run)
    scores = [[stripedness(picture) for picture in generator.sample(range(20), label)] for label in (0, 1)]
    return float(np.mean(scores[0])), float(np.mean(scores[1]))


class Killed(Exception):
    """What stands for a power cut."""


def assert_resumes_exactly(recipe: Recipe, dataset: Dataset, folder: Path) -> None:
    """Cut a run of eight batches in the middle: resumed, every tensor of its end equals the uncut run's, which alone
    has measured what it will take, as people's runs do; of what grows, in one part.
    """
    images = 8 * recipe.batch
    with forecasts(by=measure), pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecast, "PARTS", 1)
        train(recipe, dataset, folder / "whole", seed=3, images=images)

    def cut(status: Status) -> None:
        if status.images >= images // 2:
            raise Killed

    ticks = iter(range(10_000))
    try:
        train(
            recipe,
            dataset,
            folder / "parts",
            seed=3,
            images=images,
            listener=cut,
            clock=lambda: 60.0 * next(ticks),
        )
    except Killed:
        pass
    else:
        raise AssertionError("the run was not cut")
    kept = [int(path.name.split("-")[0]) for path in (folder / "parts" / "state").iterdir()]
    assert max(kept) >= images // 2, "there is nothing to go on from but the beginning"
    train(recipe, dataset, folder / "parts", seed=3, images=images, resume=True)
    for part in ("weights", "state"):
        ends = [sorted((folder / run / part).rglob("*.safetensors")) for run in ("whole", "parts")]
        assert ends[0]
        assert len(ends[0]) == len(ends[1])
        for one, other in zip(*ends, strict=True):
            left, right = (safetensors.torch.load(path.read_bytes()) for path in (one, other))
            assert left.keys() == right.keys()
            assert all(torch.equal(left[key], right[key]) for key in left), part
