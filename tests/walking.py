"""The studio in a real browser (Playwright, Debian's Chromium): who walks, in which language and scheme; what a page
may not do: break a rule that axe knows, complain in the console, be stopped by its policy, or ask another machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from chromium import CHROMIUM
from rectoverso.service.limits import ServiceLimits
from rectoverso.service.server import listen, server
from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.studio.app import studio_app
from rectoverso.workflow.people import add_person

PATIENT = ServiceLimits(per_minute=1e6, burst=100_000)
_PATIENCE_MS = 300_000
"""Machines are slow and busy."""
_POLICY = """addEventListener("securitypolicyviolation", (one) =>
  console.error(`policy: ${one.violatedDirective} ${one.blockedURI}`))"""


class Studio:
    """The studio over a home, at a free port of this machine, for as long as the context lasts."""

    def __init__(self, home: Path) -> None:
        self._app = studio_app(home, PATIENT)
        self._socket = listen("127.0.0.1", 0)
        self._server = server(self._app)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.keys: dict[Role, str] = {}

    @property
    def home(self) -> Home:
        home: Home = self._app.state.desk.home
        return home

    def hire(self, *roles: Role) -> None:
        """Give each of these roles an account and a key."""
        for role in roles:
            self.keys[role] = add_person(self.home, f"the {role}", role)[2]

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


@dataclass
class Walker:
    """Somebody in front of a browser. ``page`` is Playwright's; ``wrong``: what pages did that they may not."""

    studio: Studio
    page: Any
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("request", self._watch)

    def sign_in(self, role: Role) -> None:
        self.page.goto(f"{self.studio.url}/sign-in")
        self.page.fill("#key", self.studio.keys[role])
        self.page.click("form[action='/sign-in'] button")
        self.page.wait_for_url(f"{self.studio.url}/")

    def go(self, path: str, *, language: str = "en", scheme: str = "light") -> int:
        """Open a page as one would by its address; its status."""
        self.page.context.add_cookies(
            [
                {"name": name, "value": value, "url": self.studio.url}
                for name, value in (("lang", language), ("scheme", scheme))
            ]
        )
        answer = self.page.goto(self.studio.url + path)
        self.page.wait_for_load_state("networkidle")
        return int(answer.status)

    def look(self) -> None:
        """Fail for anything on this page that axe calls a violation, and for all that went wrong until now."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        told = [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        told += ["wider than the window"] if self.page.evaluate(wide) else []
        assert not (told + self.wrong), f"{self.page.url}\n" + "\n".join(told + self.wrong)

    def _hear(self, message: Any) -> None:
        is_the_page = message.location.get("url") == self.page.url and "status of 4" in message.text
        if message.type in ("error", "warning") and not is_the_page:
            self.wrong.append(f"console: {message.text}")

    def _watch(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and not request.url.startswith(self.studio.url):
            self.wrong.append(f"asked: {request.url}")


@contextmanager
def a_browser() -> Iterator[Any]:
    """Playwright's browser; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def walking(browser: Any, studio: Studio, role: Role | None = None, **how: Any) -> Iterator[Walker]:
    """A browser window of its own, in which somebody of that role is signed in; None for nobody. ``how``: see
    Playwright's ``Browser.new_context``.
    """
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | how))
    context.add_init_script(_POLICY)
    context.set_default_timeout(_PATIENCE_MS)
    walker = Walker(studio, context.new_page())
    if role:
        walker.sign_in(role)
    yield walker
    context.close()
