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
    masks: NDArray[np.uint8 | np.uint16] | None = field(init=False)
    captions: tuple[str, ...] | None = field(init=False)

    def __post_init__(self) -> None:
        whole = self.whole
        labels = None if whole.labels is None else whole.labels[self.places]
        masks = None if whole.masks is None else whole.masks[self.places]
        captions = whole.captions and tuple(whole.captions[place] for place in self.places)
        for name, value in (("labels", labels), ("masks", masks), ("captions", captions)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, place_N: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Copies (N, H, W, C) of the pictures at these places within the part."""
        return self.whole.batch(self.places[place_N])

    @property
    def is_captioned(self) -> bool:
        return self.whole.is_captioned

    @property
    def is_mapped(self) -> bool:
        return self.whole.is_mapped

    @property
    def regions(self) -> tuple[str, ...]:
        return self.whole.regions

    @property
    def other(self) -> Dataset | None:
        return self.whole.other

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
