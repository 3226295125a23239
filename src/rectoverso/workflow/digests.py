"""Names for contents: the SHA-256 of bytes, of pixels, of what was asked."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import rfc8785

from rectoverso.types import Digest, Pixels


def of_bytes(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).hexdigest())


def of_file(path: Path) -> Digest:
    """The SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())


def of_pixels(pixels: Pixels) -> Digest:
    """Shape and raw values, so that the same picture has the same name whatever file it is in."""
    shape = "x".join(str(side) for side in pixels.shape).encode()
    return Digest(hashlib.sha256(shape + b"\0" + pixels.tobytes()).hexdigest())


def of_facts(**facts: Any) -> Digest:
    """The digest of a record, by its canonical JSON (RFC 8785)."""
    return of_bytes(rfc8785.dumps(facts))
