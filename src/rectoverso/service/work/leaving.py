"""Leaving in order: a worker that is told to end (SIGTERM, Ctrl-C) begins nothing more, and what it is at may come to
an end within a bounded time. What does not is taken up by the next worker, as after a kill.
"""

from __future__ import annotations

import os
import signal
from threading import Event, Lock
from types import FrameType
from typing import Self

LONGEST_S = 5.0
"""So long a worker that is told to end goes on with what it is at."""


class Leaving:
    """A context to be in during each turn. ``is_asked``: somebody wants this process to end."""

    def __init__(self) -> None:
        self.is_asked = False
        self._at_work = Lock()

    def listen(self) -> None:
        """Hear the signals from now on, but for those that this process is deaf to. Told twice, it ends at once."""
        signal.signal(signal.SIGTERM, self._hear)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._hear)

    def __enter__(self) -> Self:
        self._at_work.acquire()
        if self.is_asked:
            self._at_work.release()
            Event().wait()  # until the process ends: what would begin now is the next worker's
        return self

    def __exit__(self, *_error: object) -> None:
        self._at_work.release()

    def wait(self, seconds: float = LONGEST_S) -> bool:
        """Until no turn is taken, or so long; whether none is. None is begun after that."""
        return self._at_work.acquire(timeout=seconds)

    def _hear(self, _signal: int, _frame: FrameType | None) -> None:
        if self.is_asked:
            os._exit(0)
        self.is_asked = True
