"""A worker: one process that takes the turns of one queue, one at a time, with DBOS (durable workflows).

The home says what is to be done and what came of it; DBOS says who does it now. So the two never have to agree within
one transaction: what the home has waiting is put into the queue, under a name that can be put there only once; what is
taken from it and was done before ends at once; and the work itself comes to the same end however often it is begun.

    dispatch   items that wait, into the queue of their kind
    take       one at a time, from whichever maker's part of the queue chance names: nobody waits for another's hundred
    adopt      what a worker had begun that is gone, back into the queue
    account    for what DBOS has given up
    sweep      now and then: what DBOS still has of turns that ended, and what was sent and is wanted no more

Who is gone is told by a lock file: the kernel gives it back when its holder dies, however it dies.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Timer
from typing import NoReturn

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer
from dbos import EnqueueOptions as Options

from rectoverso.errors import CouldNotRun, HomeBusy, ItemAbandoned
from rectoverso.service.work.leaving import Leaving
from rectoverso.service.work.queues import QUEUES
from rectoverso.service.work.turns import take
from rectoverso.store.atomic import make_private_folder
from rectoverso.store.home import Home
from rectoverso.store.jobs import State, Turn
from rectoverso.store.lock import exclusive
from rectoverso.workflow.drawing import warm
from rectoverso.workflow.jobs.sweep import sweep
from rectoverso.workflow.jobs.work import failure
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.scratch import sweep_scratch

_LOG = logging.getLogger(__name__)

_NAME, _VERSION, _WORKFLOW = "rectoverso", "1", "item"
"""The version is that of what a turn is made of; another would leave what lies in the queue to the old programs."""
_MOST_STARTS = 50
_LISTENS_EVERY_S, _LONGEST_S, _POLL_S = 0.03, 2.0, 0.1
"""A database in a file tells for little whether anything was written there. A server is looked at each `_POLL_S`."""
_DBOS_POLL_S = {"making": 0.25, "training": 0.5}
"""What is asked for waits for the home to be looked at, and for DBOS, whose look takes longer."""
_WARM_AFTER_S = 0.5
_ADOPT_EVERY_S = 2.0
_SWEEP_EVERY_S = 600.0
_ROWS_KEPT = timedelta(days=1)
_AT_ONCE = 500
_NO_PARTITION_LIMIT = 1_000_000
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_PAUSES_S = (1, 2, 5, 10, 30, 60, 60, 60, 60, 60)


def work(home_path: Path, queue: str) -> NoReturn:
    """Work on the jobs of a home, of one of `QUEUES`, until this process is told to end, which it does with 0; at any
    moment it may be killed.
    """
    home = Home.open(home_path)
    open_keys(home)
    sweep_scratch(home)
    with _slot(home, queue) as name:
        worker = _Worker(home, queue, name)
        if queue == "making":
            _warm_soon()
        worker.run()


def _warm_soon() -> None:
    """What waits already is begun first."""
    timer = Timer(_WARM_AFTER_S, warm)
    timer.daemon = True
    timer.start()


class _Worker:
    def __init__(self, home: Home, queue: str, name: str) -> None:
        self._home, self._queue, self._name = home, queue, name
        self._leaving = Leaving()
        config = DBOSConfig(
            name=_NAME,
            system_database_url=home.work_address,
            executor_id=name,
            application_version=_VERSION,
            serializer=DBOSPortableJSONSerializer(),
            use_listen_notify=False,
            log_level="ERROR",
        )
        DBOS(config=config)
        DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=_MOST_STARTS)(_taking(home, self._leaving))
        DBOS.listen_queues([queue])
        DBOS.launch()  # and what this worker's namesake had begun is in the queue again
        for each in QUEUES:
            DBOS.register_queue(
                each,
                worker_concurrency=1,
                partition_concurrency=_NO_PARTITION_LIMIT,
                polling_interval_sec=_DBOS_POLL_S[each],
                on_conflict="always_update",
            )

    def run(self) -> NoReturn:
        adopted_at, swept_at = 0.0, time.monotonic()
        self._leaving.listen()
        while not self._leaving.is_asked:
            seen = self._home.database.writings()
            try:
                self.dispatch()
                if time.monotonic() - swept_at > _SWEEP_EVERY_S:
                    swept_at = time.monotonic()
                    self.sweep()
                if time.monotonic() - adopted_at > _ADOPT_EVERY_S:
                    self.adopt()
                    self.account()
                    adopted_at = time.monotonic()
            except Exception:  # noqa: BLE001
                _LOG.exception("the queue %s", self._queue)  # a database that is busy or away may come back
                time.sleep(1)
            self._listen(seen)
        self._leaving.wait()
        os._exit(
            0
        )  # while the name is still this worker's: what has not come to an end is for whoever takes it next

    def _listen(self, since: int | None) -> None:
        """Until it is time to look again: at once where somebody writes in the home, or has ``since``."""
        if since is None:
            time.sleep(_POLL_S)
            return
        time.sleep(_POLL_S - _LISTENS_EVERY_S)
        until = time.monotonic() + _LONGEST_S
        while (
            time.monotonic() < until
            and self._home.database.writings() == since
            and not self._leaving.is_asked
        ):
            time.sleep(_LISTENS_EVERY_S)

    def dispatch(self) -> None:
        """Put what waits into the queue of its kind."""
        turns = self._home.jobs.unsent(_AT_ONCE)
        for turn in turns:
            _enqueue(turn)
        self._home.jobs.mark_sent(turns)

    def sweep(self) -> None:
        """Clear away rows of turns that ended more than a day ago, some at a time, and old uploads."""
        before = (datetime.now(UTC) - _ROWS_KEPT).isoformat()
        ended = DBOS.list_workflows(
            status=list(_ENDED),
            name=_WORKFLOW,
            completed_before=before,
            limit=_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if ended:
            DBOS.delete_workflows([one.workflow_id for one in ended])
        sweep(self._home)

    def adopt(self) -> None:
        """Put back what was begun by workers that are gone. Their names cannot be taken meanwhile."""
        begun = DBOS.list_workflows(status="PENDING", name=_WORKFLOW, load_input=False, load_output=False)
        for name in {str(one.executor_id) for one in begun} - {self._name}:
            with suppress(HomeBusy), exclusive(_lock(self._home, name), 0, self._home.path):
                DBOS._recover_pending_workflows([name])  # noqa: SLF001 - what DBOS's own conductor calls

    def account(self) -> None:
        """Of what was put into a queue and has not ended: put in what is not there, and end what DBOS has given up."""
        turns = {_name(turn): turn for turn in self._home.jobs.sent(_AT_ONCE)}
        if not turns:
            return
        found = DBOS.list_workflows(workflow_ids=list(turns), load_input=False, load_output=False)
        states = {one.workflow_id: one.status for one in found}
        for name, turn in turns.items():
            if name not in states:
                _enqueue(turn)
            elif states[name] in _ENDED:
                self._home.jobs.end(turn, State.FAILED, failure(self._home, ItemAbandoned()))


def _taking(home: Home, leaving: Leaving) -> Callable[[str, int, int, str, str], None]:
    """What DBOS runs. While the home is busy or away it is tried again: what was asked for is no fault of that."""

    def item(job: str, place: int, attempt: int, kind: str, person: str) -> None:
        turn = Turn(job, place, attempt, kind, person)
        for pause in _PAUSES_S:
            try:
                with leaving:
                    take(home, turn)
            except CouldNotRun as error:
                _LOG.warning("%s: again in %s s", error.code, pause)
                time.sleep(pause)
            else:
                return
        with leaving:
            take(home, turn)

    return item


def _enqueue(turn: Turn) -> None:
    queue = next(name for name, kinds in QUEUES.items() if turn.kind in kinds)
    options: Options = {
        "workflow_name": _WORKFLOW,
        "queue_name": queue,
        "workflow_id": _name(turn),
        "app_version": _VERSION,
        "queue_partition_key": turn.person,
    }
    DBOS.enqueue_workflow_with_options(options, turn.job, turn.place, turn.attempt, turn.kind, turn.person)


def _name(turn: Turn) -> str:
    return f"{turn.job}.{turn.place}.{turn.attempt}"


@contextmanager
def _slot(home: Home, queue: str) -> Iterator[str]:
    """A name that no living worker of this home has: the first that is free."""
    for number in count(1):
        name = f"{queue}-{number}"
        with ExitStack() as held:
            try:
                held.enter_context(exclusive(_lock(home, name), 0, home.path))
            except HomeBusy:
                continue
            yield name
            return


def _lock(home: Home, name: str) -> Path:
    folder = home.path / "workers"
    make_private_folder(folder)
    return folder / f"{name}.lock"
