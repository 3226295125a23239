"""The built-in ``digits``: scikit-learn's handwritten digits, drawn again in ink on paper.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
1998 (CC BY 4.0); 1,797 pictures of 8 x 8 with 17 levels, as ``sklearn.datasets.load_digits`` ships them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.errors import MissingExtra
from rectoverso.recto.data.dataset import Dataset

# Neither black nor white: an invisible watermark needs room above the paper and below the ink.
PAPER = (242, 236, 224)
INK = (28, 34, 64)

_MARGIN = 1  # of the 8 x 8 cells, so that strokes at the edge are whole
_FINE = 4  # drawn this many times larger, thresholded softly there, and brought down: clean edges
_MIDDLE = 0.46
_SHARPNESS = 12.0


def digits(size: int = 32) -> Dataset:
    """The 1,797 digits as ``size`` x ``size`` RGB with labels 0..9."""
    scan_NHW, label_N = _scans()
    images = np.stack([inked(scan_HW / 16, size) for scan_HW in scan_NHW])
    return Dataset("digits", images, label_N, tuple("0123456789"))


def _scans() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What ``load_digits`` gives, from its file: to load scikit-learn itself takes twice as long as all the rest."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise MissingExtra(task="The data 'digits'", package="scikit-learn", extra="train")
    row_NK = np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    return row_NK[:, :-1].reshape(-1, 8, 8), row_NK[:, -1].astype(np.int64)


def inked(scan_HW: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """One scan, 0 (paper) to 1 (ink), as an RGB picture whose strokes are crisp at any size."""
    cells = np.pad(scan_HW, _MARGIN).astype(np.float32)
    fine = Image.fromarray(cells).resize((size * _FINE, size * _FINE), Image.Resampling.BICUBIC)
    strokes = Image.fromarray(_soft_step(np.asarray(fine))).resize((size, size), Image.Resampling.BOX)
    ink_HW1 = np.asarray(strokes, dtype=np.float32)[..., None]
    paper, ink = np.array(PAPER, dtype=np.float32), np.array(INK, dtype=np.float32)
    pixels: NDArray[np.uint8] = np.rint(paper + (ink - paper) * ink_HW1.clip(0, 1)).astype(np.uint8)
    return pixels


def _soft_step(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """A logistic curve through 0 and 1: pale smears become paper, grey strokes become ink."""
    low, high = (1 / (1 + np.exp(_SHARPNESS * (_MIDDLE - end))) for end in (0.0, 1.0))
    curve: NDArray[np.float32] = 1 / (1 + np.exp(np.float32(_SHARPNESS) * (np.float32(_MIDDLE) - levels)))
    return ((curve - np.float32(low)) / np.float32(high - low)).clip(0, 1)
