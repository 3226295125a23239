"""What a style-based generator has besides drawing: a mapping to styles, and a synthesis from them.

Shapes: N images, Z latent, W style, L layers that take a style, C channels, H height.
"""

from __future__ import annotations

from typing import Protocol, cast

from torch import Tensor, nn

PARTS = ("mapping", "synthesis", "styles", "w_mean_W")


class StyleGenerator(Protocol):
    """``styles`` is L; ``w_mean_W`` is the mean style, which truncation pulls towards."""

    @property
    def styles(self) -> int: ...

    @property
    def w_mean_W(self) -> Tensor: ...

    def mapping(self, z_NZ: Tensor, label_N: Tensor | None) -> Tensor:
        """Latents (N, Z) and labels (N,) or None to styles (N, W)."""
        ...

    def synthesis(self, w_NLW: Tensor) -> Tensor:
        """Styles (N, L, W) to pictures (N, C, H, W)."""
        ...


def as_style(module: nn.Module) -> StyleGenerator | None:
    """The generator as a style-based one, or None if it is not."""
    return cast("StyleGenerator", module) if all(hasattr(module, part) for part in PARTS) else None
