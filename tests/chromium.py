"""A browser without a window, asked over a pipe in its own protocol (Chrome DevTools), so that no driver is needed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage")


class Tab:
    """One page. ``said``: what its console was told and what went wrong in it; ``asked``: each address it asked for."""

    def __init__(self, to: int, out: int) -> None:
        self._to, self._out = to, out
        self._rest, self._number, self._session = b"", 0, ""
        self.said, self.asked = list[str](), list[str]()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def open(self, file: Path, *, width: int = 1000, dark: bool = False, language: str = "en-GB") -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setLocaleOverride", locale=language)
        self.call("Emulation.setUserAgentOverride", userAgent="a test", acceptLanguage=language)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        self.call("Page.navigate", url=file.as_uri())
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        field = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=field, files=[str(file) for file in files])

    def value(self, expression: str) -> Any:
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        return self.call("Runtime.evaluate", **asked)["result"].get("value")

    def until(self, expression: str, seconds: float = 300) -> None:
        waited = f"""new Promise((done, fail) => {{
          const end = Date.now() + {1000 * seconds};
          (function look() {{
            if ({expression}) done(true); else if (Date.now() > end) done(false); else setTimeout(look, 20);
          }})();
        }})"""
        assert self.value(waited) is True, expression

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": given}
        asked |= {"sessionId": self._session} if self._session else {}
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        while (told := self._next()).get("id") != self._number:
            self._hear(told)
        assert "error" not in told, told
        return dict(told["result"])

    def _hear(self, told: dict[str, Any]) -> None:
        facts = told.get("params", {})
        if told["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.said.append(json.dumps(facts)[:500])
        if told["method"] == "Network.requestWillBeSent":
            self.asked.append(facts["request"]["url"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._out, 1 << 16)
            assert more, "the browser has ended"
            self._rest += more
        one, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(one))


@contextmanager
def a_tab(profile: Path) -> Iterator[Tab]:
    """A browser of its own, which keeps what it must in that folder."""
    (hears, to), (out, tells) = os.pipe(), os.pipe()
    theirs = [
        fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (hears, tells)
    ]  # away from 3 and 4, which they become
    command = [str(CHROMIUM), *_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    as_3_and_4 = f'exec "$0" "$@" 3<&{theirs[0]} 4>&{theirs[1]}'
    browser = subprocess.Popen(
        ["bash", "-c", as_3_and_4, *command], pass_fds=theirs, stderr=subprocess.DEVNULL
    )
    for one in (hears, tells, *theirs):
        os.close(one)
    try:
        yield Tab(to, out)
    finally:
        browser.kill()
        browser.wait()
        os.close(to)
        os.close(out)
