"""A generator and a critic that read captions, and what draws with both.

The plain pair (`plain`) with a reader each (`reader`): what the generator read joins the latent and with it speaks to
every norm; what the critic read is projected on its features (Miyato and Koyama 2018, with a text for the class, as in
Zhang et al. 2021, arXiv:2101.04702, section 4).

Shapes: N pictures or captions, M candidates, Z latent, T places of words, F features, K texts, C channels, H height, W
width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.data.tokenizer import Tokenizer
from rectoverso.recto.nets.best_of import BestOf
from rectoverso.recto.nets.plain import PlainCritic, PlainGenerator
from rectoverso.recto.nets.reader import Reader
from rectoverso.recto.systems.recipe import Shape

Reading = Callable[[int], Reader]
"""Makes a reader that hands on so many features."""


class TextGenerator(nn.Module):
    """Latents (N, Z) and words (N, T) to pictures (N, C, H, W)."""

    def __init__(
        self, shape: Shape, reading: Reading, *, latent: int, text: int, width: int, patch: int
    ) -> None:
        super().__init__()
        self.reader = reading(text)
        self.painter = PlainGenerator(
            replace(shape, classes=0), latent=latent + text, width=width, patch=patch, modulated=True
        )

    def forward(self, z_NZ: Tensor, word_NT: Tensor) -> Tensor:
        read_NE = self.reader(word_NT)
        # As loud as the latent, whose numbers are standard normal.
        told_NE = F.layer_norm(read_NE.float(), read_NE.shape[1:])
        picture_NCHW: Tensor = self.painter(torch.cat([z_NZ, told_NE.to(z_NZ.dtype)], 1))
        return picture_NCHW


class TextCritic(PlainCritic):
    """Pictures (N, C, H, W) and words (N, T) to one logit each (N,)."""

    def __init__(self, shape: Shape, reading: Reading, *, width: int, patch: int) -> None:
        super().__init__(replace(shape, classes=0), width=width, patch=patch)
        self.reader = reading(self.logit.in_features)

    def rated(self, f_NF: Tensor, word_NT: Tensor | None) -> Tensor:
        assert word_NT is not None  # noqa: S101 - every picture has its caption
        return self.fitting(f_NF, self.reader(word_NT))

    def fitting(self, f_NF: Tensor, read_NF: Tensor) -> Tensor:
        """The logits (N,) of what is looked at in pictures, each for a text that was read."""
        return super().rated(f_NF, None) + (f_NF * read_NF).sum(1)

    def matched(self, f_NF: Tensor, read_KF: Tensor) -> Tensor:
        """A logit for each text (N, K), by the projection alone."""
        return f_NF @ read_KF.T


class TextDrawer(BestOf):
    """Noise (N, M Z), of as many candidates as it is enough for, and captions to the pictures (N, C, H, W) that the
    critic finds nearest to these.
    """

    def __init__(
        self, merges: Sequence[str], generator: TextGenerator, critic: TextCritic, latent: int
    ) -> None:
        super().__init__()
        self.tokenizer, self.latent = Tokenizer(merges), latent
        self.generator, self.critic = generator, critic

    @torch.no_grad()
    def judged(self, noise_NZ: Tensor, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        reader = self.critic.reader
        token_NT = self.tokenizer.batch(captions, len(reader.place))
        word_NT = torch.from_numpy(token_NT).to(noise_NZ.device)
        each = noise_NZ.shape[1] // self.latent
        word_BT = word_NT.repeat_interleave(each, 0)
        candidate_BCHW = self.generator(noise_NZ.reshape(-1, self.latent), word_BT)
        fit_B = (self.critic.features(candidate_BCHW) * reader(word_BT)).sum(1)
        sides = (len(captions), each)
        return candidate_BCHW.view(*sides, *candidate_BCHW.shape[1:]), fit_B.view(sides)
