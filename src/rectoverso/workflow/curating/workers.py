"""Work on many things in several processes, in order, with a bound on what is ahead.

A process may be ended by a picture, whatever was done against that. Then what was not answered is given out again, one
thing at a time; the one that ends its process once more is told as what it is.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")

BATCH = 8
AHEAD = 3
"""Batches that wait or are worked on, for each process."""

Work = Callable[[Thing], Answer]


class Workers(Generic[Thing, Answer]):
    """``make(*made_of)`` gives each process its work, a function of one thing; ``ended`` answers for a thing that ended
    a process. With one process the work is done here. Raises BrokenProcessPool where processes end without any thing.
    """

    def __init__(
        self,
        make: Callable[..., Work[Thing, Answer]],
        made_of: tuple[Any, ...],
        processes: int,
        ended: Callable[[Thing], Answer],
    ) -> None:
        self._make = make
        self._made_of = made_of
        self._processes = processes
        self._ended = ended

    def answers(self, things: Iterable[Thing]) -> Iterator[Answer]:
        """The answers, in the order of the things."""
        if self._processes == 1:
            work = self._make(*self._made_of)
            yield from map(work, things)
            return
        batches = iter(things)
        waiting: deque[tuple[list[Thing], Future[list[Answer]]]] = deque()
        pool = self._pool(self._processes)
        try:
            while batch := list(islice(batches, BATCH)):
                waiting.append((batch, _submitted(pool, batch)))
                if len(waiting) == AHEAD * self._processes and not _is_broken(waiting[0][1]):
                    yield from waiting.popleft()[1].result()
                elif len(waiting) == AHEAD * self._processes:
                    pool = self._new(pool)
                    yield from self._one_by_one(waiting)
            while waiting:
                if _is_broken(waiting[0][1]):
                    pool = self._new(pool)
                    yield from self._one_by_one(waiting)
                else:
                    yield from waiting.popleft()[1].result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _one_by_one(self, waiting: deque[tuple[list[Thing], Future[list[Answer]]]]) -> Iterator[Answer]:
        pool = self._pool(1)
        try:
            while waiting:
                for thing in waiting.popleft()[0]:
                    try:
                        yield pool.submit(_work_on, [thing]).result()[0]
                    except BrokenProcessPool:
                        pool = self._new(pool, 1)
                        pool.submit(
                            _work_on, []
                        ).result()  # one that cannot even begin is no fault of the thing
                        yield self._ended(thing)
        finally:
            pool.shutdown(cancel_futures=True)

    def _pool(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(processes, get_context("spawn"), _begin, (self._make, self._made_of))

    def _new(self, broken: ProcessPoolExecutor, processes: int | None = None) -> ProcessPoolExecutor:
        broken.shutdown(cancel_futures=True)
        return self._pool(processes or self._processes)


def _submitted(pool: ProcessPoolExecutor, batch: list[Any]) -> Future[list[Any]]:
    try:
        return pool.submit(_work_on, batch)
    except BrokenProcessPool as error:
        lost: Future[list[Any]] = Future()
        lost.set_exception(error)
        return lost


def _is_broken(future: Future[Any]) -> bool:
    """Whether its process ended; waits until that is known. What the work itself raised is raised by its result."""
    with suppress(Exception):
        return isinstance(future.exception(), BrokenProcessPool)
    return True


_here: list[Callable[[Any], Any]] = []
"""The work of this process."""


def _begin(make: Callable[..., Callable[[Any], Any]], made_of: tuple[Any, ...]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    _here.append(make(*made_of))


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _work_on(batch: list[Any]) -> list[Any]:
    return [_here[0](thing) for thing in batch]
