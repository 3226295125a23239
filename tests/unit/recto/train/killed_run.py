"""A tiny run for the tests of resuming; as a program it is killed at its Nth sync to disk.

    python killed_run.py RUN N

Two or three syncs make a file safe, so counting them names every stage of writing a checkpoint.
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
    parser.add_argument("run", type=Path)
    parser.add_argument("sync", type=int)
    options = parser.parse_args()
    kill_at(options.sync)
    run(options.run)


if __name__ == "__main__":
    main()
