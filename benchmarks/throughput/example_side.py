"""The other side of `peer_throughput.py`: PyTorch's own DCGAN example, run as it is.

Its program wants torchvision, of which it uses a data set of random pictures and a function that saves a sheet. A
stand-in for these two is written beside it, with the pictures ready in memory. Each step prints one line; lines are
counted and the process is stopped and let go by signals.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

STAND_IN = {
    "__init__.py": "",
    "datasets.py": """
import torch
class FakeData(torch.utils.data.Dataset):
    def __init__(self, image_size, transform=None):
        self.pictures = torch.rand(6400, *image_size)
    def __len__(self): return len(self.pictures)
    def __getitem__(self, place): return self.pictures[place], 0
""",
    "transforms.py": "def ToTensor(): return None\n",
    "utils.py": "def save_image(*arguments, **options): pass\n",
}


class Example:
    """The example's training in a process of its own, asleep but for the time it is given."""

    def __init__(self, program: Path, folder: Path, batch: int, threads: int) -> None:
        self.batch, self.steps = batch, 0
        package = folder / "torchvision"
        package.mkdir(parents=True)
        for name, text in STAND_IN.items():
            (package / name).write_text(text)
        options = {"dataset": "fake", "batchSize": batch, "niter": 1000, "workers": 0, "outf": folder}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(program), *words],
            env=os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": str(threads)},
            stdout=subprocess.PIPE,
            stderr=(folder / "errors.log").open("w"),
            text=True,
        )
        threading.Thread(target=self._count, daemon=True).start()
        while self.steps < 3:
            if self.process.poll() is not None:
                sys.exit((folder / "errors.log").read_text())
            time.sleep(0.1)
        self.process.send_signal(signal.SIGSTOP)

    def train(self, seconds: float) -> dict[str, float]:
        """Steps until the time is up, from the end of one to the end of another: images, seconds."""
        self.process.send_signal(signal.SIGCONT)
        self._next_step()  # the one that was cut in two
        began, before = time.perf_counter(), self.steps
        time.sleep(seconds)
        self._next_step()
        took, done = time.perf_counter() - began, self.steps - before
        self.process.send_signal(signal.SIGSTOP)
        return {"images": done * self.batch, "seconds": took}

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def _count(self) -> None:
        for line in self.process.stdout or ():
            self.steps += "Loss_D" in line

    def _next_step(self) -> None:
        before = self.steps
        while self.steps == before:
            if self.process.poll() is not None:
                sys.exit("the example has ended")
            time.sleep(0.001)
