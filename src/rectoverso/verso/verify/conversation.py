"""What the starter of the bounded process (`inside`) says to it, hears of it, and believes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, BinaryIO, Self, cast, get_args

from rectoverso.verso.verify import frames
from rectoverso.verso.verify.belief import Heard, believed, unreadable
from rectoverso.verso.verify.bounds import Bounds, Job, Reads
from rectoverso.verso.verify.questions import answer
from rectoverso.verso.verify.verifier import Reading

if TYPE_CHECKING:
    from rectoverso.verso.anonymise.dicom.pseudonyms import Secret
    from rectoverso.verso.verify.records import Records

_START_S = 60.0
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMPDIR")
"""Of the environment, which may hold secrets, only what finding and loading libraries needs."""


class Stopped(Exception):
    """The process came to no answer: ``why`` is ``time``, ``memory``, ``crashed`` or ``not_started``."""

    def __init__(self, why: str, layer: Reading = "opening") -> None:
        super().__init__(why)
        self.why, self.layer = why, layer


class Conversation:
    """One bounded process. ``held`` is what it gave up, ``files`` how many it was asked about."""

    def __init__(self, bounds: Bounds, reads: Reads = "pictures") -> None:
        """Start it. Raises Stopped."""
        self.bounds, self.reads, self.files = bounds, reads, 0
        self.held: tuple[str, ...] = ()
        try:
            self._process = _process()
        except OSError as error:
            raise Stopped("not_started") from error
        self._jobs = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        try:
            self.held = self._greeted()
        except BaseException:
            self.end()
            raise

    def ask(self, data: bytes, job: Job, records: Records | Secret) -> Heard:
        """What it says of a file's bytes. Raises Stopped, and whatever the records raise; then it has to be ended."""
        self.files += 1
        self._layer: Reading = "opening"
        with _Deadline(self._process, self.bounds.seconds_for(0)) as deadline:
            try:
                frames.hand(self._jobs, job)
                frames.write(self._jobs, data)
                while (heard := self._heard(job, records, deadline)) is None:
                    pass
            except frames.PipeEnded as ended:
                is_late = deadline.passed or self._ran_out()
                raise Stopped("time" if is_late else "crashed", self._layer) from ended
        return heard

    def end(self) -> None:
        """Kill it, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._jobs, self._answers):
            with suppress(OSError):
                pipe.close()

    def _ran_out(self) -> bool:
        """Whether its own alarm ended it (`inside`), as it does where this process was too busy to."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(1) == -getattr(signal, "SIGALRM", 0) != 0
        return False

    def _greeted(self) -> tuple[str, ...]:
        """Wait until it has given up what it gives up."""
        with _Deadline(self._process, _START_S):
            try:
                frames.hand(self._jobs, (self.bounds, self.reads))
                return tuple(frames.told(self._answers)["ready"])
            except (frames.PipeEnded, KeyError) as error:
                raise Stopped("not_started") from error

    def _heard(self, job: Job, records: Records | Secret, deadline: _Deadline) -> Heard | None:
        """Act on one thing that it says; what was asked for, when that is what it says."""
        most, said = job.limits.max_pixels, frames.told(self._answers)
        if job.asks in said:
            return believed(said, job, lambda: frames.read(self._answers, 4 * most))
        match said:
            case {"pixels": int(pixels)} if 0 <= pixels <= most:
                deadline.at_most(self.bounds.seconds_for(pixels))
            case {"at": where} if where in get_args(Reading):
                self._layer = where
            case {"ask": str(name), "about": list(about)}:
                frames.hand(self._jobs, answer(records, name, about, frames.read(self._answers, 4 * most)))
            case {"unreadable": str(code), "facts": dict(facts)} if job.asks != "report":
                return unreadable(code, facts)
            case {"failed": "memory"}:
                raise Stopped("memory", self._layer)
            case _:
                raise frames.PipeEnded
        return None


def _process() -> subprocess.Popen[bytes]:
    """What this process can import, that one can; of its environment it gets next to nothing."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # One thread: those of a linear algebra library each take address space, and would outlive what is given up.
    alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    found = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "rectoverso.verso.verify.inside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=kept | alone | found,
        start_new_session=True,  # Ctrl-C is for this process, which then ends that one
    )


class _Deadline:
    """Ends a process that is not done in time, whatever it is stuck in or says."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.passed = False
        self._process = process
        self._began = time.monotonic()
        self._timer: Timer | None = None
        self.at_most(seconds)

    def at_most(self, seconds: float) -> None:
        """From the beginning, however often it is said."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = Timer(max(0.0, self._began + seconds - time.monotonic()), self._pass)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _pass(self) -> None:
        self.passed = True
        self._process.kill()
