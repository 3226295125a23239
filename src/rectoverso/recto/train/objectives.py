"""What real and generated pictures' logits say to each player: pure functions of both sides.

Logits are (N,), positive for "looks real"; each function returns one number to minimise.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def nonsaturating_critic(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """Binary cross-entropy on logits (Goodfellow et al. 2014, eq. 1): the sum of both sides, as Keras'
    tutorial has it.
    """
    return F.softplus(-real_N).mean() + F.softplus(fake_N).mean()


def nonsaturating_generator(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """The generator maximises log D(G(z)) instead of minimising log(1 - D(G(z))) (Goodfellow et al. 2014,
    section 3).
    """
    del real_N
    return F.softplus(-fake_N).mean()


def relativistic_critic(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """Each real picture against one generated picture (Jolicoeur-Martineau 2019; RpGAN in Huang et al. 2024,
    eq. 2).
    """
    return F.softplus(fake_N - real_N).mean()


def relativistic_generator(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """The mirror of `relativistic_critic`."""
    return F.softplus(real_N - fake_N).mean()


def hinge_critic(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """Margins of 1 on both sides (Lim and Ye 2017; Miyato et al. 2018, eq. 16)."""
    return F.relu(1 - real_N).mean() + F.relu(1 + fake_N).mean()


def hinge_generator(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """The other side of `hinge_critic` (Miyato et al. 2018, eq. 17)."""
    del real_N
    return -fake_N.mean()


def minimax_generator(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """The other side of eq. 1 of Goodfellow et al. 2014: the generator minimises log(1 - D(G(z))), whose slope
    vanishes where the critic is sure; its critic is `nonsaturating_critic`.
    """
    del real_N
    return -F.softplus(fake_N).mean()


def wasserstein_critic(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """The distance itself, to be maximised by a critic of slope 1 (Arjovsky et al. 2017, eq. 2; the slope is kept by
    a penalty, Gulrajani et al. 2017).
    """
    return fake_N.mean() - real_N.mean()


def wasserstein_generator(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """The other side of `wasserstein_critic` (Arjovsky et al. 2017, theorem 3)."""
    del real_N
    return -fake_N.mean()


def least_squares_critic(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """Real pictures are to be rated 1 and generated ones 0, by squares (Mao et al. 2017, eq. 9)."""
    return (real_N - 1).square().mean() + fake_N.square().mean()


def least_squares_generator(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """The other side of `least_squares_critic`."""
    del real_N
    return (fake_N - 1).square().mean()


OBJECTIVES = {
    "nonsaturating": (nonsaturating_critic, nonsaturating_generator),
    "relativistic": (relativistic_critic, relativistic_generator),
    "hinge": (hinge_critic, hinge_generator),
    "minimax": (nonsaturating_critic, minimax_generator),
    "least_squares": (least_squares_critic, least_squares_generator),
    "wasserstein": (wasserstein_critic, wasserstein_generator),
}
"""Critic and generator side by name."""
