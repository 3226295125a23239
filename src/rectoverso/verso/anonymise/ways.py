"""What can become of a face. Apart, because a command names it before anything heavy is loaded."""

from __future__ import annotations

from enum import StrEnum

from rectoverso.errors import UnknownName


class Way(StrEnum):
    """Few squares, few soft patches, or what a generator fills in."""

    PIXELATE = "pixelate"
    BLUR = "blur"
    FILL = "fill"

    @classmethod
    def named(cls, name: str) -> Way:
        """The way of that name. Raises UnknownName."""
        if name not in list(cls):
            raise UnknownName(kind="way", name=name, known=", ".join(cls), hint="")
        return cls(name)
