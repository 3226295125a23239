"""The studio without a browser: who asks for a page, and by which cookies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from counter import Staffed
from rectoverso.store.people import Role
from rectoverso.studio.app import studio_app


@dataclass
class Visitors(Staffed):
    """A studio over a home; ``browser`` is one for each role, signed in when it first asks."""

    def __post_init__(self) -> None:
        self.app = studio_app(self.folder, self.limits)
        self._browsers: dict[Role | None, TestClient] = {}

    def browser(self, role: Role | None = None) -> TestClient:
        """The browser of that role; None for who has no account."""
        if role not in self._browsers:
            self._browsers[role] = self.new_client()
            if role:
                self._browsers[role].post("/sign-in", data={"key": self.keys[role]})
        return self._browsers[role]

    def get(self, path: str, role: Role | None = None, **headers: str) -> Any:
        return self.browser(role).get(path, headers=headers)
