"""What does a layer look for? The picture is the parameter, and goes up the gradient of what the layer makes of it.

From noise this shows what excites a channel (Simonyan, Vedaldi and Zisserman 2013, arXiv:1312.6034, section 2; Olah,
Mordvintsev and Schubert 2017, "Feature Visualization"); from a photograph it brings out whatever the layer already
sees there (Mordvintsev, Olah and Tyka 2015, "Inceptionism", known as DeepDream). What goes up is the mean activation of
one channel or, without one, the mean square of the whole layer, whose gradient is the layer's own answer.

- *Octaves*: it begins at a small picture; each octave enlarges it, puts back the detail that the photograph lost in
  being made small, and goes on.
- *Tiles*: a network knows one size, so a picture of any size is seen in tiles of it, mirrored beyond its edges. In
  every step they lie elsewhere (jitter), so that no seam is in the same place twice.
- *Levelled gradients*: the gradient is cut into bands of detail, each brought to the same strength and no band finer
  than the picture; otherwise fine grain, to which networks are most sensitive, wins over every shape (the
  preconditioning of Olah et al.; Mordvintsev's Laplacian normalisation).
- A term against *total variation* (Mahendran and Vedaldi 2015, arXiv:1412.0035, section 3) keeps grain down further.

Shapes: N tiles, C channels, H height, W width of the picture; c, h and w of a layer. Pictures are in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.sample.watched import Layer, Watched
from rectoverso.recto.train.machine import one_thread
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Pixels

OCTAVE = 1.4
"""Each octave is so many times as large as the one before."""
SMALLEST_PX = 8
RATE, ON_PHOTOGRAPHS = 0.02, 0.006
"""How far a step goes, of values from -1 to 1: from noise, and from a photograph, which would drown soon."""
SMOOTH = 0.3
"""How strong the term against total variation is beside the gradient."""
GREY = 0.2
"""How far noise is from grey."""
BANDS, REST = 3, 0.3
"""Halvings that make the bands, and the strength of what is coarser than all of them: broad colours."""
AT_ONCE = 64
"""Tiles seen in one go."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which layer is to be excited, all of it or one channel, over how many octaves of how many steps of ``rate``."""

    layer: Layer
    channel: int | None = None
    octaves: int = 4
    steps: int = 20
    rate: float = RATE


@dataclass(frozen=True, slots=True)
class Dreamt:
    """The picture, and what the layer made of it before and after (`excitement`)."""

    picture: Pixels
    before: float
    after: float


def noise(channels: int, sides: tuple[int, int], seed: int) -> Tensor:
    """Where a picture from nothing begins: grey with a little noise (1, C, H, W)."""
    numbers = Streams(seed).normals("dream", 0, 1, channels * sides[0] * sides[1])
    return torch.from_numpy(numbers).view(1, channels, *sides) * GREY


def dream(network: Watched, start_1CHW: Tensor, wish: Wish, *, seed: int = 0) -> Dreamt:
    """The picture that comes of ``start_1CHW``. The same arguments give the same picture."""
    streams = Streams(seed)
    with one_thread():
        before = excitement(network, start_1CHW, wish)
        detail_1CHW = torch.zeros(1, network.channels, 1, 1)
        for octave, sides in enumerate(octaves(tuple(start_1CHW.shape[2:]), wish.octaves)):
            plain_1CHW = sized(start_1CHW, sides)
            x_1CHW = plain_1CHW + sized(detail_1CHW, sides)
            for step in range(wish.steps):
                u_2 = streams.uniforms("dream-shift", octave * wish.steps + step, 1, 2)[0]
                x_1CHW = stepped(network, x_1CHW, wish, (u_2 * network.sides).astype(int))
            detail_1CHW = x_1CHW - plain_1CHW
        after = excitement(network, x_1CHW, wish)
    return Dreamt(to_pixels(x_1CHW)[0], before, after)


def octaves(sides: tuple[int, ...], count: int) -> list[tuple[int, int]]:
    """The sides of each octave, the whole picture's last."""
    shrinks = [OCTAVE ** -(count - 1 - octave) for octave in range(count)]
    high, wide = ([max(min(side, SMALLEST_PX), round(side * shrink)) for shrink in shrinks] for side in sides)
    return list(zip(high, wide, strict=True))


def stepped(network: Watched, x_1CHW: Tensor, wish: Wish, shift: np.ndarray) -> Tensor:
    """The picture one step up, as the layer sees it in tiles that are moved by ``shift`` (up, to the left)."""
    slope_1CHW = levelled(slope(network, x_1CHW, wish, shift)) - SMOOTH * roughness(x_1CHW)
    return (x_1CHW + wish.rate * slope_1CHW).clamp(-1, 1)


def slope(network: Watched, x_1CHW: Tensor, wish: Wish, shift: np.ndarray) -> Tensor:
    """The gradient of the picture's excitement (1, C, H, W)."""
    x_1CHW = x_1CHW.detach().requires_grad_()
    total_1CHW = torch.zeros_like(x_1CHW)
    count = len(tiles(x_1CHW, network.sides, shift))
    for first in range(0, count, AT_ONCE):
        tile_NCHW = tiles(x_1CHW, network.sides, shift)[first : first + AT_ONCE]
        (part_1CHW,) = torch.autograd.grad(excited(network, tile_NCHW, wish).sum(), x_1CHW)
        total_1CHW += part_1CHW
    return total_1CHW


@torch.no_grad()
def excitement(network: Watched, x_1CHW: Tensor, wish: Wish) -> float:
    """What goes up, over the picture as it lies."""
    tile_NCHW = tiles(x_1CHW, network.sides, np.zeros(2, int))
    firsts = range(0, len(tile_NCHW), AT_ONCE)
    parts = [excited(network, tile_NCHW[first : first + AT_ONCE], wish) for first in firsts]
    return float(torch.cat(parts).mean())


def excited(network: Watched, tile_NCHW: Tensor, wish: Wish) -> Tensor:
    """How much each tile excites the layer (N,): the mean of a channel, or the mean square of all."""
    seen_Nchw = network.seen(wish.layer, tile_NCHW)
    if wish.channel is None:
        return seen_Nchw.square().mean((1, 2, 3))
    return seen_Nchw[:, wish.channel].mean((1, 2))


def tiles(x_1CHW: Tensor, sides: tuple[int, int], shift: np.ndarray) -> Tensor:
    """The picture cut into tiles (N, C, *sides), the first of which begins ``shift`` before it; beyond its edges it is
    mirrored until the last tile is full.
    """
    (high, wide), (height, width) = sides, x_1CHW.shape[2:]
    down, along = -(-(height + int(shift[0])) // high), -(-(width + int(shift[1])) // wide)
    rows = mirrored(torch.arange(down * high) - int(shift[0]), height)
    columns = mirrored(torch.arange(along * wide) - int(shift[1]), width)
    around_CHW = x_1CHW[0][:, rows][:, :, columns]
    return around_CHW.view(-1, down, high, along, wide).permute(1, 3, 0, 2, 4).flatten(0, 1)


def mirrored(place: Tensor, length: int) -> Tensor:
    """Places on a line that is mirrored at both ends, as places on the line itself."""
    folded = place % (2 * length)
    return torch.minimum(folded, 2 * length - 1 - folded)


def levelled(slope_1CHW: Tensor) -> Tensor:
    """The slope with every band of detail brought to the same strength: what each halving of the sides loses, and the
    rest.
    """
    rest, out = slope_1CHW, torch.zeros_like(slope_1CHW)
    for _ in range(BANDS):
        if min(rest.shape[2:]) < 2 * SMALLEST_PX:
            break
        small = sized(rest, (rest.shape[2] // 2, rest.shape[3] // 2))
        out = out + unit(sized(rest - sized(small, tuple(rest.shape[2:])), tuple(out.shape[2:])))
        rest = small
    return unit(out + REST * unit(sized(rest, tuple(out.shape[2:]))))


def unit(slope_1CHW: Tensor) -> Tensor:
    """Of a mean square of 1; 0 where there is no slope at all."""
    return slope_1CHW / slope_1CHW.square().mean().sqrt().clamp_min(1e-12)


def roughness(x_1CHW: Tensor) -> Tensor:
    """The gradient of the squared total variation: how far each pixel is above the mean of its four neighbours."""
    around = F.pad(x_1CHW, (1, 1, 1, 1), mode="replicate")
    near = around[:, :, :-2, 1:-1] + around[:, :, 2:, 1:-1] + around[:, :, 1:-1, :-2] + around[:, :, 1:-1, 2:]
    return 4 * x_1CHW - near


def sized(x_1CHW: Tensor, sides: tuple[int, ...]) -> Tensor:
    """The picture at these sides, bilinear and antialiased."""
    if tuple(x_1CHW.shape[2:]) == sides:
        return x_1CHW
    return F.interpolate(x_1CHW, sides, mode="bilinear", antialias=True, align_corners=False)
