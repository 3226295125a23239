"""The label inside the file: an XMP packet that says in open words what made the picture.

IPTC's digital source type, AI system and version, and the prompt where it is to be told (Iptc4xmpExt, 2025.1), the
asset's id, and when the file was made. It is written into PNG (an uncompressed iTXt chunk), JPEG (APP1), WebP, TIFF
(tag 700) and AVIF, and read back from all of them by a parser that never expands an entity. Nobody's signature covers
the label alone; the credential covers it with the file.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.parsers import expat
from xml.sax.saxutils import escape

from rectoverso.errors import LabelTransparent, LabelUnsupported
from rectoverso.types import AssetId, Maker, Origin, Pixels
from rectoverso.verso.mark import png, tiff, xmp

MEDIA_TYPES = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/tiff": ".tif",
    "image/avif": ".avif",
}
"""How the names of files of these types end."""
LOSSY = ("image/jpeg", "image/avif")
"""The types of which a file does not give back the very pixels that were written."""

SOURCE_TYPES = {
    Origin.AI: "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    Origin.EDITED: "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
    Origin.CAPTURED: "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
}
"""https://cv.iptc.org/newscodes/digitalsourcetype/"""
_AI = ("trainedalgorithmicmedia", "compositewithtrainedalgorithmicmedia", "compositesynthetic")
_CAMERA = ("digitalcapture", "computationalcapture", "negativefilm", "positivefilm", "print")

_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
NAMESPACE = "urn:rectoverso:label:1.0/"
_PREFIXES = {_IPTC: "Iptc4xmpExt", _XMP: "xmp", _PHOTOSHOP: "photoshop", _TC260: "TC260", NAMESPACE: "verso"}
AIGC = f"{_TC260} AIGC"
"""The property of the block that China's standard asks for (TC260's guide for pictures)."""
_FIELDS = {
    f"{_IPTC} DigitalSourceType": "source_type",
    f"{_IPTC} AISystemUsed": "system",
    f"{_IPTC} AISystemVersionUsed": "version",
    f"{_IPTC} AIPromptInformation": "prompt",
    f"{_XMP} CreatorTool": "tool",
    f"{_XMP} CreateDate": "created",
    f"{NAMESPACE} AssetId": "asset",
    f"{_PHOTOSHOP} Credit": "provider",
    f"{_IPTC} DigImageGUID": "unique_id",
    AIGC: "aigc",
    f"{NAMESPACE} Laws": "laws",
    f"{NAMESPACE} VisibleLabels": "visible",
}
_LARGEST_PACKET = 1_000_000
_JPEG_HEADER = _XMP.encode() + b"\0"
_PNG_KEYWORD = b"XML:com.adobe.xmp"


@dataclass(frozen=True, slots=True)
class Label:
    """The fields as text, each None where the file does not say.

    ``provider`` is IPTC's credit line, ``unique_id`` its globally unique identifier, ``aigc`` the JSON of China's
    block; ``prompt`` the words that the picture was made from; ``laws`` are those that the file was made under,
    ``visible`` is where their words lie (`visible.to_text`).
    """

    source_type: str | None = None
    system: str | None = None
    version: str | None = None
    prompt: str | None = None
    asset: str | None = None
    tool: str | None = None
    created: str | None = None
    provider: str | None = None
    unique_id: str | None = None
    aigc: str | None = None
    laws: str | None = None
    visible: str | None = None

    @property
    def ai_generated(self) -> bool | None:
        """What the source type says, if it says."""
        return None if self.source_type is None else is_of_ai(self.source_type)


def is_of_ai(source_type: str) -> bool:
    """Whether a digital source type, however it is written, says that AI took part."""
    return _term(source_type) in _AI


def is_of_camera(source_type: str) -> bool:
    """Whether it says that the picture was taken, and not made."""
    return _term(source_type) in _CAMERA


def _term(source_type: str) -> str:
    return re.split("[/:#]", source_type.strip().rstrip("/"))[-1].lower()


def label_for(
    origin: Origin, maker: Maker, asset: AssetId, created: datetime, tool: str, *, prompt: str | None = None
) -> Label:
    """The label of one asset. The AI system is named only where one took part, and a prompt only where one is given."""
    made_by_ai = origin is not Origin.CAPTURED
    return Label(
        source_type=SOURCE_TYPES[origin],
        system=_plain(maker.name) if made_by_ai else None,
        version=_plain(maker.version) if made_by_ai else None,
        prompt=_plain(prompt) if prompt else None,
        asset=asset,
        tool=tool,
        created=created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _plain(name: str) -> str | None:
    """Words as XML can hold them: printable, with single spaces."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split()) or None


def xmp_packet(label: Label) -> bytes:
    """The label as an XMP packet, UTF-8 (ISO 16684-1)."""
    lines, used = [], [_IPTC, _XMP, NAMESPACE]
    for field, attribute in _FIELDS.items():
        namespace, name = field.split(" ")
        value = getattr(label, attribute)
        if value is not None:
            used.append(namespace)
            tag = f"{_PREFIXES[namespace]}:{name}"
            lines.append(f"   <{tag}>{escape(value)}</{tag}>\n")
    declared = "".join(f' xmlns:{_PREFIXES[namespace]}="{namespace}"' for namespace in dict.fromkeys(used))
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        f' <rdf:RDF xmlns:rdf="{xmp.RDF}">\n'
        f'  <rdf:Description rdf:about=""{declared}>\n'
        f"{''.join(lines)}"
        '  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="r"?>'
    ).encode()


def write(pixels: Pixels, packet: bytes, media_type: str, aigc: str | None = None) -> bytes:
    """A new file of these pixels that holds the packet and nothing else from anywhere; a PNG, the block ``aigc`` too.

    PNG, WebP and TIFF keep every pixel; JPEG and AVIF are quality 95 without chroma subsampling. Raises
    LabelUnsupported for another type, LabelTransparent for transparency in a JPEG.
    """
    from PIL import Image, PngImagePlugin, TiffImagePlugin

    if media_type not in MEDIA_TYPES:
        raise LabelUnsupported(mark="label", media_type=media_type)
    if media_type == "image/jpeg" and pixels.shape[2] == 4:
        raise LabelTransparent(mark="label")
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    out = io.BytesIO()
    # More effort would cost more than all marks together, for files smaller by 3 (PNG) to 14% (AVIF). In a
    # marked picture nothing repeats but runs: looking for those alone takes a fifth less time.
    if media_type == "image/png":
        text = PngImagePlugin.PngInfo()
        text.add_itxt(_PNG_KEYWORD.decode(), packet.decode())
        if aigc is not None:
            text.add_text("AIGC", aigc)
        image.save(out, "PNG", pnginfo=text, compress_level=1, compress_type=zlib.Z_RLE)
    elif media_type == "image/jpeg":
        image.save(out, "JPEG", quality=95, subsampling=0, xmp=packet)
    elif media_type == "image/tiff":
        fields = TiffImagePlugin.ImageFileDirectory_v2()
        fields.tagtype[tiff.XMP], fields[tiff.XMP] = tiff.BYTE, packet
        image.save(out, "TIFF", compression="tiff_deflate", tiffinfo=fields)
    elif media_type == "image/avif":
        image.save(out, "AVIF", quality=95, subsampling="4:4:4", speed=9, xmp=packet)
    else:
        # `exact` keeps the colour under full transparency. No mark lies there, but the file is read back and must hold
        # every pixel that was decided on.
        image.save(out, "WEBP", lossless=True, exact=True, method=0, quality=20, xmp=packet)
    return out.getvalue()


def read(data: bytes) -> Label | None:
    """The label of a file of one of the types above; None when it has none that can be read."""
    packet = find_packet(data)
    if packet is None:
        return None
    try:
        return parse(packet)
    except (expat.ExpatError, UnicodeError, ValueError):
        return None


def source_types(data: bytes) -> tuple[str, ...]:
    """Every digital source type that a file states, in whichever packet, element or attribute: one that is there twice
    tells one reader this and another that.
    """
    return tuple(value for packet in every_packet(data) for value in _source_types_in(packet))


def _source_types_in(packet: bytes) -> list[str]:
    try:
        return [value for _, value in xmp.properties(packet, (f"{_IPTC} DigitalSourceType",))]
    except (expat.ExpatError, UnicodeError, ValueError):
        return []


def find_packet(data: bytes) -> bytes | None:
    """The first XMP packet of the file, at most a megabyte, or None."""
    return next(iter(every_packet(data)), None)


def every_packet(data: bytes, most: int = _LARGEST_PACKET) -> list[bytes]:
    """The XMP packets of the file, each of at most a megabyte or so many bytes; there should be one."""
    if data.startswith(png.SIGNATURE):
        packets = _png_packets(data, most)
    elif data.startswith(b"\xff\xd8"):
        packets = _jpeg_packets(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        packets = _webp_packets(data)
    elif data.startswith(tiff.STARTS):
        packets = _tiff_packets(data)
    elif data[4:8] == b"ftyp":
        packets = _avif_packets(data)
    else:
        return []
    return [packet for packet in packets if len(packet) <= most]


def parse(packet: bytes) -> Label:
    """The label in an XMP packet, in elements or attributes. Raises ValueError for a document type or deep nests."""
    found: dict[str, str] = {}
    for name, value in xmp.properties(packet, _FIELDS):
        found.setdefault(_FIELDS[name], value)
    return Label(**found)


def _png_packets(data: bytes, most: int) -> Iterator[bytes]:
    yield from (text for keyword, text in png.texts(data, most) if keyword == _PNG_KEYWORD)


def _jpeg_packets(data: bytes) -> Iterator[bytes]:
    for body in app1_segments(data):
        if body.startswith(_JPEG_HEADER):
            yield body[len(_JPEG_HEADER) :]


def app1_segments(data: bytes) -> Iterator[bytes]:
    """What a JPEG has in its segments of the type that EXIF and XMP are in, before its first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        if data[at + 1] == 0xFF:  # any number of these may stand before a marker (T.81, B.1.1.2)
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xE1:
            yield data[at + 4 : at + 2 + length]
        at += 2 + max(length, 2)


def _webp_packets(data: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"XMP ":
            yield data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _tiff_packets(data: bytes) -> Iterator[bytes]:
    found = (entry for entry in tiff.entries(data) if entry.tag == tiff.XMP)
    yield from (entry.value for entry in found)


def _avif_packets(data: bytes) -> Iterator[bytes]:
    """From the container's own index of its parts, which Pillow reads without decoding a pixel."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("AVIF",)) as image:
            packet = image.info.get("xmp")
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - decoders throw anything on damaged files
        return
    if isinstance(packet, bytes):
        yield packet
