"""A pool of earlier generated pictures, from which a critic is shown some in place of new ones.

Shrivastava et al. 2017 (arXiv:1612.07828, section 2.3), as CycleGAN has it (Zhu et al. 2017, arXiv:1703.10593, section
4): with even chances a picture is shown as it is, or goes into the pool for one that is shown instead. What changes
places is a function of the image's index, and every process keeps the whole pool, so that a run does not depend on how
its batches are cut. The pool belongs to the state of a run.

Shapes: N images, K places, C channels, H height, W width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.sync import gathered, rank


class Pool(nn.Module):
    """``size`` places for pictures of a shape, filled in turn."""

    pictures_KCHW: Tensor
    filled: Tensor

    def __init__(self, shape: Shape, size: int) -> None:
        super().__init__()
        sides = (shape.channels, shape.height_px, shape.width_px)
        self.register_buffer("pictures_KCHW", torch.zeros(size, *sides))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def exchange(self, turn: Turn, purpose: str, x_NCHW: Tensor) -> Tensor:
        """What the critic is to see in place of the turn's pictures (N, C, H, W)."""
        size, whole = len(self.pictures_KCHW), turn.batch
        x_BCHW = gathered(x_NCHW.detach().to(self.pictures_KCHW))
        swapped_B = turn.streams.choices(f"pool-{purpose}", turn.begins, whole, 2)
        place_B = turn.streams.choices(f"pool-place-{purpose}", turn.begins, whole, size)
        shown = [
            self._one(x_CHW, int(swap), int(place))
            for x_CHW, swap, place in zip(x_BCHW, swapped_B, place_B, strict=True)
        ]
        first = rank() * turn.count if turn.processes > 1 else 0
        return torch.stack(shown[first : first + turn.count]).to(x_NCHW.dtype)

    def _one(self, x_CHW: Tensor, swap: int, place: int) -> Tensor:
        filled = int(self.filled)
        if filled < len(self.pictures_KCHW):
            self.pictures_KCHW[filled] = x_CHW
            self.filled += 1
            return x_CHW
        if not swap:
            return x_CHW
        earlier_CHW = self.pictures_KCHW[place].clone()
        self.pictures_KCHW[place] = x_CHW
        return earlier_CHW
