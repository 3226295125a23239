"""The workers of one server: started with it, started again when they end, ended with it."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Self

from rectoverso.service.work.leaving import LONGEST_S
from rectoverso.service.work.queues import QUEUES

_LONGEST_PAUSE_S = 30.0
_LONG_LIFE_S = 60.0
_LOOKED_EVERY_S = 0.2
_LEAVING_S = 1.0


class Staff:
    """So many processes for each queue. One that ends soon after its start is waited for longer each time."""

    def __init__(self, home: Path, each: int) -> None:
        self._home = home
        self._ended = Event()
        self._keepers = [Thread(target=self._keep, args=(queue,)) for queue in QUEUES for _ in range(each)]

    def __enter__(self) -> Self:
        for keeper in self._keepers:
            keeper.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End them all. What is soon done they bring to an end; the rest is taken up when the next server starts."""
        self._ended.set()
        for keeper in self._keepers:
            keeper.join()

    def _keep(self, queue: str) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            began = time.monotonic()
            command = [sys.executable, "-P", "-m", "rectoverso.service.work", str(self._home), queue]
            with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - our own program
                while process.poll() is None and not self._ended.wait(_LOOKED_EVERY_S):
                    pass
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(LONGEST_S + _LEAVING_S)
                process.kill()
            is_short = time.monotonic() - began < _LONG_LIFE_S
            pause = min(_LONGEST_PAUSE_S, 2 * pause or 0.5) if is_short else 0.0
