"""Killed at any instant, whatever was asked for ends exactly once, and nothing is released that the ledger lacks.

Makers ask over HTTP, each job under an Idempotency-Key, again and again until they have an answer. Meanwhile the server
or one of its workers is killed (kill -9), or the server told to end, at random instants, and started again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest

from rectoverso.store.address import FILE
from rectoverso.store.home import Home
from rectoverso.store.jobs import State
from rectoverso.store.people import Role
from rectoverso.types import Decision
from rectoverso.verso.picture import to_png
from rectoverso.workflow.jobs.asked import SealAsked, Sent
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.people import add_person
from served import Served, started_worker, without_torch
from stores import Server
from unit.verso.conftest import photo

SEALED, DRAWN = 4, 24
"""Pictures of one job."""


def _pictures(home: Home, first: int, count: int) -> tuple[Sent, ...]:
    pictures = [to_png(photo(first + number, 64)) for number in range(count)]
    return tuple(Sent(digest=home.uploads.put(data), name=f"{first}.png") for data in pictures)


def _until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.2)


def _all_ended(home: Home) -> bool:
    return not any(job.is_open for job in home.jobs.page(1000))


def _demand_exactly_once(home: Home, pictures: int) -> None:
    """Every item is done, every picture was decided once, and the ledger holds with as many entries."""
    items = [item for job in home.jobs.page(1000) for item in home.jobs.items(job.id)]
    assert {item.state for item in items} == {State.DONE}, [item.told for item in items]
    results = [item.told["result"] for item in items if "released" in item.told["result"]]
    named = [row["asset"] for result in results for rows in result.values() for row in rows]
    decided = home.assets.all()
    assert len(named) == len(set(named)) == pictures
    assert {asset.id for asset in decided} == set(named)
    assert len({asset.request for asset in decided}) == pictures
    released = {row["asset"] for result in results for row in result["released"]}
    assert {asset.id for asset in decided if asset.decision is Decision.RELEASE} == released
    checked = check_ledger(home.path)
    assert checked.problems == ()
    assert sum(checked.counts.values()) == pictures
    assert set(home.blobs.all()) == {asset.id for asset in decided if asset.has_picture}


Asked = tuple[str, dict[str, Any]]


def _load(home: Home, jobs: int, kinds: tuple[str, ...]) -> list[Asked]:
    """So many jobs of each kind, and two trainings: where they are asked for, and their bodies."""
    asked: list[Asked] = []
    for number in range(jobs):
        files = [sent.model_dump() for sent in _pictures(home, 100 * number, SEALED)]
        asked.append(("/assets", {"files": files}))
        asked.append(("/generations", {"run": "demo", "count": DRAWN, "seed": 1000 * number}))
    training = {"system": "gan", "data": "digits", "size": 16, "images": 20_000}
    asked += [("/runs", training | {"seed": seed}) for seed in range(2)]
    return [(path, body) for path, body in asked if path in kinds]


def _ask_for_all(served: Served, keys: list[str], asked: list[Asked]) -> list[Thread]:
    """The makers, each in a thread of its own, at their share of it."""

    def share(who: int) -> None:
        for number in range(who, len(asked), len(keys)):
            path, body = asked[number]
            served.ask("POST", path, keys[who], body, Idempotency_Key=f"job {number}")

    makers = [Thread(target=share, args=(who,)) for who in range(len(keys))]
    for maker in makers:
        maker.start()
    return makers


def _crash(
    folder: Path,
    kills: int,
    jobs: int,
    kinds: tuple[str, ...],
    pause_s: float,
    env: Mapping[str, str] | None = None,
) -> None:
    random = Random(7)
    home = Home.open(folder)
    keys = [add_person(home, name, Role.MAKER)[2] for name in ("Anna", "Ben")]
    asked = _load(home, jobs, kinds)
    random.shuffle(asked)
    with Served(folder, env=env) as served:
        served.until_it_answers()
        makers = _ask_for_all(served, keys, asked)
        while kills:
            time.sleep(random.uniform(0, pause_s))
            way = random.random()
            if way < 0.1:
                served.end_server()
                kills -= 1
            elif way < 0.5:
                served.kill_server()
                kills -= 1
            else:
                kills -= served.kill_a_worker(random)
        for maker in makers:
            maker.join()
        _until(lambda: _all_ended(home), 1800)
    assert len(home.jobs.page(1000)) == len(asked), "of each key there is one job"
    _demand_exactly_once(home, sum(body.get("count", len(body.get("files", ()))) for _, body in asked))


def test_whatever_was_asked_for_ends_exactly_once(tmp_path: Path) -> None:
    """In small: two kills in the seconds in which a few pictures are sealed."""
    env = without_torch(tmp_path / "lacking")
    _crash(tmp_path / "home", kills=2, jobs=2, kinds=("/assets",), pause_s=3, env=env)


@pytest.mark.slow
def test_at_fifty_instants_under_load(tmp_path: Path) -> None:
    _crash(tmp_path / "home", kills=50, jobs=12, kinds=("/assets", "/generations", "/runs"), pause_s=12)


@pytest.mark.slow
def test_at_fifty_instants_with_the_records_on_a_server(tmp_path: Path, postgres: Server) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / FILE).write_text(postgres.url(postgres.database()))
    _crash(folder, kills=50, jobs=12, kinds=("/assets", "/generations", "/runs"), pause_s=12)


@pytest.mark.slow
def test_a_worker_takes_up_what_another_left_and_nobody_waits_for_anothers_many(tmp_path: Path) -> None:
    _two_workers(tmp_path / "home")


@pytest.mark.slow
def test_two_workers_share_a_queue_on_a_server(tmp_path: Path, postgres: Server) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / FILE).write_text(postgres.url(postgres.database()))
    _two_workers(folder)


def _two_workers(folder: Path) -> None:
    home = Home.open(folder)
    open_keys(home)
    many = order(home, "anna", SealAsked(files=_pictures(home, 0, 24)))[0]
    one = order(home, "ben", SealAsked(files=_pictures(home, 500, 1)))[0]
    first, second = started_worker(folder, "making"), started_worker(folder, "making")
    try:
        _until(lambda: not _job(home, one.id).is_open, 900)
        assert _job(home, many.id).counts[State.WAITING], "Ben waited for all of Anna's"
        _until(lambda: len(_by(home)) == 2, 900)
        first.kill()
        _until(lambda: not _job(home, many.id).is_open, 900)
        assert second.poll() is None
    finally:
        first.kill()
        second.kill()
    _demand_exactly_once(home, 25)


def _job(home: Home, job: str) -> Any:
    return home.jobs.find(job)


def _by(home: Home) -> set[str]:
    """The workers that hold a name."""
    return {path.stem for path in (home.path / "workers").glob("*.lock")}
