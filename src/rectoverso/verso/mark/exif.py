"""Reading EXIF and comments (Exif 2.32): what Pillow finds of them without decoding a pixel."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rectoverso.verso.mark import png
from rectoverso.verso.picture import FORMATS

_MORE = 0x8769
_DESCRIPTION, _USER_COMMENT = 0x010E, 0x9286
_MAKE, _MODEL = 0x010F, 0x0110
_EXPOSURE = (0x829A, 0x829D, 0x8827)
"""ExposureTime, FNumber and PhotographicSensitivity, which only what has a lens writes."""


@dataclass(frozen=True, slots=True)
class Exif:
    """The fields of the first picture and those its pointer leads to, by tag; ``comment``: of a JPEG or GIF."""

    first: Mapping[int, Any] = field(default_factory=dict)
    more: Mapping[int, Any] = field(default_factory=dict)
    comment: Any = None

    @property
    def texts(self) -> tuple[Any, ...]:
        """ImageDescription, UserComment and the file's comment, as they stand there."""
        return self.first.get(_DESCRIPTION), self.more.get(_USER_COMMENT), self.comment

    @property
    def names_camera(self) -> bool:
        """Whether it says which camera took the picture, or how it was exposed."""
        named = any(str(self.first.get(tag) or "").strip("\0 ") for tag in (_MAKE, _MODEL))
        return named or any(tag in self.more for tag in _EXPOSURE)


def read(data: bytes) -> Exif:
    """The EXIF of a file of any kind; empty where there is none that can be read."""
    from PIL import Image

    if data.startswith(png.SIGNATURE) and all(kind != b"eXIf" for kind, _ in png.chunks(data)):
        return Exif()  # Pillow would decode the whole picture to see whether one comes after it
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            first = image.getexif()
            return Exif(dict(first), dict(first.get_ifd(_MORE)), image.info.get("comment"))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - decoders throw anything on damaged files
        return Exif()
