"""Which pictures of a batch a process holds, for layers that draw one stream of numbers for the whole batch.

A run of several processes cuts each batch into equal parts, in order. A layer that sees several versions of the batch
(real and generated, one after the other) sees that part of each. Whoever draws for the whole batch and keeps its own
draws what a single process would have drawn for these pictures.

Shapes: B numbers of the whole batch, in the order of its pictures; P of this process's pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Share:
    """The part of ``rank`` among ``processes``: ``count`` pictures of each version of the batch."""

    rank: int = 0
    processes: int = 1
    count: int = 1

    def every(self, stride: int) -> Share:
        """The same part of a batch of which only every so manyth picture is there."""
        return replace(self, count=self.count // stride)

    def own(self, draw_B: NDArray[Number], rows: int) -> NDArray[Number]:
        """Of one draw for the whole batch (B,), what falls on the ``rows`` pictures of this process (P,)."""
        if self.processes == 1:
            return draw_B
        versions = rows // self.count
        return np.ascontiguousarray(draw_B.reshape(versions, self.processes, -1)[:, self.rank]).reshape(-1)


_current = Share()


def normals(rows: int, *sides: int, device: torch.device | None = None) -> Tensor:
    """Standard normal numbers (rows, ...) from torch's generator, of a whole batch those of this process's pictures."""
    part = share()
    if part.processes == 1:
        return torch.randn(rows, *sides, device=device)
    versions = rows // part.count
    draw = torch.randn(rows * part.processes, *sides, device=device)
    return draw.view(versions, part.processes, -1, *sides)[:, part.rank].reshape(rows, *sides)


def share() -> Share:
    """The part that counts now; all of it, outside of training."""
    return _current


@contextmanager
def sharing(part: Share) -> Iterator[None]:
    """Within this context layers hold that part of the batch."""
    global _current  # noqa: PLW0603 - layers are called by torch, which hands them nothing but tensors
    before, _current = _current, part
    try:
        yield
    finally:
        _current = before
