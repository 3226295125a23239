"""The Keras side: its virtual environment, and a conversation with its worker process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import venv
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FOLDER = Path(__file__).parents[1] / "keras"
REQUIREMENTS = FOLDER / "requirements.txt"
VARIANTS = tuple(
    f"{form}-{precision}-{compiler}"
    for form in ("together", "turns")
    for precision in ("float32", "bfloat16")
    for compiler in ("graph", "xla")
)


def python_of(environment: Path) -> Path:
    """The interpreter of the Keras environment, which is made and filled when it is not there yet."""
    python = environment / "bin" / "python"
    ready = environment / f"ready-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    if not ready.exists():
        print(f"Installing TensorFlow into {environment} (about 1.6 GB) ...", file=sys.stderr)
        venv.create(environment, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], check=True)
        ready.touch()
    return python


class Worker:
    """The worker process. ``ask`` sends one request and waits for its answer."""

    def __init__(self, environment: Path, log: Path) -> None:
        self.log = log.open("wb")
        self.process = subprocess.Popen(
            [python_of(environment), FOLDER / "worker.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def ask(self, do: str, **facts: object) -> dict[str, Any]:
        """The answer; raises RuntimeError with the worker's own words when it could not."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"do": do, **facts}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the Keras worker died; see {self.log.name}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.log.close()
