"""A job's items end one by one, each attempt once, and who knows a version is told what came after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rectoverso.store.home import Home
from rectoverso.store.jobs import Job, Jobs, State, Turn
from rectoverso.store.people import Role
from stores import ON_BOTH

NOW = "2026-11-27T12:00:00Z"


@pytest.fixture
def jobs(keyed: Home) -> Jobs:
    return keyed.jobs


def add(jobs: Jobs, person: str = "anna", items: int = 2, token: str | None = None, **asked: object) -> Job:
    return jobs.add("generate", person, {"run": "demo"} | asked, items, NOW, token)[0]


def turns(jobs: Jobs) -> list[Turn]:
    return jobs.unsent(100)


@ON_BOTH
def test_items_wait_run_and_end(jobs: Jobs) -> None:
    job = add(jobs)
    assert (job.state, job.is_open, job.asked, job.counts) == (
        State.WAITING,
        True,
        {"run": "demo"},
        {State.WAITING: 2},
    )
    first, second = turns(jobs)
    assert (first.place, second.place, first.person, first.kind) == (0, 1, "anna", "generate")
    jobs.mark_sent([first, second])
    assert turns(jobs) == []
    assert jobs.sent(10) == [first, second]

    assert jobs.begin(first)
    assert jobs.is_running(first)
    jobs.tell(first, {"done": 1})
    assert jobs.find(job.id).state is State.RUNNING  # type: ignore[union-attr]
    assert jobs.end(first, State.DONE, {"assets": ["a"]})
    assert jobs.begin(second)
    assert jobs.end(second, State.FAILED, {"error": {"code": "x"}})
    ended = jobs.find(job.id)
    assert ended
    assert (ended.state, ended.is_open) == (State.FAILED, False)
    assert [(item.state, item.told) for item in jobs.items(job.id)] == [
        (State.DONE, {"assets": ["a"]}),
        (State.FAILED, {"error": {"code": "x"}}),
    ]
    assert jobs.sent(10) == []


@ON_BOTH
def test_of_one_token_there_is_one_job(jobs: Jobs) -> None:
    job = add(jobs, token="once")
    again = add(jobs, token="once", items=9, other=True)
    assert again == job
    assert add(jobs, token="once", person="ben").id != job.id
    assert len(jobs.page(10)) == 2


def test_what_ended_does_not_begin_again(jobs: Jobs) -> None:
    add(jobs, items=1)
    (turn,) = turns(jobs)
    assert jobs.begin(turn)
    assert jobs.begin(turn), "killed and begun again"
    assert jobs.end(turn, State.DONE, {"assets": ["a"]})
    assert not jobs.begin(turn)
    assert not jobs.end(turn, State.FAILED, {"error": {}})
    assert jobs.items(turn.job)[0].told == {"assets": ["a"]}


@ON_BOTH
def test_what_is_cancelled_stops_and_can_be_tried_again(jobs: Jobs) -> None:
    job = add(jobs)
    first, second = turns(jobs)
    assert jobs.begin(first)
    jobs.cancel(job.id)
    assert [item.state for item in jobs.items(job.id)] == [State.STOPPING, State.CANCELLED]
    assert not jobs.is_running(first)
    assert not jobs.begin(second)
    assert not jobs.begin(first), "killed while it was stopping"
    assert jobs.find(job.id).state is State.CANCELLED  # type: ignore[union-attr]

    assert jobs.retry(job.id, 1) == 1
    assert turns(jobs) == [replace(second, attempt=2)]
    assert not jobs.begin(second), "the first attempt is over"
    assert not jobs.end(second, State.DONE, {})
    assert jobs.begin(replace(second, attempt=2))
    assert jobs.retry(job.id) == 1
    assert jobs.retry(job.id) == 0


def test_a_version_tells_what_came_after_it(jobs: Jobs) -> None:
    job = add(jobs, items=3)
    first, second, _ = turns(jobs)
    seen = job.version
    assert [item.place for item in jobs.items(job.id)] == [0, 1, 2]
    assert jobs.items(job.id, seen) == []
    jobs.begin(second)
    jobs.begin(first)
    jobs.tell(second, {"done": 1})
    changed = jobs.items(job.id, seen)
    assert [(item.place, item.version) for item in changed] == [(0, seen + 2), (1, seen + 3)]
    assert [item.place for item in jobs.items(job.id, seen + 2)] == [1]
    assert jobs.items(job.id, seen, limit=1) == changed[:1]


def test_pages_go_back_from_the_newest(jobs: Jobs) -> None:
    made = [add(jobs, person).id for person in ("anna", "ben", "anna")]
    assert [job.id for job in jobs.page(2)] == made[:0:-1]
    last = jobs.page(2)[-1].number
    assert [job.id for job in jobs.page(2, before=last)] == made[:1]
    assert [job.id for job in jobs.page(9, person="anna")] == [made[2], made[0]]
    assert jobs.page(9, kind="train") == []
    assert jobs.open_count("anna") == 4


def test_nothing_that_was_asked_lies_open(keyed: Home) -> None:
    add(keyed.jobs, prompt="a secret wish", token="my-key")
    (turn,) = keyed.jobs.unsent(1)
    keyed.jobs.begin(turn)
    keyed.jobs.tell(turn, {"why": "Anna Muster"})
    keyed.people.add("Anna Muster", Role.MAKER, NOW)
    keyed.database.settle()
    kept = keyed.database_path.read_bytes()
    assert b"secret wish" not in kept
    assert b"Anna Muster" not in kept
    assert b"my-key" not in kept
