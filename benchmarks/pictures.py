"""The pictures that programs here train on when nobody names others."""

from __future__ import annotations

import os
from pathlib import Path


def known_cifar() -> Path | None:
    """CIFAR-10 in the folder that RECTOVERSO_TEST_DATA names; None where it names none."""
    folder = os.environ.get("RECTOVERSO_TEST_DATA")
    return Path(folder) / "cifar10" / "train.parquet" if folder else None
