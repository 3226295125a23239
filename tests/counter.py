"""The service without a socket: who asks by which key, and the work done by this process when a test says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from rectoverso.service.app import service_app
from rectoverso.service.limits import ServiceLimits
from rectoverso.service.work.turns import take
from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.workflow.people import add_person

PATIENT = ServiceLimits(per_minute=1e6, burst=100_000, answer_seconds=60)


def asking(*headers: tuple[bytes, bytes], host: str = "127.0.0.1") -> Request:
    """Somebody at an address asks, with these headers."""
    asked = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
    return Request(asked | {"headers": list(headers), "client": (host, 1)})


@dataclass
class Staffed:
    """A server over a home, without a socket, and the accounts that were given there: a key and an id for each role."""

    folder: Path
    limits: ServiceLimits = PATIENT
    keys: dict[Role, str] = field(default_factory=dict)
    ids: dict[Role, str] = field(default_factory=dict)
    app: FastAPI = field(init=False)

    def new_client(self) -> TestClient:
        """Somebody at this machine."""
        return TestClient(
            self.app,
            base_url="http://127.0.0.1",
            raise_server_exceptions=False,
            follow_redirects=False,
            client=("127.0.0.1", 50_000),
        )

    @property
    def home(self) -> Home:
        home: Home = self.app.state.desk.home
        return home

    def hire(self, *roles: Role) -> None:
        """Give each of these roles an account and a key."""
        for role in roles:
            person, _, token = add_person(self.home, f"the {role}", role)
            self.keys[role], self.ids[role] = token, person.id


@dataclass
class Counter(Staffed):
    """A service over a home. Once somebody has an account, ``ask`` says by whose key it asks."""

    def __post_init__(self) -> None:
        self.app = service_app(self.folder, self.limits)
        self.client = self.new_client()

    def ask(self, method: str, path: str, by: Role | None = None, **more: Any) -> Any:
        headers = dict(more.pop("headers", {}))
        if by is not None:
            headers["Authorization"] = f"Bearer {self.keys[by]}"
        path = path if path.startswith(("/v1", "/healthz")) else f"/api/v1{path}"
        return self.client.request(method, path, headers=headers, **more)

    def work_off(self) -> None:
        """Do what waits, as workers would."""
        while turns := self.home.jobs.unsent(100):
            self.home.jobs.mark_sent(turns)
            for turn in turns:
                take(self.home, turn)
