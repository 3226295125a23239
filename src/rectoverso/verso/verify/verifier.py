"""The verification of one file, as the numbered steps of docs/en/verification.md.

    0  Opening       Size, kind and the dimensions in the header are looked at before anything is decoded; then the
                     picture is, and a PNG's checksums are.
    1  Credential    Is there a signed C2PA manifest, is the file as signed, does its signer lead to an anchor?
    2  Watermark     Is there a mark in the picture (as a p-value), and which released asset does it name? Does the
                     picture lean as those of an ingrained generator do?
    3  Fingerprint   Is the picture near-identical to one that this home released or registered, in any of its eight
                     symmetries? If the file has no credential left: what does that of the released picture say?
    4  Ledger        Does the proof beside the file hold? Where does this home's ledger hold the asset that steps
                     1 to 3 led to, and was it revoked since?
    5  Label         What does the label in the file say, and is it what the laws that it names ask for?
    6  Summary       One of seven outcomes; a contradiction between the steps is `changed`.

Each step but the last says whether what it looks for was found, is valid for this very file, and is trusted, and why
(`Layer`); what that proves and what not stands in `layers`. Every step goes on when the one before found nothing. A
verifier without a home (``NoRecords``) does 0 to 2, the first half of 4, and 5 and 6. No step asks a network. No
outcome says that a picture is real: a file without a trace is only a file without a trace.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from rectoverso.errors import RectoversoError
from rectoverso.types import Digest, Layer, Message, Pixels, Report, ReportOutcome
from rectoverso.verso.verify.contradictions import Witness, contradictions
from rectoverso.verso.verify.credentials import ask_credential
from rectoverso.verso.verify.labels import ask_laws, read_labels
from rectoverso.verso.verify.ledgers import LedgerSight, ask_ledgers
from rectoverso.verso.verify.likeness import Traced, ask_fingerprint
from rectoverso.verso.verify.opening import Header, Limits, NotChecked, look
from rectoverso.verso.verify.records import Known, NoRecords, Records
from rectoverso.verso.verify.watermarks import ask_ingrained, ask_watermark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rectoverso.verso.ledger.keyring import KeyRing
    from rectoverso.verso.mark.credential import CredentialReading
    from rectoverso.verso.verify.labels import Labels

Reading = Literal["opening", "credential", "picture", "label", "watermark", "fingerprint", "ledger"]
"""What is being read, in order: where reading stops is told by these words."""


def verify_bytes(
    data: bytes,
    *,
    name: str = "",
    anchors_pem: str | None = None,
    records: Records | None = None,
    ledgers: Sequence[KeyRing] = (),
    proof: str | None = None,
    limits: Limits | None = None,
    entering: Callable[[Reading], None] = lambda _: None,
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
        return not_checked(name, answer.reason, found=False)

    # 1 Credential
    entering("credential")
    stated, credential = ask_credential(data, header, anchors_pem)
    entering("picture")
    picture, trouble = _decode(data)
    if trouble and stated.state in ("none", "unreadable"):
        return not_checked(name, trouble, found=True)
    opening = _opened(data, header, trouble)
    entering("label")
    labels = read_labels(data)

    # 2 Watermark
    entering("watermark")
    watermark, says = ask_watermark(picture, stated.asset, labels.asset, records)
    ingrained, leans = ask_ingrained(picture)

    # 3 Fingerprint
    entering("fingerprint")
    digest = Digest(sha256(data).hexdigest())
    traced = ask_fingerprint(picture, digest, stated, watermark, records, anchors_pem)
    watermark = replace(watermark, valid=traced.is_alike, evidence=(*watermark.evidence, *leans))

    # 4 Ledger
    entering("ledger")
    named = stated.asset if credential.valid else None
    ledger = ask_ledgers(digest, named, traced.original, proof, ledgers)

    # 5 Label
    entering("label")
    label, laws = ask_laws(data, picture, labels, credential, watermark)

    # 6 Summary
    against = contradictions(_witnesses(stated, says, labels, traced, ledger))
    against = (*filter(None, (traced.contradiction,)), *against)
    is_other = _is_another_file(digest, stated, traced.known)
    report = Report(
        path=name,
        outcome=ReportOutcome.NOTHING_FOUND,
        signer=stated.signer,
        ai_generated=None if against else _ai_generated(stated, traced.known),
        opening=opening,
        credential=credential,
        watermark=watermark,
        ingrained=ingrained,
        fingerprint=traced.layer,
        ledger=ledger.reading,
        label=label,
        laws=laws,
        recovered=traced.recovered,
        contradictions=(*against, Message("verify.evidence.contradiction_bytes")) if is_other else against,
        prints=traced.prints.hex() if not watermark.found else "",
    )
    return replace(report, outcome=_outcome(report, disowned=ledger.disowns))


def not_checked(name: str, reason: Message, *, found: bool | None = None) -> Report:
    """The report of a file that could not be checked; ``found``: whether it is a picture, as far as was looked."""
    code = reason.key.rsplit(".", 1)[-1]
    valid = False if found and code == "damaged" else None
    opening = Layer(found=found, valid=valid, code=code, evidence=(reason,))
    return Report(path=name, outcome=ReportOutcome.COULD_NOT_CHECK, opening=opening)


# Step 0


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


def _opened(data: bytes, header: Header, trouble: Message | None) -> Layer:
    """What there is to say of the container. ``trouble``: why a picture that is signed cannot be seen."""
    from rectoverso.verso.mark import png

    rows = [trouble] if trouble else []
    is_damaged = header.media_type == "image/png" and not png.is_sound(data)
    if is_damaged:
        rows.append(Message("verify.evidence.container_damaged"))
    valid = False if is_damaged else None if trouble else True
    return Layer(found=True, valid=valid, code=header.media_type, evidence=tuple(rows))


# Step 6


def _is_another_file(digest: Digest, credential: CredentialReading, known: Known | None) -> bool:
    """Whether this is signed as an asset that left this home as other bytes.

    C2PA's own container has bytes that no signature covers (padding, names of boxes); the record covers them.
    """
    if known is None or known.file_digest is None or credential.asset != known.id:
        return False
    return known.file_digest != digest


def _ai_generated(credential: CredentialReading, known: Known | None) -> bool | None:
    """Taken from the credential, else from the record; likeness alone says nothing of it."""
    if credential.ai_generated is not None:
        return credential.ai_generated
    return known.ai_generated if known else None


def _witnesses(
    credential: CredentialReading, watermark: str, labels: Labels, traced: Traced, ledger: LedgerSight
) -> list[Witness]:
    """What each layer says. A credential that does not hold says nothing, nor does the stamp of a stranger."""
    from rectoverso.verso.law import aigc

    record = None if traced.contradiction else traced.known
    holds = credential.state in ("trusted", "valid")
    signed = (credential.asset, credential.ai_generated, credential.created) if holds else ()
    stamp = credential.stamp if holds and credential.stamp and credential.stamp.trusted else None
    return [
        Witness("credential", *signed),
        Witness("time_stamp", time=stamp.time if stamp else None),
        Witness("ledger", time=ledger.reading.at if holds else None),
        Witness("watermark", watermark or None),
        Witness("label", labels.asset, labels.ai_generated),
        Witness("aigc", ai_generated=aigc.says_ai(labels.blocks)),
        Witness("record", ai_generated=record.ai_generated if record else None),
    ]


def _outcome(report: Report, *, disowned: bool) -> ReportOutcome:
    """The first that holds, in the order of the document. ``disowned``: by a ledger that is trusted here."""
    credential, is_damaged = report.credential, report.opening.valid is False
    if credential.valid is False or report.contradictions:
        return ReportOutcome.CHANGED
    if credential.valid and (is_damaged or disowned):
        return ReportOutcome.CHANGED
    if credential.valid:
        return ReportOutcome.TRUSTED if credential.trusted else ReportOutcome.UNLISTED_SIGNER
    if report.watermark.found:
        return ReportOutcome.CHANGED if is_damaged else ReportOutcome.WATERMARK_ONLY
    if report.ingrained.found:
        return ReportOutcome.WATERMARK_ONLY
    return ReportOutcome.REGISTERED_MATCH if report.fingerprint.found else ReportOutcome.NOTHING_FOUND
