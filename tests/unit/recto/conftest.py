"""A system that trains in a second: pictures of 16 pixels, networks of a few channels."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe, recipe, with_settings

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


@pytest.fixture
def tiny() -> Recipe:
    return with_settings(recipe("dcgan", "default"), TINY)


@pytest.fixture
def tiny_article() -> Recipe:
    small = with_settings(
        recipe("dcgan", "article"), ("batch=8", "nets.latent=8", "nets.width=4", "precision=float32")
    )
    return dataclasses.replace(small, milestones=2)
