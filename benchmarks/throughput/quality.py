"""Whether bfloat16 trains as well as float32: the same preset, seeds and number of images in both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.train.loop import train
from throughput.distance import distances
from throughput.own_side import PRECISIONS, article

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
            made = samples(run)
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


def samples(run: Path) -> NDArray[np.uint8]:
    """The run's pictures of the first seeds, drawn one at a time: too little work for several threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    made = np.stack(list(RunGenerator(run).sample(range(SAMPLES))))
    torch.set_num_threads(threads)
    return made
