"""Where decoded pictures lie: in memory, or in a file that is mapped when they would fill too much of it.

The file is a plain .npy under a name that its content decides (`key`), so that a run that goes on decodes nothing
again. It is filled with ordinary writes and read through a map whose pages are let go after each batch (`forget`): what
a process holds grows with its batch and not with its data. The system's own cache may keep the rest; it gives way
when others need the memory.

Shape suffixes: N images, H height, W width, C channels.
"""

from __future__ import annotations

import hashlib
import io
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import PIL
from numpy.typing import NDArray

from rectoverso.recto.data.entry import Entry
from rectoverso.recto.data.frame import Frame

RAM_SHARE = 0.25
"""Of the memory of this machine; more pixels than that are mapped from a file."""

FORMAT = 1
CHUNK = 256
_LASTING = Path("/var/tmp")  # noqa: S108 - where large files belong; /tmp may itself be memory

Images = NDArray[np.uint8]


class Storage(Protocol):
    """Takes pictures in any order, from any thread, and then gives them all."""

    def put(self, first: int, images: Images) -> None:
        """Keep pictures (N, H, W, C) at ``first`` and the places after it."""
        ...

    def finish(self, keep: NDArray[np.int64] | None = None, channels: int | None = None) -> Images:
        """The pictures, or only those at ``keep`` (ascending), of the first ``channels`` channels."""
        ...

    def read(self, places: NDArray[np.int64]) -> Images:
        """Copies of the pictures at these places."""
        ...

    def discard(self) -> None:
        """Leave nothing behind."""
        ...


class InMemory:
    """Pictures of a shape (N, H, W, C) in an array."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._images = np.zeros(shape, dtype=np.uint8)

    def put(self, first: int, images: Images) -> None:
        self._images[first : first + len(images)] = images

    def read(self, places: NDArray[np.int64]) -> Images:
        return self._images[places]

    def finish(self, keep: NDArray[np.int64] | None = None, channels: int | None = None) -> Images:
        images = self._images if keep is None else self._images[keep]
        return images if channels is None else np.ascontiguousarray(images[..., :channels])

    def discard(self) -> None:
        self._images = self._images[:0]


class OnDisk:
    """Pictures of a shape (N, H, W, C) in a file: at ``path`` once it is finished, or without a name."""

    def __init__(self, shape: tuple[int, ...], path: Path | None = None) -> None:
        self._shape, self._path = shape, path
        self._file: IO[bytes]
        if path is None:
            self._file = tempfile.TemporaryFile(dir=_large())  # noqa: SIM115 - the map outlives this object
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _part(path).open("w+b")
        self._offset = len(_header(shape))
        self._file.truncate(self._offset + int(np.prod(shape)))

    def put(self, first: int, images: Images) -> None:
        os.pwrite(
            self._file.fileno(), np.ascontiguousarray(images).data, self._offset + first * images[0].size
        )

    def read(self, places: NDArray[np.int64]) -> Images:
        size = int(np.prod(self._shape[1:]))
        rows = [os.pread(self._file.fileno(), size, self._offset + int(place) * size) for place in places]
        return np.frombuffer(b"".join(rows), np.uint8).reshape(len(places), *self._shape[1:])

    def finish(self, keep: NDArray[np.int64] | None = None, channels: int | None = None) -> Images:
        if keep is not None or channels is not None:
            self._close_up(np.arange(self._shape[0]) if keep is None else keep, channels or self._shape[3])
        header = _header(self._shape)
        if len(header) != self._offset:  # numpy leaves room for the number to grow, so it does not happen
            raise ValueError("the header of the .npy changed its length")
        os.pwrite(self._file.fileno(), header, 0)
        self._file.truncate(self._offset + int(np.prod(self._shape)))
        if self._path is not None:
            os.fsync(self._file.fileno())
            _part(self._path).replace(self._path)
        return _mapped(self._file, self._shape, self._offset)

    def discard(self) -> None:
        self._file.close()
        if self._path is not None:
            _part(self._path).unlink(missing_ok=True)

    def _close_up(self, keep: NDArray[np.int64], channels: int) -> None:
        """Move what is kept to the front; it never overtakes what has not been read yet."""
        for first in range(0, len(keep), CHUNK):
            self.put(first, self.read(keep[first : first + CHUNK])[..., :channels])
        self._shape = (len(keep), *self._shape[1:3], channels)


def forget(images: Images) -> None:
    """Let go of the memory that a map of a file has taken so far; arrays in memory are left alone."""
    if isinstance(images.base, mmap.mmap):
        images.base.madvise(mmap.MADV_DONTNEED)


def _large() -> Path:
    """Where a large file without a name may lie."""
    return _LASTING if os.access(_LASTING, os.W_OK) else Path(tempfile.gettempdir())


def memory_bytes() -> int:
    """The memory of this machine, or of the part of it that this process may use."""
    have = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            have = min(have, int(Path(limit).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return have


def free_bytes(folder: Path | None) -> int:
    """The room on the disk where a file in ``folder`` (which need not exist yet) would lie."""
    place = folder or _large()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def key(entries: Sequence[Entry], frame: Frame, channels: int) -> str:
    """What names the decoded pictures of these entries: their bytes in order, the frame, and the decoder."""
    state = hashlib.sha256(json.dumps([FORMAT, PIL.__version__, str(frame), channels]).encode())
    for entry in entries:
        try:
            data = entry.read()
        except OSError as error:
            data = repr(error).encode()
        state.update(json.dumps([entry.path, len(data)]).encode())
        state.update(data)
    return state.hexdigest()[:32]


def load(path: Path) -> Images | None:
    """The pictures of a finished file, mapped; None where there is no such file or it is not whole."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            shape, _, kind = np.lib.format.read_array_header_1_0(file)
            offset = file.tell()
            is_whole = path.stat().st_size == offset + int(np.prod(shape))
            if version != (1, 0) or kind != np.uint8 or len(shape) != 4 or not is_whole:
                return None
            return _mapped(file, shape, offset)
    except (OSError, ValueError):
        return None


def _mapped(file: IO[bytes], shape: tuple[int, ...], offset: int) -> Images:
    file.flush()
    held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    held.madvise(mmap.MADV_RANDOM)
    return np.ndarray(shape, np.uint8, held, offset)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _header(shape: tuple[int, ...]) -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": tuple(int(side) for side in shape)}
    )
    return head.getvalue()
