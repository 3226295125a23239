"""China's AIGC block, a JSON object of strings (GB 45438-2025, 6.1, appendix E): written, and found wherever it lies.

It is written as the XMP property TC260:AIGC, as TC260's guide for pictures does, and in a PNG as a text of that keyword
too, word for word the same. Other makers put it into an XMP attribute, a PNG text alone, EXIF or a comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from rectoverso.types import AssetId
from rectoverso.verso.mark import exif, label, png, xmp

KEYWORD = "AIGC"
_MADE = ("Label", "ContentProducer", "ProduceID", "ReservedCode1")
_SPREAD = ("ContentPropagator", "PropagateID", "ReservedCode2")
_LABELS = ("0", "1", "2", "3")
"""It is not, against the standard; it is, may be, is suspected to be."""
_LARGEST, _LONGEST = 64_000, 1_000


@dataclass(frozen=True, slots=True)
class Block:
    """One block: where it lies, and its values, None where it is no JSON object."""

    place: str
    values: dict[str, Any] | None


def block(producer: str, asset: AssetId, carried: str | None = None) -> str:
    """The block of a file: who made it also spreads it, under the same id.

    ``carried``: the block that the image came with. Who made it stays named, and ``producer`` only spreads it.
    """
    values = {
        "Label": "1",
        "ContentProducer": producer,
        "ProduceID": asset,
        "ReservedCode1": "",
        "ContentPropagator": producer,
        "PropagateID": asset,
        "ReservedCode2": "",
    }
    if carried:
        made = json.loads(carried)
        values |= {key: made[key] for key in _MADE}
    return json.dumps(values, separators=(",", ":"))


def carried(data: bytes) -> str | None:
    """The block of a file to travel on with its image: the first that is whole and sound, else None."""
    for found in find(data):
        texts = {key: (found.values or {}).get(key, "") for key in (*_MADE, *_SPREAD)}
        is_sound = all(
            isinstance(text, str) and is_ascii(text) and len(text) <= _LONGEST for text in texts.values()
        )
        if (
            is_sound
            and texts["Label"] in _LABELS
            and texts["ContentProducer"].strip()
            and texts["ProduceID"].strip()
        ):
            return json.dumps(texts, separators=(",", ":"))
    return None


def is_ascii(value: str) -> bool:
    """Whether it is made of printable ASCII only, as appendix E wants."""
    return all(" " <= letter <= "~" for letter in value)


def find(data: bytes) -> tuple[Block, ...]:
    """Every block of a file of any kind; never raises for what the file holds."""
    return tuple(found for place, text in _texts(data) for found in blocks_in(text, place))


def blocks_in(text: str, place: str = "") -> tuple[Block, ...]:
    """The blocks in a text."""
    return tuple(Block(place, values) for values in _objects(text))


def says_ai(blocks: Iterable[Block]) -> bool | None:
    """What blocks say: that AI made it ("1"), or, against the standard, that it did not ("0"); else None."""
    said = {(found.values or {}).get("Label") for found in blocks}
    return True if "1" in said else False if "0" in said else None


def _texts(data: bytes) -> Iterator[tuple[str, str]]:
    for packet in label.every_packet(data):
        try:
            found = xmp.properties(packet, (label.AIGC,))
        except (expat.ExpatError, UnicodeError, ValueError):
            continue
        yield from (("XMP", value) for _, value in found)
    if data.startswith(png.SIGNATURE):
        for keyword, text in png.texts(data, _LARGEST):
            if KEYWORD.encode() in keyword.upper():
                yield "PNG", text.decode("utf-8", "replace")
    yield from (("EXIF", text) for text in _elsewhere(data) if f'"{KEYWORD}"' in text)


def _elsewhere(data: bytes) -> Iterator[str]:
    """EXIF's description and comment, and the comment of a JPEG or GIF."""
    for value in exif.read(data).texts:
        if isinstance(value, bytes):
            code = "utf-16" if value.startswith(b"UNICODE\0") else "utf-8"
            yield value.removeprefix(b"ASCII\0\0\0").removeprefix(b"UNICODE\0").decode(code, "replace")
        elif isinstance(value, str):
            yield value


def _objects(text: str) -> Iterator[dict[str, Any] | None]:
    """Each JSON object in the text, one after the other, out of a wrapping {"AIGC": ...}; None for a damaged one."""
    at, decoder = 0, json.JSONDecoder(object_pairs_hook=_each_once)
    text = text[:_LARGEST].strip("\0 \t\r\n")
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield None
            return
        yield _unwrapped(value)
        while at < len(text) and text[at] in " \t\r\n\0,":
            at += 1


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are each there once: of two values one reader believes the first, another the last."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key is there twice")
    return values


def _unwrapped(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict) and KEYWORD in value:
        value = value[KEYWORD]
    if isinstance(value, str):
        try:
            value = json.loads(value, object_pairs_hook=_each_once)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None
