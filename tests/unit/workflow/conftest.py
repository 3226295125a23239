"""A home and a few pictures, for every test of the workflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rectoverso.verso.picture import to_png


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str, int], Path]:
    """A PNG file of soft waves; another number is another picture."""

    def make(name: str, number: int = 0) -> Path:
        y, x = np.mgrid[0:96, 0:96]
        waves = [
            120 + 60 * np.sin(x / (5 + number) + y / 9),
            110 + 50 * np.cos(y / (7 + 2 * number)),
            90 + (x * (number + 1) + y) % 64,
        ]
        path = tmp_path / name
        path.write_bytes(to_png(np.stack(waves, axis=-1).astype(np.uint8)))
        return path

    return make
