"""PNG's own structure: chunks, each with a checksum (PNG 1.2, section 3). No pixel is touched here."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's type and body, in order, until the end or the first that is cut short."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def join(parts: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A PNG file of these chunks, their checksums made anew."""
    out = [SIGNATURE]
    for kind, body in parts:
        out += [len(body).to_bytes(4, "big"), kind, body, zlib.crc32(kind + body).to_bytes(4, "big")]
    return b"".join(out)


def mend(data: bytearray, body: int) -> None:
    """Make the checksum right of the chunk whose body begins at ``body``."""
    end = body + int.from_bytes(data[body - 8 : body - 4], "big")
    data[end : end + 4] = zlib.crc32(data[body - 4 : end]).to_bytes(4, "big")


def is_sound(data: bytes) -> bool:
    """Whether every checksum holds and the file ends where PNG says it ends."""
    return data.startswith(SIGNATURE) and join(chunks(data)) == data and data[-8:-4] == b"IEND"


def texts(data: bytes, limit: int = 1_000_000) -> Iterator[tuple[bytes, bytes]]:
    """Keyword and text of each textual chunk (11.3.3), decompressed up to ``limit`` bytes; broken ones are left out."""
    for kind, body in chunks(data):
        keyword, _, rest = body.partition(b"\0")
        if kind == b"tEXt":
            yield keyword, rest
        elif kind == b"zTXt":
            yield from ((keyword, text) for text in _inflated(rest[1:], limit))
        elif kind == b"iTXt":
            # Compression flag and method, language, translated keyword, text.
            parts = rest[2:].split(b"\0", 2)
            if len(parts) == 3:
                text = _inflated(parts[2], limit) if rest[0] else [parts[2]]
                yield from ((keyword, one) for one in text)


def _inflated(data: bytes, limit: int) -> list[bytes]:
    try:
        return [zlib.decompressobj().decompress(data, limit)]
    except zlib.error:
        return []
