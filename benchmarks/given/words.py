"""Whether pictures drawn from captions show what these say.

On the built-in shapes an exact checker tells (`metrics.shapes_checker`). On emoji each picture drawn from an unseen
caption is to find the true picture of that caption among ten, by features of a network taught on the data; the same
search with the next caption's picture shows what chance and likeness alone would find.

Shapes: N captions.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from given.likeness import embedded
from numpy.typing import NDArray

from rectoverso.recto.data.pixels import to_pixels, to_tensor
from rectoverso.recto.data.shapes import Scene
from rectoverso.recto.metrics.proxy import ProxyFeatures
from rectoverso.recto.metrics.shapes_checker import is_right
from rectoverso.recto.nets.best_of import BestOf
from rectoverso.recto.nets.codes import CodeBook
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems.dalle_trio import DalleTrio
from rectoverso.recto.train import checkpoint
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.streams import Streams

TOGETHER = 16
AMONG = 10
SEED = 3
Images = NDArray[np.uint8]


def shapes_right(generator: RunGenerator, captions: Sequence[str]) -> tuple[dict[str, Any], Images]:
    """The share of captions drawn right by the candidate that the scorer chose and by the first, and of those that
    name one thing or two; and the chosen pictures.
    """
    began = time.monotonic()
    first, best = drawn(generator, captions)
    seconds = time.monotonic() - began
    right_N, right_first_N = (
        np.array([is_right(image, caption) for image, caption in zip(images, captions, strict=True)])
        for images in (best, first)
    )
    of_one_N = np.array([" a" not in caption[1:] for caption in captions])
    return {
        "right": float(right_N.mean()),
        "right, first candidate": float(right_first_N.mean()),
        "right, one thing": float(right_N[of_one_N].mean()),
        "right, two": float(right_N[~of_one_N].mean()),
        "s a caption": seconds / len(captions),
    }, best


@torch.inference_mode()
def right_after_codes(run: Path, generator: RunGenerator, scenes: Sequence[Scene]) -> float:
    """The share of unseen real scenes that are still right when they come back from their codes: no prior can do better
    by much. Needs the state of the run, which holds the encoder.
    """
    cast = generator.recipe.cast(generator.shape, Streams(0))
    assert isinstance(cast, DalleTrio)
    checkpoint.load(RunFolder(run).state, cast.players)
    codes = cast.averaged()[0]
    assert isinstance(codes, CodeBook)
    rights = []
    for start in range(0, len(scenes), TOGETHER):
        part = scenes[start : start + TOGETHER]
        images = to_pixels(codes.decoder(codes.codes(to_tensor(np.stack([one.image for one in part])))))
        rights += [is_right(image, one.caption) for image, one in zip(images, part, strict=True)]
    return float(np.mean(rights))


@torch.inference_mode()
def drawn(generator: RunGenerator, captions: Sequence[str]) -> tuple[Images, Images]:
    """The first candidate and the chosen one of each caption (N, H, W, C), each from the seed of its place."""
    drawer = generator.module
    assert isinstance(drawer, BestOf)
    width, first, best = generator.recipe.noise(generator.shape), [], []
    for start in range(0, len(captions), TOGETHER):
        part = captions[start : start + TOGETHER]
        noise = np.concatenate(
            [Streams(start + place).normals("sample", 0, 1, width) for place in range(len(part))]
        )
        candidate_NMCHW, fit_NM = drawer.judged(torch.from_numpy(noise), part)
        first.append(to_pixels(candidate_NMCHW[:, 0]))
        best.append(to_pixels(candidate_NMCHW[torch.arange(len(part)), fit_NM.argmax(1)]))
    return np.concatenate(first), np.concatenate(best)


def retrieved(made: Images, true: Images, groups: Sequence[str], features: ProxyFeatures) -> dict[str, float]:
    """The share of made pictures that are nearer to their own true one than to nine of other groups."""
    made_ND, true_ND = embedded(made, features), embedded(true, features)
    return {
        "found": _found(made_ND, true_ND, groups),
        "found, next caption's": _found(np.roll(made_ND, 1, 0), true_ND, groups),
    }


def _found(made_ND: NDArray[np.float64], true_ND: NDArray[np.float64], groups: Sequence[str]) -> float:
    distance_NN = np.linalg.norm(made_ND[:, None] - true_ND[None], axis=2)
    hits = []
    for own, distance_N in enumerate(distance_NN):
        others = np.flatnonzero([group != groups[own] for group in groups])
        nine = np.random.default_rng([SEED, own]).choice(others, AMONG - 1, replace=False)
        hits.append(bool((distance_N[own] < distance_N[nine]).all()))
    return float(np.mean(hits))
