"""A small run that every end-to-end test can draw from, trained once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Verso = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def verso() -> Verso:
    """Run the real command in a process of its own."""

    def run(
        *arguments: object, cwd: Path | None = None, code: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "rectoverso", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            env=os.environ | {"RECTOVERSO_LANG": "en"},
        )
        if code is not None:
            assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory, verso: Verso) -> Path:
    """A run of a few hundred images: enough to draw from, not to look at."""
    folder = tmp_path_factory.mktemp("small")
    told = verso(
        "train",
        "dcgan",
        "--data",
        "digits",
        "--out",
        folder / "run",
        "--images",
        512,
        "--set",
        "milestones=1",
        "--home",
        folder / "home",
        "--json",
    )
    assert json.loads(told.stdout)["images"] >= 512
    return folder / "run"
