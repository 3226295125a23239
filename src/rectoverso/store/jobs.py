"""Jobs: what makers asked for, each in items that end one by one.

An item waits, runs, and is then done, failed or cancelled; while a running one is asked to end it is stopping. Whatever
was tried again is a later attempt at the same item, and what an earlier one says then counts for nothing.

Each change of an item moves the version of its job on, and the item keeps it: who knows a version can ask for what came
after it. Nothing else is kept of the past, so that a job is as large at its end as it was at its beginning.

Each job has a data key of its own: prompts and names of files are about people, and go with it.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from rectoverso.store.tables import job_items, jobs

if TYPE_CHECKING:
    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.vault import Cipher, Vault

_ID_BYTES = 8


class State(StrEnum):
    """Where an item is."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (State.WAITING, State.RUNNING, State.STOPPING)
"""States that are not the end."""
UNDONE = (State.FAILED, State.CANCELLED)
"""Ends after which an item may be tried again."""


@dataclass(frozen=True, slots=True)
class Job:
    """``number`` orders jobs by their beginning; ``counts``: how many items are in which state."""

    number: int
    id: str
    kind: str
    person: str
    created_at: str
    version: int
    asked: dict[str, Any]
    counts: dict[State, int]

    @property
    def state(self) -> State:
        """Of the whole: running while any item is open, and failed where any item failed."""
        if any(self.counts.get(state) for state in (State.RUNNING, State.STOPPING)):
            return State.RUNNING
        if waiting := self.counts.get(State.WAITING):
            return State.WAITING if waiting == sum(self.counts.values()) else State.RUNNING
        return next((state for state in UNDONE if self.counts.get(state)), State.DONE)

    @property
    def is_open(self) -> bool:
        return any(self.counts.get(state) for state in OPEN)


@dataclass(frozen=True, slots=True)
class Item:
    """``told`` is what its last attempt says of itself: progress, then what came of it or what went wrong."""

    job: str
    place: int
    attempt: int
    state: State
    version: int
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt at one item of somebody's job: what is put in a queue."""

    job: str
    place: int
    attempt: int
    kind: str
    person: str


class Jobs:
    """The jobs of one home. Each method is one transaction, but for those that are given one.

    ``vault`` names tokens.
    """

    def __init__(self, database: Database, vault: Callable[[], Vault], keys: DataKeys) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys

    def add(
        self, kind: str, person: str, asked: dict[str, Any], items: int, now: str, token: str | None = None
    ) -> tuple[Job, bool]:
        """Keep a job of so many waiting items, and whether it is new: of one ``token`` there is one job."""
        token = None if token is None else self._vault().name(f"{person}/{token}")
        job = secrets.token_hex(_ID_BYTES)
        with self._database.transaction() as tx:
            if token and (known := self._where(tx, jobs.c.token == token)):
                return known[0], False
            key = self._keys.make(tx, _place(job))
            sealed = _sealed(key, asked, _place(job))
            row = {"id": job, "kind": kind, "person": person, "created_at": now, "version": 1}
            tx.connection.execute(jobs.insert().values(**row, token=token, asked=sealed))
            empty = {"job": job, "attempt": 1, "state": State.WAITING.value, "is_sent": False, "version": 1}
            told = [_sealed(key, {}, _place(job, place)) for place in range(items)]
            rows = [empty | {"place": place, "told": sealed} for place, sealed in enumerate(told)]
            tx.connection.execute(job_items.insert(), rows)
            return self._where(tx, jobs.c.id == job)[0], True

    def open(self) -> list[Job]:
        """The jobs of which something has not ended."""
        wanted = sa.select(job_items.c.job).where(job_items.c.state.in_(OPEN))
        with self._database.read() as tx:
            return self._where(tx, jobs.c.id.in_(wanted), None)

    def states(self) -> dict[tuple[str, State], int]:
        """How many items there are of each kind of job in each state."""
        query = sa.select(jobs.c.kind, job_items.c.state, sa.func.count()).group_by(
            jobs.c.kind, job_items.c.state
        )
        with self._database.read() as tx:
            rows = tx.connection.execute(
                query.select_from(job_items.join(jobs, jobs.c.id == job_items.c.job))
            )
            return {(kind, State(state)): count for kind, state, count in rows}

    def find(self, job: str) -> Job | None:
        """The job of that id."""
        with self._database.read() as tx:
            return next(iter(self._where(tx, jobs.c.id == job)), None)

    def version(self, job: str) -> int | None:
        """The version of a job alone, for who asks often."""
        with self._database.read() as tx:
            return tx.connection.execute(sa.select(jobs.c.version).where(jobs.c.id == job)).scalar()

    def page(
        self,
        limit: int,
        *,
        before: int | None = None,
        person: str | None = None,
        kind: str | None = None,
        until: str | None = None,
    ) -> list[Job]:
        """The last jobs that began ``before`` this number, the newest first; ``until``: not after this time (ISO 8601,
        as `add` was told it).
        """
        wanted: sa.ColumnElement[bool] = sa.true()
        wanted = wanted if before is None else wanted & (jobs.c.number < before)
        wanted = wanted if person is None else wanted & (jobs.c.person == person)
        wanted = wanted if kind is None else wanted & (jobs.c.kind == kind)
        wanted = wanted if until is None else wanted & (jobs.c.created_at <= until)
        with self._database.read() as tx:
            return self._where(tx, wanted, limit)

    def open_count(self, person: str) -> int:
        """How many items of somebody's jobs have not ended."""
        theirs = job_items.join(jobs, jobs.c.id == job_items.c.job)
        wanted = (jobs.c.person == person) & job_items.c.state.in_(OPEN)
        with self._database.read() as tx:
            query = sa.select(sa.func.count()).select_from(theirs).where(wanted)
            return int(tx.connection.execute(query).scalar_one())

    def items(self, job: str, after: int = 0, limit: int = -1) -> list[Item]:
        """The items that changed after this version, in the order in which they did."""
        query = (
            job_items.select()
            .where((job_items.c.job == job) & (job_items.c.version > after))
            .order_by(job_items.c.version, job_items.c.place)
        )
        with self._database.read() as tx:
            rows = tx.connection.execute(query if limit < 0 else query.limit(limit)).all()
            key = self._keys.of(tx, _place(job)) if rows else None
        return [_item(key, row) for row in rows if key]

    def all(self, tx: Transaction) -> list[Job]:
        """Every job, the newest first."""
        return self._where(tx, sa.true(), None)

    def told(self, tx: Transaction, job: str) -> list[dict[str, Any]]:
        """What is told of the items of a job, in their order."""
        key = self._keys.of(tx, _place(job))
        return [_item(key, row).told for row in self._items(tx, job)]

    def change(self, tx: Transaction, job: str, change: Callable[[Any], Any]) -> None:
        """Keep what was asked and told as ``change`` has it, sealed with another key."""
        before = self._keys.of(tx, _place(job))
        asked, items = self._where(tx, jobs.c.id == job)[0].asked, self._items(tx, job)
        key = self._keys.change(tx, _place(job))
        row = jobs.update().where(jobs.c.id == job)
        tx.connection.execute(row.values(asked=_sealed(key, change(asked), _place(job))))
        for item in items:
            told = _sealed(key, change(_item(before, item).told), _place(job, item.place))
            here = (job_items.c.job == job) & (job_items.c.place == item.place)
            tx.connection.execute(job_items.update().where(here).values(told=told))

    def forget(self, tx: Transaction, job: str) -> int:
        """Destroy the key of a job, and remove it. Returns how many data keys there were."""
        tx.connection.execute(job_items.delete().where(job_items.c.job == job))
        tx.connection.execute(jobs.delete().where(jobs.c.id == job))
        return self._keys.destroy(tx, [_place(job)])

    def unsent(self, limit: int) -> list[Turn]:
        """What waits and is in no queue yet, the oldest jobs first."""
        return self._turns((job_items.c.state == State.WAITING.value) & ~job_items.c.is_sent, limit)

    def sent(self, limit: int) -> list[Turn]:
        """What was put in a queue and has not ended."""
        return self._turns(job_items.c.state.in_(OPEN) & job_items.c.is_sent, limit)

    def mark_sent(self, turns: Collection[Turn]) -> None:
        """Note that these are in a queue."""
        if not turns:
            return
        with self._database.transaction() as tx:
            for turn in turns:
                tx.connection.execute(job_items.update().where(_of(turn)).values(is_sent=True))

    def begin(self, turn: Turn) -> bool:
        """Say that an item runs. False where there is nothing to do: it ended, was cancelled, or is tried anew."""
        with self._database.transaction() as tx:
            self._move(tx, turn, (State.STOPPING,), State.CANCELLED)
            return self._move(tx, turn, (State.WAITING, State.RUNNING), State.RUNNING)

    def is_running(self, turn: Turn) -> bool:
        """Whether nobody has asked it to stop."""
        running = _of(turn) & (job_items.c.state == State.RUNNING.value)
        with self._database.read() as tx:
            return tx.connection.execute(sa.select(sa.literal(1)).where(running)).first() is not None

    def tell(self, turn: Turn, told: dict[str, Any]) -> None:
        """Say how a running item gets on."""
        with self._database.transaction() as tx:
            self._move(tx, turn, (State.RUNNING,), State.RUNNING, told)

    def end(self, turn: Turn, state: State, told: dict[str, Any]) -> bool:
        """Say what came of an item; False where that was said before, or it is tried anew."""
        with self._database.transaction() as tx:
            return self._move(tx, turn, OPEN, state, told)

    def cancel(self, job: str) -> None:
        """End what waits, and ask what runs to stop."""
        with self._database.transaction() as tx:
            for turn, state in self._states(tx, job, (State.WAITING, State.RUNNING)):
                after = State.CANCELLED if state is State.WAITING else State.STOPPING
                self._move(tx, turn, (state,), after)

    def retry(self, job: str, place: int | None = None) -> int:
        """Let what failed or was cancelled wait once more, one item or all of them; returns how many."""
        with self._database.transaction() as tx:
            wanted = [turn for turn, _ in self._states(tx, job, UNDONE) if place in (None, turn.place)]
            for turn in wanted:
                self._move(tx, turn, UNDONE, State.WAITING, {}, attempt=turn.attempt + 1, is_sent=False)
            return len(wanted)

    def _move(
        self,
        tx: Transaction,
        turn: Turn,
        before: Sequence[State],
        after: State,
        told: dict[str, Any] | None = None,
        **values: Any,
    ) -> bool:
        is_there = _of(turn) & job_items.c.state.in_(before)
        if tx.connection.execute(sa.select(sa.literal(1)).where(is_there)).first() is None:
            return False
        moved = jobs.update().where(jobs.c.id == turn.job).values(version=jobs.c.version + 1)
        version = tx.connection.execute(moved.returning(jobs.c.version)).scalar_one()
        if told is not None:
            key = self._keys.of(tx, _place(turn.job))
            values["told"] = _sealed(key, told, _place(turn.job, turn.place))
        change = job_items.update().where(is_there).values(state=after.value, version=version, **values)
        return tx.connection.execute(change).rowcount > 0

    def _turns(self, wanted: sa.ColumnElement[bool], limit: int) -> list[Turn]:
        query = _TURNS.where(wanted).order_by(jobs.c.number, job_items.c.place).limit(limit)
        with self._database.read() as tx:
            return [Turn(*row) for row in tx.connection.execute(query)]

    def _states(self, tx: Transaction, job: str, states: Sequence[State]) -> list[tuple[Turn, State]]:
        wanted = (jobs.c.id == job) & job_items.c.state.in_(states)
        query = _TURNS.add_columns(job_items.c.state).where(wanted).order_by(job_items.c.place)
        rows = tx.connection.execute(query).all()
        return [(Turn(*row[:-1]), State(row[-1])) for row in rows]

    def _where(self, tx: Transaction, wanted: sa.ColumnElement[bool], limit: int | None = 1) -> list[Job]:
        query = jobs.select().where(wanted).order_by(jobs.c.number.desc()).limit(limit)
        rows = tx.connection.execute(query).all()
        counted = (
            sa.select(job_items.c.job, job_items.c.state, sa.func.count())
            .where(job_items.c.job.in_([row.id for row in rows]))
            .group_by(job_items.c.job, job_items.c.state)
        )
        counts: dict[str, Counter[State]] = {}
        for job, state, count in tx.connection.execute(counted):
            counts.setdefault(job, Counter())[State(state)] = count
        return [self._job(tx, row, dict(counts.get(row.id, {}))) for row in rows]

    def _items(self, tx: Transaction, job: str) -> Sequence[Any]:
        of_job = job_items.select().where(job_items.c.job == job).order_by(job_items.c.place)
        return tx.connection.execute(of_job).all()

    def _job(self, tx: Transaction, row: Any, counts: dict[State, int]) -> Job:
        asked = json.loads(self._keys.of(tx, _place(row.id)).open(row.asked, _place(row.id)))
        return Job(row.number, row.id, row.kind, row.person, row.created_at, row.version, asked, counts)


def _item(key: Cipher, row: Any) -> Item:
    told = json.loads(key.open(row.told, _place(row.job, row.place)))
    return Item(row.job, row.place, row.attempt, State(row.state), row.version, told)


def _sealed(key: Cipher, value: dict[str, Any], place: str) -> bytes:
    return key.seal(json.dumps(value, ensure_ascii=False).encode(), place)


def _place(job: str, item: int | None = None) -> str:
    return f"jobs/{job}" if item is None else f"jobs/{job}/{item}"


_TURNS = sa.select(
    job_items.c.job, job_items.c.place, job_items.c.attempt, jobs.c.kind, jobs.c.person
).select_from(job_items.join(jobs, jobs.c.id == job_items.c.job))


def _of(turn: Turn) -> sa.ColumnElement[bool]:
    """The item while this is the attempt at it."""
    return (
        (job_items.c.job == turn.job)
        & (job_items.c.place == turn.place)
        & (job_items.c.attempt == turn.attempt)
    )
