"""Whether the other processes of a run are alive, asked of a noticeboard while the loop is busy.

A process that dies closes its connections and the others notice at once. One whose machine is cut off closes nothing,
and they would wait for it. So each writes a growing number on the group's noticeboard every few seconds, and ends,
with the reason in words, when another's number has stood still for too long or the noticeboard itself is gone.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

from torch.distributed.distributed_c10d import Store

from rectoverso.errors import ProcessLost
from rectoverso.i18n import explain, preferred_language

EVERY_S = 5.0
SILENCE_S = 40.0
GRACE_S = 5.0
"""What the loop has to notice by itself and end in good order, before the process is ended for it."""


class Watch:
    """A thread that shows that this process lives, and looks whether the others do."""

    def __init__(
        self,
        store: Store,
        rank: int,
        processes: int,
        *,
        every_s: float = EVERY_S,
        silence_s: float = SILENCE_S,
        end: Callable[[ProcessLost], None] | None = None,
    ) -> None:
        self.store, self.rank, self.processes = store, rank, processes
        self.every_s, self.silence_s = every_s, silence_s
        self.end = end or _end
        self.seen: dict[int, tuple[bytes, float]] = {}
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_over.set()
        if kind is None:
            self.thread.join(2 * self.every_s)

    def _watch(self) -> None:
        beat = 0
        while not self.is_over.is_set():
            beat += 1
            try:
                problem = self.look(beat)
            except RuntimeError as error:  # the noticeboard is gone, and with it the one who kept it
                problem = str(error).splitlines()[0]
            if problem:
                if not self.is_over.wait(GRACE_S):
                    self.end(ProcessLost(system=problem))
                return
            self.is_over.wait(self.every_s)

    def look(self, beat: int) -> str | None:
        """Show this process's number, and say who has been silent for too long, if anyone has."""
        self.store.set(f"alive-{self.rank}", str(beat))
        now = time.monotonic()
        for other in range(self.processes):
            key = f"alive-{other}"
            number = self.store.get(key) if self.store.check([key]) else b""
            if other not in self.seen or self.seen[other][0] != number:
                self.seen[other] = (number, now)
            elif now - self.seen[other][1] > self.silence_s:
                return f"process {other} has been silent for {self.silence_s:.0f} s"
        return None


def _end(error: ProcessLost) -> None:
    """Say why and leave: the loop waits in an exchange that no exception can reach."""
    print(explain(error, preferred_language()), file=sys.stderr, flush=True)
    os._exit(error.exit_code)
