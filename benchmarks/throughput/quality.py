"""Whether bfloat16 trains as well as float32: the same preset, seeds and number of images in both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from throughput.distance import distances
from throughput.own_side import PRECISIONS, article

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.train.loop import train

SAMPLES = 5000


def compare(dataset: Dataset, folder: Path, images: int, seeds: int) -> dict[str, object]:
    """Distances of each training's samples to the real pictures, and of real pictures to other real ones."""
    shuffled = dataset.images[np.random.default_rng(3).permutation(len(dataset))]
    half = min(SAMPLES, len(dataset) // 2)
    held, real = shuffled[:half], shuffled[half:]
    rows = []
    for seed in range(seeds):
        for precision in PRECISIONS:
            run = folder / f"quality-{precision}-{seed}"
            result = train(article(precision), dataset, run, seed=seed, images=images)
            made = np.stack(list(RunGenerator(run).sample(range(SAMPLES))))
            rows.append(
                {
                    "precision": precision,
                    "seed": seed,
                    "images": result.images,
                    "seconds": round(result.seconds, 1),
                    **distances(made, real),
                }
            )
    return {"samples": SAMPLES, "trainings": rows, "other real pictures": distances(held, real)}
