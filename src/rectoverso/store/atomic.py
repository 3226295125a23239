"""Writing a file so that a crash at any instant leaves either the whole new file or nothing of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def write_atomically(
    path: Path, data: bytes, *, staging: Path | None = None, mode: int = PRIVATE_FILE
) -> None:
    """Write under a temporary name in ``staging`` (on the same file system), flush to disk, then rename."""
    temporary = (staging or path.parent) / f".{secrets.token_hex(8)}.tmp"
    try:
        write_durably(temporary, data, mode=mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_durably(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Write a new file and wait until the disk has it; the name is durable only after ``sync_folder``."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def put_durably(written: Path, path: Path) -> None:
    """Give a file that was written its name, once the disk has it."""
    with written.open("rb") as file:
        os.fsync(file.fileno())
    written.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in ``folder``: a rename is durable only then."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter; one that is there already is left as it is."""
    if not folder.is_dir():
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        sync_folder(folder.parent)
