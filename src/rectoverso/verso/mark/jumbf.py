"""C2PA's boxes (JUMBF, ISO 19566-5), looked over before they are read: no item in them is longer than its box.

The C2PA library takes the 32-bit length of a text or byte string for granted, and makes room for it before it looks for
the bytes: one changed byte can have it take 4 GB. So the heads of all CBOR items are walked first (RFC 8949, 3).
"""

from __future__ import annotations

from collections.abc import Iterator

STORE = b"jumdc2pa"
"""How every manifest store begins, after two lengths and a type."""
_CONTENT = b"cbor"
_DEEPEST = 64
_JPEG_SEGMENT = b"JP"
_BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(2, 7)
_HOLDING = {_BYTES: 1, _TEXT: 1, _ARRAY: 1, _MAP: 2}
"""Items for each that is counted; byte and text strings hold others where their end is not told before."""
_INDEFINITE, _BREAK, _UNTIL_BREAK = 31, 0xFF, -1


class TooLong(ValueError):
    """An item claims more than there is, or is nested too deeply."""


def claims_too_much(data: bytes) -> bool:
    """Whether an item in a manifest of the file says that it is longer than the box that holds it."""
    try:
        for store in _stores(_joined(data) if data.startswith(b"\xff\xd8") else data):
            for content in _contents(store):
                walk(content)
    except TooLong:
        return True
    return False


def walk(cbor: bytes) -> None:
    """Go over the heads of the first item and all within it. Raises TooLong."""
    at, missing = 0, [1]
    while missing:
        if missing[-1] == 0:
            missing.pop()
            continue
        if at >= len(cbor):
            raise TooLong
        if cbor[at] == _BREAK and missing[-1] < 0:
            at += 1
            missing.pop()
            continue
        missing[-1] -= 1
        kind, count, at = _head(cbor, at)
        if kind in (_BYTES, _TEXT) and count >= 0:
            at += count
        elif kind in _HOLDING:
            missing.append(_HOLDING[kind] * count if count >= 0 else _UNTIL_BREAK)
        elif kind == _TAG:
            missing.append(1)
        # Each item takes a byte at least.
        if at + max(missing, default=0) > len(cbor) or len(missing) > _DEEPEST:
            raise TooLong


def _head(cbor: bytes, at: int) -> tuple[int, int, int]:
    """The major type, the length, count or value (-1 for one without), and where the item goes on."""
    kind, short = cbor[at] >> 5, cbor[at] & 31
    if short == _INDEFINITE and kind in _HOLDING:
        return kind, -1, at + 1
    if short < 24:
        return kind, short, at + 1
    if short > 27:  # nothing that there is
        raise TooLong
    size = 1 << (short - 24)
    return kind, int.from_bytes(cbor[at + 1 : at + 1 + size], "big"), at + 1 + size


def _stores(data: bytes) -> Iterator[bytes]:
    at = data.find(STORE)
    while at >= 0:
        size = int.from_bytes(data[max(0, at - 12) : max(0, at - 8)], "big")
        yield data[at : at - 12 + size] if size > 8 else data[at:]
        at = data.find(STORE, at + 1)


def _contents(store: bytes) -> Iterator[bytes]:
    """What is in each box of CBOR, however the boxes around it fit together."""
    at = store.find(_CONTENT)
    while at >= 0:
        size = int.from_bytes(store[max(0, at - 4) : at], "big")
        if size > 8:
            yield store[at + 4 : at - 4 + size]
        at = store.find(_CONTENT, at + 1)


def _joined(data: bytes) -> bytes:
    """The boxes of a JPEG, which lie in segments of at most 64 KB (JPEG XT, ISO 18477-3, B.2)."""
    parts, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if data[at + 1] == 0xEB and body.startswith(_JPEG_SEGMENT):
            # From the second of a box on, its length and type are told again.
            parts.append(body[8:] if body[4:8] == b"\0\0\0\1" else body[16:])
        at += 2 + max(2, length)
    return b"".join(parts)
