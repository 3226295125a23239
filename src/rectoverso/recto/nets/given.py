"""What a network makes pictures from, where it makes them from more than noise and a class.

Shapes: N images, C channels, H height, W width. Pictures are floats in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Given:
    """A picture (N, C, H, W), a mask of classes and instances (N, H, W), a hole (N, 1, H, W) that is 1 where to fill
    and else 0, captions: what a system asks for is there, the rest is None.
    ``style_NCHW`` are pictures whose style is meant, where a system takes any. ``back``: from the second set to the
    first.
    """

    picture_NCHW: Tensor | None = None
    mask_NHW: Tensor | None = None
    hole_N1HW: Tensor | None = None
    captions: tuple[str, ...] | None = None
    style_NCHW: Tensor | None = None
    back: bool = False

    @property
    def picture(self) -> Tensor:
        """The picture, of a system that asks for one."""
        assert self.picture_NCHW is not None  # noqa: S101 - asked for
        return self.picture_NCHW

    @property
    def mask(self) -> Tensor:
        assert self.mask_NHW is not None  # noqa: S101 - asked for
        return self.mask_NHW

    @property
    def hole(self) -> Tensor:
        assert self.hole_N1HW is not None  # noqa: S101 - asked for
        return self.hole_N1HW
