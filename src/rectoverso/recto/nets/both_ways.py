"""Two translators, from one set of pictures to another and back (Zhu et al. 2017, arXiv:1703.10593, figure 3).

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

from torch import Tensor, nn

from rectoverso.recto.nets.given import Given


class BothWays(nn.Module):
    """The pictures given, as the other set has them: of the first set as the second, or ``back``."""

    def __init__(self, forth: nn.Module, back: nn.Module) -> None:
        super().__init__()
        self.forth, self.back = forth, back

    def forward(self, noise_NZ: Tensor, given: Given) -> Tensor:
        del noise_NZ
        translated: Tensor = (self.back if given.back else self.forth)(given.picture)
        return translated
