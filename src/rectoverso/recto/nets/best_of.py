"""Of several candidates for a caption, the one that fits it best.

Shapes: N captions, M candidates of each, Z = M times the noise of one, C channels, H height, W width.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rectoverso.recto.nets.given import Given


class BestOf(nn.Module):
    """Noise (N, Z), of as many candidates as it is enough for, and captions to pictures (N, C, H, W)."""

    def forward(self, noise_NZ: Tensor, given: Given) -> Tensor:
        assert given.captions is not None  # noqa: S101 - asked for
        candidate_NMCHW, fit_NM = self.judged(noise_NZ, given.captions)
        return candidate_NMCHW[torch.arange(len(fit_NM)), fit_NM.argmax(1)]

    @abstractmethod
    def judged(self, noise_NZ: Tensor, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """All candidates (N, M, C, H, W), and how well each fits its caption (N, M)."""
