"""Penalties on the critic's slope and logits and on weights: pure functions; those whose slope should be 0 are
weighted by half of gamma.

Shapes: N images, C channels, H height, W width; O outputs and I inputs of a weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

Critic = Callable[[Tensor], Tensor]


def gradient_penalty(critic: Critic, x_NCHW: Tensor) -> Tensor:
    """The mean squared norm of the critic's gradient at the pictures, exactly.

    R1 on real and R2 on generated pictures (Mescheder et al. 2018, eq. 9 and 10); both are used by Huang et al. 2024.
    """
    x_NCHW = x_NCHW.detach().requires_grad_()
    (slope_NCHW,) = torch.autograd.grad(critic(x_NCHW).sum(), x_NCHW, create_graph=True)
    return slope_NCHW.float().square().sum(dim=(1, 2, 3)).mean()


def finite_difference_penalty(critic: Critic, x_NCHW: Tensor, sign_NCHW: Tensor, sigma: float) -> Tensor:
    """The same in expectation for a small ``sigma``, by two more judgements and no second derivative.

    For noise n with E[n n'] = 1, E[((D(x + sigma n) - D(x - sigma n)) / 2 sigma)^2] = |grad D(x)|^2 + O(sigma^2): the
    approximated R1 of Lin et al. 2025 (APT, eq. 4) from both sides, divided by sigma squared so that gamma means what
    it means for `gradient_penalty`. Fair signs instead of normal noise, which has the larger variance (Hutchinson
    1990).
    """
    step_NCHW = sigma * sign_NCHW
    ahead_N, behind_N = critic(torch.cat([x_NCHW + step_NCHW, x_NCHW - step_NCHW])).chunk(2)
    return ((ahead_N - behind_N) / (2 * sigma)).square().mean()


def unit_slope_penalty(critic: Critic, x_NCHW: Tensor) -> Tensor:
    """The mean of (norm of the critic's gradient - 1)^2 at the pictures (Gulrajani et al. 2017, eq. 3), which are
    `between` real and generated ones.
    """
    x_NCHW = x_NCHW.detach().requires_grad_()
    (slope_NCHW,) = torch.autograd.grad(critic(x_NCHW).sum(), x_NCHW, create_graph=True)
    # The root has no slope at 0: a hair above it, a critic that sees nothing still gets a finite one.
    norm_N = (slope_NCHW.float().square().sum(dim=(1, 2, 3)) + 1e-12).sqrt()
    return (norm_N - 1).square().mean()


def between(real_NCHW: Tensor, fake_NCHW: Tensor, share_N: Tensor) -> Tensor:
    """A point on the line from each real picture (share 0) to a generated one (share 1; Gulrajani et al. 2017,
    algorithm 1).
    """
    return torch.lerp(real_NCHW, fake_NCHW, share_N[:, None, None, None])


def drift(real_N: Tensor) -> Tensor:
    """The mean squared logit of real pictures, which a distance leaves free (Karras et al. 2018, appendix A.1)."""
    return real_N.square().mean()


def orthogonal(weights: Iterable[Tensor]) -> Tensor:
    """How far filters are from being at right angles, whatever their lengths: the sum over ``weights`` (O, I, ...) of
    the squared products of different filters (Brock et al. 2019, eq. 3, with the filters as columns).
    """
    total = torch.zeros(())
    for weight in weights:
        w_OI = weight.flatten(1)
        product_OO = w_OI @ w_OI.T
        total = total + (product_OO - torch.diag(product_OO.diagonal())).square().sum()
    return total


def path_lengths(picture_NCHW: Tensor, w_NLW: Tensor, noise_NCHW: Tensor) -> Tensor:
    """How far a picture moves when its styles move a little (N,): |J' y| for normal noise y, a mean over layers.

    Karras et al. 2020, eq. 4. The noise is divided by the root of the number of pixels, so that lengths do not depend
    on the sides. Both gradients are kept: what is returned can be minimised.
    """
    height, width = picture_NCHW.shape[2:]
    y_NCHW = noise_NCHW.to(picture_NCHW) / (height * width) ** 0.5
    (slope_NLW,) = torch.autograd.grad((picture_NCHW * y_NCHW).sum(), w_NLW, create_graph=True)
    return slope_NLW.float().square().sum(2).mean(1).sqrt()
