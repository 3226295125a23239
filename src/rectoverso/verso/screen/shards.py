"""What the shelf keeps of works' points: written in a book's words (codebook.py), some works a part."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.codebook import CODE_BYTES

ROW = np.dtype([("address", "<u4"), ("turn", "u1"), ("octave", "u1"), ("code", "u1", (CODE_BYTES,))])
"""A point: 22 bytes."""

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Written:
    """One work: its id, the digest of its pixels, and its points as ``ROW``."""

    work: str
    digest: bytes
    rows: NDArray[Any]


def to_bytes(book: str, works: Iterable[Written]) -> bytes:
    """A part of the shelf: which book it is written in, whose points, then the points; 3.4 KB a work."""
    listed = list(works)
    head = {"book": book, "works": [[one.work, one.digest.hex(), len(one.rows)] for one in listed]}
    text = json.dumps(head).encode()
    return b"".join([_LENGTH.pack(len(text)), text, *(one.rows.tobytes() for one in listed)])


def from_bytes(data: bytes, book: str) -> dict[str, Written]:
    """The works in a part by their ids; none if it was written in another book."""
    (length,) = _LENGTH.unpack_from(data)
    head = json.loads(data[_LENGTH.size : _LENGTH.size + length])
    if head["book"] != book:
        return {}
    rows = np.frombuffer(data, ROW, offset=_LENGTH.size + length)
    ends = pairwise(accumulate((count for _, _, count in head["works"]), initial=0))
    listed = zip(head["works"], ends, strict=True)
    return {
        work: Written(work, bytes.fromhex(digest), rows[start:end])
        for (work, digest, _), (start, end) in listed
    }
