"""From a caption to a picture: the prior draws candidates, the decoder paints them, the scorer keeps the best.

Ramesh et al. 2021 (arXiv:2102.12092), section 2.6: of many candidates the one that a contrastive model finds nearest to
the caption. Which codes are drawn is a pure function of the noise.

Shapes: N captions, M candidates of each, G places of the grid, Z = M G numbers of noise, B = N M, C channels, H height,
W width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rectoverso.recto.data.tokenizer import Tokenizer
from rectoverso.recto.nets.best_of import BestOf
from rectoverso.recto.nets.codes import CodeDecoder
from rectoverso.recto.nets.draws import Sampling, uniforms
from rectoverso.recto.nets.matching import Scorer
from rectoverso.recto.nets.prior import Prior
from rectoverso.recto.systems.recipe import Shape


class Drawer(BestOf):
    """Noise (N, Z), of as many candidates as it is enough for, and captions to pictures (N, C, H, W)."""

    def __init__(
        self,
        shape: Shape,
        decoder: CodeDecoder,
        prior: Prior,
        scorer: Scorer,
        sampling: Sampling,
    ) -> None:
        super().__init__()
        self.decoder, self.prior, self.scorer = decoder, prior, scorer
        self.tokenizer, self.sampling = Tokenizer(shape.merges), sampling

    @torch.no_grad()
    def judged(self, noise_NZ: Tensor, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        word_NT = self.read(captions).to(noise_NZ.device)
        uniform_NMG = uniforms(noise_NZ).view(len(captions), -1, self.prior.grid.places)
        code_NMG = self.prior.draw(word_NT, uniform_NMG, self.sampling)
        candidate_BCHW = self.decoder(code_NMG.flatten(0, 1))
        sides = code_NMG.shape[:2]
        seen_NME = self.scorer.seen(candidate_BCHW).view(*sides, -1)
        fit_NM = (seen_NME * self.scorer.read(word_NT)[:, None]).sum(2)
        return candidate_BCHW.view(*sides, *candidate_BCHW.shape[1:]), fit_NM

    def read(self, captions: Sequence[str]) -> Tensor:
        """Captions as words (N, T)."""
        return torch.from_numpy(self.tokenizer.batch(captions, self.prior.places))
