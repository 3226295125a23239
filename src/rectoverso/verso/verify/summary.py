"""Step 6: what all steps say together: whether they contradict one another, and which of the seven outcomes it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rectoverso.types import Digest, Message, Report, ReportOutcome
from rectoverso.verso.verify.contradictions import Witness, contradictions

if TYPE_CHECKING:
    from rectoverso.verso.mark.credential import CredentialReading
    from rectoverso.verso.verify.labels import Labels
    from rectoverso.verso.verify.ledgers import LedgerSight
    from rectoverso.verso.verify.likeness import Traced
    from rectoverso.verso.verify.records import Known


@dataclass(frozen=True, slots=True)
class Told:
    """What the steps told one another beside their layers. ``watermark``: the id that it says, or how that begins."""

    digest: Digest
    credential: CredentialReading
    watermark: str
    labels: Labels
    traced: Traced
    ledger: LedgerSight


def summed_up(layers: Report, told: Told) -> Report:
    """The report of these layers with its outcome, and what follows from all of them."""
    against = contradictions(_witnesses(told))
    against = (*filter(None, (told.traced.contradiction,)), *against)
    ai_generated = None if against else _ai_generated(told.credential, told.traced.known)
    if _is_another_file(told):
        against = (*against, Message("verify.evidence.contradiction_bytes"))
    report = replace(
        layers,
        signer=told.credential.signer,
        ai_generated=ai_generated,
        recovered=told.traced.recovered,
        contradictions=against,
        prints=told.traced.prints.hex(),
    )
    return replace(report, outcome=_outcome(report, disowned=told.ledger.disowns))


def _is_another_file(told: Told) -> bool:
    """Whether this is signed as an asset that left this home as other bytes.

    C2PA's own container has bytes that no signature covers (padding, names of boxes); the record covers them.
    """
    known = told.traced.known
    if known is None or known.file_digest is None or told.credential.asset != known.id:
        return False
    return known.file_digest != told.digest


def _ai_generated(credential: CredentialReading, known: Known | None) -> bool | None:
    """Taken from the credential, else from the record; likeness alone says nothing of it."""
    if credential.ai_generated is not None:
        return credential.ai_generated
    return known.ai_generated if known else None


def _witnesses(told: Told) -> list[Witness]:
    """What each layer says. A credential that does not hold says nothing, nor does the stamp of a stranger."""
    from rectoverso.verso.law import aigc

    credential, labels, ledger = told.credential, told.labels, told.ledger
    record = None if told.traced.contradiction else told.traced.known
    holds = credential.state in ("trusted", "valid")
    signed = (credential.asset, credential.ai_generated, credential.created) if holds else ()
    stamp = credential.stamp if holds and credential.stamp and credential.stamp.trusted else None
    return [
        Witness("credential", *signed),
        Witness("time_stamp", time=stamp.time if stamp else None),
        Witness("ledger", time=ledger.reading.at if holds else None),
        Witness("watermark", told.watermark or None),
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
