"""From the data in memory to the batch of a turn.

Shapes: N images, H height, W width, C channels.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from rectoverso.recto.data.dataset import Dataset, Outline
from rectoverso.recto.data.groups import is_named
from rectoverso.recto.data.part import Part
from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.data.tokenizer import learn_merges
from rectoverso.recto.systems.recipe import Recipe, Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams
from rectoverso.recto.train.sync import processes, rank

EXAMPLES = 64
"""Pictures of the data that previews are made from, where they are made from something."""


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
        count = self.recipe.batch // processes()
        passes, first = first / len(self.dataset), first + rank() * count
        place_N = self.streams.places(first, count, len(self.dataset))
        turned_N = self._turned("flip", first, count)
        return Turn(
            self._pictures(self.dataset, place_N, turned_N),
            self._labels(place_N),
            first,
            progress,
            self.streams,
            processes(),
            passes,
            mask_NHW=self._masks(self.dataset, place_N, turned_N),
            captions=_captions(self.dataset, place_N),
            other_NCHW=self._others(first, count),
        )

    def examples(self, of: Part | None = None) -> Turn:
        """The pictures that previews are made from, always the same: of those held out, where there are any, and so
        many of the data. The same for every process.
        """
        data: Dataset | Part = of or self.dataset
        place_N = np.arange(min(EXAMPLES, len(data)))
        other = self.dataset.other
        return Turn(
            self._pictures(data, place_N),
            None,
            0,
            0.0,
            self.streams,
            mask_NHW=self._masks(data, place_N),
            captions=_captions(data, place_N),
            other_NCHW=None if other is None else self._pictures(other, np.arange(min(EXAMPLES, len(other)))),
        )

    def rehearsal(self) -> Feed:
        """What the cost of a turn is measured with: the run's own pictures."""
        return self

    def _others(self, first: int, count: int) -> torch.Tensor | None:
        """As many pictures of the second set, in orders of its own."""
        other = self.dataset.other
        if other is None:
            return None
        place_N = self.streams.places(first, count, len(other), "order-other")
        return self._pictures(other, place_N, self._turned("flip-other", first, count))

    def _turned(self, purpose: str, first: int, count: int) -> NDArray[np.bool_] | None:
        """Which pictures (N,) are mirrored; None where none ever is."""
        return self.streams.choices(purpose, first, count, 2) == 1 if self.recipe.flip else None

    def _pictures(
        self, data: Dataset | Part, place_N: NDArray[np.int64], turned_N: NDArray[np.bool_] | None = None
    ) -> torch.Tensor:
        image_NHWC = data.batch(place_N)
        if turned_N is not None:
            image_NHWC[turned_N] = image_NHWC[turned_N, :, ::-1]
        return to_tensor(image_NHWC).contiguous(memory_format=torch.channels_last).to(self.device)

    def _masks(
        self, data: Dataset | Part, place_N: NDArray[np.int64], turned_N: NDArray[np.bool_] | None = None
    ) -> torch.Tensor | None:
        if data.masks is None:
            return None
        mask_NHW = data.masks[place_N].astype(np.int64)
        if turned_N is not None:
            mask_NHW[turned_N] = mask_NHW[turned_N, :, ::-1]
        return torch.from_numpy(mask_NHW).to(self.device)

    def _labels(self, place_N: NDArray[np.int64]) -> torch.Tensor | None:
        if not self.shape.classes or self.dataset.labels is None:
            return None
        return torch.from_numpy(self.dataset.labels[place_N]).to(self.device)


def _captions(data: Dataset | Part, place_N: NDArray[np.int64]) -> tuple[str, ...] | None:
    return data.captions and tuple(data.captions[place] for place in place_N)


def shape_of(data: Outline, recipe: Recipe) -> Shape:
    """What the recipe's networks must know of the data."""
    found = 0 if is_named(data) else recipe.groups_in(len(data))
    classes = len(data.classes) if recipe.labels and data.labels is not None else 0
    return Shape(
        data.height,
        data.width,
        data.channels,
        found or classes,
        len(data.regions),
        _merges(data, recipe.merges),
    )


def _merges(data: Outline, count: int) -> tuple[str, ...]:
    """What the captions are read in; those of pictures held out are read as well."""
    whole = data.whole if isinstance(data, Part) else data
    return learn_merges(whole.captions, count) if isinstance(whole, Dataset) and whole.captions else ()
