"""What looks for people and for printed words: a slot for detectors that a machine may or may not have.

Nothing found and not looked for are two answers, and everything that tells of them keeps them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rectoverso.types import Pixels


class Finder(Protocol):
    """Finds the places of one kind of thing in a picture (uint8 HWC with 1, 3 or 4 channels)."""

    def find(self, pixels: Pixels) -> Sequence[object]: ...


@dataclass(frozen=True, slots=True)
class Eye:
    """A finder, and the name that a manifest knows it by, with its version or digest."""

    name: str
    finder: Finder


MakeEye = Callable[[], Eye | None]
"""Called once in each process, so a function of a module; None where nothing on this machine can look."""


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


def look(eye: Eye | None, pixels: Pixels) -> Seen:
    """What an eye sees; without one, and where it fails, that nothing looked."""
    if eye is None:
        return Seen()
    try:
        return Seen(len(eye.finder.find(pixels)), eye.name)
    except Exception:  # noqa: BLE001 - a model that fails has not looked, and must not pass for one that found nothing
        return Seen()
