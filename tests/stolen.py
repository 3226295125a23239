"""What a thief finds: every byte of a stolen folder or database, searched for what nobody may read there.

A secret is looked for as it is, in UTF-16, as hexadecimal and base64 digits, and in whatever lies there deflated.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from rectoverso.types import Pixels
from stores import Server

KEYS = "keys"
"""The folder that is not stolen: whoever has it too can open everything."""
WINDOW = 16
"""So many bytes of a picture in a row are taken for a part of it."""

_DEFLATED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_MOST_INFLATED = 1 << 22


def files_of(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a home but its keys, by its path, which may tell something too."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and KEYS not in path.relative_to(home).parts:
            name = str(path.relative_to(home))
            yield name, name.encode() + b"\n" + path.read_bytes()


def tables_of(server: Server, database: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, as text and as the bytes in it."""
    wanted = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    for (name,) in server.run(wanted, database):
        cells = [cell for row in server.run(f'SELECT * FROM "{name}"', database) for cell in row]
        yield (
            name,
            b"\n".join(bytes(c) if isinstance(c, bytes | memoryview) else str(c).encode() for c in cells),
        )


def found(places: Iterable[tuple[str, bytes]], secrets: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """What was found: the secret's name, in which form, and where."""
    forms = {(name, form): value for name, secret in secrets.items() for form, value in _forms(secret)}
    return sorted(
        {
            (name, form, place)
            for place, data in places
            for body in (data, *_inflated(data))
            for (name, form), value in forms.items()
            if value in body
        }
    )


def words(**said: str) -> dict[str, bytes]:
    """Words as secrets, by their names."""
    return {name: text.encode() for name, text in said.items()}


def picture(name: str, pixels: Pixels, *files: bytes) -> dict[str, bytes]:
    """A picture as secrets: parts of its raw rows, and of the files that it is in."""
    rows = pixels.reshape(len(pixels), -1)
    parts = [row.tobytes() for row in rows[:: max(1, len(rows) // 8)]]
    parts += [
        file[at : at + WINDOW] for file in files for at in range(len(file) // 2, len(file) - WINDOW, 997)
    ]
    distinct = [part[:WINDOW] for part in parts if len(np.unique(np.frombuffer(part[:WINDOW], np.uint8))) > 6]
    assert distinct
    return {f"{name} {at}": part for at, part in enumerate(distinct)}


def _forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    yield "plain", secret
    yield "hex", secret.hex().encode()
    yield "HEX", secret.hex().upper().encode()
    for shift in range(3):  # where it begins among the threes that base64 takes
        digits = base64.b64encode(b"\0" * shift + secret)[4 if shift else 0 :]
        yield f"base64 at {shift}", digits.rstrip(b"=")[:-2]
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return
    yield "UTF-16 LE", text.encode("utf-16-le")
    yield "UTF-16 BE", text.encode("utf-16-be")
    yield "JSON", text.encode("ascii", "backslashreplace")


def _inflated(data: bytes) -> Iterator[bytes]:
    for match in _DEFLATED.finditer(data):
        try:
            body = zlib.decompressobj().decompress(data[match.start() :], _MOST_INFLATED)
        except zlib.error:
            continue
        if len(body) >= WINDOW:
            yield body
