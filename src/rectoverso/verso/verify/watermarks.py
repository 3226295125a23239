"""Step 2: is there a mark in the picture, as a p-value, and which released asset does it name?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rectoverso.types import AssetId, IngrainedReading, Message, Pixels, WatermarkReading
from rectoverso.verso.verify.records import Records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rectoverso.verso.mark.watermark import Detection, Match


def ask_watermark(
    picture: Pixels | None, signed: AssetId | None, labelled: AssetId | None, records: Records
) -> tuple[WatermarkReading, str]:
    """The reading, and the id that it says or how that begins (``0123...``).

    A small picture carries the beginning of an id: it is completed by that of the credential, of the records or of the
    label, where it fits.
    """
    from rectoverso.verso.mark import watermark

    if picture is None:
        return WatermarkReading(), ""
    if not watermark.payload_bits(*picture.shape[:2]):
        row = Message("verify.evidence.watermark_too_small")
        return WatermarkReading(code="too_small", evidence=(row,)), ""
    p_value, detection, issued = _looked_for(picture, records, anyhow=False)
    if p_value > watermark.FOUND_AT:
        p_value, detection, issued = _looked_for(picture, records, anyhow=True)
    # Two looks, of which the first is part of the second, and the private one: each gets a third of the error.
    p_value = min(1.0, 3 * p_value)
    if p_value > watermark.FOUND_AT:
        return _recognised(picture, records) or _not_found(p_value)
    matched = issued.asset if issued and issued.p_value <= watermark.MATCHED_AT else None
    asset = _fitting(detection, signed) or matched or _fitting(detection, labelled) or _whole_id(detection)
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
    found = leaning(picture)
    if found and found.p_value > watermark.FOUND_AT:
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
        found=True, trusted=is_private, p_value=p_value, asset=asset, code=key, evidence=(row,)
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

    match = records.recognised(picture)
    if match is None or 3 * match.p_value > watermark.FOUND_AT:
        return None
    return _found("private", 3 * match.p_value, match.asset, match.asset), match.asset


def _looked_for(picture: Pixels, records: Records, *, anyhow: bool) -> tuple[float, Detection, Match | None]:
    """The p-value of any mark at all or one of ours, each of which gets half of the error; and both answers."""
    from rectoverso.verso.mark import watermark

    detection = watermark.detect(picture, anyhow=anyhow)
    issued = _issued(detection, records.watermark_ids())
    return min(1.0, 2 * min(detection.p_value, issued.p_value if issued else 1.0)), detection, issued


def _issued(detection: Detection, ids: Sequence[AssetId]) -> Match | None:
    """Which of our ids the reading is. One that was read without an error is not compared with all others first."""
    from rectoverso.verso.mark import watermark

    whole = _whole_id(detection) if detection.found else None
    if whole is None or whole not in ids:
        return watermark.best_match(detection, ids)
    match = watermark.best_match(detection, [whole])
    return replace(match, p_value=min(1.0, match.p_value * len(ids))) if match else None


def _fitting(detection: Detection, asset: AssetId | None) -> AssetId | None:
    """The id if it can be what was read, a few wrong bits allowed."""
    from rectoverso.verso.mark import watermark

    match = watermark.best_match(detection, [asset]) if asset else None
    return asset if match and match.p_value <= watermark.MATCHED_AT else None


def _whole_id(detection: Detection) -> AssetId | None:
    """The id as read, where the picture was large enough to carry all of it."""
    return AssetId(detection.prefix) if detection.payload_bits == 48 else None
