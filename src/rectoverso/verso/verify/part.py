"""Is a picture the whole or a part of another one, at whatever scale, mirrored or turned by quarters?

Both are made small and grey. The one is laid over the other in all eight symmetries, from its full size down to two
fifths of it, and at every place; where it lies best, their brightness has to go together (normalised correlation).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import on_white
from rectoverso.verso.screen.symmetry import SYMMETRIES, turned

ALIKE_CORRELATION = 0.85
_WHOLE_PX, _WORKING_PX = 32, 64
_LEAST_SHARE, _STEP = 0.4, 0.98

Reals = NDArray[np.float64]


def is_part(picture: Pixels, whole: Pixels) -> bool:
    """Whether the picture shows the whole or a part of the other. Only a flat picture is like another flat one."""
    small = np.stack([_grey(turned(picture, s), (_WHOLE_PX, _WHOLE_PX)) for s in range(len(SYMMETRIES))])
    reference = _grey(whole, (_WHOLE_PX, _WHOLE_PX))
    if max(_correlation(one, reference) for one in small) >= ALIKE_CORRELATION:
        return True
    return best_correlation(picture, whole) >= ALIKE_CORRELATION


def best_correlation(picture: Pixels, whole: Pixels) -> float:
    """The highest correlation at any share, place and symmetry; 0 where there is nothing to see."""
    height, width = whole.shape[:2]
    scale = _WORKING_PX / max(height, width)
    ground = _Ground(_grey(whole, (max(8, round(width * scale)), max(8, round(height * scale)))))
    best = 0.0
    for symmetry in range(len(SYMMETRIES)):
        shown = turned(picture, symmetry)
        best = max([best, *(ground.laid_over(_grey(shown, size)) for size in _sizes(shown, ground.shape))])
    return best


def _sizes(picture: Pixels, within: tuple[int, int]) -> list[tuple[int, int]]:
    """Width and height of the picture as it just fits, and smaller."""
    height, width = picture.shape[:2]
    fits = min(within[0] / height, within[1] / width)
    shares = _STEP ** np.arange(int(np.log(_LEAST_SHARE) / np.log(_STEP)) + 1)
    sizes = [(round(width * fits * share), round(height * fits * share)) for share in shares]
    return [size for size in dict.fromkeys(sizes) if min(size) >= 8]


class _Ground:
    """The picture that others are laid over: its transform and its sums are made once."""

    def __init__(self, grey: Reals) -> None:
        self.shape: tuple[int, int] = grey.shape[0], grey.shape[1]
        self._grey = grey - grey.mean()
        self._transform = np.fft.rfft2(self._grey, self._padded)
        self._sums = _summed(self._grey)
        self._squares = _summed(self._grey**2)

    @property
    def _padded(self) -> tuple[int, int]:
        return 2 * self.shape[0], 2 * self.shape[1]

    def laid_over(self, part: Reals) -> float:
        """The highest correlation of a part that is no larger, over all places."""
        height, width = part.shape
        part = part - part.mean()
        norm = float((part**2).sum())
        if norm < part.size:  # flat: it would be anywhere
            return 0.0
        products = np.fft.irfft2(self._transform * np.conj(np.fft.rfft2(part, self._padded)), self._padded)
        products = products[: self.shape[0] - height + 1, : self.shape[1] - width + 1]
        sums, squares = (_windows(table, height, width) for table in (self._sums, self._squares))
        variance = squares - sums**2 / part.size
        return float((products / np.sqrt(np.maximum(variance, part.size) * norm)).max())


def _summed(values: Reals) -> Reals:
    return np.asarray(np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0))))


def _windows(table: Reals, height: int, width: int) -> Reals:
    """The sum over every window of that size."""
    return np.asarray(
        table[height:, width:] - table[:-height, width:] - table[height:, :-width] + table[:-height, :-width]
    )


def _grey(pixels: Pixels, size: tuple[int, int]) -> Reals:
    """A small grey version on white, so that size, noise and what is hidden do not matter."""
    shown = on_white(pixels).convert("L").resize(size, Image.Resampling.BOX)
    return np.asarray(shown, dtype=np.float64)


def _correlation(one: Reals, other: Reals) -> float:
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    if scale < 1e-6:  # at least one is flat: alike when both are
        return float(np.allclose(one, other, atol=2))
    return float((one * other).sum() / scale)
