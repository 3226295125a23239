"""Adam for most numbers, and Muon for the matrices of a transformer: momentum, made orthogonal before each step.

Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; the length of a step and the decay as in
Liu et al. 2025 (arXiv:2502.16982), section 2.2, so that matrices take Adam's rates.

torch has an optimiser of that name which computes in bfloat16, where the last bit of a gradient may turn a step by
a hundredth: two processes would not go where one goes. Here all is float32, and matrices of one shape go together.

Shapes: L matrices of one shape, A rows, B columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from rectoverso.recto.train.optimisers import AdamW

MOMENTUM = 0.95
ROUNDS = 5
FIRST, THIRD, FIFTH = 3.4445, -4.7750, 2.0315
"""Of the polynomial that takes singular values of 0 to 1 near 1 in so many rounds (Jordan et al. 2024)."""
LIKE_ADAM = 0.2
"""The root mean square of what Adam adds, in learning rates (Liu et al. 2025, section 2.2)."""
SMALL = 1e-7


class Muon(AdamW):
    """AdamW but for the groups that say ``orthogonal=True``, which hold matrices only."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move matrices first; what is left without a gradient then, AdamW passes over."""
        for group in self.param_groups:
            if group.get("orthogonal"):
                for same in alike(group["params"]):
                    self._move(same, group["lr"], group["weight_decay"])
        done: float | None = super().step(closure)
        return done

    def _move(self, same: list[nn.Parameter], rate: float, decay: float) -> None:
        steps_LAB = orthogonal(torch.stack([self._pushed(matrix) for matrix in same]))
        length = rate * LIKE_ADAM * max(same[0].shape) ** 0.5
        for matrix, step_AB in zip(same, steps_LAB, strict=True):
            matrix.mul_(1 - rate * decay).sub_(step_AB, alpha=length)
            matrix.grad = None

    def _pushed(self, matrix: nn.Parameter) -> Tensor:
        """Nesterov's momentum (A, B)."""
        assert matrix.grad is not None  # noqa: S101 - `alike` leaves out those without
        told: dict[str, Any] = self.state[matrix]
        if not told:
            told |= {"step": torch.zeros(()), "momentum": torch.zeros_like(matrix)}
        told["step"] += 1
        told["momentum"].lerp_(matrix.grad, 1 - MOMENTUM)
        return matrix.grad.lerp(told["momentum"], MOMENTUM)


def alike(matrices: Iterable[nn.Parameter]) -> list[list[nn.Parameter]]:
    """Those that have gradients, by their shapes."""
    shapes: dict[torch.Size, list[nn.Parameter]] = {}
    for matrix in matrices:
        if matrix.grad is not None:
            shapes.setdefault(matrix.shape, []).append(matrix)
    return list(shapes.values())


def orthogonal(x_LAB: Tensor) -> Tensor:
    """Nearly U V^T of each matrix U S V^T: singular values between 0.7 and 1.2, by Newton-Schulz rounds."""
    if x_LAB.shape[1] > x_LAB.shape[2]:
        return orthogonal(x_LAB.mT).mT
    with torch.autocast(x_LAB.device.type, enabled=False):
        x_LAB = x_LAB / (x_LAB.norm(dim=(1, 2), keepdim=True) + SMALL)
        for _ in range(ROUNDS):
            squared_LAA = x_LAB @ x_LAB.mT
            odd_LAA = torch.baddbmm(squared_LAA, squared_LAA, squared_LAA, beta=THIRD, alpha=FIFTH)
            x_LAB = torch.baddbmm(x_LAB, odd_LAA, x_LAB, beta=FIRST)
    return x_LAB
