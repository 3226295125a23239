"""What can become of a face. Apart, because a command names it before anything heavy is loaded."""

from __future__ import annotations

from enum import StrEnum


class Way(StrEnum):
    """Few squares, few soft patches, or what a generator fills in."""

    PIXELATE = "pixelate"
    BLUR = "blur"
    FILL = "fill"
