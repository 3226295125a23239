"""Step 4: what the proof beside the file says, and what this home's ledger says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.types import AssetId, Digest, LedgerReading, Message
from rectoverso.verso.verify.records import Known

if TYPE_CHECKING:
    from rectoverso.verso.ledger.keyring import KeyRing
    from rectoverso.verso.ledger.proof import ProofReading

_NOTHING = LedgerReading()


@dataclass(frozen=True, slots=True)
class LedgerSight:
    """``disowns``: a ledger that is trusted here says that this asset left as other bytes, or was taken back. ``own``:
    the entry of this home's ledger by which exactly these bytes left.
    """

    reading: LedgerReading
    disowns: bool = False
    own: int | None = None


def proof_beside(path: Path) -> str | None:
    """The proof that lies beside a file; None when there is none that could be one: a pipe of that name never ends."""
    from rectoverso.verso.ledger.proof import LARGEST_PROOF, beside

    place = beside(path)
    if not place.is_file():
        return None
    try:
        with place.open("rb") as file:
            return file.read(LARGEST_PROOF + 1).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None


def ask_ledgers(
    digest: Digest,
    asset: AssetId | None,
    known: Known | None,
    proof: str | None,
    rings: Iterable[KeyRing],
) -> LedgerSight:
    """Ask both. ``asset``: the one that the credential names, None when it names none or does not hold. What this home
    knows of another asset, which only looks like it, is nothing that its ledger says of this file.
    """
    if known and asset and known.id != asset:
        known = None
    told = _of_proof(digest, asset, proof, tuple(rings))
    at_home = _of_home(digest, known)
    reading = at_home.reading if known else told.reading
    rows = (*told.reading.evidence, *at_home.reading.evidence)
    return LedgerSight(
        replace(reading, proof=told.reading.proof, evidence=rows),
        told.disowns or at_home.disowns,
        at_home.own,
    )


def _of_home(digest: Digest, known: Known | None) -> LedgerSight:
    """An entry that the records found is one whose proof holds."""
    if known is None:
        return LedgerSight(_NOTHING)
    reading, is_taken_back = known.ledger, known.ledger.revoked is not None
    facts: dict[str, Any] = {"asset": known.id, "index": reading.index, "size": reading.size}
    rows = [_row(f"ledger_{'found' if reading.found else 'none'}", **facts | {"event": reading.event or "-"})]
    if is_taken_back:
        why = "revoked" if reading.reason is None else "revoked_because"
        rows.append(_row(why, asset=known.id, index=reading.revoked, reason=reading.reason))
    if reading.erased is not None:
        rows.append(_row("erased", asset=known.id, index=reading.erased))
    if reading.descends is not None:
        rows.append(_row("descends", index=reading.descends))
    is_this_file = known.file_digest == digest
    code = "missing" if not reading.found else "released" if is_this_file else "other_bytes"
    reading = replace(
        reading,
        valid=is_this_file and not is_taken_back if reading.found else None,
        trusted=True if reading.found else None,
        code="revoked" if is_taken_back else code,
        evidence=tuple(rows),
    )
    own = reading.index if reading.found and is_this_file else None
    return LedgerSight(reading, disowns=is_taken_back, own=own)


def _of_proof(
    digest: Digest, asset: AssetId | None, proof: str | None, rings: tuple[KeyRing, ...]
) -> LedgerSight:
    if proof is None:
        return LedgerSight(LedgerReading(found=False) if rings and asset else _NOTHING)
    reading = _verified(proof, rings)
    if reading is None:
        row = _row("proof_unknown_ledger")
        return _told("unknown_ledger", row, trusted=False, code="unknown_ledger")
    if reading.problems:
        name = reading.problems[0].key.removeprefix("ledger.")
        row, code = _row(name, origin=reading.origin), name.removeprefix("proof_")
        return _told("does_not_hold", row, found=False, valid=False, code=code)
    return _compared(digest, asset, reading)


def _compared(digest: Digest, asset: AssetId | None, reading: ProofReading) -> LedgerSight:
    """What a proof that holds says of this file."""
    from rectoverso.verso.ledger.entry import parse_entry

    entry = parse_entry(reading.entry) or {}
    facts: dict[str, Any] = {
        "origin": reading.origin,
        "index": reading.index,
        "size": reading.size,
        "asset": str(entry.get("asset", "-")),
        "at": str(entry.get("at", "-")),
        "event": str(entry.get("kind", "-")),
        "keys": " + ".join(reading.signed_with),
    }
    if entry.get("file_digest") == digest and entry.get("kind") == "released":
        at = facts["at"] if "at" in entry else None
        where: dict[str, Any] = {"index": reading.index, "size": reading.size, "event": "released", "at": at}
        row = _row("proof_holds", **facts)
        return _told("holds", row, found=True, valid=True, trusted=True, code="released", **where)
    is_same_asset = asset is not None and entry.get("asset") == asset
    code = "other_bytes" if is_same_asset else "other_file"
    row = _row(f"proof_{code}", **facts)
    told = _told("other_file", row, found=is_same_asset, valid=False, trusted=True, code=code)
    return replace(told, disowns=is_same_asset)


def _verified(proof: str, rings: tuple[KeyRing, ...]) -> ProofReading | None:
    """The reading under the keys of the ledger that the proof names; None when none of these keys are its."""
    from rectoverso.verso.ledger.checkpoint import stated
    from rectoverso.verso.ledger.note import BadNote
    from rectoverso.verso.ledger.proof import BadProofText, read_proof, verify_proof

    try:
        origin = stated(read_proof(proof).checkpoint).origin
    except (BadProofText, BadNote):
        return verify_proof("", rings[0]) if rings else None
    readings = [verify_proof(proof, ring) for ring in rings if ring.origin == origin]
    return min(readings, key=lambda reading: len(reading.problems), default=None)


def _told(proof: str, row: Message, **said: Any) -> LedgerSight:
    return LedgerSight(LedgerReading(proof=proof, evidence=(row,), **said))


def _row(name: str, **facts: object) -> Message:
    return Message(f"verify.evidence.{name}", facts)
