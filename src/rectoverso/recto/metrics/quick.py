"""A score cheap enough for every milestone of a training: the proxy-FID of 1,000 pictures.

It is for watching one run get better. FID falls as the number of samples grows, so the number is part of the name
(``proxy-FID-1000``) and it compares with nothing but itself. Nothing is taught for it: it is there only where the
features of this very data are already, from an earlier `verso evaluate`.

Shapes: F features.
"""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import nn

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.metrics.features import BATCH, Features, extract, name_of
from rectoverso.recto.metrics.frechet import Gaussian, distance_to
from rectoverso.recto.metrics.proxy_training import load, path_in
from rectoverso.recto.metrics.score import Reference, drawn_from
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.train.feed import shape_of
from rectoverso.recto.train.folder import write

SAMPLES = 1_000


class QuickScore:
    """Scores generators of ``latent`` numbers of noise and so many ``classes`` (0: none) against ``dataset``, whose
    features are ``real``.
    """

    def __init__(
        self, dataset: Dataset, features: Features, real: Gaussian, *, latent: int, classes: int
    ) -> None:
        self.dataset, self.features, self.real = dataset, features, real
        self.latent, self.classes = latent, classes
        self.name = f"{name_of('FID', features)}-{SAMPLES}"

    @torch.inference_mode()
    def __call__(self, generator: nn.Module) -> dict[str, float]:
        """The score of a generator (latents, labels or None) -> pictures, by its name."""
        device = next(generator.parameters()).device
        batches = []
        for first in range(0, SAMPLES, BATCH):
            count = min(BATCH, SAMPLES - first)
            noise_NZ, label_N = drawn_from(self.dataset, self.latent, self.classes, first, count)
            batches.append(
                to_pixels(generator(noise_NZ.to(device), None if label_N is None else label_N.to(device)))
            )
        return {self.name: distance_to(self.real, extract(self.features, batches).feature_NF)}


def quick_score(dataset: Dataset, recipe: Recipe, cache: Path) -> QuickScore | None:
    """The score for runs of ``recipe`` on ``dataset``; None where the folder ``cache`` has no features of it."""
    features = load(path_in(cache, dataset))
    if features is None:
        return None
    real = kept_gaussian(Reference(dataset, features), cache)
    classes = shape_of(dataset, recipe).classes
    return QuickScore(dataset, features, real, latent=recipe.latent, classes=classes)


def kept_gaussian(reference: Reference, cache: Path) -> Gaussian:
    """The Gaussian of the data, read from beside its features, or made and kept there."""
    path = path_in(cache, reference.dataset).with_suffix(".gaussian")
    digest = str(reference.features.digest)
    if (kept := _read(path, digest)) is not None:
        return kept
    gaussian = reference.gaussian
    tensors = {"mean": gaussian.mean_F, "covariance": gaussian.covariance_FF.contiguous()}
    write(path, safetensors.torch.save(tensors, {"features": digest}))
    return gaussian


def _read(path: Path, digest: str) -> Gaussian | None:
    """What the file holds, None unless it was made with these features."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("features") != digest:
                return None
            return Gaussian(file.get_tensor("mean"), file.get_tensor("covariance"))
    except (OSError, safetensors.SafetensorError):
        return None
