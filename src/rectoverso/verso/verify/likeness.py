"""Step 3: is the picture near-identical to one that this home released or registered, is it the one that its
watermark names, and what does the credential of that one say?
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rectoverso.types import AssetId, Digest, Layer, Message, Pixels, Recovered, WatermarkReading
from rectoverso.verso.verify.records import Known, Near, Records
from rectoverso.verso.verify.recovery import recover

if TYPE_CHECKING:
    from rectoverso.verso.mark.credential import CredentialReading

NEAR_IDENTICAL = 31
"""Bits of 256 in which two hashes of one picture may differ; among 400,000 pairs of digits no two were
within 37.
"""


@dataclass(frozen=True, slots=True)
class Traced:
    """What a file leads to. ``known``: the released asset that its bytes, its watermark or its credential name;
    ``original``: that one, or else what its picture is like. ``is_alike``: whether the picture can be the one that its
    watermark names, None where it was not compared; ``contradiction`` says that it cannot.
    """

    layer: Layer
    known: Known | None = None
    original: Known | None = None
    is_alike: bool | None = None
    contradiction: Message | None = None
    recovered: Recovered | None = None
    prints: bytes = b""


def ask_fingerprint(
    picture: Pixels | None,
    digest: Digest,
    stated: CredentialReading,
    watermark: WatermarkReading,
    records: Records,
    anchors_pem: str | None,
) -> Traced:
    """Seek the original, compare the pixels with it, and find its credential again where the file has none."""
    is_lost = stated.state in ("none", "unreadable")
    layer, prints, near = _likeness(picture, records, in_all=is_lost or not watermark.found)
    known = _known(digest, (watermark.asset, stated.asset), records)
    matched = records.asset(near.name) if near and near.kind == "asset" else None
    original = known or matched
    marked = original if original and original.id == watermark.asset else None
    is_alike = _is_alike(picture, prints, marked)
    if marked and is_alike is False:
        traced = Traced(layer, known, original, is_alike, _another(marked.id, near), prints=prints)
    else:
        seen = _compared(picture, layer, original, near, stated)
        traced = Traced(seen, known, original, is_alike, prints=prints)
    if not is_lost:
        return traced
    source = matched if traced.contradiction else original
    recovered, rows = recover(source, watermark, near, anchors_pem.encode() if anchors_pem else None)
    layer = replace(traced.layer, evidence=(*traced.layer.evidence, *rows))
    return replace(traced, layer=layer, recovered=recovered)


def _likeness(picture: Pixels | None, records: Records, *, in_all: bool) -> tuple[Layer, bytes, Near | None]:
    """What is nearest to the picture as it lies, or else in its symmetries; its hashes; and what is near-identical.
    ``in_all``: hash it in its symmetries whatever is near.
    """
    from rectoverso.verso.screen.fingerprint import chance, fingerprint, fingerprints

    if picture is None:
        return Layer(), b"", None
    prints = fingerprint(picture)
    if not prints:
        return Layer(code="too_plain", evidence=(Message("verify.evidence.too_plain"),)), b"", None
    near = records.nearest(prints)
    is_far = near is not None and near.distance > NEAR_IDENTICAL
    if in_all or is_far:
        prints = fingerprints(picture) or prints
    if is_far:
        near = records.nearest(prints)
    if near is None:
        return Layer(), prints, None
    p_value = chance(near.distance, near.comparisons)
    if near.distance > NEAR_IDENTICAL:
        return Layer(found=False, p_value=p_value), prints, None
    row = Message(f"verify.evidence.near_{near.kind}", {"name": near.name, "distance": near.distance})
    return Layer(found=True, p_value=p_value, code=near.kind, evidence=(row,)), prints, near


def _known(digest: Digest, named: tuple[AssetId | None, ...], records: Records) -> Known | None:
    """The released asset that the file's bytes, its watermark or its credential name."""
    known = records.by_digest(digest)
    for asset in named:
        known = known or (records.asset(asset) if asset else None)
    return known


def _is_alike(picture: Pixels | None, prints: bytes, marked: Known | None) -> bool | None:
    from rectoverso.verso.verify.comparison import is_alike

    if picture is None or marked is None:
        return None
    return is_alike(picture, marked.pixels, prints, marked.fingerprint)


def _compared(
    picture: Pixels | None, layer: Layer, original: Known | None, near: Near | None, stated: CredentialReading
) -> Layer:
    """The layer, with how the pixels differ from those that were released: told where no signature says it."""
    from rectoverso.verso.verify.comparison import compare

    if picture is None or original is None or original.pixels is None:
        return layer
    row = compare(picture, original.pixels)
    is_same = row.key.endswith("pixels_identical") if near and near.name == original.id else None
    rows = () if stated.state == "trusted" else (row,)
    return replace(layer, valid=is_same, evidence=(*layer.evidence, *rows))


def _another(asset: AssetId, near: Near | None) -> Message:
    whose = f"_{near.kind}" if near and near.name != asset else ""
    return Message(
        f"verify.evidence.contradiction_picture{whose}", {"asset": asset, "name": near.name if near else ""}
    )
