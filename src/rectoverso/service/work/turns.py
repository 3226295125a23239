"""One turn at one item: begun once, told of as it goes, stopped when somebody says so, ended once."""

from __future__ import annotations

import logging
import time
from typing import Any

from rectoverso.errors import ErasedMeanwhile, HomeBusy, HomeUnreachable, RectoversoError, Unexpected
from rectoverso.store.home import Home
from rectoverso.store.jobs import State, Turn
from rectoverso.types import Message
from rectoverso.workflow.jobs.work import do, failure
from rectoverso.workflow.progress import Progress

_LOG = logging.getLogger(__name__)
_TOLD_EVERY_S = 0.5


class Stopped(Exception):
    """Somebody asked for the job to stop."""


def take(home: Home, turn: Turn) -> None:
    """Do the item, unless it was done, and say in the home what came of it.

    Raises HomeBusy, HomeUnreachable and ErasedMeanwhile: then nothing was said, and it can be taken again, if the job
    is still there.
    """
    job = home.jobs.find(turn.job)
    if job is None or not home.jobs.begin(turn):
        return
    try:
        came_of_it = do(home, job, turn.place, _Hearing(home, turn))
    except Stopped:
        home.jobs.end(turn, State.CANCELLED, {})
    except (HomeBusy, HomeUnreachable, ErasedMeanwhile):
        raise
    except RectoversoError as error:
        home.jobs.end(turn, State.FAILED, failure(home, error))
    except Exception as error:  # noqa: BLE001 - one item that fails ends nothing but itself
        _LOG.exception("item %s of job %s", turn.place, turn.job)
        home.jobs.end(turn, State.FAILED, failure(home, Unexpected(problem=type(error).__name__)))
    else:
        home.jobs.end(turn, State.DONE, {"result": came_of_it})


class _Hearing:
    """Listens to the work: passes on where it is, now and then, and stops it when that was asked for."""

    def __init__(self, home: Home, turn: Turn) -> None:
        self._jobs, self._turn = home.jobs, turn
        self._told_at = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._told_at < _TOLD_EVERY_S:
            return
        self._told_at = now
        if not self._jobs.is_running(self._turn):
            raise Stopped
        self._jobs.tell(self._turn, {"progress": _plain(progress)})


def _plain(progress: Progress) -> dict[str, Any]:
    """As it is kept: messages by key and facts, to be said in the reader's language."""
    return {
        "stage": _kept(progress.stage),
        "done": progress.done,
        "total": progress.total,
        "rate": progress.rate,
        "seconds_left": progress.seconds_left,
    }


def _kept(message: Message) -> dict[str, Any]:
    facts = {
        name: _kept(fact)
        if isinstance(fact, Message)
        else fact
        if isinstance(fact, int | float)
        else str(fact)
        for name, fact in message.facts.items()
    }
    return {"key": message.key, "facts": facts}
