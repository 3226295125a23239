"""The CycleGAN of eriklindernoren/PyTorch-GAN, its networks and buffer imported from where they lie and not changed.

Its training is a script that reads folders through torchvision; the step here does what it does in a turn, with its
numbers (nine blocks, Adam 2e-4 with beta1 0.5, weights 10 and 5, batch 1, mirrored pictures), in float32. Rates
fall linearly in the second half of the time.
"""

from __future__ import annotations

import itertools
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_pixels, to_tensor

SEED, RATE, CYCLE, SAME = 0, 2e-4, 10.0, 5.0


def trained(peer: Path, dataset: Dataset, seconds: float) -> tuple[Any, int]:
    """The network from the first set to the second after so many seconds, and how many pictures it has seen."""
    models, utils = _imported(peer)
    assert dataset.other is not None
    torch.manual_seed(SEED)
    rng, sides = np.random.default_rng(SEED), (3, dataset.height, dataset.width)
    forth, back = (models.GeneratorResNet(sides, 9).apply(models.weights_init_normal) for _ in range(2))
    judge_a, judge_b = (models.Discriminator(sides).apply(models.weights_init_normal) for _ in range(2))
    adam_g = torch.optim.Adam(itertools.chain(forth.parameters(), back.parameters()), RATE, (0.5, 0.999))
    adams_d = [torch.optim.Adam(judge.parameters(), RATE, (0.5, 0.999)) for judge in (judge_a, judge_b)]
    buffers = [utils.ReplayBuffer(), utils.ReplayBuffer()]
    began, seen = time.monotonic(), 0
    while (share := (time.monotonic() - began) / seconds) < 1:
        for adam in (adam_g, *adams_d):
            adam.param_groups[0]["lr"] = RATE * min(1.0, 2 * (1 - share))
        a, b = _one(dataset, rng), _one(dataset.other, rng)
        adam_g.zero_grad()
        same = (F.l1_loss(back(a), a) + F.l1_loss(forth(b), b)) / 2
        fake_b, fake_a = forth(a), back(b)
        fooled = (_said(judge_b(fake_b), 1) + _said(judge_a(fake_a), 1)) / 2
        again = (F.l1_loss(back(fake_b), a) + F.l1_loss(forth(fake_a), b)) / 2
        (fooled + CYCLE * again + SAME * same).backward()
        adam_g.step()
        for judge, adam, buffer, real, fake in zip(
            (judge_a, judge_b), adams_d, buffers, (a, b), (fake_a, fake_b), strict=True
        ):
            adam.zero_grad()
            old = buffer.push_and_pop(fake).detach()
            ((_said(judge(real), 1) + _said(judge(old), 0)) / 2).backward()
            adam.step()
        seen += 1
    return forth, seen


def _imported(peer: Path) -> tuple[Any, Any]:
    """Its two modules. The second imports a function of torchvision that only its script uses."""
    absent = types.ModuleType("torchvision.utils")
    absent.save_image = None  # type: ignore[attr-defined]
    sys.modules.setdefault("torchvision", types.ModuleType("torchvision"))
    sys.modules.setdefault("torchvision.utils", absent)
    sys.path.insert(0, str(peer / "implementations" / "cyclegan"))
    try:
        import models
        import utils
    finally:
        sys.path.pop(0)
    return models, utils


@torch.inference_mode()
def drawn(network: Any, images_NHWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What it makes of these pictures, one by one."""
    return np.concatenate([to_pixels(network(to_tensor(image[None]))) for image in images_NHWC])


def _one(dataset: Dataset, rng: np.random.Generator) -> torch.Tensor:
    image = dataset.images[rng.integers(len(dataset))]
    image = image[:, ::-1] if rng.random() < 0.5 else image
    return to_tensor(np.ascontiguousarray(image)[None])


def _said(logits: torch.Tensor, answer: float) -> torch.Tensor:
    return (logits - answer).square().mean()
