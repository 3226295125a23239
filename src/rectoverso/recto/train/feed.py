"""From the data in memory to the batch of a turn.

Shapes: N images, H height, W width, C channels.
"""

from __future__ import annotations

import numpy as np
import torch

from rectoverso.recto.data.dataset import Dataset, Outline
from rectoverso.recto.data.part import Part
from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.systems.recipe import Recipe, Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams
from rectoverso.recto.train.sync import processes, rank


class Feed:
    """Hands out turns; which picture is shown at which index is written in the streams."""

    def __init__(
        self,
        dataset: Dataset | Part,
        recipe: Recipe,
        streams: Streams,
        device: torch.device | None = None,
    ) -> None:
        self.dataset, self.recipe, self.streams = dataset, recipe, streams
        self.device = device or torch.device("cpu")
        self.shape = shape_of(dataset, recipe)

    def turn(self, first: int, progress: float) -> Turn:
        """Of the batch that starts at image ``first``, the part of this process."""
        passes = first / len(self.dataset)
        count = self.recipe.batch // processes()
        first += rank() * count
        place_N = self.streams.places(first, count, len(self.dataset))
        image_NHWC = self.dataset.batch(place_N)
        if self.recipe.flip:
            turned_N = self.streams.choices("flip", first, count, 2) == 1
            image_NHWC[turned_N] = image_NHWC[turned_N, :, ::-1]
        image_NCHW = to_tensor(image_NHWC).contiguous(memory_format=torch.channels_last)
        image_NCHW = image_NCHW.to(self.device)
        return Turn(image_NCHW, self._labels(place_N), first, progress, self.streams, processes(), passes)

    def _labels(self, place_N: np.ndarray) -> torch.Tensor | None:
        if not self.shape.classes or self.dataset.labels is None:
            return None
        return torch.from_numpy(self.dataset.labels[place_N]).to(self.device)


def shape_of(data: Outline, recipe: Recipe) -> Shape:
    """What the recipe's networks must know of the data."""
    classes = len(data.classes) if recipe.labels and data.labels is not None else 0
    return Shape(data.height, data.width, data.channels, classes)
