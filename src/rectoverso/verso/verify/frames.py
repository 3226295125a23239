"""How the two sides of a pipe talk: a frame is its length in 8 bytes, and that many bytes.

Towards the bounded process goes pickle. Back comes JSON alone: what read a stranger's file is not believed, and
unpickling would run whatever it says.
"""

from __future__ import annotations

import json
import pickle
from typing import Any, BinaryIO

MOST_SAID = 4_000_000
"""Bytes of a report, which has a few thousand."""


class PipeEnded(Exception):
    """The other side is gone, or says what nobody says here."""


def write(pipe: BinaryIO, *frames: bytes | memoryview) -> None:
    """Raises PipeEnded."""
    try:
        for frame in frames:
            pipe.write(memoryview(frame).nbytes.to_bytes(8, "big"))
            pipe.write(frame)
        pipe.flush()
    except (OSError, ValueError) as error:
        raise PipeEnded from error


def read(pipe: BinaryIO, most: int | None = None) -> bytes:
    """The next frame. Raises PipeEnded, also for one of more than ``most`` bytes."""
    length = int.from_bytes(_exactly(pipe, 8), "big")
    if most is not None and length > most:
        raise PipeEnded
    return _exactly(pipe, length)


def hand(pipe: BinaryIO, value: object) -> None:
    """To the bounded process."""
    write(pipe, pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def handed(pipe: BinaryIO) -> Any:
    """What its starter handed to this bounded process."""
    return pickle.loads(read(pipe))  # noqa: S301 - the starter is trusted, and the other way nothing is pickled


def tell(pipe: BinaryIO, said: dict[str, Any]) -> None:
    """From the bounded process; letters that are none (lone surrogates) become question marks."""
    write(pipe, json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))


def told(pipe: BinaryIO) -> dict[str, Any]:
    """What the bounded process says: an object, whatever else it is. Raises PipeEnded."""
    try:
        said = json.loads(read(pipe, MOST_SAID))
    except (ValueError, RecursionError) as error:
        raise PipeEnded from error
    if not isinstance(said, dict):
        raise PipeEnded
    return said


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    try:
        data = pipe.read(length)
    except (OSError, ValueError, MemoryError) as error:
        raise PipeEnded from error
    if len(data) < length:
        raise PipeEnded
    return data
