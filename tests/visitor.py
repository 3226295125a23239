"""The studio without a browser: who asks for a page, and by which cookies."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from counter import PATIENT
from rectoverso.service.limits import ServiceLimits
from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.studio.app import studio_app
from rectoverso.workflow.people import add_person


@dataclass
class Visitors:
    """A studio over a home; ``by`` is a browser for each role, signed in when it first asks."""

    folder: Path
    limits: ServiceLimits = PATIENT
    keys: dict[Role, str] = field(default_factory=dict)
    ids: dict[Role, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app = studio_app(self.folder, self.limits)
        self._browsers: dict[Role | None, TestClient] = {}

    @property
    def home(self) -> Home:
        home: Home = self.app.state.desk.home
        return home

    def hire(self, *roles: Role) -> None:
        """Give each of these roles an account and a key."""
        for role in roles:
            person, _, self.keys[role] = add_person(self.home, f"the {role}", role)
            self.ids[role] = person.id

    def browser(self, role: Role | None = None) -> TestClient:
        """The browser of that role; None for who has no account."""
        if role not in self._browsers:
            self._browsers[role] = self.new_browser()
            if role:
                self._browsers[role].post("/sign-in", data={"key": self.keys[role]})
        return self._browsers[role]

    def new_browser(self) -> TestClient:
        return TestClient(
            self.app,
            base_url="http://127.0.0.1",
            raise_server_exceptions=False,
            follow_redirects=False,
            client=("127.0.0.1", 50_000),
        )

    def get(self, path: str, role: Role | None = None, **headers: str) -> Any:
        return self.browser(role).get(path, headers=headers)
