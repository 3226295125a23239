"""What a batch of private pictures says to a network, with a bound on what any one of them says, and noise on the sum.

    1. Each picture's own gradient of the loss (`torch.func`: vmap of grad), as one vector over all parameters; always
       so many pictures at once, grey ones where there are no more. A product of matrices rounds by its shape: with a
       shape of their own, a picture more would move the last bits of what all others say, and at a kink of the loss
       all of it (what holds here is known as batch invariance).
    2. Made no longer than ``clip``, by a norm in double precision: in single precision it comes out up to 1.4% too
       short for ten million parameters of which most are small.
    3. Cut to whole multiples of clip / 2^20, towards zero: no vector gets longer, and sums are exact, whatever their
       order, machine or number of threads (Casacuberta, Shoemate, Vadhan and Wagaman 2022, arXiv:2207.10635, on what
       rounding does to sums that are not).
    4. Summed, and whole normal noise of deviation ``noise`` times clip added to each number.
    5. Divided by the batch that was *expected*, a number that everybody may know.

So of two sets that differ in one picture the sums differ by a vector of length clip at most (Abadi et al. 2016,
arXiv:1607.00133, algorithm 1). An empty batch releases noise like any other.

Shapes: N pictures, D parameters in all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from rectoverso.recto.privacy.secret import Secret

CUTS = 2**20
"""Steps of the lattice to the length of the clip."""
SLACK = 1 - 2**-12
"""Gradients are scaled in single precision: so much shorter than the clip, none is longer by rounding."""
FEWEST, MOST = 8, 64
"""Pictures whose gradients are in memory together."""

Loss = Callable[[Callable[..., Tensor], tuple[Tensor, ...]], Tensor]
"""From a network and one picture's rows, each as a batch of one, to the loss of that picture."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """The numbers of the engine, all of them public: the most that one picture adds (``clip``), the deviation of the
    noise over that (``noise``), the ``batch`` that is expected.
    """

    clip: float
    noise: float
    batch: int

    def gradient(
        self, module: nn.Module, loss: Loss, rows: tuple[Tensor, ...], secret: Secret, step: int
    ) -> dict[str, Tensor]:
        """The noisy mean gradient of a step, by the names of the module's parameters; ``rows`` (N, ...) each."""
        sum_D = self.summed(module, loss, rows)
        noisy_D = self.noised(sum_D, secret, step)
        mean_D = (noisy_D.double() * (self.clip / CUTS / self.batch)).to(torch.float32)
        return _apart(mean_D, dict(module.named_parameters()))

    def summed(self, module: nn.Module, loss: Loss, rows: tuple[Tensor, ...]) -> Tensor:
        """The sum (D,) of what the pictures say, int64, in steps of the lattice."""
        parameters = {name: value.detach() for name, value in module.named_parameters()}
        buffers = dict(module.named_buffers())

        def of_one(given: Mapping[str, Tensor], *row: Tensor) -> Tensor:
            def network(*inputs: Tensor | None) -> Tensor:
                said: Tensor = functional_call(module, {**given, **buffers}, inputs)
                return said

            return loss(network, tuple(value[None] for value in row))

        each = vmap(grad(of_one), in_dims=(None, *(0 for _ in rows)), randomness="error")
        device = next(iter(parameters.values())).device
        sum_D = torch.zeros(sum(map(torch.numel, parameters.values())), dtype=torch.int64, device=device)
        for first in range(0, len(rows[0]), self.at_once):
            found = each(parameters, *(filled(row[first:], self.at_once) for row in rows))
            slope_ND = torch.cat([found[name].flatten(1) for name in parameters], dim=1)
            there_ND = slope_ND[: len(rows[0]) - first]
            sum_D += self.cut(there_ND).sum(0, dtype=torch.float64).to(torch.int64)
        return sum_D

    @property
    def at_once(self) -> int:
        """Pictures whose gradients are taken together: a quarter of the batch that is expected, within bounds."""
        return min(MOST, max(FEWEST, -(-self.batch // 4)))

    def cut(self, slope_ND: Tensor) -> Tensor:
        """Gradients (N, D), none longer than the clip, in whole steps of the lattice. One that is not finite says
        nothing.
        """
        norm_N = torch.linalg.vector_norm(slope_ND, dim=1, dtype=torch.float64).clamp_min(1e-20)
        scale_N = (SLACK * self.clip / norm_N).clamp(max=SLACK) * (CUTS / self.clip)
        cut_ND = (slope_ND * scale_N[:, None].to(slope_ND.dtype)).trunc_()
        return torch.where(torch.isfinite(norm_N)[:, None], cut_ND, 0.0)

    def noised(self, sum_D: Tensor, secret: Secret, step: int) -> Tensor:
        """The sum (D,) with noise, int64."""
        sum_cpu_D = sum_D.cpu()
        normal_D = secret.normals("noise", step, len(sum_D), sum_cpu_D.numpy().tobytes())
        noise_D = torch.from_numpy(np.rint(normal_D * (self.noise * CUTS)).astype(np.int64))
        return (sum_cpu_D + noise_D).to(sum_D.device)


def filled(row_N: Tensor, count: int) -> Tensor:
    """The first ``count`` rows, and zeros where there are fewer; always laid out alike."""
    filled_N = row_N.new_zeros((count, *row_N.shape[1:]))
    filled_N[: len(row_N)] = row_N[:count]
    return filled_N


def _apart(flat_D: Tensor, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A vector over all parameters as one tensor for each."""
    parts = torch.split(flat_D, [value.numel() for value in parameters.values()])
    return {
        name: part.view(value.shape) for (name, value), part in zip(parameters.items(), parts, strict=True)
    }
