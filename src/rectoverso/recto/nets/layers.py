"""Layers that several families share, each the exact twin of a slower or differently padded one.

Shapes: N images, C channels (I in, O out), H height, W width, K kernel side, S stride.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.resampling import doubled, doubled_smoothly, halved
from rectoverso.recto.nets.share import share


class SameConv2d(nn.Conv2d):
    """A strided convolution padded as Keras and TensorFlow pad ``"same"``: the odd pixel goes right and
    below.

    For an even side, kernel 5 and stride 2 that is 1 before and 2 after; torch's ``padding=2`` would put 2
    before.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__(inputs, outputs, kernel, stride)
        before, after = same_padding(kernel, stride)
        self.around = (before, after, before, after)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return super().forward(F.pad(x_NIHW, self.around))


class SameConvTranspose2d(nn.ConvTranspose2d):
    """Keras' ``Conv2DTranspose(padding="same")``: the adjoint of `SameConv2d`, S times the side, without
    bias.

    The full result is ``S * H + K - S`` pixels a side and "same" crops 1 before and 2 after for kernel 5,
    stride 2. No torch padding does that in one go: ``padding=2, output_padding=1`` crops 2 before and 1
    after, a picture shifted by one pixel. So ``padding=before``, and the rest is cut off.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        before, after = same_padding(kernel, stride)
        super().__init__(inputs, outputs, kernel, stride, padding=before, bias=False)
        self.cut = after - before

    def forward(self, x_NIHW: Tensor, output_size: list[int] | None = None) -> Tensor:
        y_NOHW = super().forward(x_NIHW, output_size)
        if not self.cut:
            return y_NOHW
        # Whole again after the cut: batch norm's backward takes ten times as long over memory with holes.
        return y_NOHW[:, :, : -self.cut, : -self.cut].contiguous(memory_format=torch.channels_last)


class SubpixelConvTranspose2d(nn.ConvTranspose2d):
    """`SameConvTranspose2d` with kernel 5 and stride 2, computed as one 3x3 convolution to S*S times the
    channels.

    Each of the four pixels in an output square sees its own 2 or 3 taps a side; the others are zeros. Twice
    as fast when the outputs are few (a picture's 3 channels), where a transposed convolution wastes its
    vector width.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 5, 2, padding=1, bias=False)

    def forward(self, x_NIHW: Tensor, output_size: list[int] | None = None) -> Tensor:
        assert output_size is None  # noqa: S101 - the side is always doubled
        return F.pixel_shuffle(F.conv2d(x_NIHW, self.taps(), padding=1), 2)

    def taps(self) -> Tensor:
        """The kernel as (O*2*2, I, 3, 3): output pixel 2j takes taps (3, 1, -) of x[j-1..j+1], pixel 2j+1 (4,
        2, 0).
        """
        w_IO55 = self.weight.flip(2, 3)  # taps in the order 4 3 2 1 0
        w_IO66 = F.pad(w_IO55, (0, 1, 0, 1))  # and the missing one
        phases = [w_IO66[:, :, row::2, column::2][:, :, :3, :3] for row in (1, 0) for column in (1, 0)]
        return torch.stack(phases, 2).flatten(1, 2).transpose(0, 1)


class SubpixelConv2d(nn.Conv2d):
    """`SameConv2d` with kernel 5 and stride 2, computed as one 3x3 convolution of S*S times the channels.

    Each 2x2 square becomes a pixel of four times the channels. Faster in all directions when the inputs are few (a
    picture's 3 channels), and most of all on the way back to them.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 5, 2)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return F.conv2d(F.pixel_unshuffle(x_NIHW, 2), self.taps(), self.bias, padding=1)

    def taps(self) -> Tensor:
        """The kernel as (O, I*2*2, 3, 3): with one zero before it, tap 2 d + a belongs to pixel a of square d."""
        w_OI3232 = F.pad(self.weight, (1, 0, 1, 0)).view(*self.weight.shape[:2], 3, 2, 3, 2)
        return w_OI3232.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)


class UpConv2d(nn.Module):
    """Doubling by nearest neighbour, where ``smooth`` blurred, and then a 3x3 convolution, with torch's own start
    (`resampling.doubled`, `resampling.doubled_smoothly`).
    """

    def __init__(self, inputs: int, outputs: int, *, smooth: bool = False) -> None:
        super().__init__()
        self.smooth = smooth
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return (doubled_smoothly if self.smooth else doubled)(x_NIHW, self.weight)


class DownConv2d(nn.Module):
    """A 3x3 convolution and the mean of each 2x2 square, (N, I, H, W) to (N, O, H / 2, W / 2), with torch's own start
    (`resampling.halved`).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-1, 1) / math.sqrt(9 * inputs))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return halved(x_NIHW, self.weight, self.bias)


class ClassBatchNorm2d(nn.BatchNorm2d):
    """Batch norm whose gain and bias belong to the class (de Vries et al. 2017) and, with ``latent``, follow the latent
    as well (self-modulation: Chen, Lucic, Houlsby and Gelly 2019, eq. 3, without its hidden layer). Both begin as
    nothing; without either it is plain batch norm.
    """

    def __init__(self, channels: int, classes: int, latent: int = 0) -> None:
        super().__init__(channels, affine=classes == 0)
        self.of_class = nn.Embedding(classes, 2 * channels) if classes else None
        self.of_latent = nn.Linear(latent, 2 * channels, bias=False) if latent else None
        for part in (self.of_class, self.of_latent):
            if part is not None:
                nn.init.zeros_(part.weight)

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None, z_NZ: Tensor | None = None) -> Tensor:
        y_NCHW = super().forward(x_NCHW)
        told = [part(of) for part, of in ((self.of_class, label_N), (self.of_latent, z_NZ)) if part]
        if not told:
            return y_NCHW
        gain_NC, bias_NC = sum(told[1:], start=told[0]).to(y_NCHW.dtype).chunk(2, dim=1)
        return torch.addcmul(bias_NC[:, :, None, None], y_NCHW, 1 + gain_NC[:, :, None, None])


class Dropout(nn.Module):
    """Dropout with four 16-bit draws a random word, 8 times faster than torch's on a CPU.

    The words are SFC64's, started from torch's global generator, so torch's seed repeats them. Every process of a run
    draws them for the whole batch and keeps those of its own pictures. The share dropped is rounded to the nearest
    1/65536, and the scale is the exact inverse of the share kept.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.dropped = round(share * 2**16)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.dropped:
            return x
        x = x if _dense(x) else x.contiguous()
        seed = int(torch.randint(2**62, ()))
        numbers = x.numel() * share().processes
        words = np.random.SFC64(seed).random_raw(-(-numbers // 4))
        draws = torch.from_numpy(share().own(words.view(np.int16)[:numbers], len(x))).to(x.device)
        scale = torch.ge(draws, self.dropped - 2**15, out=torch.empty_like(draws, dtype=x.dtype))
        scale.mul_(2**16 / (2**16 - self.dropped))
        return x * scale.as_strided(x.shape, x.stride())


def _dense(x: Tensor) -> bool:
    """Whether the values fill one block of memory, so that a flat mask can be laid over it."""
    return x.is_contiguous() or (x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last))


def same_padding(kernel: int, stride: int) -> tuple[int, int]:
    """Pixels before and after a side that is a multiple of the stride, as TensorFlow's ``"SAME"`` has it."""
    total = max(kernel - stride, 0)
    return total // 2, total - total // 2
