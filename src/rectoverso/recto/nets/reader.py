"""Reads a caption: its words and their places through a small transformer, the mean of what comes out.

Where a text is over, each place has a padding of its own, as in `prior`.

Shapes: N texts, T places of words, E features of what was read.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectoverso.recto.nets.transformer import START, Transformer


class Reader(nn.Module):
    """Words (N, T), -1 where there are none, to features (N, E)."""

    def __init__(self, *, words: int, places: int, width: int, blocks: int, outputs: int) -> None:
        super().__init__()
        self.words = words
        self.word = nn.Embedding(words + places, width)
        self.place = nn.Parameter(torch.zeros(places, width))
        for told in (self.word.weight, self.place):
            nn.init.normal_(told, std=START)
        self.body = Transformer(width, blocks, causal=False)
        self.out = nn.Linear(width, outputs, bias=False)

    def forward(self, word_NT: Tensor) -> Tensor:
        padding_T = torch.arange(word_NT.shape[1], device=word_NT.device) + self.words
        x_NTD = self.word(torch.where(word_NT < 0, padding_T, word_NT)) + self.place
        read_NE: Tensor = self.out(self.body(x_NTD).mean(1))
        return read_NE
