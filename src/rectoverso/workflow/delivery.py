"""How a released file lies in the folder for results: its name, and that it is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from rectoverso.types import AssetId, Draft
from rectoverso.verso.mark.label import SUFFIXES

STEM_BYTES = 100


def holds(path: Path, data: bytes) -> bool:
    """Whether exactly these bytes lie there."""
    return path.is_file() and path.read_bytes() == data


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, read-only, in place of what has its name."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o444)
    part.replace(path)


def file_name(draft: Draft, asset: AssetId, media_type: str | None) -> str:
    """The source's name or else the seed, cut to what every file system takes, and the asset's id. ``media_type`` is
    that of a released file; a held draft is kept as PNG.
    """
    seeded = "image" if draft.seed is None else f"seed-{draft.seed:06d}"
    stem = Path(draft.source).stem if draft.source else seeded
    short = stem.encode("utf-8", "backslashreplace")[:STEM_BYTES].decode(errors="ignore")
    return f"{short}-{asset}{SUFFIXES[media_type or 'image/png']}"


def is_own_name(name: str, asset: AssetId) -> bool:
    """Whether ``file_name`` could have made it: no path, and the asset's id at its end."""
    endings = tuple(f"-{asset}{suffix}" for suffix in SUFFIXES.values())
    return Path(name).name == name and name.endswith(endings)
