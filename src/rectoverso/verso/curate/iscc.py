"""Reservations that are bound to what a picture looks like: records by ISCC, as registries give them out.

    {"iscc": "ISCC:EEAQ...", "train": "reserved"}            TDM record of iscc-schema 0.5
    {"iscc": "ISCC:KEC...", "tdm_reservation": true}         of iscc-schema 0.7

Registries are not asked; a file of records is. Of a code the image unit is compared, 64 bits: the same is the same
picture, and one that differs in a few bits is a reason to ask. Such a hash sees no cut-out and no mirroring.

Source: ISO 24138:2024, International Standard Content Code; the image unit's bits as iscc-core 1.x computes them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.curate.headers import reservation
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source
from rectoverso.verso.screen.fingerprint import on_white

SIDE_PX = 32
UNIT_BYTES = 8
ALIKE_BITS = 4
"""Of 64. Beyond it unrelated pictures begin to come near."""

_CONTENT, _WHOLE, _IMAGE = 2, 5, 1
_TRAIN = {"reserved": Says.RESERVED, "open": Says.ALLOWED}


def image_bits(pixels: Pixels) -> bytes:
    """The 64 bits of a picture's image unit (uint8 HWC with 1, 3 or 4 channels): 8 bytes."""
    grey = on_white(pixels).convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    low = cv2.dct(np.asarray(grey, np.float64))[:8, :8].copy()
    # The standard's cosines are not orthonormal: what is constant along an axis weighs more by the root of two.
    low[0, :] *= np.sqrt(2)
    low[:, 0] *= np.sqrt(2)
    return np.packbits(low.ravel() > np.median(low)).tobytes()


def unit_of(code: str) -> bytes | None:
    """The image unit's 64 bits within a code, whole or a unit alone; None for a code that has none."""
    letters = code.removeprefix("ISCC:").replace("-", "").strip().upper()
    try:
        data = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        return None
    if len(data) < 2 + UNIT_BYTES:
        return None
    kind, subtype, length, body = data[0] >> 4, data[0] & 15, data[1] & 15, data[2:]
    if subtype != _IMAGE:
        return None
    if kind == _CONTENT:
        return body[:UNIT_BYTES]
    # A whole code has metadata, meaning and content where its length says so, then data and instance.
    if kind == _WHOLE and length & 1:
        at = UNIT_BYTES * (bool(length & 4) + bool(length & 2))
        return body[at : at + UNIT_BYTES] if len(body) >= at + UNIT_BYTES else None
    return None


@dataclass(frozen=True, slots=True)
class Declarations:
    """Records that can be compared: their units (N, 8 bytes), what each says, and its words."""

    units: NDArray[np.uint8]
    says: tuple[Says, ...]
    raws: tuple[str, ...]
    source: Source
    left_out: int = 0
    """Records without an image unit, or of other things than training: they cannot be compared with a picture."""

    @classmethod
    def read(cls, text: str, source: Source) -> Self:
        """From a JSON list, or a record a line. Raises ValueError for anything else."""
        records = list(_objects(text))
        rows = list(_comparable(records))
        units = np.frombuffer(b"".join(unit for unit, _, _ in rows), np.uint8).reshape(-1, UNIT_BYTES)
        says, raws = tuple(said for _, said, _ in rows), tuple(raw for _, _, raw in rows)
        return cls(units, says, raws, source, len(records) - len(rows))

    def __len__(self) -> int:
        return len(self.raws)

    def signals(self, bits: bytes) -> Iterator[Signal]:
        """What the records say of a picture with this image unit."""
        differing = np.bitwise_count(self.units ^ np.frombuffer(bits, np.uint8)).sum(axis=1, dtype=np.int64)
        for at in np.flatnonzero(differing <= ALIKE_BITS):
            said = self.says[at]
            if differing[at] and said is not Says.ALLOWED:
                said = Says.CONSTRAINED if said is Says.RESERVED else said
            elif differing[at]:
                continue
            raw = f"{self.raws[at]}\n{differing[at]} of 64 bits differ"
            yield Signal(SignalKind.ISCC, said, raw, self.source)


def _comparable(records: Iterable[dict[str, Any]]) -> Iterator[tuple[bytes, Says, str]]:
    for record in records:
        unit = unit_of(str(record.get("iscc", "")))
        said = _said(record)
        if unit is not None and said is not None:
            yield unit, said, json.dumps(record, ensure_ascii=False)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    whole = text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE} \t\r\n")
    for part in [whole] if whole.startswith("[") else filter(str.strip, whole.split("\n")):
        found = json.loads(part)
        for record in found if isinstance(found, list) else [found]:
            if not isinstance(record, dict):
                raise ValueError("a record is an object")  # noqa: TRY004 - as of any text that is no such list
            yield record


def _said(record: dict[str, Any]) -> Says | None:
    if "train" in record:
        return _TRAIN.get(str(record["train"]), Says.UNCLEAR)
    if "tdm_reservation" in record:
        value = record["tdm_reservation"]
        return reservation(int(value) if isinstance(value, bool) else value)
    return None
