"""How a long job tells where it is: one value, handed to whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rectoverso.types import Message


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` things; ``rate`` in things a second; ``seconds_left`` when it can be told.

    ``notes`` are further parts of the line, the most important first; where there is little room the last ones are left
    out. ``said`` is a sentence that stays when the line has moved on.
    """

    stage: Message
    done: int
    total: int | None = None
    rate: float | None = None
    seconds_left: float | None = None
    notes: tuple[str, ...] = ()
    said: Message | None = None


Listener = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Listen to nothing."""
