"""Whether a picture may show words: what its file says, what its kind is known for, and what its pixels look like.

Any reason is enough to hold a file until people have looked at it, and none of them is enough to let one pass: the test
of the pixels finds printed letters in rows, and misses handwriting, single letters and faint ones (`text`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Message
from rectoverso.verso.anonymise.text import rows_of_text

MODALITIES = frozenset({"US", "IVUS", "ES", "GM", "XC", "OT", "SC", "DG", "LS", "OP", "OAM", "SMR"})
"""Whose devices draw into the picture, or whose pictures come from scanners, cameras and screens."""

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_MOST_FRAMES = 8


def may_show_words(dataset: Any, frames: NDArray[np.uint8]) -> tuple[Message, ...]:
    """The reasons to think so. ``frames``: (N, H, W) grey, of those that are to be looked at."""
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
    rows = max((len(rows_of_text(frame)) for frame in frames), default=0)
    if rows:
        reasons.append(Message("anonymise.burned_in.pixels", {"rows": rows}))
    return tuple(reasons)


def grey_frames(array: NDArray[Any], *, samples: int) -> NDArray[np.uint8]:
    """Some frames, evenly spread, as grey from 0 to 255 over the whole range of their values: (N, H, W)."""
    frames = array if array.ndim == (4 if samples > 1 else 3) else array[None]
    chosen = frames[np.unique(np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).astype(int))]
    values = chosen.max(axis=3) if samples > 1 else chosen
    values = values.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) * (255 / max(high - low, 1e-6)), np.uint8)
