"""`verso serve` as its own process, with its workers, to be asked, killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Self

WORK = "rectoverso.service.work"


@dataclass
class Served:
    """A server over a home, at a port that stays its own."""

    home: Path
    workers: int = 1
    port: int = 0
    env: Mapping[str, str] | None = None
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.port = _free_port()
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process:
            self.end()

    def end(self) -> None:
        """Tell it to end, as a keeper of services does. One that has not begun to listen is ended by the signal."""
        assert self.process
        orderly = {0} if self.answers() else {0, -signal.SIGTERM}
        self.process.terminate()
        assert self.process.wait(60) in orderly

    def start(self) -> None:
        command = [sys.executable, "-m", "rectoverso", "serve", "--home", self.home, "--port", self.port]
        command += ["--workers", self.workers, "--per-minute", 1_000_000]
        self.process = subprocess.Popen(
            [str(part) for part in command], env=self.env, stderr=subprocess.DEVNULL
        )

    def until_it_answers(self, seconds: float = 900) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.answers():
                return
            assert self.process
            assert self.process.poll() is None, "the server ended"
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=60).close()
        except OSError:
            return False
        return True

    def kill_server(self) -> None:
        """As a machine that loses its power would, of the server alone; and start it again."""
        assert self.process
        self.process.kill()
        self.process.wait()
        self.start()

    def end_server(self) -> None:
        """As a keeper of services does who starts it anew."""
        self.end()
        self.start()

    def kill_a_worker(self, random: Random) -> bool:
        """Whether there was one to kill."""
        workers = self.pids()
        if workers:
            os.kill(random.choice(workers), signal.SIGKILL)
        return bool(workers)

    def pids(self) -> list[int]:
        """The workers that this server has started."""
        assert self.process
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        try:
            return [int(pid) for task in tasks for pid in task.read_text().split() if _is_worker(int(pid))]
        except OSError:  # it has just ended
            return []

    def ask(
        self, method: str, path: str, key: str, body: Any = None, seconds: float = 900, **headers: str
    ) -> Any:
        """The answer, asked for again until there is one: the server may be away for a while."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self.port}/api/v1{path}"
        until = time.monotonic() + seconds
        while True:
            try:
                request = urllib.request.Request(url, data, headers, method=method)
                with urllib.request.urlopen(request, timeout=120) as answer:
                    return json.loads(answer.read())
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503) or time.monotonic() > until:
                    raise AssertionError(f"{error.code}: {error.read()!r}") from error
            except (OSError, ValueError):
                if time.monotonic() > until:
                    raise
            time.sleep(0.1)


def without_torch(folder: Path) -> dict[str, str]:
    """The environment of a machine where torch is not installed: its workers are at work seconds earlier."""
    (folder / "torch").mkdir(parents=True)
    missing = """raise ModuleNotFoundError("No module named 'torch'", name="torch")\n"""
    (folder / "torch" / "__init__.py").write_text(missing)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path}


def started_worker(home: Path, queue: str) -> subprocess.Popen[bytes]:
    """A worker that ends with this process."""
    return subprocess.Popen([sys.executable, "-P", "-m", WORK, str(home), queue], stdin=subprocess.PIPE)


def _is_worker(pid: int) -> bool:
    return WORK.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
