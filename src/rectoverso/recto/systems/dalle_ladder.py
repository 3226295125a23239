"""Three rungs to climb before a picture from a caption can be good, each measured by itself.

Do the codes keep what is seen? Can the prior learn one batch by heart? Do the words matter? Whoever stands on the third
without the first two looks for faults in the wrong place.

Shapes: N images, T places of words, G places of codes, C channels, H height, W width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rectoverso.recto.nets.codes import CodeBook
from rectoverso.recto.nets.prior import Prior
from rectoverso.recto.train.optimisers import Adam

PEAK = 2.0
"""From black to white, in [-1, 1]."""
RATE = 3e-3


def kept(codes: CodeBook, image_NCHW: Tensor) -> dict[str, float]:
    """The first rung: ``psnr`` of pictures after their codes, in decibels, and the share of all codes that they use."""
    code_NG = codes.codes(image_NCHW)
    error = (codes.decoder(code_NG).float() - image_NCHW).square().mean()
    used = share_used(code_NG, codes.decoder.book.num_embeddings)
    return {"psnr": decibels(error), "codes_used": used}


def memorised(prior: Prior, word_NT: Tensor, code_NG: Tensor, steps: int) -> float:
    """The second rung: the mean surprise at a code, in nats, after so many steps on one batch; near 0 if it can learn.
    The prior is changed by it.
    """
    adam = Adam(prior.parameters(), RATE)
    loss = torch.tensor(math.inf)
    for _ in range(steps):
        adam.zero_grad()
        words, loss = prior.losses(word_NT, code_NG)
        torch.autograd.backward(loss + words)
        adam.step()
    return loss.item()


@torch.no_grad()
def heeded(prior: Prior, word_NT: Tensor, code_NG: Tensor) -> dict[str, float]:
    """The third rung: the mean surprise at a code, in nats, after its own caption, and how much greater it is after
    another's (that of the next picture).
    """
    right, wrong = (prior.losses(word, code_NG)[1].item() for word in (word_NT, word_NT.roll(1, 0)))
    return {"surprise": right, "words_heeded": wrong - right}


def decibels(error: Tensor) -> float:
    """The peak signal to noise ratio of a mean square error."""
    return 10 * math.log10(PEAK**2 / max(error.item(), 1e-12))


def share_used(code: Tensor, codes: int) -> float:
    return int((torch.bincount(code.flatten(), minlength=codes) > 0).sum()) / codes
