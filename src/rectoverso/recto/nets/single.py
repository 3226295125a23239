"""A pyramid of small networks that know one picture: from noise, coarse to fine, to pictures of any sides.

Shaham, Dekel and Michaeli 2019 (SinGAN, arXiv:1905.01164), section 2.1 and 2.2. Each scale adds to the enlarged
picture of the one before what five 3x3 convolutions make of it and of noise (eq. 1 and 2); nothing else is there, so
that a scale sees 11 of its pixels a side and learns how patches look. At the first scale there is no noise beyond the
edges, and that is all that tells a patch where it is: sky stays at the top, and what is far from every edge may be
anywhere.

Where this leaves the paper: no batch norm, so that a picture depends neither on others nor on its sides; the last
convolution of the second scale begins at zero, so that it begins by changing nothing (later ones as the one before);
beyond the edges of later scales a picture goes on as it ends, where zeros would leave a rim.

Shapes: N pictures, C channels, H and W of a scale, S scales, D noise of all scales.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.systems.recipe import Shape

SLOPE = 0.2
DEPTH = 5
"""Convolutions of a scale, of a generator or a critic."""
MARGIN = DEPTH
"""Pixels that they take off each edge."""
LEAST_PX = 2 * MARGIN + 3
"""The least side of a picture that a critic can rate."""
Sides = tuple[int, int]


def pyramid(sides: Sides, coarsest_px: int, factor: float) -> list[Sides]:
    """The sides of every scale, coarse to fine: each about ``factor`` times the one before, the shorter side of the
    first ``coarsest_px`` (section 2.2; there 25 and 4/3).
    """
    shorter = min(sides)
    steps = max(0, round(math.log(max(1.0, shorter / coarsest_px)) / math.log(factor)))
    shrink = (shorter / coarsest_px) ** (1 / steps) if steps else 1.0
    return [scaled(sides, shrink ** (step - steps)) for step in range(steps + 1)]


def scaled(sides: Sides, share: float) -> Sides:
    return max(LEAST_PX, round(sides[0] * share)), max(LEAST_PX, round(sides[1] * share))


def convolutions(inputs: int, outputs: int, width: int) -> nn.Sequential:
    """Five 3x3 convolutions without padding, leaky ReLU between them."""
    widths = [inputs, *[width] * (DEPTH - 1), outputs]
    layers: list[nn.Module] = []
    for w, v in pairwise(widths):
        conv = nn.Conv2d(w, v, 3)
        nn.init.kaiming_normal_(conv.weight, SLOPE)
        nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        layers += [conv, nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers[:-1])


class SingleGenerator(nn.Module):
    """Noise (N, D) to pictures (N, C, H, W). Every scale has an ``amplitude`` of its noise, and the first an
    ``anchor``, the noise z* from which the picture itself is drawn (eq. 3); both are buffers, as is which scales have
    ``begun`` to train.
    """

    anchor_1CHW: Tensor
    amplitude_S: Tensor
    begun_S: Tensor

    def __init__(self, shape: Shape, *, width: int, coarsest_px: int, factor: float) -> None:
        super().__init__()
        self.channels = shape.channels
        self.scales = pyramid((shape.height_px, shape.width_px), coarsest_px, factor)
        self.parts = nn.ModuleList(convolutions(shape.channels, shape.channels, width) for _ in self.scales)
        for part in list(self.parts)[1:]:
            nn.init.zeros_(part[-1].weight)  # type: ignore[index]
        high, wide = self.scales[0]
        self.register_buffer("anchor_1CHW", torch.zeros(1, self.channels, high, wide))
        amplitude_S = torch.zeros(len(self.scales))
        amplitude_S[0] = 1.0
        self.register_buffer("amplitude_S", amplitude_S)
        self.register_buffer("begun_S", torch.zeros(len(self.scales), dtype=torch.bool))

    @property
    def noise(self) -> int:
        """Numbers of noise that a picture of these sides is made from."""
        return self.noise_until(len(self.scales) - 1)

    def noise_until(self, scale: int) -> int:
        """The same for a picture of this scale."""
        return sum(self.channels * high * wide for high, wide in self.scales[: scale + 1])

    def at(self, sides: Sides) -> SingleGenerator:
        """The same networks, drawing pictures of these sides; every scale in proportion (section 4)."""
        other, final = copy.copy(self), self.scales[-1]
        shares = [scale[0] / final[0] for scale in self.scales]
        other.scales = [*(scaled(sides, share) for share in shares[:-1]), sides]
        return other

    def forward(self, noise_ND: Tensor, label_N: Tensor | None = None) -> Tensor:
        del label_N
        return self.drawn(self.split(noise_ND)).clamp(-1, 1)

    def split(self, noise_ND: Tensor) -> list[Tensor]:
        """The noise of each scale (N, C, H, W), as far as there is any."""
        parts: list[Tensor] = []
        first = 0
        for high, wide in self.scales:
            if first >= noise_ND.shape[1]:
                break
            after = first + self.channels * high * wide
            parts.append(noise_ND[:, first:after].view(-1, self.channels, high, wide))
            first = after
        return parts

    def drawn(self, noises: Sequence[Tensor | None]) -> Tensor:
        """The picture of the last scale that there is noise for; None is no noise at all."""
        x: Tensor | None = None
        for scale, noise_NCHW in enumerate(noises):
            x = self.refined(scale, None if x is None else self.enlarged(x, scale), noise_NCHW)
        assert x is not None  # noqa: S101 - there is a first scale
        return x

    def refined(self, scale: int, before_NCHW: Tensor | None, noise_NCHW: Tensor | None) -> Tensor:
        """Eq. 1 for the first scale, which begins at nothing, and eq. 2 for every other."""
        if before_NCHW is None:
            assert noise_NCHW is not None  # noqa: S101 - it is all that the first scale has
            return torch.tanh(self.parts[scale](F.pad(noise_NCHW, (MARGIN,) * 4)))
        seen = before_NCHW if noise_NCHW is None else before_NCHW + self.amplitude_S[scale] * noise_NCHW
        added: Tensor = self.parts[scale](F.pad(seen, (MARGIN,) * 4, mode="replicate"))
        return before_NCHW + added

    def itself(self, scale: int) -> Tensor:
        """The picture that was trained on, as drawn from z* alone up to this scale (eq. 3)."""
        return self.drawn([self.anchor_1CHW, *[None] * scale])

    def enlarged(self, x_NCHW: Tensor, scale: int) -> Tensor:
        return F.interpolate(x_NCHW, self.scales[scale], mode="bilinear", align_corners=False)


class SingleCritics(nn.Module):
    """A critic for each scale: pictures (N, C, H, W) to a map of logits, one for each patch of 11 pixels a side
    (section 2.2: the same convolutions as the generator's).
    """

    def __init__(self, shape: Shape, *, width: int, coarsest_px: int, factor: float) -> None:
        super().__init__()
        count = len(pyramid((shape.height_px, shape.width_px), coarsest_px, factor))
        self.parts = nn.ModuleList(convolutions(shape.channels, 1, width) for _ in range(count))

    def rated(self, scale: int, x_NCHW: Tensor) -> Tensor:
        """Logits (N, 1, h, w) in float32."""
        logit: Tensor = self.parts[scale](x_NCHW)
        return logit.float()


@torch.no_grad()
def begin_like(parts: nn.ModuleList, scale: int) -> None:
    """Let a scale begin with the weights of the one before (section 3, end)."""
    parts[scale].load_state_dict(parts[scale - 1].state_dict())
