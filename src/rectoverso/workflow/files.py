"""From what was typed to the files that were meant: FILE... may be folders everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"})


def picture_files(files: Iterable[Path]) -> list[Path]:
    """Files as they stand, folders as the pictures in them (and below), in one stable order, hidden ones left out."""
    found: list[Path] = []
    for path in files:
        found += _inside(path) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def _inside(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
