"""A tiny run for the tests of resuming; as a program it begins one for each N and kills it at its Nth sync to disk.

    python killed_run.py FOLDER N...

Two or three syncs make a file safe, so counting them names every stage of writing a checkpoint. The runs are forked
from one process, because to load torch takes longer than any of them.
"""

import argparse
import os
import signal
from pathlib import Path

import numpy as np
import torch

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.train.loop import train

SETTINGS = ("batch=8", "nets.latent=8", "nets.generator_width=4", "nets.critic_width=4", "milestones=4")


def kill_at(sync: int) -> None:
    """From now on the Nth fsync kills this process instead, as a power cut would."""
    real, calls = os.fsync, iter(range(1, sync + 1))

    def fsync(handle: int) -> None:
        if next(calls) == sync:
            os.kill(os.getpid(), signal.SIGKILL)
        real(handle)

    os.fsync = fsync  # type: ignore[assignment]


def run(folder: Path, *, resume: bool = False) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    dataset = Dataset("noise", pixels, np.arange(40) % 2, ("a", "b"))
    torch.set_num_threads(1)
    train(with_settings(recipe("dcgan"), SETTINGS), dataset, folder, seed=1, images=96, resume=resume)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("syncs", type=int, nargs="+")
    options = parser.parse_args()
    for sync in options.syncs:
        child = os.fork()
        if not child:
            kill_at(sync)
            run(options.folder / str(sync))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            raise SystemExit(f"not killed at sync {sync}")


if __name__ == "__main__":
    main()
