"""One sequence of words and codes, each token guessed from those before it (Ramesh et al. 2021, section 2.2).

Words have an embedding of their place, codes one of their row and one of their column; where a text is over, each place
has a padding token of its own. Departures: all places see all before them (no sparse attention, for 80 places), and a
code comes in together with the neighbours of the next one; nothing is asked of the guesses at padding.

Shapes: N sequences, T places of words, G places of codes, V words, K codes, D features, S places in all.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.codes import Grid
from rectoverso.recto.nets.draws import Sampling, drawn
from rectoverso.recto.nets.transformer import START, Memory, Transformer

Losses = tuple[Tensor, Tensor]


class Prior(nn.Module):
    """Words (N, T), -1 where there are none, then codes (N, G)."""

    def __init__(self, grid: Grid, *, words: int, places: int, codes: int, width: int, blocks: int) -> None:
        super().__init__()
        self.words, self.places, self.grid = words, places, grid
        self.word = nn.Embedding(words + places, width)  # behind the words, a padding for each place
        self.code, self.above, self.beside = (nn.Embedding(codes, width) for _ in range(3))
        self.start = nn.Parameter(torch.zeros(1, 1, width))
        self.place = nn.Parameter(torch.zeros(places, width))
        self.row = nn.Parameter(torch.zeros(grid.height, 1, width))
        self.column = nn.Parameter(torch.zeros(1, grid.width, width))
        embeddings = [self.word, self.code, self.above, self.beside]
        for told in (
            *(embedding.weight for embedding in embeddings),
            *(self.start, self.place, self.row, self.column),
        ):
            nn.init.normal_(told, std=START)
        self.body = Transformer(width, blocks, causal=True)
        self.to_word = nn.Linear(width, words)
        self.to_code = nn.Linear(width, codes)

    def forward(self, word_NT: Tensor, code_NG: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of each word (N, T, V) and of each code (N, G, K), from what stands before it."""
        before_NSD = torch.cat([self.read(word_NT), self.seen(code_NG)[:, :-1]], 1)
        after_NSD = self.body(before_NSD)
        return self.to_word(after_NSD[:, : self.places]), self.to_code(after_NSD[:, self.places :])

    def losses(self, word_NT: Tensor, code_NG: Tensor) -> Losses:
        """The mean surprise, in nats, at a word of a caption, its own mean over those that are there, and at a code."""
        word_NTV, code_NGK = self(word_NT, code_NG)
        of_words_NT = F.cross_entropy(word_NTV.float().mT, word_NT, ignore_index=-1, reduction="none")
        of_words_N = of_words_NT.sum(1) / (word_NT >= 0).sum(1).clamp_min(1)
        return of_words_N.mean(), F.cross_entropy(code_NGK.float().flatten(0, 1), code_NG.flatten())

    def read(self, word_NT: Tensor) -> Tensor:
        """The start and the words, embedded (N, 1 + T, D)."""
        padding_T = torch.arange(self.places, device=word_NT.device) + self.words
        told_NTD = self.word(torch.where(word_NT < 0, padding_T, word_NT)) + self.place
        return torch.cat([self.start.expand(len(word_NT), -1, -1), told_NTD], 1)

    def seen(self, code_NG: Tensor) -> Tensor:
        """The first codes of a picture, embedded (N, G, D), each with what stands above the place behind it and to the
        right of that: the neighbours of the code that is guessed next.
        """
        count, width = code_NG.shape[1], self.grid.width
        where_GD = (self.row + self.column).flatten(0, 1)[:count]
        above_NGD = F.pad(self.above(code_NG), (0, 0, width - 1, 0))[:, :count]
        beside_NGD = F.pad(self.beside(code_NG), (0, 0, width - 2, 0))[:, :count]
        embedded_NGD: Tensor = self.code(code_NG) + where_GD + above_NGD + beside_NGD
        return embedded_NGD

    @torch.no_grad()
    def draw(self, word_NT: Tensor, uniform_NMG: Tensor, sampling: Sampling) -> Tensor:
        """Codes (N, M, G) for each text, one for each of M rows of numbers between 0 and 1, place after place: what was
        computed for the places before is kept.
        """
        uniform_BG, memory = uniform_NMG.flatten(0, 1), Memory(1 + self.places + self.grid.places)
        each = uniform_NMG.shape[1]
        last_BD = self.body(self.read(word_NT), memory)[:, -1].repeat_interleave(each, 0)
        memory, chosen = memory.repeated(each), list[Tensor]()
        for place in range(self.grid.places):
            if chosen:
                last_BD = self.body(self.seen(torch.stack(chosen, 1))[:, -1:], memory)[:, -1]
            chosen.append(drawn(self.to_code(last_BD), uniform_BG[:, place], sampling))
        return torch.stack(chosen, 1).view(uniform_NMG.shape)
