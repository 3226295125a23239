"""Self-attention over the pixels of a small picture (Zhang et al. 2019, SAGAN, section 3), as BigGAN uses it.

Shapes: N images, F features, H height, W width, Q = H W pixels that look, K = Q / 4 that are looked at.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.spectral import SpectralConv2d


class SelfAttention(nn.Module):
    """Every pixel adds what it finds in others: x + gamma o (eq. 3), with gamma 0 at the start.

    Keys and values are pooled 2x2, queries and keys have an eighth of the features, values half.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        inner = max(1, features // 8)
        self.query = SpectralConv2d(features, inner, 1)
        self.key = SpectralConv2d(features, inner, 1)
        self.value = SpectralConv2d(features, max(1, features // 2), 1)
        self.out = SpectralConv2d(max(1, features // 2), features, 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x_NFHW: Tensor) -> Tensor:
        query_NfQ = self.query(x_NFHW).flatten(2)
        key_NfK = F.max_pool2d(self.key(x_NFHW), 2).flatten(2)
        value_NvK = F.max_pool2d(self.value(x_NFHW), 2).flatten(2)
        weight_NQK = torch.softmax(query_NfQ.transpose(1, 2) @ key_NfK, dim=2).to(value_NvK.dtype)
        found_NvHW = (value_NvK @ weight_NQK.transpose(1, 2)).view(len(x_NFHW), -1, *x_NFHW.shape[2:])
        found_NFHW: Tensor = self.out(found_NvHW.contiguous(memory_format=torch.channels_last))
        return x_NFHW + self.gamma.to(found_NFHW.dtype) * found_NFHW
