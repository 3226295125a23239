"""`python -m rectoverso.service.work HOME QUEUE`: a worker that ends with the server that started it, also when that is
killed: their pipe closes then. What it was at is taken up by the next one.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Thread

_NICE = 10


def _end_with_server() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[2] == "training":
        os.nice(_NICE)  # hours of it: who waits for a picture, or for a page, comes first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both, and the server decides
    Thread(target=_end_with_server, daemon=True).start()

    from rectoverso.service import logs
    from rectoverso.service.work.worker import work

    logs.begin()

    work(Path(sys.argv[1]), sys.argv[2])
