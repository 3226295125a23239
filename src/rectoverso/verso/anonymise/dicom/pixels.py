"""The pixel data, and no bit or byte of it that is no pixel.

Compressed pixels are decompressed, because each of their formats has places for comments of its own, and a stream goes
on behind its picture unseen. Then there are exactly as many bytes as the sides, samples, bits and frames say; and the
bits of a pixel above those that it uses, where overlays once lay, are made zero, or the sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Message
from rectoverso.verso.anonymise.dicom.profile import TABLES

_MOST_BYTES = 250_000_000
"""Of the pixels of all frames: what comes out of the bounded process in one piece."""


class PixelsUnusable(Exception):
    """They cannot be brought into a form that can be accounted for: ``why`` says it."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.why = Message(f"anonymise.problem.{reason}", facts)


@dataclass(frozen=True, slots=True)
class PlainPixels:
    """``data``: the pixels, little-endian, of even length. ``trailing``: how many bytes lay behind them; ``overlaid``:
    whether bits above the pixels were set; ``decompressed``: whether they were compressed.
    """

    data: bytes
    trailing: int
    overlaid: bool
    decompressed: bool


def plain_pixels(dataset: Any) -> PlainPixels:
    """Those of ``dataset``, which is decompressed in place. Raises PixelsUnusable."""
    expected_length(dataset)  # before anything is decoded
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_compressed and syntax.is_encapsulated:
        _decompress(dataset)
    data, length = bytes(dataset.PixelData), expected_length(dataset)
    if len(data) < length:
        raise PixelsUnusable("pixels_short")
    pixels = data[:length]
    trailing = data[length:]
    if not syntax.is_little_endian:
        pixels = _swapped(pixels, dataset)
    cleared = _cleared(pixels, dataset)
    behind = len(trailing) if trailing not in (b"", b"\0") else 0
    return PlainPixels(
        cleared + b"\0" * (length % 2), behind, cleared != pixels, bool(syntax.is_encapsulated)
    )


def expected_length(dataset: Any) -> int:
    """Bytes of the pixels of all frames (PS3.5, section 8). Raises PixelsUnusable where an attribute is missing."""
    try:
        sides = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("NumberOfFrames") or 1)
        samples, bits = int(dataset.SamplesPerPixel), int(dataset.BitsAllocated)
    except (AttributeError, TypeError, ValueError) as error:
        raise PixelsUnusable("pixels_undescribed") from error
    if str(dataset.get("PhotometricInterpretation", "")) == "YBR_FULL_422":
        samples = 2
    length = (sides * samples * bits + 7) // 8
    if length <= 0 or bits not in (1, 8, 16, 32):
        raise PixelsUnusable("pixels_undescribed")
    if length > _MOST_BYTES:
        raise PixelsUnusable("pixels_many", limit=_MOST_BYTES // 1_000_000)
    return length


def _decompress(dataset: Any) -> None:
    try:
        dataset.decompress(generate_instance_uid=False)
    except MemoryError:
        raise
    except Exception as error:  # decoders throw anything
        raise PixelsUnusable("pixels_not_decoded") from error


def _swapped(pixels: bytes, dataset: Any) -> bytes:
    """From big to little: only where a pixel is one word, for in what order smaller or larger ones lie depends; and
    only without tables, which would have to be turned like the pixels.
    """
    if any(element.keyword in TABLES and element.VR == "OW" for element in dataset.iterall()):
        raise PixelsUnusable("pixels_big_endian")
    if int(dataset.BitsAllocated) == 16:
        return np.frombuffer(pixels, ">u2").astype("<u2").tobytes()
    if int(dataset.BitsAllocated) == 8 and dataset["PixelData"].VR == "OB":
        return pixels
    raise PixelsUnusable("pixels_big_endian")


def _cleared(pixels: bytes, dataset: Any) -> bytes:
    """The same with the unused bits of each pixel zero, or equal to its sign."""
    allocated = int(dataset.BitsAllocated)
    stored = int(dataset.get("BitsStored") or allocated)
    high = int(dataset.get("HighBit", stored - 1))
    if high != stored - 1 or not 0 < stored <= allocated:
        raise PixelsUnusable("pixels_undescribed")
    if stored == allocated:
        return pixels
    words: NDArray[Any] = np.frombuffer(pixels, f"<u{allocated // 8}")
    if int(dataset.get("PixelRepresentation") or 0):
        spare = allocated - stored
        return ((words << spare).view(f"<i{allocated // 8}") >> spare).tobytes()
    return (words & ((1 << stored) - 1)).astype(words.dtype).tobytes()
