"""Whether a picture may show words: what its file says, what its kind is known for, and what its pixels look like.

Any reason is enough to hold a file until people have looked at it, and none of them is enough to let one pass: the test
of the pixels finds printed letters in rows, and misses handwriting, single letters and faint ones (`text`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Message
from rectoverso.verso.anonymise.text import OF_DEVICES, rows_of_text

MODALITIES = frozenset({"US", "IVUS", "ES", "GM", "XC", "OT", "SC", "DG", "LS", "OP", "OAM", "SMR"})
"""Whose devices draw into the picture, or whose pictures come from scanners, cameras and screens."""

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_ENDS = (0, 0.1)
"""Percent of a frame's values at either end that are left out of its range."""


def may_show_words(dataset: Any, frames: Iterable[NDArray[np.uint8]]) -> tuple[Message, ...]:
    """The reasons to think so. ``frames``: grey (H, W), of what is to be looked at."""
    said = str(dataset.get("BurnedInAnnotation", ""))
    reasons = []
    if said == "YES":
        reasons.append(Message("anonymise.burned_in.said"))
    if said != "NO":
        modality, kind = str(dataset.get("Modality", "")), str(dataset.get("SOPClassUID", ""))
        if modality in MODALITIES:
            reasons.append(Message("anonymise.burned_in.modality", {"modality": modality}))
        if kind.startswith(_SECONDARY_CAPTURE):
            reasons.append(Message("anonymise.burned_in.secondary"))
    if rows := rows_in(frames):
        reasons.append(Message("anonymise.burned_in.pixels", {"rows": rows}))
    return tuple(reasons)


def rows_in(frames: Iterable[NDArray[np.uint8]]) -> int:
    """How many rows of letters the first frame that seems to have any has."""
    return next(filter(None, (len(rows_of_text(frame, OF_DEVICES)) for frame in frames)), 0)


def grey_frames(array: NDArray[Any], *, samples: int) -> Iterator[NDArray[np.uint8]]:
    """Every frame as grey (H, W) from 0 to 255: over the whole range of its values, and over that of most of them, for
    a single bright pixel would leave words dark. Of colours the highest and the lowest: words may be in any.
    """
    frames = array if array.ndim == (4 if samples > 1 else 3) else array[None]
    for frame in frames:
        for values in (frame.max(axis=2), frame.min(axis=2)) if samples > 1 else (frame,):
            for share in _ENDS:
                low, high = (float(value) for value in np.percentile(values, (share, 100 - share)))
                scaled = (values.astype(np.float32) - low) * (255 / max(high - low, 1e-6))
                yield np.clip(scaled, 0, 255).astype(np.uint8)
