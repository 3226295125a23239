"""One turn at one item: begun once, told of as it goes, stopped when somebody says so, ended once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rectoverso.errors import ErasedMeanwhile, HomeBusy, ItemAbandoned
from rectoverso.service.work import turns
from rectoverso.store.home import Home
from rectoverso.store.jobs import Item, Job, State, Turn
from rectoverso.types import Message
from rectoverso.workflow.jobs.asked import GenerateAsked
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.progress import Listener, Progress

Do = Callable[[Home, Job, int, Listener], dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(turns, "_TOLD_EVERY_S", 0)
    home = Home.open(tmp_path / "home")
    open_keys(home)
    order(home, "anna", GenerateAsked(run="demo"))
    return home


def taken(home: Home, monkeypatch: pytest.MonkeyPatch, do: Do) -> Item:
    monkeypatch.setattr(turns, "do", do)
    turns.take(home, turn(home))
    return item(home)


def turn(home: Home) -> Turn:
    return Turn(home.jobs.page(1)[0].id, 0, 1, "generate", "anna")


def item(home: Home) -> Item:
    return home.jobs.items(turn(home).job)[0]


def at(done: int) -> Progress:
    return Progress(Message("progress.releasing", {"released": done}), done, 3, seconds_left=1.5)


def test_what_came_of_it_is_kept_and_it_is_not_done_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def do(_home: Home, _job: Job, place: int, _listener: Listener) -> dict[str, Any]:
        calls.append(place)
        return {"released": []}

    assert taken(home, monkeypatch, do).told == {"result": {"released": []}}
    assert taken(home, monkeypatch, do).state is State.DONE
    assert calls == [0]


def test_it_is_told_where_it_is(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def do(_home: Home, _job: Job, _place: int, listener: Listener) -> dict[str, Any]:
        listener(at(2))
        seen.append(item(home).told["progress"])
        return {}

    taken(home, monkeypatch, do)
    stage = {"key": "progress.releasing", "facts": {"released": 2}}
    assert seen == [{"stage": stage, "done": 2, "total": 3, "rate": None, "seconds_left": 1.5}]


def test_it_stops_in_the_middle_when_it_is_cancelled(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = []

    def do(_home: Home, job: Job, _place: int, listener: Listener) -> dict[str, Any]:
        for step in range(3):
            listener(at(step))
            reached.append(step)
            home.jobs.cancel(job.id)
        return {}

    assert taken(home, monkeypatch, do).state is State.CANCELLED
    assert reached == [0]


@pytest.mark.parametrize(
    ("error", "code"),
    [(ItemAbandoned(), "item_abandoned"), (ZeroDivisionError(), "unexpected")],
)
def test_what_went_wrong_is_kept_in_both_languages(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def do(*_: object) -> dict[str, Any]:
        raise error

    failed = taken(home, monkeypatch, do)
    assert (failed.state, failed.told["error"]["code"]) == (State.FAILED, code)
    assert set(failed.told["error"]["detail"]) == {"en", "zh"}


@pytest.mark.parametrize("error", [HomeBusy(home="h", seconds=600), ErasedMeanwhile(home="h")])
def test_what_others_do_in_the_home_is_no_fault_of_the_item(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def do(*_: object) -> dict[str, Any]:
        raise error

    with pytest.raises(type(error)):
        taken(home, monkeypatch, do)
    assert item(home).state is State.RUNNING
    assert taken(home, monkeypatch, lambda *_: {}).state is State.DONE
