"""The other side of `peer_throughput.py` for StyleGAN2: the training of rosinality/stylegan2-pytorch.

Its own ``train`` of ``train.py`` and its own networks, with the numbers of its command line, on a CPU, where its
operators fall back on torch's. Two things are set from outside, neither by editing a file: the device and the widths,
which are written in its ``model.py`` as two literals and are replaced while that text is loaded. Its pictures are
random and ready in memory; what it imports and does not need here is a stand-in. It draws one sample picture every
100 turns, and is stopped between cycles of 16 turns, which hold one R1 step and four steps of path length.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from throughput.asleep import Alarm, Asleep
from throughput.sizes import Sizes, sizes
from throughput.stand_ins import stand_in_for

PICTURES = 6400
R1_EVERY, PATH_EVERY = 16, 4


class Stylegan2Peer(Asleep):
    """The peer's training, asleep but for the time it is given. ``widths``: channels by the picture's side."""

    def __init__(self, project: Path, folder: Path, settings: Namespace, threads: int) -> None:
        super().__init__(_run, project.resolve(), folder, settings, threads)

    @property
    def sizes(self) -> Sizes:
        return cast("Sizes", self.ready)


def settings(
    *, size: int, batch: int, latent: int, depth: int, widths: dict[int, int], mixing: float
) -> Namespace:
    """Its command line's numbers, with ours in place of those that make networks and batches as large as ours."""
    return Namespace(
        size=size,
        batch=batch,
        latent=latent,
        n_mlp=depth,
        widths=widths,
        mixing=mixing,
        lr=0.002,
        r1=10,
        d_reg_every=R1_EVERY,
        path_regularize=2,
        path_batch_shrink=2,
        g_reg_every=PATH_EVERY,
        iter=10**9,
        start_iter=0,
        n_sample=1,
        distributed=False,
        augment=False,
        augment_p=0,
        wandb=False,
    )


def _run(project: Path, folder: Path, given: Namespace, threads: int, pipe: Connection) -> None:
    torch.set_num_threads(threads)
    for needed in ("sample", "checkpoint"):
        (folder / needed).mkdir(parents=True)
    os.chdir(folder)
    sys.path.insert(0, str(project))
    stand_in_for("torchvision", "tqdm", "lmdb", "wandb", "torch.utils.cpp_extension")
    model, program = narrowed(project / "model.py", given.widths), importlib.import_module("train")
    generator, average = (model.Generator(given.size, given.latent, given.n_mlp) for _ in range(2))
    critic = model.Discriminator(given.size)
    average.eval()
    program.accumulate(average, generator, 0)
    size = sizes(generator, critic, given.latent, (3, given.size, given.size), lambda z: generator([z])[0])
    alarm = Alarm(pipe, given.batch * R1_EVERY, size)
    program.tqdm = lambda steps, **_: Bar(steps, alarm, given.batch)
    pictures: Any = torch.rand(PICTURES, 3, given.size, given.size) * 2 - 1
    loader: DataLoader[Tensor] = DataLoader(pictures, batch_size=given.batch, shuffle=True, drop_last=True)
    players = (
        adam(generator, given.lr, given.g_reg_every),
        adam(critic, given.lr, given.d_reg_every),
    )
    program.train(given, loader, generator, critic, *players, average, torch.device("cpu"))


def narrowed(file: Path, widths: dict[int, int]) -> ModuleType:
    """Its module of networks with these channels at each side."""
    text, found = re.subn(r"channels = \{[^}]*\}", f"channels = {widths}", file.read_text())
    if found != 2:
        raise ValueError(f"{file} has its widths in {found} places, not in two")
    module = ModuleType("model")
    sys.modules["model"] = module
    exec(compile(text, str(file), "exec"), module.__dict__)
    return module


def adam(network: torch.nn.Module, rate: float, every: int) -> torch.optim.Adam:
    """The optimiser that its program makes for a player with one more step every so many turns."""
    share = every / (every + 1)
    return torch.optim.Adam(network.parameters(), lr=rate * share, betas=(0**share, 0.99**share))


class Bar:
    """In place of its progress bar: is asked for every turn and shown the losses."""

    def __init__(self, steps: Iterable[int], alarm: Alarm, batch: int) -> None:
        self.steps, self.alarm, self.batch = steps, alarm, batch

    def __iter__(self) -> Iterator[int]:
        for step in self.steps:
            self.alarm.hear(step * self.batch)
            yield step

    def set_description(self, losses: str) -> None:
        if "nan" in losses or "inf" in losses:
            raise FloatingPointError(losses)
