"""Every example runs as it stands, and is short enough to read in one sitting; those that train, only briefly."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
BRIEFLY = {"--images": 16, "--size": 32, "--steps": 10, "--tune": 5}


def _options(example: Path) -> list[str]:
    text = example.read_text(encoding="utf-8")
    flags = [part for flag, value in BRIEFLY.items() if f'"{flag}"' in text for part in (flag, str(value))]
    return [*flags, *(["a red circle"] if '"captions"' in text else [])]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, which loads torch once for all; the slow test starts each as its reader does."""
    from quick import few_scenes, trainings

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(example), *_options(example)])
    with trainings(), few_scenes():
        runpy.run_path(str(example), run_name="__main__")
    assert capsys.readouterr().out
    assert len(example.read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs_as_it_stands(example: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, example, *_options(example)],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
