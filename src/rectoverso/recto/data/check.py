"""Every picture is looked at before training starts, and a bad one is named with its fix.

``open_checked`` reads headers only, so a picture that declares a billion pixels costs nothing; ``damage`` is for one
that opens and then does not decode.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PIL import ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from rectoverso.i18n import say
from rectoverso.recto.data.sniff import PICTURES, kind_of, webp_size
from rectoverso.types import Message

MIN_SIDE = 8
MAX_PIXELS = 100_000_000
"""Declared width x height. A hundred megapixels is a large camera's; decoded it takes 300 MB."""
MAX_FILE_BYTES = 128 * 2**20
LISTED = 4
"""How many bad pictures of one fault an error spells out before it only counts the rest."""

# The classes are called directly, by content: `Image.open` would also try what is not wanted here, raise for
# a large picture without saying how large, and take the extra views in a phone's JPEG for an animation.
_READERS: dict[str, type[ImageFile.ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": JpegImageFile,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
    "TIFF": TiffImageFile,
    "PPM": PpmImageFile,
    "WebP": WebPImageFile,
    "AVIF": AvifImageFile,
}
_ENDS = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
_PLAIN_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "YCbCr"})
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})


@dataclass(frozen=True, slots=True)
class BadImage:
    """A picture that cannot be trained on: where it is, what is wrong, and how to mend it."""

    path: str
    reason: Message
    fix: Message


def bad(path: str, kind: str, /, **facts: object) -> BadImage:
    """A bad picture of one of the kinds in ``i18n/<language>/data.toml``, under ``[bad]``."""
    return BadImage(path, Message(f"data.bad.{kind}.reason", facts), Message(f"data.bad.{kind}.fix", facts))


def listing(images: Iterable[BadImage]) -> tuple[Message, ...]:
    """A line a picture, but of a fault that many have only the first ``LISTED``, then how many more have it."""
    kinds: dict[str, list[BadImage]] = {}
    for row in images:
        kinds.setdefault(row.reason.key, []).append(row)
    return tuple(line for rows in kinds.values() for line in _of_a_kind(rows))


def _of_a_kind(rows: list[BadImage]) -> Iterator[Message]:
    shown = rows if len(rows) <= LISTED + 1 else rows[:LISTED]  # "1 more" would take as much room as the one
    for row in shown:
        yield Message("data.bad.line", {"path": readable(row.path), "reason": row.reason, "fix": row.fix})
    if len(rows) > len(shown):
        yield Message("data.bad.more", {"count": len(rows) - len(shown)})


def readable(path: str) -> str:
    """A file name that a terminal can show: no control characters, no half letters."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in path)


def open_checked(path: str, data: bytes, *, deep: bool = False) -> ImageFile.ImageFile | BadImage:
    """The picture in ``data``, its header read and found sound, nothing decoded; or why not. Never raises.

    ``deep``: more than 8 bits a channel are welcome.
    """
    if not data:
        return bad(path, "empty")
    kind = kind_of(data)
    if kind not in _READERS:
        name = "unknown_type" if kind == "unknown" else "wrong_type"
        return bad(path, name, kind=kind, known=", ".join(PICTURES))
    if kind == "WebP" and (bomb := _too_large(path, webp_size(data))):
        return bomb
    try:
        image = _READERS[kind](io.BytesIO(data))
        return _misfit(path, image, data, deep=deep) or image
    except Exception as error:  # noqa: BLE001 - a decoder given hostile bytes raises anything at all
        return damage(path, data, error)


def damage(path: str, data: bytes, error: Exception) -> BadImage:
    """What to say of a picture whose decoder gave up with ``error``."""
    kind = kind_of(data)
    cut = "truncated" in str(error).lower() or _is_cut(kind, data)
    return bad(path, "truncated" if cut else "damaged", kind=kind)


def _is_cut(kind: str, data: bytes) -> bool:
    """Whether the end that the format demands is missing."""
    if kind == "WebP":
        return 8 + int.from_bytes(data[4:8], "little") > len(data)
    return kind in _ENDS and _ENDS[kind] not in data[-64:]


def unreadable(path: str, error: OSError) -> BadImage:
    """What to say of a file that the system does not give out."""
    if isinstance(error, PermissionError):
        return bad(path, "permission")
    if error.errno == errno.EFBIG:
        return bad(path, "file_too_large", limit=MAX_FILE_BYTES // 2**20)
    return bad(path, "unreadable", words=error.strerror or str(error) or type(error).__name__)


def _misfit(path: str, image: ImageFile.ImageFile, data: bytes, *, deep: bool) -> BadImage | None:
    """Why a picture whose header reads well still cannot be used, cheapest question first."""
    if bomb := _too_large(path, image.size):
        return bomb
    if min(image.size) < MIN_SIDE:
        return bad(path, "too_small", width=image.width, height=image.height, least=MIN_SIDE)
    if getattr(image, "is_animated", False):
        return bad(path, "animated")
    if image.mode == "CMYK":
        return bad(path, "cmyk")
    if image.mode in _DEEP_MODES or _bits(image, data) > 8:
        return None if deep else bad(path, "deep")
    return None if image.mode in _PLAIN_MODES else bad(path, "colour_space", mode=image.mode)


def _too_large(path: str, size: tuple[int, int]) -> BadImage | None:
    width, height = size
    if width * height <= MAX_PIXELS:
        return None
    return bad(path, "bomb", width=width, height=height, limit=MAX_PIXELS // 1_000_000)


def _bits(image: ImageFile.ImageFile, data: bytes) -> int:
    """Bits a channel, as the file says: Pillow cuts 16-bit colour to 8 without a word."""
    if isinstance(image, PngImageFile):
        return data[24]  # IHDR's third field
    if isinstance(image, TiffImageFile):
        return int(max(image.tag_v2.get(258, (8,))))
    if isinstance(image, PpmImageFile) and image.tile:
        arguments = image.tile[0].args  # of (mode, brightest level) where a level is not a plain byte
        return 16 if isinstance(arguments, tuple) and int(arguments[-1] or 0) > 255 else 8
    return 8


def describe(images: Iterable[BadImage]) -> list[dict[str, str]]:
    """Bad pictures as plain English rows, for the card of a run."""
    return [{"path": readable(row.path), "reason": say(row.reason), "fix": say(row.fix)} for row in images]
