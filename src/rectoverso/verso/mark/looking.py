"""Is there a mark of this project in a picture? The looks that are taken, and what all of them cost together.

    1  As the picture lies.
    2  However it was turned and resized, where the first finds nothing.
    3  For the private mark of a home, where the second finds nothing either; only a home can take it.

The first is part of the second; each gets a third of the error that may be made, and of the first two one half is for
any mark at all and one for the ids that a home has issued. Whoever asks pays for all of it, so that one picture has one
p-value wherever it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rectoverso.types import AssetId, Pixels
from rectoverso.verso.mark import watermark
from rectoverso.verso.mark.watermark import Detection, Match

LOOKS = 3


@dataclass(frozen=True, slots=True)
class Looked:
    """``p_value``: how often a picture without a mark shows as much, all looks paid for. ``issued``: the one of the
    home's ids that was read, with a p-value of its own.
    """

    p_value: float
    detection: Detection
    issued: Match | None


def look_for(picture: Pixels, ids: Sequence[AssetId] = ()) -> Looked | None:
    """What is to be seen of the public mark; None in a picture too small to carry one. ``ids``: those of a home."""
    if not watermark.payload_bits(*picture.shape[:2]):
        return None
    looked = _look(picture, ids, anyhow=False)
    return looked if looked.p_value <= watermark.FOUND_AT else _look(picture, ids, anyhow=True)


def whole_id(detection: Detection) -> AssetId | None:
    """The id as read, where the picture was large enough to carry all of it."""
    return AssetId(detection.prefix) if detection.payload_bits == 48 else None


def _look(picture: Pixels, ids: Sequence[AssetId], *, anyhow: bool) -> Looked:
    detection = watermark.detect(picture, anyhow=anyhow)
    issued = _issued(detection, ids)
    p_value = min(detection.p_value, issued.p_value if issued else 1.0)
    return Looked(min(1.0, LOOKS * 2 * p_value), detection, issued)


def _issued(detection: Detection, ids: Sequence[AssetId]) -> Match | None:
    """Which of the ids the reading is. One that was read without an error is not compared with all others first."""
    whole = whole_id(detection) if detection.found else None
    if whole is None or whole not in ids:
        return watermark.best_match(detection, ids)
    match = watermark.best_match(detection, [whole])
    return replace(match, p_value=min(1.0, match.p_value * len(ids))) if match else None
