"""What a crawl leaves beside a picture, one fixture a way of saying no: made here, none is kept as a file.

``OPT_OUTS`` has for each kind of signal how to plant it: given the folder and the picture's file, it writes or rewrites
what says so.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import c2pa
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rectoverso.types import Pixels
from rectoverso.verso.curate.iscc import image_bits
from rectoverso.verso.curate.signal import SignalKind
from rectoverso.verso.mark.credential import offline
from rectoverso.verso.picture import open_picture, to_png
from unit.verso.conftest import make_signer

ADDRESS = "https://pictures.example/photos/{name}"
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"
 plus:DataMining="http://ns.useplus.org/ldf/vocab/{code}"/></rdf:RDF></x:xmpmeta>"""


def beside(picture: Path, **said: object) -> None:
    """The sidecar of a picture; what it had before stays in it."""
    file = picture.with_name(f"{picture.name}.json")
    before = json.loads(file.read_text()) if file.exists() else {"url": ADDRESS.format(name=picture.name)}
    file.write_text(json.dumps(before | said))


TDM_XMP = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:tdm="http://www.w3.org/ns/tdmrep/"><tdm:reservation>1</tdm:reservation></rdf:Description></rdf:RDF>"""


def with_xmp(code: str, pixels: Pixels) -> bytes:
    """A PNG that says a code of PLUS's vocabulary."""
    return with_packet(XMP.format(code=code), pixels)


def with_packet(packet: str, pixels: Pixels) -> bytes:
    """A PNG with this XMP."""
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def with_assertion(label: str, entries: dict[str, object], pixels: Pixels) -> bytes:
    """A PNG with a signed manifest that says this of training and mining."""
    signer = make_signer("A photographer")
    assert isinstance(signer.key, bytes)
    manifest = {
        "claim_generator_info": [{"name": "camera"}],
        "format": "image/png",
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": [{"action": "c2pa.created"}]}},
            {"label": label, "data": {"entries": entries}},
        ],
    }
    info = c2pa.C2paSignerInfo("es256", signer.chain, signer.key, None)
    out = io.BytesIO()
    with (
        c2pa.Context.from_dict(offline()) as context,
        c2pa.Builder(json.dumps(manifest), context) as builder,
        c2pa.Signer.from_info(info) as signing,
    ):
        builder.sign(signing, "image/png", io.BytesIO(to_png(pixels)), out)
    return out.getvalue()


def iscc_unit(bits: bytes) -> str:
    """The image unit as registries write it: content, image, version 0, 64 bits."""
    import base64

    return "ISCC:" + base64.b32encode(bytes((0x21, 0x01)) + bits).decode().rstrip("=")


def _seen(picture: Path) -> Pixels:
    return open_picture(picture.read_bytes(), picture.name)


def _header(**fields: str) -> Callable[[Path], None]:
    return lambda picture: beside(
        picture, headers={name.replace("_", "-"): value for name, value in fields.items()}
    )


def _page(meta: str) -> Callable[[Path], None]:
    html = f"<html><head><meta charset=utf-8>{meta}</head><body><img src=x></body></html>"
    return lambda picture: beside(picture, html=html)


def _declare(picture: Path) -> None:
    record = {"@type": "TDM", "iscc": iscc_unit(image_bits(_seen(picture))), "train": "reserved"}
    with picture.with_name("declarations.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")


def _assertion(prefix: str) -> Callable[[Path], None]:
    def plant(picture: Path) -> None:
        entries = {f"{prefix}.ai_generative_training": {"use": "notAllowed"}}
        picture.write_bytes(with_assertion(f"{prefix}.training-mining", entries, _seen(picture)))

    return plant


OPT_OUTS: dict[SignalKind, Callable[[Path], None]] = {
    SignalKind.TDMREP_HEADER: _header(TDM_Reservation="1", TDM_Policy="https://pictures.example/policy.json"),
    SignalKind.TDMREP_META: _page('<meta name="tdm-reservation" content="1">'),
    SignalKind.TDMREP_FILE: lambda picture: beside(
        picture,
        tdmrep=[
            {"location": "/private/", "tdm-reservation": 0},
            {"location": "/photos/*", "tdm-reservation": 1},
        ],
    ),
    SignalKind.TDMREP_XMP: lambda picture: picture.write_bytes(with_packet(TDM_XMP, _seen(picture))) and None,
    SignalKind.AIPREF_HEADER: _header(Content_Usage="search=y, train-ai=n"),
    SignalKind.AIPREF_ROBOTS: lambda picture: beside(
        picture,
        robots_txt="User-Agent: *\nAllow: /\nContent-Usage: train-ai=y\nContent-Usage: /photos/ train-ai=n\n",
    ),
    SignalKind.CONTENT_SIGNAL: lambda picture: beside(
        picture, robots_txt="User-Agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n"
    ),
    SignalKind.ROBOTS_AGENTS: lambda picture: beside(
        picture,
        robots_txt="User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /photos/\n\nUser-agent: *\nAllow: /\n",
    ),
    SignalKind.AI_TXT: lambda picture: beside(
        picture, ai_txt="User-Agent: *\nDisallow: *.jpg\nDisallow: *.png\n"
    ),
    SignalKind.NOAI_HEADER: _header(X_Robots_Tag="googlebot: nofollow, noimageai"),
    SignalKind.NOAI_META: _page('<META NAME="robots" CONTENT="index, noai, noimageai">'),
    SignalKind.PLUS_XMP: lambda picture: (
        picture.write_bytes(with_xmp("DMI-PROHIBITED-GENAIMLTRAINING", _seen(picture))) and None
    ),
    SignalKind.CAWG: _assertion("cawg"),
    SignalKind.C2PA: _assertion("c2pa"),
    SignalKind.ISCC: _declare,
}
