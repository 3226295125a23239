"""Zero-centred penalties on the critic's slope: pure functions, to be weighted by half of gamma.

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable

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


def path_lengths(picture_NCHW: Tensor, w_NLW: Tensor, noise_NCHW: Tensor) -> Tensor:
    """How far a picture moves when its styles move a little (N,): |J' y| for normal noise y, a mean over layers.

    Karras et al. 2020, eq. 4. The noise is divided by the root of the number of pixels, so that lengths do not depend
    on the sides. Both gradients are kept: what is returned can be minimised.
    """
    height, width = picture_NCHW.shape[2:]
    y_NCHW = noise_NCHW.to(picture_NCHW) / (height * width) ** 0.5
    (slope_NLW,) = torch.autograd.grad((picture_NCHW * y_NCHW).sum(), w_NLW, create_graph=True)
    return slope_NLW.float().square().sum(2).mean(1).sqrt()
