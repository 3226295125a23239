"""Pictures whose files say more than they show: a place, a name, a film, in every part of every container."""

from __future__ import annotations

import io
import struct
from functools import cache

from PIL import Image, ImageCms, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from rectoverso.verso.mark import png

NAME = b"ROE^JANE"
WORDS = NAME.decode()
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" '
    f'plus:DataMining="DMI-PROHIBITED">{WORDS}</rdf:Description></rdf:RDF></x:xmpmeta>'
).encode()


def picture(size: tuple[int, int] = (48, 32), mode: str = "RGB") -> Image.Image:
    """A picture without a single flat line."""
    bands = [Image.linear_gradient("L").rotate(90 * turn).resize(size) for turn in range(len(mode))]
    return Image.merge(mode, bands)


def exif() -> bytes:
    """A place, a maker's note, a preview and a name."""
    tags = Image.Exif()
    tags[0x010E] = WORDS
    tags[0x0132] = "2026:11:27 12:00:00"
    tags.get_ifd(0x8769)[0x927C] = b"MAKER" + NAME
    place = tags.get_ifd(0x8825)
    place[1], place[2] = "N", (IFDRational(48), IFDRational(8), IFDRational(0))
    block = tags.tobytes()
    return _with_preview(block)


def _with_preview(block: bytes) -> bytes:
    """The same with a second directory, as cameras write it for their previews."""
    tiff = bytearray(block.removeprefix(b"Exif\0\0"))
    order = "<" if tiff[:2] == b"II" else ">"
    first = struct.unpack(order + "I", tiff[4:8])[0]
    count = struct.unpack(order + "H", tiff[first : first + 2])[0]
    at = first + 2 + 12 * count
    tiff[at : at + 4] = struct.pack(order + "I", len(tiff))
    tiff += struct.pack(order + "HHHIII", 1, 513, 4, 1, 0, 0)
    return b"Exif\0\0" + bytes(tiff)


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + NAME


@cache
def jpeg() -> bytes:
    """Everything a JPEG can hold, then a second picture and a film behind its end."""
    out = io.BytesIO()
    picture().save(out, "JPEG", exif=exif(), comment=NAME, icc_profile=profile(), xmp=XMP)
    data = out.getvalue()
    extra = b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body
        for marker, body in (
            (0xE2, b"MPF\0" + NAME),
            (0xED, b"Photoshop 3.0\0" + NAME),
            (0xEB, b"JP" + NAME),
            (0xE0, b"JFXX\0\x10" + NAME),
            (0xE5, NAME),
        )
    )
    second = io.BytesIO()
    picture().save(second, "JPEG", comment=NAME)
    return data[:2] + extra + data[2:] + second.getvalue() + b"\0\0\0\x18ftypmp42" + NAME


@cache
def png_file() -> bytes:
    """Texts of all three sorts, a time, a place, bytes in the rows, and bytes behind the end."""
    out, texts = io.BytesIO(), PngImagePlugin.PngInfo()
    texts.add_text("Author", WORDS)
    texts.add_text("Raw profile type iptc", WORDS, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add(b"tIME", b"\x07\xea\x0b\x1b\0\0\0")
    texts.add(b"prVt", NAME)
    picture().save(out, "PNG", pnginfo=texts, exif=exif(), icc_profile=profile())
    parts = [(kind, body + NAME if kind == b"IDAT" else body) for kind, body in png.chunks(out.getvalue())]
    return png.join(parts) + NAME


@cache
def webp() -> bytes:
    out = io.BytesIO()
    picture().save(out, "WEBP", exif=exif(), xmp=XMP, icc_profile=profile())
    data = out.getvalue() + b"C2PA" + struct.pack("<I", len(NAME)) + NAME
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:] + NAME


@cache
def tiff(pages: int = 2) -> bytes:
    """Words, a place, a second page, and bytes that no field points at."""
    out = io.BytesIO()
    tags = ImageFileDirectory_v2()
    tags[0x8825], tags[0x8769] = {1: "N"}, {0x927C: b"MAKER" + NAME}
    tags[0x010E], tags[0x013B], tags[0x83BB] = WORDS, WORDS, NAME
    tags.tagtype[700], tags[700] = 1, XMP
    picture().save(
        out,
        "TIFF",
        tiffinfo=tags,
        icc_profile=profile(),
        save_all=True,
        append_images=[picture()] * (pages - 1),
    )
    return out.getvalue() + NAME


@cache
def avif() -> bytes:
    out = io.BytesIO()
    picture().save(out, "AVIF", exif=exif(), xmp=XMP, icc_profile=profile())
    free = struct.pack(">I", 8 + len(NAME)) + b"free" + NAME
    return out.getvalue() + free + NAME


FILES = {
    "image/jpeg": jpeg,
    "image/png": png_file,
    "image/webp": webp,
    "image/tiff": tiff,
    "image/avif": avif,
}
