"""Every example runs as it stands, and is short enough to read in one sitting; those that train, only briefly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
BRIEFLY = {"--images": 16, "--size": 32, "--steps": 10, "--tune": 5}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(example: Path, tmp_path: Path) -> None:
    text = example.read_text(encoding="utf-8")
    options = [part for flag, value in BRIEFLY.items() if f'"{flag}"' in text for part in (flag, str(value))]
    done = subprocess.run(
        [sys.executable, example, *options],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert len(text.splitlines()) < 150
