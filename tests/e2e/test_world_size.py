"""A run of 1, 2 or 4 processes is the same run; one that loses a process says so, and goes on with any number.

Every system is here, with all that looks at a batch as a whole: batch norm (its statistics are of all processes),
dropout and noise (drawn for the whole batch), groups judged together, every other picture of a penalty or a path length
(a process has whole groups), the running mean of path lengths, the signs that augmentation follows.
"""

from __future__ import annotations

import functools
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch

from rectoverso.recto.systems import SYSTEMS
from rectoverso.recto.train.loop import train

PROGRAM = Path(__file__).with_name("world_run.py")
IMAGES = 2000
LOOSER = {"left_O": 1e-3, "running_mean": 3e-5, "pictures_KCHW": 2e-3, "bank_BKE": 2e-3}
"""What is no weight and may differ more: the power method's vector turns freely where two singular values are all but
equal, a batch's mean is as exact as its largest number, and pictures and what was read in them follow all weights.
"""
world_run = runpy.run_path(str(PROGRAM))


def start(processes: int, *arguments: object) -> list[subprocess.Popen[str]]:
    """The processes of one run, as torchrun would start them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = {"WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes, "MASTER_PORT": port}
    world |= {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": 1}
    return [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), *map(str, arguments)],
            env=os.environ | {key: str(value) for key, value in (world | {"RANK": rank}).items()},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(processes)
    ]


def ended(group: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """Exit code and errors of each."""
    told = [process.communicate(timeout=300)[1] for process in group]
    return [(process.returncode, words) for process, words in zip(group, told, strict=True)]


@functools.cache
def alone(case: str) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        in_one_process(Path(folder), case)
        return tensors(Path(folder))


def in_one_process(run: Path, case: str, *, resume: bool = False) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    train(world_run["tiny"](case), world_run["pictures"](case), run, images=IMAGES, resume=resume)
    torch.set_num_threads(threads)


def tensors(run: Path) -> dict[str, np.ndarray]:
    """Weights, buffers and averages of all players, and the published generator."""
    (state,) = run.glob("state/*/tensors.safetensors")
    kept = {
        name: value for name, value in safetensors.numpy.load_file(state).items() if "optimiser" not in name
    }
    return kept | safetensors.numpy.load_file(run / "weights" / "generator.safetensors")


def assert_same(run: Path, case: str) -> None:
    expected, found = alone(case), tensors(run)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        tolerance = next((most for ending, most in LOOSER.items() if name.endswith(ending)), 1e-5)
        np.testing.assert_allclose(found[name], value, rtol=0, atol=tolerance, err_msg=name)


def test_every_system_has_a_case() -> None:
    """But one that is private alone: a private run has one process."""
    assert {system for system, _, _ in world_run["CASES"].values()} == set(SYSTEMS) - {"dpmerf"}


CASES = [(case, processes) for case in world_run["CASES"] for processes in (2, 4)]


@pytest.mark.slow
@pytest.mark.parametrize(("case", "processes"), CASES)
def test_several_processes_come_to_the_weights_of_one(case: str, processes: int, tmp_path: Path) -> None:
    told = ended(start(processes, tmp_path, case, IMAGES))
    assert [code for code, _ in told] == [0] * processes, told
    assert_same(tmp_path, case)


@pytest.mark.slow
def test_a_killed_process_ends_the_others_in_words_and_one_process_goes_on(tmp_path: Path) -> None:
    group = start(2, tmp_path, "default", IMAGES, "--die-at", 1200)
    group[1].wait(timeout=300)
    died = time.monotonic()
    (code, words), (killed, _) = ended(group)
    assert time.monotonic() - died < 60
    assert (code, killed) == (3, -9)
    assert "another process of this run is gone" in words
    assert "--resume" in words
    in_one_process(tmp_path, "default", resume=True)
    assert_same(tmp_path, "default")


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 3])
def test_four_processes_lose_one_and_two_go_on(victim: int, tmp_path: Path) -> None:
    told = ended(start(4, tmp_path, "default", IMAGES, "--die-at", 1200, "--as", victim))
    assert [code for code, _ in told] == [-9 if rank == victim else 3 for rank in range(4)]
    assert ended(start(2, tmp_path, "default", IMAGES, "--resume")) == [(0, ""), (0, "")]
    assert_same(tmp_path, "default")


@pytest.mark.slow
def test_a_process_that_falls_silent_is_noticed_within_a_minute(tmp_path: Path) -> None:
    """Stopped, not killed: its connections stay open, as those of a machine that was cut off."""
    group = start(2, tmp_path, "default", 10**6)
    while not (tmp_path / "status.jsonl").exists():
        time.sleep(0.2)
    time.sleep(8)
    group[1].send_signal(19)
    stopped = time.monotonic()
    try:
        code, words = ended(group[:1])[0]
    finally:
        group[1].kill()
        group[1].communicate()
    assert time.monotonic() - stopped < 60
    assert code == 3
    assert "silent" in words


@pytest.mark.slow
def test_the_command_works_under_torchrun_and_is_logged_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "rectoverso", "train", "dcgan", "--data", "digits", "--images", "256", "--json"]
    command += ["--out", str(tmp_path / "run"), "--home", str(tmp_path / "home")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"weights_digest"') == 1
    ledger = [
        sys.executable,
        "-m",
        "rectoverso",
        "ledger",
        "check",
        "--home",
        str(tmp_path / "home"),
        "--json",
    ]
    checked = subprocess.run(ledger, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert (tmp_path / "run" / "fingerprints.npz").is_file()
