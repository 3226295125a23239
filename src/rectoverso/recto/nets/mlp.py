"""The first GAN's networks: Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio 2014.

Generator: fully connected layers with ReLU, then a sigmoid over all the picture's numbers (section 5: "a mixture of
rectifier linear activations and sigmoid activations"). Critic: maxout layers (Goodfellow et al. 2013, section 2) with
dropout, one logit. No convolutions, no norms: nothing here knows that neighbouring pixels belong together.

With classes, both networks also see the class as a one-hot vector beside their input, as the paper proposes in section
7.1 and Mirza and Osindero 2014 do (arXiv:1411.1784, section 3.2). A linear layer over (input, one-hot) is one over
the input plus a row of its own for the class, and is written as that.

Shapes: N images, Z latent, F features, M = F times the pieces, C channels, H height, W width.
Pictures are floats in [-1, 1].
"""

from __future__ import annotations

from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.layers import Dropout
from rectoverso.recto.systems.recipe import Shape

Output = Literal["sigmoid", "tanh"]


class MlpGenerator(nn.Module):
    """Latents (N, Z) and labels (N,) or None to pictures (N, C, H, W).

    ``output``: the last activation; a sigmoid's 0 to 1 is spread over -1 to 1.
    """

    def __init__(
        self, shape: Shape, *, latent: int, width: int, layers: int, output: Output = "sigmoid"
    ) -> None:
        super().__init__()
        self.sides = (shape.channels, shape.height_px, shape.width_px)
        self.output = output
        self.first = nn.Linear(latent, width)
        self.of_class = class_rows(shape.classes, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(layers - 1))
        self.to_picture = nn.Linear(width, shape.channels * shape.height_px * shape.width_px)
        rectified(self)
        # Near grey at the start: where the last activation is flat, pixels stay the noise they began as.
        nn.init.normal_(self.to_picture.weight, std=0.1 * width**-0.5)

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        f_NF = F.relu(with_class(self.first(z_NZ), self.of_class, label_N))
        for layer in self.hidden:
            f_NF = F.relu(layer(f_NF))
        x_NCHW = cast("Tensor", self.to_picture(f_NF)).view(-1, *self.sides)
        return torch.tanh(x_NCHW) if self.output == "tanh" else 2 * torch.sigmoid(x_NCHW) - 1


class Enlarged(nn.Module):
    """A generator whose pictures are drawn smaller and smoothly enlarged to ``sides``, height and width in pixels."""

    def __init__(self, drawn: nn.Module, sides: tuple[int, int]) -> None:
        super().__init__()
        self.drawn, self.sides = drawn, sides

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        return F.interpolate(self.drawn(z_NZ, label_N), self.sides, mode="bilinear", align_corners=False)


class Maxout(nn.Module):
    """Linear to P pieces for each feature, of which the largest counts (Goodfellow et al. 2013, eq. 1 and 2)."""

    def __init__(self, inputs: int, outputs: int, pieces: int, classes: int = 0) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs * pieces)
        self.of_class = class_rows(classes, outputs * pieces)
        self.pieces = pieces

    def forward(self, x_NI: Tensor, label_N: Tensor | None = None) -> Tensor:
        piece_NM = with_class(self.linear(x_NI), self.of_class, label_N)
        return piece_NM.view(len(x_NI), -1, self.pieces).amax(2)


class MaxoutCritic(nn.Module):
    """Pictures (N, C, H, W) and labels (N,) or None to one logit each (N,)."""

    def __init__(
        self, shape: Shape, *, width: int, layers: int, pieces: int, dropout_input: float, dropout: float
    ) -> None:
        super().__init__()
        inputs = shape.channels * shape.height_px * shape.width_px
        self.first = Maxout(inputs, width, pieces, shape.classes)
        self.hidden = nn.ModuleList(Maxout(width, width, pieces) for _ in range(layers - 1))
        self.logit = nn.Linear(width, 1)
        self.drop_input, self.drop = Dropout(dropout_input), Dropout(dropout)

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        f_NF = self.drop(self.first(self.drop_input(x_NCHW.flatten(1)), label_N))
        for layer in self.hidden:
            f_NF = self.drop(layer(f_NF))
        return cast("Tensor", self.logit(f_NF))[:, 0]


def class_rows(classes: int, width: int) -> nn.Embedding | None:
    """One row for each class, to be added to a linear layer's result; None without classes."""
    return nn.Embedding(classes, width) if classes else None


def with_class(f_NF: Tensor, rows: nn.Embedding | None, label_N: Tensor | None) -> Tensor:
    """The features with the row of each picture's class added, where there are classes."""
    return f_NF if rows is None else f_NF + cast("Tensor", rows(label_N)).to(f_NF.dtype)


def rectified(module: nn.Module) -> None:
    """He's start for ReLU (He et al. 2015, eq. 10); the paper draws from a uniform range chosen by hand."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            nn.init.zeros_(part.bias)
