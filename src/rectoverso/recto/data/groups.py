"""Groups found in pictures that have no classes: what looks alike, for systems that learn more from named pictures.

A principal tree: the pictures are halved at the median of their first principal component, and each half again (Verma,
Kpotufe and Dasgupta 2009, section 3). So no group has more than one picture more than another, and a picture of any
group, all equally likely, is a picture of the data. That groups found in logos steady a training and better its
pictures: Sage et al. 2018 (arXiv:1712.04407), with k-means on the features of other networks; here pictures of 8x8
pixels are enough for it.

Shapes: N images, H height, W width, C channels, F numbers of a small picture.
"""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.recto.data.dataset import Dataset, Outline
from rectoverso.recto.data.picture import on_white
from rectoverso.types import Message

LOOKED_AT_PX = 8
LEAST_IN_A_GROUP = 32
"""With fewer, 300 micrographs for instance, a critic learns names of single pictures, and its generator nothing."""
FITTED_TO = 8192
"""Of how many pictures at most a principal component is found; all are sorted by it."""
BATCH = 64
DECIMALS = 4
"""By which sums count, of values to 255: the order of the pictures is all but always one, however a processor adds."""


def groups_of(count: int, wanted: int) -> int:
    """Into how many groups so many pictures are sorted: the power of two that is wanted, or 0: they are too few."""
    groups = 1 << (wanted.bit_length() - 1) if wanted > 1 else 0
    return groups if groups * LEAST_IN_A_GROUP <= count else 0


def grouped(dataset: Dataset, wanted: int) -> Dataset:
    """The same data, its pictures sorted into so many groups, which are its classes from then on.

    As it is where it has more than one class or is too small. Its digest stays: the groups follow from the pictures.
    """
    count = groups_of(len(dataset), wanted)
    if is_named(dataset) or not count:
        return dataset
    label_N = sorted_out(small(dataset), count)
    label_N.flags.writeable = False
    names = tuple(f"group-{group:0{len(str(count - 1))}}" for group in range(count))
    note = Message("data.note.groups", {"count": count, "first": names[0]})
    made = copy.copy(dataset)
    for name, value in (("labels", label_N), ("classes", names), ("notes", (*dataset.notes, note))):
        object.__setattr__(made, name, value)
    return made


def is_named(data: Outline) -> bool:
    """Whether there are classes to learn apart: one alone is none, a folder around all pictures, say."""
    return data.labels is not None and len(data.classes) > 1


def small(dataset: Dataset) -> NDArray[np.uint8]:
    """Each picture as F numbers (N, F): the mean colours of 8x8 parts; of transparent ones as they look on white."""
    batches = (
        dataset.batch(np.arange(first, min(first + BATCH, len(dataset))))
        for first in range(0, len(dataset), BATCH)
    )
    return np.stack([_shrunk(image_HWC) for image_NHWC in batches for image_HWC in image_NHWC])


def sorted_out(value_NF: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """The group (N,) of each row, of ``count`` (a power of two) groups whose sizes differ by one at most."""
    label_N = np.zeros(len(value_NF), dtype=np.int64)

    def halve(places: NDArray[np.int64], groups: int, first: int) -> None:
        if groups == 1:
            label_N[places] = first
            return
        order = places[np.argsort(along(value_NF[places]), kind="stable")]
        half, groups = len(order) // 2, groups // 2
        halve(np.sort(order[:half]), groups, first)
        halve(np.sort(order[half:]), groups, first + groups)

    halve(np.arange(len(value_NF)), count, 0)
    return label_N


def along(value_NF: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How far along their first principal component the rows lie (N,)."""
    fitted_NF = value_NF[:: -(-len(value_NF) // FITTED_TO)].astype(np.float64)
    middle_F = fitted_NF.mean(0)
    axis_F = np.linalg.eigh(np.cov(fitted_NF, rowvar=False))[1][:, -1]
    axis_F *= np.sign(axis_F[np.abs(axis_F).round(6).argmax()])  # of numbers as good as equal, the first
    far_N: NDArray[np.float64] = np.concatenate(
        [(value_NF[first : first + BATCH] - middle_F) @ axis_F for first in range(0, len(value_NF), BATCH)]
    )
    return far_N.round(DECIMALS)


def _shrunk(image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey, RGB or RGBA picture as RGB of 8x8 pixels, in a row (F,)."""
    image = on_white(Image.fromarray(image_HWC[..., 0] if image_HWC.shape[2] == 1 else image_HWC))
    return np.asarray(image.resize((LOOKED_AT_PX, LOOKED_AT_PX), Image.Resampling.BOX)).reshape(-1)
