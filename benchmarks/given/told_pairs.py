"""How far a translator can come that is told the pairs, which `cyclegan` never is: its own networks, taught to draw the
very counterparts of all concepts that both styles show, and asked for those that neither does.

Not a contestant: what it does not reach in the same seconds is not in the pictures to be learnt.

Shapes: N images, H height, W width, C channels.
"""

from __future__ import annotations

import math
import time

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from rectoverso.recto.data.pixels import to_pixels, to_tensor
from rectoverso.recto.systems.cyclegan import DEFAULT
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.machine import autocast, resolve

SEED, BATCH, RATE, LEAST = 0, 8, 1e-3, 0.02
Images = NDArray[np.uint8]


def trained(a_NHWC: Images, b_NHWC: Images, seconds: float) -> tuple[nn.Module, int]:
    """The translator that draws ``b`` from ``a`` by the mean distance of values, after so many seconds, its rate fallen
    along half a cosine; and how many pictures it has seen.
    """
    torch.manual_seed(SEED)
    height, width, channels = a_NHWC.shape[1:]
    shape = Shape(height_px=height, width_px=width, channels=channels, classes=0)
    network, rng = DEFAULT.nets.generator(shape).forth, np.random.default_rng(SEED)
    adam = torch.optim.Adam(network.parameters(), RATE, (0.9, 0.99))
    began, seen = time.monotonic(), 0
    while (share := (time.monotonic() - began) / seconds) < 1:
        adam.param_groups[0]["lr"] = RATE * (LEAST + (1 - LEAST) * (1 + math.cos(math.pi * share)) / 2)
        chosen, way = rng.integers(len(a_NHWC), size=BATCH), rng.choice([-1, 1])
        a, b = (to_tensor(images[chosen, :, ::way].copy()) for images in (a_NHWC, b_NHWC))
        with autocast(resolve("auto")):
            made = network(a)
        adam.zero_grad()
        F.l1_loss(made.float(), b).backward()
        adam.step()
        seen += BATCH
    return network.eval(), seen


@torch.inference_mode()
def drawn(network: nn.Module, images_NHWC: Images) -> Images:
    """What it makes of these pictures."""
    batches = [images_NHWC[first : first + BATCH] for first in range(0, len(images_NHWC), BATCH)]
    return np.concatenate([to_pixels(network(to_tensor(batch)).float()) for batch in batches])
