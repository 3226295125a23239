"""What a machine can look with: the finders of `verso anonymise`, where what they need is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from rectoverso.errors import DetectorMissing, DetectorUnsound, MissingExtra
from rectoverso.types import Pixels
from rectoverso.verso.anonymise.text import rows_of_text
from rectoverso.verso.curate.eyes import Eye, MakeEye


def for_faces() -> Eye | None:
    """CenterFace, which proves itself; None where it is not installed, or does not find what it must."""
    from rectoverso.verso.anonymise.faces import FaceFinder

    try:
        finder = FaceFinder()
    except (MissingExtra, DetectorMissing, DetectorUnsound):
        return None
    return Eye(f"CenterFace {finder.digest[:12]} at {finder.threshold}, turned", finder)


def for_text() -> Eye:
    """Rows of letters, by their shapes: not read, and not those of every script and size."""
    return Eye("rows of letters 2", _Letters())


class _Letters:
    def find(self, pixels: Pixels) -> Sequence[object]:
        grey = pixels[..., 0] if pixels.shape[2] == 1 else cv2.cvtColor(pixels[..., :3], cv2.COLOR_RGB2GRAY)
        return rows_of_text(np.ascontiguousarray(grey, np.uint8))


EYES: Mapping[str, MakeEye] = {"faces": for_faces, "text": for_text}
