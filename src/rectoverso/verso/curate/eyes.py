"""What looks for people and for printed words: a slot for detectors that this project may or may not have.

    finder = FINDERS["faces"]()     # in each process anew; None where nothing on this machine looks
    finder.find(pixels)             # how many, and how sure

Nothing found and not looked for are two answers, and everything that tells of them keeps them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from rectoverso.types import Pixels


class Finder(Protocol):
    """Looks for one kind of thing in pictures. Raising counts as not having looked."""

    @property
    def name(self) -> str:
        """What looked, with its version: it goes into the manifest."""
        ...

    def find(self, pixels: Pixels) -> int:
        """How many there are in a picture (uint8 HWC with 1, 3 or 4 channels)."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """How many were found, and by what; ``by`` is "" where nothing looked."""

    found: int = 0
    by: str = ""

    @property
    def count(self) -> int | None:
        """How many; None where nothing looked."""
        return self.found if self.by else None

    def plain(self) -> dict[str, Any]:
        """As a manifest keeps it."""
        return {"looked": True, "found": self.found, "by": self.by} if self.by else {"looked": False}


def look(finder: Finder | None, pixels: Pixels) -> Seen:
    """What a finder sees; without one, and where it fails, that nothing looked."""
    if finder is None:
        return Seen()
    try:
        return Seen(finder.find(pixels), finder.name)
    except Exception:  # noqa: BLE001 - a model that fails has not looked, and must not pass for one that found nothing
        return Seen()
