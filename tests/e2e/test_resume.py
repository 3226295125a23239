"""kill -9 at random moments of `verso train`, then `--resume`: the run ends as if nothing had happened, bit for bit."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import safetensors.numpy

IMAGES = 1600
SETTINGS = (
    "batch=8",
    "nets.latent=8",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "precision=float32",
    "threads=1",
    "milestones=4",
)
PLACE = ("--data", "digits", "--take", "64", "--size", "16", "--images", str(IMAGES))
FAST_SAVES = "checkpoint_s=0.02"
"""So often that most kills fall into the writing of a checkpoint."""


def _command(run: Path, *more: str) -> list[str]:
    given = [part for setting in (*SETTINGS, FAST_SAVES) for part in ("--set", setting)]
    command = [sys.executable, "-m", "rectoverso", "train", "dcgan", "--out", str(run), *PLACE, *given]
    return [*command, "--home", str(run.parent / "home"), *more]


def _train(run: Path, *more: str) -> None:
    done = subprocess.run(_command(run, *more), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


def _seen(run: Path) -> int:
    """Images in the newest checkpoint, 0 before there is one."""
    names = [path.name.partition("-")[0] for path in (run / "state").glob("[0-9]*")]
    return max(map(int, names), default=0)


def _kill(run: Path, images: int, delay_s: float, *more: str) -> bool:
    """Train, and kill so long after so many images more are saved; False if it had ended by itself."""
    child = subprocess.Popen(
        _command(run, *more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    goal = _seen(run) + images
    while child.poll() is None and not ((run / "config.toml").exists() and _seen(run) >= goal):
        time.sleep(0.002)
    time.sleep(delay_s)
    child.send_signal(signal.SIGKILL)
    return child.wait() == -signal.SIGKILL


def _ended(run: Path) -> dict[str, Any]:
    """All that a run ends with: each tensor of its state, each published weight, its samples and its last word."""
    (state,) = run.glob("state/[0-9]*/tensors.safetensors")
    files = [state, *sorted(run.glob("weights/*.safetensors"))]
    tensors = {
        f"{file.name}:{name}": value.tobytes()
        for file in files
        for name, value in safetensors.numpy.load_file(file).items()
    }
    assert any(".average." in name for name in tensors)
    samples = {path.name: path.read_bytes() for path in (run / "samples").iterdir()}
    return tensors | samples | {"images": json.loads((run / "run.json").read_text())["images"]}


def _statuses(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "status.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("whole") / "run"
    _train(run)
    return run


def _survives(whole: Path, run: Path, kills: int, seed: int) -> None:
    moments = random.Random(seed)
    step = IMAGES // (kills + 1)
    killed = 0
    for number in range(kills):
        # The first one before there is any checkpoint, perhaps; the others anywhere in what is left.
        more, images = (("--resume",), moments.randrange(8, step)) if number else ((), 0)
        killed += _kill(run, images, moments.uniform(0, 0.1), *more)
    assert killed > kills / 2

    _train(run, "--resume")
    assert _ended(run) == _ended(whole)
    said = _statuses(run)
    images = [status["images"] for status in said]
    assert images == sorted(images)
    last, whole_last = said[-1], _statuses(whole)[-1]
    for part in ("stage", "images", "images_total", "sample", "half_life", "readings"):
        assert last[part] == whole_last[part], part
    assert not list(run.rglob(".*writing*"))


@pytest.mark.slow
def test_a_training_survives_two_kills(uninterrupted: Path, tmp_path: Path) -> None:
    """At its start and in its middle, quickly; the slow test does twelve."""
    _survives(uninterrupted, tmp_path / "run", kills=2, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_training_survives_twelve_kills(seed: int, uninterrupted: Path, tmp_path: Path) -> None:
    _survives(uninterrupted, tmp_path / "run", kills=12, seed=seed)
