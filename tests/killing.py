"""Kill -9 at every line of a function, one after the other, and see whether what is started again ends well."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType, FunctionType
from typing import Any


def killed_at_lines(act: Callable[[], object], *watched: FunctionType, every: int = 1) -> Iterator[int]:
    """Carry out ``act`` in a forked process that is killed at the first line of the ``watched`` functions that it comes
    to; yield; then ``every`` so many lines later; and on, until it gets through. Whoever iterates puts everything back.
    """
    for line in range(1, 2000, every):
        process = os.fork()
        if process == 0:
            _die_at(line, {function.__code__ for function in watched})
            try:
                act()
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                print(repr(error), file=sys.stderr)
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(process, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            return
        yield line
    raise AssertionError("it never came through")


def _die_at(line: int, watched: set[Any]) -> None:
    seen = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal seen
        if frame.f_code not in watched:
            return None
        if event == "line":
            seen += 1
            if seen == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
