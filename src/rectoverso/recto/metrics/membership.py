"""Attacks with the networks of a run: do they know the pictures that they were trained on from others?

    critic     The critic's logit: it was trained to call these very pictures real. (LOGAN.)
    inversion  How near the generator comes to the picture at best, found by descent, over how near a picture of the
               same kind is: what is plain anybody comes near to. (GAN-Leaks, with the full generator, calibrated.)

Scores are the higher the likelier a picture was trained on. Of a run with classes, pictures whose class is not known
are shown to the critic as each class, and begin at the nearest code of any.

Sources: J. Hayes et al., "LOGAN: Membership Inference Attacks Against Generative Models", PETS 2019; D. Chen et al.,
"GAN-Leaks: A Taxonomy of Membership Inference Attacks against Generative Models", CCS 2020.

Shapes: N pictures, P a pool of codes, R of reference, D numbers a code, F numbers of a pyramid.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.metrics.features import BATCH, Images, batches_of
from rectoverso.recto.sample.eye import Eye, flat_pyramid
from rectoverso.recto.sample.invert import descend, losses
from rectoverso.recto.sample.painter import Painter
from rectoverso.recto.train.streams import Streams

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Listener = Callable[[int, int], None]

TOGETHER = 100
POOL, LEAST_POOL = 2048, 16
"""Random codes among which the nearest is the start, and the fewest of each class."""
MOST_CLASSES = 32
"""A critic that has more is asked as so many of them, where the picture's own is not known."""
STEPS = 60
START_PX = 64
"""Where descent begins is chosen at this side: two thousand large pictures would fill the memory."""
SMALL = 1e-9


@torch.inference_mode()
def by_critic(critic: nn.Module, images_NHWC: Images, label_N: Labels | None, classes: int = 0) -> Floats:
    """The critic's logits (N,). A critic may compare the pictures of a batch: the order must know no membership."""

    def logits(label_N: Labels | None) -> Floats:
        labels = None if label_N is None else torch.split(torch.from_numpy(label_N), BATCH)
        rows = [
            critic(to_tensor(batch), None if labels is None else labels[at])
            .float()
            .reshape(len(batch), -1)
            .mean(1)
            for at, batch in enumerate(batches_of(images_NHWC))
        ]
        return np.asarray(torch.cat(rows).numpy(), np.float64)

    if label_N is not None or not classes:
        return logits(label_N)
    shown = range(min(classes, MOST_CLASSES))
    return np.asarray(np.mean([logits(np.full(len(images_NHWC), one)) for one in shown], axis=0))


def by_inversion(
    painter: Painter,
    images_NHWC: Images,
    label_N: Labels | None,
    reference_RHWC: Images,
    listener: Listener | None = None,
) -> Floats:
    """How much nearer (N,) the generator comes to each picture than the nearest of ``reference_RHWC`` is."""
    painter.module.requires_grad_(requires_grad=False).eval()
    pool = _Pool(painter)
    scores = []
    for first in range(0, len(images_NHWC), TOGETHER):
        part = slice(first, first + TOGETHER)
        target_NCHW = to_tensor(images_NHWC[part])
        code_ND, label = pool.nearest(
            target_NCHW, None if label_N is None else torch.from_numpy(label_N[part])
        )
        eye = Eye(None, target_NCHW)
        code_ND = descend(painter, eye, code_ND, label, STEPS)
        with torch.no_grad():
            reached_N = losses(painter, eye, code_ND, label)
        usual_N = _nearest_of(reference_RHWC, target_NCHW).square()
        scores.append(torch.log(usual_N + SMALL) - torch.log(reached_N + SMALL))
        if listener:
            listener(min(first + TOGETHER, len(images_NHWC)), len(images_NHWC))
    return np.asarray(torch.cat(scores).numpy(), np.float64)


@torch.no_grad()
def _nearest_of(known_RHWC: Images, target_NCHW: Tensor) -> Tensor:
    """The distance (N,) of the nearest of known pictures, some of which are in memory at a time."""
    target_NF = flat_pyramid(target_NCHW)
    return torch.stack(
        [torch.cdist(target_NF, flat_pyramid(to_tensor(batch))).amin(1) for batch in batches_of(known_RHWC)]
    ).amin(0)


def _small(x_NCHW: Tensor) -> Tensor:
    """Pictures by which starts are chosen: halved until they have at most `START_PX`."""
    while min(x_NCHW.shape[2:]) > START_PX:
        x_NCHW = F.avg_pool2d(x_NCHW, 2)
    return flat_pyramid(x_NCHW)


class _Pool:
    """Random codes (P, D), their classes (P,) in turn where there are any, and what they draw (P, F)."""

    @torch.no_grad()
    def __init__(self, painter: Painter) -> None:
        count = max(POOL, LEAST_POOL * painter.classes)
        z_PZ = torch.from_numpy(Streams(0).normals("membership", 0, count, painter.latent))
        self.label_P = torch.arange(count) % painter.classes if painter.classes else None
        self.code_PD = z_PZ if painter.style is None else painter.style.mapping(z_PZ, self.label_P)
        parts = [slice(at, at + BATCH) for at in range(0, count, BATCH)]
        drawn = (
            painter.module(z_PZ[part], None if self.label_P is None else self.label_P[part]) for part in parts
        )
        self.drawn_PF = torch.cat([_small(x_NCHW) for x_NCHW in drawn])

    def nearest(self, target_NCHW: Tensor, label_N: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Of each picture, the code that draws what is nearest to it (N, D), and its class: the picture's, if known."""
        far_NP = torch.cdist(_small(target_NCHW), self.drawn_PF)
        if label_N is not None and self.label_P is not None:
            far_NP = far_NP.masked_fill(self.label_P[None] != label_N[:, None], torch.inf)
        place_N = far_NP.argmin(1)
        return self.code_PD[place_N], None if self.label_P is None else self.label_P[place_N]
