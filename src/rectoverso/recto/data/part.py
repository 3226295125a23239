"""Some pictures of a dataset, named by their places: a view, so that what is mapped from a file stays there.

Shape suffixes: N images, H height, W width, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rectoverso.recto.data.dataset import Dataset


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The pictures of ``whole`` at ``places`` (N,), to be read as those of a `Dataset` are."""

    whole: Dataset
    places: NDArray[np.int64]
    labels: NDArray[np.int64] | None = field(init=False)

    def __post_init__(self) -> None:
        of_all = self.whole.labels
        object.__setattr__(self, "labels", None if of_all is None else of_all[self.places])

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, place_N: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Copies (N, H, W, C) of the pictures at these places within the part."""
        return self.whole.batch(self.places[place_N])

    @property
    def classes(self) -> tuple[str, ...]:
        return self.whole.classes

    @property
    def height(self) -> int:
        return self.whole.height

    @property
    def width(self) -> int:
        return self.whole.width

    @property
    def channels(self) -> int:
        return self.whole.channels
