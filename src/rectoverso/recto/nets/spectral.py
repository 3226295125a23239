"""Layers whose weight is divided by its largest singular value (Miyato et al. 2018, eq. 8 and algorithm 1).

The value comes from one step of the power method each time the layer is used in training. The vector that the method
goes on from is a buffer: it is saved with the weights, so a resumed run continues with the same numbers.

Shapes: N images, I and O inputs and outputs, K kernel side, H height, W width.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.resampling import RESAMPLED

FIRST_STEPS = 20
"""Of the power method, at the start: afterwards the weights move so little at a time that one is enough."""


class Spectral(nn.Module):
    """A weight (O, ...) that is drawn orthogonal (Saxe et al. 2014) and used with a largest singular value of 1."""

    left_O: Tensor

    def __init__(self, *sides: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(sides))
        nn.init.orthogonal_(self.weight)
        self.register_buffer("left_O", F.normalize(torch.randn(sides[0]), dim=0))
        for _ in range(FIRST_STEPS):
            self.largest()

    def normed(self) -> Tensor:
        """The weight over its largest singular value, in float32."""
        return self.weight / self.largest()

    def largest(self) -> Tensor:
        """The largest singular value as far as the method has come; in training, one step further."""
        with torch.autocast(self.weight.device.type, enabled=False):
            w_OI = self.weight.flatten(1)
            with torch.no_grad():
                left_O = self.left_O
                right_I = F.normalize(w_OI.T @ left_O, dim=0, eps=1e-12)
                if self.training:
                    left_O = F.normalize(w_OI @ right_I, dim=0, eps=1e-12)
                    self.left_O.copy_(left_O)
                else:
                    left_O = left_O.clone()
            return torch.dot(left_O, w_OI @ right_I)


class SpectralConv2d(Spectral):
    """A convolution of kernel side 1 or 3, with doubling before it or halving after it where wanted."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        sides: Literal["same", "double", "halve"] = "same",
    ) -> None:
        super().__init__(outputs, inputs, kernel, kernel)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.sides = sides

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return RESAMPLED[self.sides](x_NIHW, self.normed(), self.bias)


class SpectralLinear(Spectral):
    """A fully connected layer (N, I) -> (N, O)."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__(outputs, inputs)
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x_NI: Tensor) -> Tensor:
        return F.linear(x_NI, self.normed(), self.bias)


class SpectralEmbedding(Spectral):
    """A row for each class: labels (N,) -> (N, O)."""

    def __init__(self, classes: int, outputs: int) -> None:
        super().__init__(classes, outputs)

    def forward(self, label_N: Tensor) -> Tensor:
        return F.embedding(label_N, self.normed())
