"""Applications over several homes share in one process what was analysed of their routes, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from counter import Counter
from rectoverso.service.app import analyse
from rectoverso.store.people import Role


def _again(*_given: object, **_named: object) -> NoReturn:
    raise AssertionError("a route is analysed once more")


def test_each_application_asks_its_own_home_by_routes_that_were_analysed_once(
    counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse(counter.app)
    other = Counter(tmp_path / "other")
    monkeypatch.setattr("fastapi.routing.get_dependant", _again)
    assert other.ask("GET", "/people").json()["items"] == []
    assert counter.ask("GET", "/people").status_code == 401
    other.hire(Role.ADMIN)
    for asked, stranger, known in ((counter, other, len(Role)), (other, counter, 1)):
        assert len(asked.ask("GET", "/people", Role.ADMIN).json()["items"]) == known
        theirs = {"Authorization": f"Bearer {stranger.keys[Role.ADMIN]}"}
        assert asked.client.get("/api/v1/people", headers=theirs).status_code == 401
