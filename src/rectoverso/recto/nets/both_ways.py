"""Two translators, from one set of pictures to another and back (Zhu et al. 2017, arXiv:1703.10593, figure 3).

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

from torch import Tensor, nn

from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.translator import NORMS, Translator


class BothWays(nn.Module):
    """The pictures given, as the other set has them: of the first set as the second, or ``back``."""

    def __init__(
        self, channels: int, *, width: int, downs: int, blocks: int, patch: int, norm: str, skip: bool
    ) -> None:
        super().__init__()
        self.forth, self.back = (
            Translator(
                channels,
                channels,
                width=width,
                downs=downs,
                blocks=blocks,
                patch=patch,
                norm=NORMS[norm],
                skip=skip,
            )
            for _ in range(2)
        )

    def forward(self, noise_NZ: Tensor, given: Given) -> Tensor:
        del noise_NZ
        translated: Tensor = (self.back if given.back else self.forth)(given.picture)
        return translated
