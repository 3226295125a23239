"""A file of pixels and nothing else, and the proof of it.

The picture is decoded and written anew, so that nothing of its first file comes along: not even the colour profile,
which was applied when it was opened, or the 16th bit. PNG, WebP and TIFF keep every pixel; JPEG and AVIF have quality
95 without chroma subsampling. Then every byte of the new file is accounted for (``remains``).
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from rectoverso.errors import NotVerified
from rectoverso.types import Pixels
from rectoverso.verso.anonymise.remains import Remain, remains
from rectoverso.verso.mark.label import LOSSY, MEDIA_TYPES
from rectoverso.verso.picture import open_picture

_WITH_ALPHA = 4


def bare_type(media_type: str, pixels: Pixels) -> str:
    """The type to write a picture as: its own where that is one of the five and can hold it, else PNG."""
    fits = media_type in MEDIA_TYPES and not (media_type == "image/jpeg" and pixels.shape[2] == _WITH_ALPHA)
    return media_type if fits else "image/png"


def without_unseen(pixels: Pixels) -> Pixels:
    """The picture without the colours of what is wholly clear: nobody sees them, and everybody can bring them out."""
    if pixels.shape[2] < _WITH_ALPHA or pixels[..., -1].all():
        return pixels
    return pixels * (pixels[..., -1:] > 0)


def bare(pixels: Pixels, media_type: str) -> bytes:
    """The file of these pixels (uint8 HWC). Raises NotVerified where it holds anything else, or not them."""
    data = _written(pixels, media_type)
    left = remains(data)
    if left:
        raise NotVerified(path=media_type, problems="\n".join(map(_told, left)))
    if media_type not in LOSSY and not _same(open_picture(data, media_type), pixels):
        raise NotVerified(path=media_type, problems="other pixels than were written")
    return data


def _written(pixels: Pixels, media_type: str) -> bytes:
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    out = io.BytesIO()
    match media_type:
        case "image/jpeg":
            image.save(out, "JPEG", quality=95, subsampling=0)
        case "image/tiff":
            image.save(out, "TIFF", compression="tiff_deflate")
        case "image/avif":
            image.save(out, "AVIF", quality=95, subsampling="4:4:4", speed=9)
        case "image/webp":
            image.save(out, "WEBP", lossless=True, exact=True, method=0, quality=20)
        case _:
            image.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _same(found: Pixels, pixels: Pixels) -> bool:
    if pixels.shape[2] == 1:  # WebP has no grey: it gives three equal channels back
        return np.array_equal(found[..., :1], pixels)
    if pixels.shape[2] == _WITH_ALPHA and found.shape[2] == 3:  # nor an alpha that hides nothing
        return bool((pixels[..., 3] == 255).all()) and np.array_equal(found, pixels[..., :3])
    return np.array_equal(found, pixels)


def _told(remain: Remain) -> str:
    return f"{remain.kind}: {remain.place}, {remain.size} bytes"
