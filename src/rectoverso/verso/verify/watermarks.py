"""Step 2: is there a mark in the picture, as a p-value, and which released asset does it name?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rectoverso.types import AssetId, IngrainedReading, Message, Pixels, WatermarkReading
from rectoverso.verso.verify.records import Records

if TYPE_CHECKING:
    from rectoverso.verso.mark.watermark import Detection


def ask_watermark(
    picture: Pixels | None, signed: AssetId | None, labelled: AssetId | None, records: Records
) -> tuple[WatermarkReading, str]:
    """The reading, and the id that it says or how that begins (``0123...``).

    A small picture carries the beginning of an id: it is completed by that of the credential, of the records or of the
    label, where it fits.
    """
    from rectoverso.verso.mark import watermark
    from rectoverso.verso.mark.looking import look_for, whole_id

    if picture is None:
        return WatermarkReading(), ""
    looked = look_for(picture, records.watermark_ids())
    if looked is None:
        row = Message("verify.evidence.watermark_too_small")
        return WatermarkReading(code="too_small", evidence=(row,)), ""
    p_value, detection, issued = looked.p_value, looked.detection, looked.issued
    if p_value > watermark.FOUND_AT:
        return _recognised(picture, records) or _not_found(p_value)
    matched = issued.asset if issued and issued.p_value <= watermark.MATCHED_AT else None
    asset = _fitting(detection, signed) or matched or _fitting(detection, labelled) or whole_id(detection)
    says = asset or f"{detection.prefix}..."
    return _found("public", p_value, asset, says), says


def ask_ingrained(picture: Pixels | None) -> tuple[IngrainedReading, tuple[Message, ...]]:
    """The reading of the ingrained mark, and a row where there is something to tell. It names nothing, so it
    contradicts nothing.
    """
    from rectoverso.verso.mark import watermark
    from rectoverso.verso.mark.watermark.ingrained import leaning

    if picture is None or min(picture.shape[:2]) > watermark.LATTICE_UP_TO_PX:
        return IngrainedReading(), ()
    found = leaning(picture, anyhow=True)
    if found is None:
        return IngrainedReading(), ()
    is_found, is_open = found.p_value <= watermark.FOUND_AT, found.p_value <= watermark.DOUBTED_AT
    votes = tuple(found.vote_K.round(4).tolist())
    reading = IngrainedReading(is_found, found.p_value, is_open and not is_found, votes)
    row = f"verify.evidence.ingrained_{'found' if is_found else 'open'}"
    return reading, (Message(row, {"p_value": f"{found.p_value:.0e}"}),) if is_open else ()


def _found(key: str, p_value: float, asset: AssetId | None, says: str) -> WatermarkReading:
    """A mark under the public key may be anybody's; under the private one only the home's."""
    row = Message(f"verify.evidence.watermark_{key}", {"asset": says})
    is_private = key == "private"
    return WatermarkReading(
        found=True,
        trusted=is_private,
        p_value=p_value,
        asset=asset,
        digits="" if is_private else says.rstrip("."),
        code=key,
        evidence=(row,),
    )


def _not_found(p_value: float) -> tuple[WatermarkReading, str]:
    from rectoverso.verso.mark import watermark

    if p_value > watermark.DOUBTED_AT:
        return WatermarkReading(found=False, p_value=p_value), ""
    row = Message("verify.evidence.watermark_open")
    return WatermarkReading(p_value=p_value, code="inconclusive", evidence=(row,)), ""


def _recognised(picture: Pixels, records: Records) -> tuple[WatermarkReading, str] | None:
    """The same of the home's private watermark; None where there is none to be found."""
    from rectoverso.verso.mark import watermark
    from rectoverso.verso.mark.looking import LOOKS

    match = records.recognised(picture)
    if match is None or LOOKS * match.p_value > watermark.FOUND_AT:
        return None
    return _found("private", LOOKS * match.p_value, match.asset, match.asset), match.asset


def _fitting(detection: Detection, asset: AssetId | None) -> AssetId | None:
    """The id if it can be what was read, a few wrong bits allowed."""
    from rectoverso.verso.mark import watermark

    match = watermark.best_match(detection, [asset]) if asset else None
    return asset if match and match.p_value <= watermark.MATCHED_AT else None
