"""The other side of `peer_throughput.py` for SNGAN: the training of kwotsin/mimicry (``torch_mimicry``).

Its own ``Trainer`` and its own 32-pixel networks, set up as its example does it: hinge loss, spectral norm, Adam 2e-4
with betas 0 and 0.9, five steps of the critic for each of the generator's. Its pictures are random and ready in memory;
what it imports and does not need here is a stand-in. It writes no summaries, samples and checkpoints meanwhile, and is
stopped between its steps of five batches.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import torch
from torch.utils.data import DataLoader, TensorDataset

from throughput.asleep import Alarm, Asleep
from throughput.sizes import Sizes, sizes
from throughput.stand_ins import stand_in_for

PICTURES = 6400
SIZE_PX = 32
CRITIC_STEPS = 5
RATE, BETAS = 2e-4, (0.0, 0.9)
NEVER = 10**9
UNUSED = ("torchvision", "tensorflow", "skimage", "sklearn", "torch.utils.tensorboard")


class MimicryPeer(Asleep):
    """The peer's training, asleep but for the time it is given."""

    def __init__(
        self, project: Path, folder: Path, *, batch: int, widths: tuple[int, int], threads: int
    ) -> None:
        super().__init__(_run, project.resolve(), folder, batch, widths, threads)

    @property
    def sizes(self) -> Sizes:
        return cast("Sizes", self.ready)


def _run(
    project: Path, folder: Path, batch: int, widths: tuple[int, int], threads: int, pipe: Connection
) -> None:
    torch.set_num_threads(threads)
    sys.path.insert(0, str(project))
    stand_in_for(*UNUSED)
    nets, training = (importlib.import_module(f"torch_mimicry.{part}") for part in ("nets.sngan", "training"))
    generator, critic = nets.SNGANGenerator32(ngf=widths[0]), nets.SNGANDiscriminator32(ndf=widths[1])
    alarm = Alarm(pipe, ready=sizes(generator, critic, generator.nz, (3, SIZE_PX, SIZE_PX)))
    pictures = torch.rand(PICTURES, 3, SIZE_PX, SIZE_PX) * 2 - 1
    data = TensorDataset(pictures, torch.zeros(PICTURES, dtype=torch.long))
    critic_adam, generator_adam = (
        torch.optim.Adam(net.parameters(), RATE, betas=BETAS) for net in (critic, generator)
    )
    trainer = training.Trainer(
        netD=critic,
        netG=generator,
        optD=critic_adam,
        optG=generator_adam,
        dataloader=DataLoader(data, batch_size=batch, shuffle=True, drop_last=True),
        num_steps=NEVER,
        n_dis=CRITIC_STEPS,
        lr_decay="linear",
        log_dir=str(folder),
        device=torch.device("cpu"),
        vis_steps=NEVER,
        log_steps=NEVER,
        save_steps=NEVER,
    )
    trainer.logger.print_log = listener(alarm, CRITIC_STEPS * batch)
    alarm.hear(0)
    trainer.train()


def listener(alarm: Alarm, images: int) -> Callable[..., None]:
    """In place of the line that it prints after each step of so many images."""

    def hear(global_step: int, log_data: Any, time_taken: float) -> None:
        del time_taken
        losses = {name: log_data[name] for name, _ in log_data.items()}
        if not all(map(math.isfinite, losses.values())):
            raise FloatingPointError(losses)
        alarm.hear(global_step * images)

    return hear
