"""Every example runs as it stands, and is short enough to read in one sitting; those that train, only briefly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
BRIEFLY = ("--images", "48", "--size", "32")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(example: Path, tmp_path: Path) -> None:
    text = example.read_text(encoding="utf-8")
    options = BRIEFLY if '"--images"' in text else ()
    done = subprocess.run(
        [sys.executable, example, *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert len(text.splitlines()) < 150
