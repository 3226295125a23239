"""The one place where the proving side opens a picture: bounded before anything is decoded.

A file's own words are not trusted: only ordinary formats are tried, the size that its header claims is looked at
before a pixel is made, and whatever a decoder throws becomes one of the errors that people can act on.
"""

from __future__ import annotations

import io
import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from rectoverso.errors import (
    ImageAnimated,
    ImageDamaged,
    ImageEmpty,
    ImageNotFound,
    ImageTooLarge,
    ImageUnsupported,
    RectoversoError,
)
from rectoverso.i18n import Phrase
from rectoverso.types import Message, Pixels

MAX_PIXELS = 8192 * 8192
"""Larger pictures are refused by their header: so many pixels are 268 MB once decoded."""

MAX_BYTES = 300_000_000

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""What is tried. Formats that call other programs (EPS) or fetch things are left out on purpose."""


MEDIA_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


def sniff(data: bytes) -> str:
    """The media type by the first bytes, not by the name; ``application/octet-stream`` if unknown."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return next((name for start, name in MEDIA_TYPES if data.startswith(start)), "application/octet-stream")


def read_picture(path: Path) -> tuple[bytes, Pixels]:
    """A file's bytes and its picture. Raises ImageUnreadable, also when there is no file."""
    data = read_bytes(path)
    return data, open_picture(data, str(path))


def read_bytes(path: Path) -> bytes:
    """A file's bytes. Raises ImageTooLarge for too many, ImageNotFound where they cannot be read, as of a pipe, which
    would be waited for without end.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ImageNotFound(path=str(path), reason=Phrase(Message("files.not_ordinary")))
        if found.st_size > MAX_BYTES:
            raise ImageTooLarge(path=str(path), limit=f"{MAX_BYTES // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise ImageNotFound(path=str(path), reason=error.strerror or type(error).__name__) from error


def open_picture(data: bytes, name: str) -> Pixels:
    """The picture in a file's bytes, upright (EXIF orientation applied): uint8 HWC with 1, 3 or 4 channels.

    CMYK becomes RGB and 16 bits become 8. ``name`` is what errors call the file. Raises ImageUnreadable when the file
    is empty, too large, of an unknown kind, animated or damaged.
    """
    if not data:
        raise ImageEmpty(path=name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_header(image, name)
                return _to_pixels(_in_srgb(_upright(image)))
    except (RectoversoError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise ImageUnsupported(path=name) from error
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except Exception as error:  # decoders throw anything on damaged files
        raise ImageDamaged(path=name, reason=str(error) or type(error).__name__) from error


def _check_header(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large(name)
    # A phone's MPO holds one picture and its preview; the other formats with frames are films.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise ImageAnimated(path=name)


def _too_large(name: str) -> ImageTooLarge:
    return ImageTooLarge(path=name, limit=f"{MAX_PIXELS // 1_000_000} Mpx")


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - EXIF that cannot be read says nothing about which way is up
        return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as everybody will see them: the file's own profile is applied, because it does not travel along."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, own, srgb, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):  # a profile that cannot be read says nothing about colours
        return image


def _to_pixels(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):
        return _from_16_bits(np.asarray(image))
    has_alpha = image.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info
    mode = "RGBA" if has_alpha else "L" if image.mode in ("1", "L") else "RGB"
    pixels = np.array(image.convert(mode), dtype=np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _from_16_bits(values: np.ndarray) -> Pixels:
    pixels: Pixels = (np.clip(values, 0, 0xFFFF) >> 8).astype(np.uint8)[:, :, None]
    return pixels


def to_png(pixels: Pixels) -> bytes:
    """The picture as a bare PNG: no marks, no metadata, for the store and never for the world."""
    buffer = io.BytesIO()
    squeezed = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    Image.fromarray(squeezed).save(buffer, "PNG")
    return buffer.getvalue()
