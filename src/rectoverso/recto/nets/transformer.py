"""Transformer blocks (Vaswani et al. 2017), norms first, whose keys and values can be kept from step to step.

Shapes: N sequences, S places, P places that were there before, D features, A heads, F features of a head.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD = 32
"""Features of a head."""
WIDER = 4
"""The inner layer is so many times as wide."""
START = 0.02
"""Standard deviation of embeddings at the start."""


@dataclass
class Memory:
    """Keys and values (N, A, S, F) of each block, for sequences of at most ``places``; ``filled`` says how many places
    of a block are known.
    """

    places: int
    kept: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    filled: dict[int, int] = field(default_factory=dict)

    def added(self, block: int, key_NASF: Tensor, value_NASF: Tensor) -> tuple[Tensor, Tensor]:
        """All that is known of a block's keys and values, these included."""
        first = self.filled.get(block, 0)
        self.filled[block] = end = first + key_NASF.shape[2]
        told = (key_NASF, value_NASF)
        if block not in self.kept:
            sides = (*key_NASF.shape[:2], self.places, key_NASF.shape[3])
            self.kept[block] = (key_NASF.new_zeros(sides), value_NASF.new_zeros(sides))
        for kept, new in zip(self.kept[block], told, strict=True):
            kept[:, :, first:end] = new
        key, value = self.kept[block]
        return key[:, :, :end], value[:, :, :end]

    def repeated(self, times: int) -> Memory:
        """Each sequence's memory so many times, one after the other."""
        kept = {
            block: (key.repeat_interleave(times, 0), value.repeat_interleave(times, 0))
            for block, (key, value) in self.kept.items()
        }
        return Memory(self.places, kept, dict(self.filled))


class Transformer(nn.Module):
    """Blocks, and a norm at the end. ``causal``: a place sees only itself and those before it."""

    def __init__(self, width: int, blocks: int, *, causal: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, causal=causal) for _ in range(blocks))
        for name, told in self.named_parameters():
            if name.endswith(("out.weight", "narrow.weight")):
                # What each block adds is small at the start (Radford et al. 2019, section 2.3).
                nn.init.normal_(told, std=START / (2 * blocks) ** 0.5)
        self.norm = nn.LayerNorm(width)

    def forward(self, x_NSD: Tensor, memory: Memory | None = None) -> Tensor:
        """With a ``memory``, ``x_NSD`` are the next places of what it holds: any number at its start, then one."""
        for number, block in enumerate(self.blocks):
            x_NSD = block(x_NSD, memory, number)
        normed: Tensor = self.norm(x_NSD)
        return normed


class Block(nn.Module):
    """Attention, then two linear layers, both added to what came in."""

    def __init__(self, width: int, *, causal: bool) -> None:
        super().__init__()
        self.causal, self.heads = causal, heads_of(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.look = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.wide = nn.Linear(width, WIDER * width)
        self.narrow = nn.Linear(WIDER * width, width)

    def forward(self, x_NSD: Tensor, memory: Memory | None = None, number: int = 0) -> Tensor:
        x_NSD = x_NSD + self.out(self.found(self.norms[0](x_NSD), memory, number))
        added_NSD: Tensor = self.narrow(F.gelu(self.wide(self.norms[1](x_NSD)), approximate="tanh"))
        return x_NSD + added_NSD

    def found(self, x_NSD: Tensor, memory: Memory | None, number: int) -> Tensor:
        """What each place finds in those that it sees."""
        looked = self.look(x_NSD).view(*x_NSD.shape[:2], 3, self.heads, -1)
        query_NASF, key_NASF, value_NASF = (part.transpose(1, 2) for part in looked.unbind(2))
        if memory is not None:
            key_NASF, value_NASF = memory.added(number, key_NASF, value_NASF)
        causal = self.causal and query_NASF.shape[2] > 1
        return attended(query_NASF, key_NASF, value_NASF, causal=causal).transpose(1, 2).flatten(2)


def attended(query_NASF: Tensor, key_NAPF: Tensor, value_NAPF: Tensor, *, causal: bool) -> Tensor:
    """Scaled dot-product attention. In bfloat16 on a CPU torch's own takes five times as long to go backward as these
    few products, in the precision that came in.
    """
    if query_NASF.dtype != torch.bfloat16 or query_NASF.device.type != "cpu":
        return F.scaled_dot_product_attention(query_NASF, key_NAPF, value_NAPF, is_causal=causal)
    query, key, value = (part.flatten(0, 1) for part in (query_NASF, key_NAPF, value_NAPF))
    unseen_SP = query.new_zeros(query.shape[1], key.shape[1])
    if causal:
        unseen_SP = unseen_SP.fill_(float("-inf")).triu_(1)
    with torch.autocast("cpu", enabled=False):
        scale = query.shape[2] ** -0.5
        weight = torch.softmax(torch.baddbmm(unseen_SP, query, key.transpose(1, 2), alpha=scale), 2)
        return torch.bmm(weight, value).view(query_NASF.shape)


def heads_of(width: int) -> int:
    """As many heads of `HEAD` features, or a few more each, as share the width evenly."""
    return next(heads for heads in range(max(1, width // HEAD), 0, -1) if width % heads == 0)
