"""Whether a picture fits a caption: two encoders to one space (Radford et al. 2021, CLIP, arXiv:2103.00020, figure 3).

Each row of a batch is to find its own column among all, and each column its row. Captions that differ from a true one
in a single word are further columns (Yuksekgonul et al. 2023, arXiv:2210.01936, section 4.1): among others alone, who
stands left of whom need not be seen. Pictures that were drawn for the captions are further rows: among real ones alone,
whether a picture is well drawn need not be seen either.

Shapes: N pictures, R rivals, P of both, M texts, T places of words, C channels, H height, W width, G places of the
grid, D features, E features of the space.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.codes import Grid, Narrowing, started
from rectoverso.recto.nets.reader import Reader
from rectoverso.recto.nets.transformer import START, Transformer
from rectoverso.recto.systems.recipe import Shape

SHARPEST = 100.0
"""The most that the cosine is multiplied by (CLIP, section 2.5)."""
AT_START = 2.6593
"""The logarithm of 1 / 0.07."""


class Scorer(nn.Module):
    """Pictures (N, C, H, W) and words (M, T), -1 where there are none, to directions (N, E) and (M, E)."""

    def __init__(
        self,
        shape: Shape,
        grid: Grid,
        *,
        words: int,
        places: int,
        width: int,
        picture_width: int,
        blocks: int,
    ) -> None:
        super().__init__()
        self.look = Narrowing(shape.channels, width, grid.halvings, picture_width)
        self.where = nn.Parameter(torch.zeros(grid.places, width))
        started(self.look)
        nn.init.normal_(self.where, std=START)
        self.seeing = Transformer(width, blocks, causal=False)
        self.of_picture = nn.Linear(width, width, bias=False)
        self.reader = Reader(words=words, places=places, width=width, blocks=blocks, outputs=width)
        self.sharpness = nn.Parameter(torch.tensor(AT_START))

    def seen(self, x_NCHW: Tensor) -> Tensor:
        """The directions of pictures, of length 1."""
        x_NGD = self.look(x_NCHW).flatten(2).transpose(1, 2) + self.where
        return F.normalize(self.of_picture(self.seeing(x_NGD).mean(1)).float(), dim=1)

    def read(self, word_MT: Tensor) -> Tensor:
        """The directions of texts, of length 1."""
        return F.normalize(self.reader(word_MT).float(), dim=1)

    def losses(self, x_NCHW: Tensor, word_NT: Tensor, near_MT: Tensor, rival_RCHW: Tensor) -> Tensor:
        """The mean of both ways; ``near_MT`` are texts and ``rival_RCHW`` pictures that are nobody's."""
        own, text_MT = len(word_NT), torch.cat([word_NT, near_MT])
        seen_PE = self.seen(torch.cat([x_NCHW, rival_RCHW]))
        logit_PM = self.sharpness.exp().clamp_max(SHARPEST) * seen_PE @ self.read(text_MT).T
        same_NM = (word_NT[:, None] == text_MT[None]).all(2)
        same_NP = F.pad(same_NM[:, :own], (0, len(rival_RCHW)))
        return 0.5 * (found(logit_PM[:own], same_NM) + found(logit_PM[:, :own].T, same_NP))


def found(logit_NM: Tensor, same_NM: Tensor, first: int = 0) -> Tensor:
    """How surprised each row is at its own column, the one on the diagonal from column ``first`` on; other columns that
    say the same (true in ``same_NM``) do not count against it.
    """
    own_N = torch.arange(len(logit_NM), device=logit_NM.device) + first
    own_NM = F.one_hot(own_N, same_NM.shape[1]).bool()
    others_NM = logit_NM.masked_fill(same_NM & ~own_NM, float("-inf"))
    return F.cross_entropy(others_NM, own_N)


def nearby(word_NT: Tensor, where_N: Tensor, other_N: Tensor) -> Tensor:
    """Each text with one word, the one at the share ``where_N`` of its length, taken from the text ``other_N`` at the
    same place; as it is where that has none.
    """
    length_N = (word_NT >= 0).sum(1)
    place_N1 = (where_N * length_N).long().clamp(0, word_NT.shape[1] - 1)[:, None]
    taken_N1 = word_NT[other_N].gather(1, place_N1)
    kept_N1 = word_NT.gather(1, place_N1)
    return word_NT.scatter(1, place_N1, torch.where(taken_N1 < 0, kept_N1, taken_N1))
