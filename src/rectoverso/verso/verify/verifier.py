"""The verification of one file, as the numbered steps of docs/en/verification.md.

    0  Opening       Size, kind and the dimensions in the header are looked at before anything is decoded.
    1  Credential    Is there a signed C2PA manifest, is the file as signed, does its signer lead to an anchor?
    2  Watermark     Is there a mark in the picture (as a p-value), and which released asset does it name?
    3  Fingerprint   Is the picture near-identical to one that this home released or registered, in any of its eight
                     symmetries? If the file has no credential left: what does that of the released picture say?
    4  Ledger        Does the proof beside the file hold? Where does this home's ledger hold the asset that steps
                     1 to 3 led to, and was it revoked since?
    5  Summary       One of seven outcomes; a contradiction between the steps is `changed`.

Every step goes on when the one before found nothing. A verifier without a home (``NoRecords``) does 0 to 2, the
first half of 4, and 5. No step asks a network. No outcome says that a picture is real: a file without a trace is only
a file without a trace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from rectoverso.errors import RectoversoError
from rectoverso.types import (
    AssetId,
    Digest,
    Message,
    Pixels,
    Recovered,
    Report,
    ReportOutcome,
    WatermarkReading,
)
from rectoverso.verso.verify.contradictions import Witness, contradictions
from rectoverso.verso.verify.ledgers import LedgerSight, ask_ledgers
from rectoverso.verso.verify.opening import Header, Limits, NotChecked, look
from rectoverso.verso.verify.records import Known, Near, NoRecords, Records
from rectoverso.verso.verify.recovery import recover

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rectoverso.verso.law.aigc import Block
    from rectoverso.verso.ledger.keyring import KeyRing
    from rectoverso.verso.mark.credential import CredentialReading
    from rectoverso.verso.mark.label import Label
    from rectoverso.verso.mark.watermark import Detection, Match

Layer = Literal["opening", "credential", "picture", "label", "watermark", "fingerprint", "ledger"]
"""What is being read, in order: where reading stops is told by these words."""

NEAR_IDENTICAL = 31
"""Bits of 256 in which two hashes of one picture may differ; among 400,000 pairs of digits no two were
within 37.
"""
_ID = re.compile("[0-9a-f]{12}")
_REMAINS = (b"jumdc2pa", b"c2pa.signature\0")
"""How every C2PA manifest store begins, and the name of a box in it, whichever file holds it."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the steps have seen so far."""

    credential: CredentialReading
    watermark: WatermarkReading
    known: Known | None
    """The asset that the file's bytes, its watermark or its credential name."""
    match: Near | None
    recovered: Recovered | None
    broken: bool
    """There are remains of a credential, a damaged container, or other bytes than were released."""
    contradicts: bool
    unlike: bool
    ledger: LedgerSight
    evidence: tuple[Message, ...]


def verify_bytes(
    data: bytes,
    *,
    name: str = "",
    anchors_pem: str | None = None,
    records: Records | None = None,
    ledgers: Sequence[KeyRing] = (),
    proof: str | None = None,
    limits: Limits | None = None,
    entering: Callable[[Layer], None] = lambda _: None,
) -> Report:
    """The report of one file's bytes, by the steps above, in this very process: `bounded` is the door for files that
    nobody trusts.

    ``anchors_pem``: the root certificates to trust. ``ledgers``: the public keys of the ledgers to trust. ``proof``:
    the text of the tlog-proof that came with the file. ``entering`` is told of each layer before it is read.
    """
    records = records or NoRecords()

    # 0 Opening
    entering("opening")
    try:
        header = look(data, limits or Limits())
    except NotChecked as answer:
        return _not_checked(name, answer.reason)

    # 1 Credential
    entering("credential")
    credential, broken, rows = _credential(data, header, anchors_pem)
    entering("picture")
    picture, trouble = _decode(data)
    if trouble and credential.state in ("none", "unreadable"):
        return _not_checked(name, trouble)
    rows += [trouble] if trouble else []
    entering("label")
    label, blocks, labelled = _labels(data)

    # 2 Watermark
    entering("watermark")
    watermark, says, found = _watermark(picture, credential.asset, _named(label), records)
    rows += found

    # 3 Fingerprint
    entering("fingerprint")
    digest = Digest(sha256(data).hexdigest())
    known = _known(digest, credential, watermark, records)
    prints, match = _match(picture, records)
    matched = records.asset(match.name) if match and match.kind == "asset" else None
    beside = known or matched
    unlike, found = _compared(
        picture, prints, beside, match, marked=watermark.asset, is_proved=credential.state == "trusted"
    )
    rows += found
    recovered = None
    if credential.state in ("none", "unreadable"):
        anchors = anchors_pem.encode() if anchors_pem else None
        recovered, found = recover(matched if unlike else beside, watermark, match, anchors)
        rows += found
    if _is_another_file(digest, credential, known):
        broken = True
        rows.append(Message("verify.evidence.contradiction_bytes"))

    # 4 Ledger
    entering("ledger")
    stated = credential.asset if credential.state in ("trusted", "valid") else None
    ledger = ask_ledgers(digest, stated, beside, proof, ledgers)
    rows += ledger.rows

    # 5 Summary
    rows += labelled
    record = None if unlike else known
    against = contradictions(_witnesses(credential, says, label, blocks, record, ledger))
    rows += against
    sight = _Sight(
        credential, watermark, known, match, recovered, broken, bool(against), unlike, ledger, tuple(rows)
    )
    return replace(_report(name, sight), laws=_laws(data))


# Step 1


def _credential(
    data: bytes, header: Header, anchors_pem: str | None
) -> tuple[CredentialReading, bool, list[Message]]:
    """The reading, whether remains of a credential are all there is, and the evidence rows."""
    from rectoverso.verso.mark import credential, png

    reading = credential.read(data, header.media_type, anchors_pem.encode() if anchors_pem else None)
    kind = "invalid_signed" if reading.state == "invalid" and reading.signer else reading.state
    rows = [Message(f"verify.evidence.credential_{kind}", _signed(reading))]
    remains = reading.state in ("none", "unreadable") and any(sign in data for sign in _REMAINS)
    if reading.state == "unreadable" and not remains:
        # The library could not parse the file at all: that says nothing about a credential.
        rows = [Message("verify.evidence.credential_none")]
    elif remains:
        rows = [Message("verify.evidence.credential_unreadable")]
    elif credential.REMOTE in reading.codes:
        rows = [Message("verify.evidence.credential_remote")]
    elif reading.state == "valid" and "signingCredential.expired" in reading.codes:
        rows.append(Message("verify.evidence.certificate_ended"))
    if reading.stamp:
        row = "time_stamp" if reading.stamp.trusted else "time_stamp_unlisted"
        rows.append(Message(f"verify.evidence.{row}", {"time": reading.stamp.time}))
    damaged = header.media_type == "image/png" and not png.is_sound(data)
    if damaged:
        rows.append(Message("verify.evidence.container_damaged"))
    return reading, remains or damaged, rows


def _signed(reading: CredentialReading) -> dict[str, str]:
    return {"signer": reading.signer or "?", "codes": ", ".join(reading.codes) or "-"}


def _decode(data: bytes) -> tuple[Pixels | None, Message | None]:
    """The picture, or why there is none."""
    from rectoverso.errors import ImageAnimated, ImageTooLarge
    from rectoverso.verso.picture import open_picture

    try:
        return open_picture(data, "the file"), None
    except ImageAnimated:
        return None, Message("verify.reason.animated")
    except ImageTooLarge as error:
        return None, Message("verify.reason.too_large", {"limit": error.facts["limit"]})
    except RectoversoError:
        return None, Message("verify.reason.damaged")


# Step 2


def _watermark(
    picture: Pixels | None, signed: AssetId | None, labelled: AssetId | None, records: Records
) -> tuple[WatermarkReading, str, list[Message]]:
    """The reading, the id that it says (or ``0123...``), and the evidence rows.

    A small picture carries the beginning of an id: it is completed by that of the credential, of the records or of the
    label, where it fits.
    """
    from rectoverso.verso.mark import watermark

    if picture is None:
        return WatermarkReading(found=False), "", []
    if not watermark.payload_bits(*picture.shape[:2]):
        return WatermarkReading(found=False), "", [Message("verify.evidence.watermark_too_small")]
    p_value, detection, issued = _looked_for(picture, records, anyhow=False)
    if p_value > watermark.FOUND_AT:
        p_value, detection, issued = _looked_for(picture, records, anyhow=True)
    # Two looks, of which the first is part of the second, and the private one: each gets a third of the error.
    p_value = min(1.0, 3 * p_value)
    if p_value > watermark.FOUND_AT and (private := _recognised(picture, records)):
        return private
    if p_value > watermark.FOUND_AT:
        is_open = p_value <= watermark.DOUBTED_AT
        reading = WatermarkReading(found=False, p_value=p_value, inconclusive=is_open)
        row = f"verify.evidence.watermark_{'open' if is_open else 'none'}"
        return reading, "", [Message(row, {"p_value": f"{p_value:.1g}"})]
    matched = issued.asset if issued and issued.p_value <= watermark.MATCHED_AT else None
    asset = _fitting(detection, signed) or matched or _fitting(detection, labelled) or _whole_id(detection)
    says = asset or f"{detection.prefix}..."
    told = Message("verify.evidence.watermark_found", {"p_value": f"{p_value:.0e}", "asset": says})
    return WatermarkReading(found=True, p_value=p_value, asset=asset), says, [told]


def _recognised(picture: Pixels, records: Records) -> tuple[WatermarkReading, str, list[Message]] | None:
    """The same of the home's private watermark; None where there is none to be found."""
    from rectoverso.verso.mark import watermark

    match = records.recognised(picture)
    if match is None or 3 * match.p_value > watermark.FOUND_AT:
        return None
    p_value = 3 * match.p_value
    facts = {"p_value": f"{p_value:.0e}", "asset": match.asset}
    row = Message("verify.evidence.watermark_private", facts)
    return WatermarkReading(found=True, p_value=p_value, asset=match.asset), match.asset, [row]


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


# Step 3


def _known(
    digest: Digest, credential: CredentialReading, watermark: WatermarkReading, records: Records
) -> Known | None:
    """The released asset that the file, its watermark or its credential leads to."""
    known = records.by_digest(digest)
    for asset in (watermark.asset, credential.asset):
        known = known or (records.asset(asset) if asset else None)
    return known


def _is_another_file(digest: Digest, credential: CredentialReading, known: Known | None) -> bool:
    """Whether this is signed as an asset that left this home as other bytes.

    C2PA's own container has bytes that no signature covers (padding, names of boxes); the record covers them.
    """
    if known is None or known.file_digest is None or credential.asset != known.id:
        return False
    return known.file_digest != digest


def _match(picture: Pixels | None, records: Records) -> tuple[bytes, Near | None]:
    """The hash of the picture as it lies and what is near-identical to it; or else in its eight symmetries."""
    from rectoverso.verso.screen.fingerprint import fingerprint, fingerprints

    prints = b"" if picture is None else fingerprint(picture)
    near = records.nearest(prints) if prints else None
    if picture is not None and near and near.distance > NEAR_IDENTICAL:
        prints = fingerprints(picture) or prints
        near = records.nearest(prints)
    return prints, near if near and near.distance <= NEAR_IDENTICAL else None


def _compared(
    picture: Pixels | None,
    prints: bytes,
    known: Known | None,
    match: Near | None,
    *,
    marked: AssetId | None,
    is_proved: bool,
) -> tuple[bool, list[Message]]:
    """Whether the picture is unlike the one its watermark names, and what the comparison shows."""
    from rectoverso.verso.verify.comparison import compare, is_alike

    rows = []
    if match:
        facts = {"name": match.name, "distance": match.distance}
        rows.append(Message(f"verify.evidence.near_{match.kind}", facts))
    elif not prints and picture is not None:
        rows.append(Message("verify.evidence.too_plain"))
    if picture is None or known is None:
        return False, rows
    if marked == known.id and not is_alike(picture, known.pixels, prints, known.fingerprint):
        facts = {"asset": known.id, "name": match.name if match else ""}
        whose = f"_{match.kind}" if match and match.name != known.id else ""
        return True, [*rows, Message(f"verify.evidence.contradiction_picture{whose}", facts)]
    if known.pixels is not None and not is_proved:
        rows.append(compare(picture, known.pixels))
    return False, rows


# Step 5


def _named(label: Label | None) -> AssetId | None:
    """The asset that a label names, if it does."""
    asset = label.asset if label else None
    return AssetId(asset) if asset and _ID.fullmatch(asset) else None


def _labels(data: bytes) -> tuple[Label | None, tuple[Block, ...], list[Message]]:
    """The label in the file and China's blocks, and what the label says of the source. Nobody signs a label alone."""
    from rectoverso.verso.law import aigc
    from rectoverso.verso.mark import label

    found = label.read(data)
    if found is None or found.source_type is None:
        return found, aigc.find(data), []
    row = Message("verify.evidence.label", {"source_type": found.source_type.rsplit("/", 1)[-1][:80]})
    return found, aigc.find(data), [row]


def _witnesses(
    credential: CredentialReading,
    watermark: str,
    label: Label | None,
    blocks: tuple[Block, ...],
    record: Known | None,
    ledger: LedgerSight,
) -> list[Witness]:
    """What each layer says. A credential that does not hold says nothing, nor does the stamp of a stranger."""
    from rectoverso.verso.law import aigc

    holds = credential.state in ("trusted", "valid")
    signed = (credential.asset, credential.ai_generated, credential.created) if holds else ()
    stamp = credential.stamp if holds and credential.stamp and credential.stamp.trusted else None
    return [
        Witness("credential", *signed),
        Witness("time_stamp", time=stamp.time if stamp else None),
        Witness("ledger", time=ledger.reading.at if holds else None),
        Witness("watermark", watermark or None),
        Witness("label", _named(label), label.ai_generated if label else None),
        Witness("aigc", ai_generated=aigc.says_ai(blocks)),
        Witness("record", ai_generated=record.ai_generated if record else None),
    ]


def _laws(data: bytes) -> tuple[str, ...]:
    """The laws that the file says it was labelled under. Whether it is, `verso comply` tells."""
    from rectoverso.verso.law.lint import declared

    return declared(data)


def _outcome(sight: _Sight) -> ReportOutcome:
    """The first that holds, in the order of the document."""
    state = sight.credential.state
    is_signed = state in ("trusted", "valid")
    is_disowned = is_signed and (sight.broken or sight.ledger.disowns)
    if state == "invalid" or sight.contradicts or sight.unlike or is_disowned:
        return ReportOutcome.CHANGED
    if state == "trusted":
        return ReportOutcome.TRUSTED
    if state == "valid":
        return ReportOutcome.UNLISTED_SIGNER
    if sight.broken and (sight.watermark.found or _CREDENTIAL_ROW in {row.key for row in sight.evidence}):
        return ReportOutcome.CHANGED
    if sight.watermark.found:
        return ReportOutcome.WATERMARK_ONLY
    return ReportOutcome.REGISTERED_MATCH if sight.match else ReportOutcome.NOTHING_FOUND


_CREDENTIAL_ROW = "verify.evidence.credential_unreadable"


def _report(name: str, sight: _Sight) -> Report:
    """Whether AI made it is taken from the credential, else from the record; likeness alone says nothing of
    it.
    """
    stated = sight.credential.ai_generated
    recorded = sight.known.ai_generated if sight.known else None
    is_clear = not (sight.contradicts or sight.unlike)
    return Report(
        path=name,
        outcome=_outcome(sight),
        signer=sight.credential.signer,
        ai_generated=(stated if stated is not None else recorded) if is_clear else None,
        watermark=sight.watermark,
        ledger=sight.ledger.reading,
        recovered=sight.recovered,
        evidence=sight.evidence,
    )


def _not_checked(name: str, reason: Message) -> Report:
    return Report(path=name, outcome=ReportOutcome.COULD_NOT_CHECK, evidence=(reason,))
