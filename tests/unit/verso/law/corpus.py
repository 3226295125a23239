"""Good and bad files for each law, made by hand: not with the code that labels, but written out field by field.

Each case says which clauses are missing in it; of every other clause it must not be said.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from PIL import Image, PngImagePlugin

from rectoverso.types import Digest, Maker, Origin, Pixels
from rectoverso.verso.mark import credential, visible, watermark
from rectoverso.verso.mark.credential import CredentialSigner, ManifestFacts
from rectoverso.verso.mark.visible import Placed, Wanted
from unit.verso.conftest import ASSET, photo

_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_NAMESPACES = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
    "verso": "urn:rectoverso:label:1.0/",
}
AI = {"Iptc4xmpExt:DigitalSourceType": f"{_SOURCE}trainedAlgorithmicMedia"}
CODE = "001191110000000000000A00001"
GOOD = {
    "Label": "1",
    "ContentProducer": CODE,
    "ProduceID": "p-1",
    "ReservedCode1": "",
    "ContentPropagator": CODE,
    "PropagateID": "p-1",
    "ReservedCode2": "",
}
_NO_TOOL = {
    "cn": {"E: code", "Measures 9", "Measures 10"},
    "eu": {"Code 1.1.1, keys", "Code 1.2", "Code 2", "Code 3", "Code 4"},
    "us-ca": {"permanent", "detector", "licence", "platforms", "hosts", "cameras"},
}
LATENT = {
    "photoshop:Credit": "A provider",
    "Iptc4xmpExt:AISystemUsed": "A system",
    "Iptc4xmpExt:AISystemVersionUsed": "3.1",
    "xmp:CreateDate": "2026-11-23T12:00:00Z",
    "Iptc4xmpExt:DigImageGUID": "7c0f2a",
}
ASSET_OF_OURS = {"verso:AssetId": ASSET}


@dataclass(frozen=True)
class Case:
    """A file, the law, and what is to be said. ``open_``: what no tool can tell of this file, beside what none can."""

    name: str
    law: str
    make: Callable[[Makers], bytes]
    missing: frozenset[str] = frozenset()
    open_: frozenset[str] = frozenset()

    @property
    def cannot_tell(self) -> set[str]:
        return _NO_TOOL[self.law] | self.open_


@dataclass(frozen=True)
class Makers:
    """Who signs the files, and the URL of who stamps the signatures."""

    signer: CredentialSigner
    stamps: str


@dataclass(frozen=True)
class Drawn:
    """How a file is put together."""

    pixels: Pixels = field(default_factory=lambda: photo(11, 256, 320))
    elements: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: tuple[str, ...] = ()
    kind: str = "PNG"
    comment: str | None = None
    exif: bytes | None = None

    def file(self) -> bytes:
        image, out = Image.fromarray(self.pixels), io.BytesIO()
        packet = xmp(self.elements, self.attributes)
        options: dict[str, Any] = {"exif": self.exif} if self.exif else {}
        if self.kind == "PNG":
            chunks = PngImagePlugin.PngInfo()
            if packet:
                chunks.add_itxt("XML:com.adobe.xmp", packet.decode())
            for text in self.text:
                chunks.add_text("AIGC", text)
            image.save(out, "PNG", pnginfo=chunks, **options)
        else:
            options |= {"xmp": packet} if packet else {}
            options |= {"comment": self.comment} if self.comment else {}
            image.save(out, self.kind, quality=95, **options)
        return out.getvalue()


def xmp(elements: Mapping[str, str], attributes: Mapping[str, str]) -> bytes:
    if not (elements or attributes):
        return b""
    spaces = " ".join(f'xmlns:{name}="{space}"' for name, space in _NAMESPACES.items())
    written = " ".join(f'{name}="{_escaped(value)}"' for name, value in attributes.items())
    inside = "".join(f"<{name}>{_escaped(value)}</{name}>" for name, value in elements.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {written}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def aigc(**changes: object) -> str:
    return json.dumps({key: value for key, value in (GOOD | changes).items() if value is not None})


def labelled(
    words: str = "AI生成", share: float = 0.05, corner: str = "bottom_right", ground: Pixels | None = None
) -> Drawn:
    """A picture with words on it that states where they lie."""
    pixels = photo(11, 256, 320) if ground is None else ground
    drawn = visible.put(pixels, [Wanted("cn", (words,), corner, share, 4.5)])  # type: ignore[arg-type]
    return Drawn(
        drawn.pixels,
        {"verso:VisibleLabels": str(visible.to_text(drawn.placed)), "TC260:AIGC": aigc(), **ASSET_OF_OURS},
    )


def _elsewhere(words: str = "AI生成") -> Drawn:
    """Words in the middle of the picture, where a strip of the law's corner cannot be."""
    edge = labelled(words, ground=photo(11, 256, 320))
    (placed,) = visible.from_text(edge.elements["verso:VisibleLabels"])
    middle = photo(11, 256, 320)
    there = (
        slice(placed.top - 6, placed.top + placed.height + 6),
        slice(placed.left - 6, placed.left + placed.width + 6),
    )
    middle[110 : 110 + placed.height + 12, 120 : 120 + placed.width + 12] = edge.pixels[there]
    return _moved(edge, replace(placed, left=126, top=116), middle)


def _moved(drawn: Drawn, placed: Placed, pixels: Pixels) -> Drawn:
    stated = str(visible.to_text([placed]))
    return replace(drawn, pixels=pixels, elements={**drawn.elements, "verso:VisibleLabels": stated})


def _faint() -> Drawn:
    """The same words, pale on a pale plate."""
    drawn = labelled()
    (placed,) = visible.from_text(drawn.elements["verso:VisibleLabels"])
    pixels = drawn.pixels.copy()
    there = (slice(placed.top, placed.top + placed.height), slice(placed.left, placed.left + placed.width))
    pixels[there] = 150 + pixels[there] // 4
    return replace(drawn, pixels=pixels)


def _exif(description: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = description
    return exif.tobytes()


def signed(
    drawn: Drawn, makers: Makers, *, stamped: bool = True, marked: bool = True, other: str = ""
) -> bytes:
    """The file with a manifest by the official library, laid out by it; our watermark if ``marked``."""
    from c2pa import Builder, C2paSignerInfo, Context, Signer

    pixels = watermark.embed(drawn.pixels, ASSET) if marked else drawn.pixels
    data = replace(drawn, pixels=pixels).file()
    facts = ManifestFacts(
        ASSET, Origin.AI, Maker("A system", "3.1", Digest("5" * 64)), datetime.now(UTC), "somebody", "1"
    )
    kind = f"image/{drawn.kind.lower()}"
    stated = credential.manifest(facts, kind)
    stated["assertions"] = [one for one in stated["assertions"] if one["label"] == "c2pa.actions.v2"]
    if other:
        blocks = [{"scope": {}, "value": "00"}]
        stated["assertions"][0]["data"]["actions"].append({"action": "c2pa.watermarked.unbound"})
        stated["assertions"].append(
            {"label": "c2pa.soft-binding", "created": True, "data": {"alg": other, "blocks": blocks}}
        )
    settings = {
        "version": 1,
        "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    out = io.BytesIO()
    info = C2paSignerInfo("es256", makers.signer.chain, makers.signer.key, makers.stamps if stamped else None)
    with (
        Signer.from_info(info) as key,
        Context.from_dict(settings) as context,
        Builder(json.dumps(stated), context) as builder,
    ):
        builder.sign(key, kind, io.BytesIO(data), out)
    return out.getvalue()


def _flipped(data: bytes) -> bytes:
    """One byte of the XMP packet of a signed PNG changed, its checksum made right again."""
    from rectoverso.verso.mark import png

    return png.join(
        (
            kind,
            body.replace(b"trainedAlgorithmicMedia", b"trainedAlgorithmicMedib") if kind == b"iTXt" else body,
        )
        for kind, body in png.chunks(data)
    )


def _cn(name: str, drawn: Drawn | Callable[[], Drawn], *missing: str, unseen: bool = True) -> Case:
    """``unseen``: no words are stated, so that no tool can tell."""
    open_ = frozenset({"5.2"} if unseen else ())
    return Case(
        name, "cn", lambda _: (drawn() if callable(drawn) else drawn).file(), frozenset(missing), open_
    )


def _in_xmp(text: str) -> Drawn:
    return Drawn(elements={"TC260:AIGC": text})


_ALL_OF_THE_BLOCK = ("6.1", "E: keys", "E: strings", "E: Label", "E: producer", "E: one")

CN = [
    _cn("good: words, and the block in XMP", labelled, unseen=False),
    _cn("good: words at the top left", lambda: labelled(corner="top_left"), unseen=False),
    _cn("good: 人工智能合成", lambda: labelled("人工智能合成"), unseen=False),
    _cn("good: words in a strip", lambda: labelled(ground=photo(1, 64, 64)), unseen=False),
    _cn("good block in XMP only, words unknown", _in_xmp(aigc())),
    _cn("good block in an attribute", Drawn(attributes={"TC260:AIGC": aigc()})),
    _cn("good block in an attribute of a JPEG", Drawn(attributes={"TC260:AIGC": aigc()}, kind="JPEG")),
    _cn("good block in a WebP", Drawn(elements={"TC260:AIGC": aigc()}, kind="WEBP")),
    _cn("good block in PNG text only", Drawn(text=(aigc(),))),
    _cn("good block in XMP and the same in PNG text", Drawn(elements={"TC260:AIGC": aigc()}, text=(aigc(),))),
    _cn("good block in EXIF's description", Drawn(kind="JPEG", exif=_exif(json.dumps({"AIGC": GOOD})))),
    _cn("good block in a PNG's EXIF", Drawn(exif=_exif(json.dumps({"AIGC": GOOD})))),
    _cn("good block in a JPEG comment", Drawn(kind="JPEG", comment=json.dumps({"AIGC": aigc()}))),
    _cn("good block wrapped in its own key", _in_xmp(json.dumps({"AIGC": GOOD}))),
    _cn("good block without the reserved codes", _in_xmp(aigc(ReservedCode1=None, ReservedCode2=None))),
    _cn("good: label 2, possibly", _in_xmp(aigc(Label="2"))),
    _cn("no block at all", Drawn(), *_ALL_OF_THE_BLOCK),
    _cn("XMP of another kind", Drawn(elements=AI), *_ALL_OF_THE_BLOCK),
    _cn("the block is no JSON", _in_xmp("AI generated"), *_ALL_OF_THE_BLOCK[:5]),
    _cn("the block is cut short", _in_xmp(aigc()[:-5]), *_ALL_OF_THE_BLOCK[:5]),
    _cn("the block is a list", _in_xmp(json.dumps([GOOD])), *_ALL_OF_THE_BLOCK[:5]),
    _cn(
        "wrong names of keys",
        _in_xmp(json.dumps({"label": "1", "contentProducer": CODE, "produceId": "p"})),
        *("E: keys", "E: Label", "E: producer"),
    ),
    _cn("one unknown key more", _in_xmp(aigc(Model="x")), "E: keys"),
    _cn("a number for Label", _in_xmp(aigc(Label=1)), "E: strings", "E: Label"),
    _cn("a number for the id", _in_xmp(aigc(ProduceID=7)), "E: strings"),
    _cn("null for a reserved code", _in_xmp(json.dumps(GOOD | {"ReservedCode1": None})), "E: strings"),
    _cn("Chinese for the producer", _in_xmp(aigc(ContentProducer="某公司")), "E: strings"),
    _cn("no Label", _in_xmp(aigc(Label=None)), "E: keys", "E: Label"),
    _cn("Label 0", _in_xmp(aigc(Label="0")), "E: Label"),
    _cn("no producer's id", _in_xmp(aigc(ProduceID=None)), "E: keys", "E: producer"),
    _cn("an empty producer", _in_xmp(aigc(ContentProducer="")), "E: producer"),
    _cn("a producer of blanks", _in_xmp(aigc(ContentProducer="  ")), "E: producer"),
    _cn("a key twice", _in_xmp(aigc()[:-1] + ', "Label": "1"}'), *_ALL_OF_THE_BLOCK[:5]),
    _cn("two blocks in one property", _in_xmp(aigc() + aigc(ProduceID="p-2")), "E: one"),
    _cn(
        "two properties",
        Drawn(elements={"TC260:AIGC": aigc()}, attributes={"TC260:AIGC": aigc(PropagateID="q")}),
        "E: one",
    ),
    _cn("two texts", Drawn(text=(aigc(), aigc())), "E: one"),
    _cn(
        "XMP and PNG text say different things",
        Drawn(elements={"TC260:AIGC": aigc()}, text=(aigc(ProduceID="p-2"),)),
        "E: one",
    ),
    _cn("words too small", lambda: labelled(share=0.03, ground=photo(2, 512, 512)), "5.2", unseen=False),
    _cn("words without 生成", lambda: labelled("AI"), "5.2", unseen=False),
    _cn("words without AI", lambda: labelled("合成图片"), "5.2", unseen=False),
    _cn("words in the middle", _elsewhere, "5.2", unseen=False),
    _cn("words without contrast", _faint, "5.2", unseen=False),
    _cn(
        "words stated and painted over",
        lambda: replace(labelled(), pixels=photo(11, 256, 320)),
        "5.2",
        unseen=False,
    ),
    _cn(
        "of this project, without words",
        Drawn(elements={"TC260:AIGC": aigc(), **ASSET_OF_OURS}),
        "5.2",
        unseen=False,
    ),
]

_EU_OPEN = frozenset({"50(4)"})
_GOOD_EU = Drawn(elements=AI)


def _eu(name: str, make: Callable[[Makers], bytes], *missing: str, open_: frozenset[str] = _EU_OPEN) -> Case:
    return Case(name, "eu", make, frozenset(missing), open_)


_SOURCE_CLAUSE, _MARK = "50(2), source", "Code 1.1.2"
_SIGNATURE, _STAMP = "Code 1.1.1, signature", "Code 1.1.1, time-stamp"

EU = [
    _eu("good: signed, stamped, marked", lambda makers: signed(_GOOD_EU, makers)),
    _eu("good: JPEG", lambda makers: signed(replace(_GOOD_EU, kind="JPEG"), makers)),
    _eu("good: source type in the credential only", lambda makers: signed(Drawn(), makers)),
    _eu(
        "good: with AI at the top right",
        lambda makers: signed(replace(labelled("AI", corner="top_right")), makers),
        open_=frozenset(),
    ),
    _eu("without a watermark", lambda makers: signed(_GOOD_EU, makers, marked=False), _MARK),
    _eu("without a time-stamp", lambda makers: signed(_GOOD_EU, makers, stamped=False), _STAMP),
    _eu(
        "with another maker's watermark",
        lambda makers: signed(_GOOD_EU, makers, marked=False, other="com.example.mark"),
        open_=_EU_OPEN | {_MARK},
    ),
    _eu(
        "without a credential",
        lambda _: replace(_GOOD_EU, pixels=watermark.embed(_GOOD_EU.pixels, ASSET)).file(),
        *(_SIGNATURE, _STAMP),
    ),
    _eu(
        "with a broken credential",
        lambda makers: _flipped(signed(_GOOD_EU, makers)),
        *(_SOURCE_CLAUSE, _SIGNATURE, _STAMP),
    ),
    _eu("with nothing", lambda _: Drawn().file(), _SOURCE_CLAUSE, _SIGNATURE, _STAMP, _MARK),
    _eu(
        "XMP without a source type",
        lambda _: Drawn(elements=LATENT).file(),
        *(_SOURCE_CLAUSE, _SIGNATURE, _STAMP, _MARK),
    ),
    _eu(
        "XMP that says it is a photograph",
        lambda _: Drawn(elements={"Iptc4xmpExt:DigitalSourceType": f"{_SOURCE}digitalCapture"}).file(),
        *(_SOURCE_CLAUSE, _SIGNATURE, _STAMP, _MARK),
    ),
    _eu(
        "AI at the bottom left, stated for the EU",
        lambda makers: signed(_stated_for(labelled("AI", corner="bottom_left"), "eu"), makers),
        "50(4)",
        open_=frozenset(),
    ),
]


def _stated_for(drawn: Drawn, law: str) -> Drawn:
    stated = drawn.elements["verso:VisibleLabels"].replace('"cn"', f'"{law}"')
    return replace(drawn, elements={**drawn.elements, "verso:VisibleLabels": stated})


_CA_OPEN = frozenset({"manifest"})


def _ca(name: str, elements: Mapping[str, str], *missing: str) -> Case:
    return Case(name, "us-ca", lambda _: Drawn(elements=elements).file(), frozenset(missing), _CA_OPEN)


def _ca_words(name: str, drawn: Callable[[], Drawn], *missing: str) -> Case:
    """A file with everything that California's latent disclosure asks for, and words on the picture stated for it."""

    def make(_makers: Makers) -> bytes:
        stated = _stated_for(drawn(), "us-ca")
        return replace(stated, elements={**stated.elements, **LATENT, **AI}).file()

    return Case(name, "us-ca", make, frozenset(missing))


def _without(*names: str) -> dict[str, str]:
    return {name: value for name, value in (LATENT | AI).items() if name.rsplit(":", 1)[-1] not in names}


CA = [
    _ca("good: in elements", LATENT | AI),
    Case("good: in attributes", "us-ca", lambda _: Drawn(attributes=LATENT | AI).file(), open_=_CA_OPEN),
    Case(
        "good: in a JPEG", "us-ca", lambda _: Drawn(elements=LATENT | AI, kind="JPEG").file(), open_=_CA_OPEN
    ),
    Case("good: in the credential only", "us-ca", lambda makers: signed(Drawn(), makers), open_=_CA_OPEN),
    _ca("without an id", _without("DigImageGUID"), "latent: id"),
    _ca("without a version", _without("AISystemVersionUsed"), "latent: version"),
    _ca("without a system", _without("AISystemUsed"), "latent: system"),
    _ca("without a provider", _without("Credit"), "latent: provider"),
    _ca("without a time", _without("CreateDate"), "latent: time"),
    _ca("without a source type", LATENT, "latent: standard"),
    _ca_words(
        "good: AI generated, at the bottom left", lambda: labelled("AI generated", corner="bottom_left")
    ),
    _ca_words("good: AI altered, in a strip", lambda: labelled("AI altered", ground=photo(1, 64, 64))),
    _ca_words("words that do not say AI", lambda: labelled("Generated"), "manifest"),
    _ca_words("words in the middle", lambda: _elsewhere("AI"), "manifest"),
    _ca_words("words painted over", lambda: replace(labelled("AI"), pixels=photo(11, 256, 320)), "manifest"),
    _ca("an empty version", LATENT | AI | {"Iptc4xmpExt:AISystemVersionUsed": " "}, "latent: version"),
    _ca(
        "with nothing",
        {},
        *("latent: provider", "latent: system", "latent: version", "latent: time", "latent: id"),
        "latent: standard",
    ),
]

CASES = [*CN, *EU, *CA]
