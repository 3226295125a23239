"""A critic that rates every patch of a picture: a map of logits, and what it saw on the way.

Isola et al. 2017 (pix2pix, arXiv:1611.07004, section 3.2.2); the sizes of CycleGAN's (Zhu et al. 2017, section 7.2):
4x4 convolutions, the first without norm. Several scales at once are pix2pixHD's (Wang et al. 2018, section 3.2).

Shapes: N images, I channels in, C channels, H height, W width, h and w of the map.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from rectoverso.recto.nets.resampling import smaller
from rectoverso.recto.nets.translator import channel_norm

Said = list[tuple[Tensor, list[Tensor]]]
"""What each of several scales says: logits, and what it saw on the way."""
SLOPE = 0.2
WIDEST = 8


class PatchCritic(nn.Module):
    """Pictures (N, I, H, W) to logits (N, 1, h, w). ``downs`` halvings: each logit sees 16 pixels a side of one, 34 of
    two, 70 of three. ``spectral``: spectral norm of the weights beside the instance norms, as SPADE has it (Park et al.
    2019). Without ``instance`` norms it sees how bright, of what colour and how rich in contrast a picture is.
    """

    def __init__(
        self, inputs: int, *, width: int, downs: int, spectral: bool = False, instance: bool = True
    ) -> None:
        super().__init__()
        self.instance = instance
        widths = [width * min(WIDEST, 2**level) for level in range(downs + 1)]
        strides = [2] * (downs - 1) + [1]
        convs = [nn.Conv2d(inputs, width, 4, stride=2, padding=1)]
        convs += [
            nn.Conv2d(w, v, 4, stride=s, padding=1)
            for (w, v), s in zip(pairwise(widths), strides, strict=True)
        ]
        last = nn.Conv2d(widths[-1], 1, 4, padding=1)
        self.convs = nn.ModuleList(map(spectral_norm, convs) if spectral else convs)
        self.last = spectral_norm(last) if spectral else last

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return self.judged(x_NIHW)[0]

    def judged(self, x_NIHW: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits in float32, and the features after each step."""
        seen: list[Tensor] = []
        x = x_NIHW
        for place, conv in enumerate(self.convs):
            x = conv(x)
            x = F.leaky_relu(channel_norm(x) if self.instance and place else x, SLOPE)
            seen.append(x)
        return self.last(x).float(), seen


class ManyScales(nn.Module):
    """The same critic, with weights of its own, for the picture at its full sides, half of them, and so on."""

    def __init__(self, inputs: int, *, scales: int, width: int, downs: int, spectral: bool = False) -> None:
        super().__init__()
        self.critics = nn.ModuleList(
            PatchCritic(inputs, width=width, downs=downs, spectral=spectral) for _ in range(scales)
        )

    def judged(self, x_NIHW: Tensor, first: int = 0) -> Said:
        """What each scale from ``first`` on says of pictures that are at the sides of that one."""
        said = []
        for place, critic in enumerate(list(self.critics)[first:]):
            if place:
                x_NIHW = smaller(x_NIHW)
            assert isinstance(critic, PatchCritic)  # noqa: S101 - as made
            said.append(critic.judged(x_NIHW))
        return said


def matched(fake: Said, real: Said) -> Tensor:
    """The mean over scales of the sum over steps of the mean distance of features (Wang et al. 2018, eq. 3)."""
    scales = [
        torch.stack([F.l1_loss(f, r) for f, r in zip(seen, real_seen, strict=True)]).sum()
        for (_, seen), (_, real_seen) in zip(fake, real, strict=True)
    ]
    return torch.stack(scales).mean()
