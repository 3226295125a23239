"""A system that trains in a second: pictures of 16 pixels, networks of a few channels."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from quick import few_norm_images, forecasts, guess
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.train.loop import train

TINY = (
    "batch=8",
    "nets.latent=8",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "precision=float32",
    "milestones=2",
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads on networks this small only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Short trainings, also those of a module's fixtures."""
    with few_norm_images(), forecasts(by=guess):
        yield


def striped(count: int = 48, size: int = 16) -> Dataset:
    """Class 0: horizontal stripes, class 1: vertical ones, at one of four offsets, with a little noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    wave = np.where((np.arange(size)[None] + 2 * rng.integers(0, 4, count)[:, None]) % 8 < 4, 40, 215)
    grey = np.where(labels[:, None, None] == 0, wave[:, :, None], wave[:, None, :])
    grey = np.broadcast_to(grey, (count, size, size)) + rng.integers(-10, 10, (count, size, size))
    images = np.repeat(grey[..., None], 3, axis=3).astype(np.uint8)
    return Dataset("stripes", images, labels.astype(np.int64), ("across", "down"))


@pytest.fixture
def stripes() -> Dataset:
    return striped()


@pytest.fixture
def unlabelled(stripes: Dataset) -> Dataset:
    return Dataset("stripes", stripes.images)


@pytest.fixture(scope="session")
def tiny() -> Recipe:
    return with_settings(recipe("dcgan", "default"), TINY)


@pytest.fixture(scope="session")
def tiny_run(tiny: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 16 pictures. Copy it before changing it."""
    folder = tmp_path_factory.mktemp("tiny") / "run"
    with few_norm_images(), forecasts(by=guess):
        train(tiny, striped(), folder, images=16)
    return folder


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    """A copy of the tiny run."""
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


@pytest.fixture
def tiny_article() -> Recipe:
    small = with_settings(
        recipe("dcgan", "article"), ("batch=8", "nets.latent=8", "nets.width=4", "precision=float32")
    )
    return dataclasses.replace(small, milestones=2)
