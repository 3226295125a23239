"""Every example that trains runs from its beginning to its end; here only as long as a test may take."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SHORT = ("--images", "64", "--size", "32")


@pytest.mark.parametrize("name", ["translate", "paint_a_map", "inpaint"])
def test_it_runs_and_every_picture_meets_the_door(name: str, tmp_path: Path) -> None:
    program = [sys.executable, str(EXAMPLES / f"{name}.py"), *SHORT, "--out", str(tmp_path / "out")]
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    told = re.search(r"(\d+) released, (\d+) held", done.stdout)
    assert told
    assert int(told[1]) + int(told[2]) > 0
    samples = list((tmp_path / "out" / "run" / "samples").glob("*.png"))
    assert len(samples) >= 2
