"""The one door: nothing else in this project returns an image that may leave.

A draft passes in this order, and the order is the promise:

    1. Asked before?   The same request is decided once; its answer is given again.
    2. Screen          Every check answers; one that fails or is late counts as `review`.
    3. Verdict         The policy turns findings into release, hold or refuse, with reasons.
    4. Mark            Label, watermark, metadata, signature; all read back. A mark that fails holds the image.
    5. Record          The bytes into the encrypted store; then, in one transaction, ledger entry and decision.
    6. Deliver         Only now is a file written where people can see it.

Killed anywhere before the transaction of step 5, nothing has happened but an orphan in the store, which the next
pass sweeps. Killed after it, the decision stands and the next pass delivers it. So each request ends exactly once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rectoverso.errors import MarkFailed
from rectoverso.protocols import Check, Clock, SystemClock
from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import AssetId, Decision, Digest, Draft, Finding, Message, Verdict
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.verso.mark.credential import CredentialSigner
from rectoverso.verso.mark.order import Marked, MarkFacts, mark
from rectoverso.verso.picture import to_png
from rectoverso.verso.policy import Policy
from rectoverso.verso.screen.fingerprint import fingerprint
from rectoverso.verso.screen.screening import screen
from rectoverso.workflow import digests
from rectoverso.workflow.ledgers import ENTRY_KINDS, open_ledger


@dataclass(frozen=True, slots=True)
class Door:
    """Everything a draft meets on its way out."""

    home: Home
    keys: Keys
    checks: Sequence[Check]
    policy: Policy
    use: str = "general"
    clock: Clock = SystemClock()  # noqa: RUF009 - it holds no state
    check_timeout_s: float = 30.0

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.home, self.keys, self.clock)


@dataclass(frozen=True, slots=True)
class Passage:
    """How one draft fared: the recorded decision, and the file if it was released."""

    asset: Asset
    path: Path | None
    repeated: bool


def release(
    drafts: Iterable[Draft], door: Door, out: Path, *, media_type: str = "image/png"
) -> Iterator[Passage]:
    """Take drafts through the door, one at a time, and yield how each fared.

    Released files are in ``out`` by the time their passage is yielded. Raises HomeBusy when another process
    keeps the door of this home; every other trouble of a single draft ends as `hold`.
    """
    with door.home.lock():
        sweep(door.home)
        for draft in drafts:
            yield _pass(draft, door, out, media_type)


def sweep(home: Home) -> None:
    """Remove what a killed process left: bytes in the store that no decision names."""
    home.blobs.sweep(home.assets.blobs())


def _pass(draft: Draft, door: Door, out: Path, media_type: str) -> Passage:
    request = _request(draft, door)

    # 1. Asked before?
    if known := door.home.assets.by_request(request):
        return Passage(known, _deliver(known, door.home, out), repeated=True)

    # 2. Screen
    findings = screen(draft, door.checks, timeout_s=door.check_timeout_s)

    # 3. Verdict
    verdict = door.policy.decide(findings)

    # 4. Mark
    asset = door.home.assets.unused_id()
    marked: Marked | None = None
    if verdict.decision is Decision.RELEASE:
        try:
            marked = _mark(draft, asset, door, verdict, media_type)
        except MarkFailed as error:
            verdict = _held_for_marks(verdict, error)

    # 5. Record
    decided = _record(draft, request, asset, findings, verdict, marked, door)

    # 6. Deliver
    return Passage(decided, _deliver(decided, door.home, out), repeated=False)


def _request(draft: Draft, door: Door) -> Digest:
    """What was asked, and under which rules: new rules or newly registered works make it a new request."""
    works = sorted(work.id for work in door.home.works.all())
    checks = sorted(check.name for check in door.checks)
    return digests.of_facts(
        asked=draft.request, use=door.use, policy=door.policy.reference, works=works, checks=checks
    )


def _mark(draft: Draft, asset: AssetId, door: Door, verdict: Verdict, media_type: str) -> Marked:
    return mark(
        draft,
        asset=asset,
        signer=CredentialSigner(door.keys.certificate_chain, door.keys.signer_key, door.keys.ca_certificate),
        clock=door.clock,
        media_type=media_type,
        facts=MarkFacts(
            policy=verdict.policy,
            use=door.use,
            ledger=door.keys.ledger_origin,
            # Drawn from a seed, an image was chosen by nobody; of others nothing is known.
            oversight=None if draft.seed is None else "fully_autonomous",
        ),
    )


def _held_for_marks(verdict: Verdict, error: MarkFailed) -> Verdict:
    facts = {name: str(fact) for name, fact in error.facts.items()}
    reasons = (Message("release.mark_failed"), Message(f"mark.{error.code}", facts))
    return replace(verdict, decision=Decision.HOLD, reasons=(*verdict.reasons, *reasons))


def _record(
    draft: Draft,
    request: Digest,
    asset: AssetId,
    findings: Sequence[Finding],
    verdict: Verdict,
    marked: Marked | None,
    door: Door,
) -> Asset:
    blob = _keep(draft, verdict, marked, door.home)
    now = door.clock.now().isoformat(timespec="seconds")
    recto = marked.pixels if marked else draft.pixels
    row = Asset(
        id=asset,
        request=request,
        decision=verdict.decision,
        decided_at=now,
        ledger_index=-1,
        maker=draft.maker,
        origin=draft.origin,
        use=door.use,
        seed=draft.seed,
        source=draft.source,
        policy=verdict.policy,
        findings=[_plain(finding) for finding in findings],
        reasons=[_plain(reason) for reason in verdict.reasons],
        file_name=_file_name(draft, asset, marked),
        media_type=marked.media_type if marked else "image/png",
        file_digest=digests.of_bytes(marked.data) if marked else None,
        pixels_digest=digests.of_pixels(recto),
        fingerprint=fingerprint(recto),
        blob=blob,
    )
    with door.home.database.transaction() as tx:
        index = door.ledger.append(tx, ENTRY_KINDS[verdict.decision], _public_facts(row))
        decided = replace(row, ledger_index=index)
        door.home.assets.record(tx, decided)
    return decided


def _keep(draft: Draft, verdict: Verdict, marked: Marked | None, home: Home) -> Digest | None:
    """The released file, or the draft that people will look at; of a refused draft nothing is kept."""
    if marked:
        return home.blobs.put(marked.data)
    if verdict.decision is Decision.HOLD:
        return home.blobs.put(to_png(draft.pixels))
    return None


def _public_facts(row: Asset) -> dict[str, Any]:
    """What the ledger says of a decision. Seeds, sources and prompts are private and stay out."""
    return {
        "asset": row.id,
        "request": row.request,
        "maker": {"name": row.maker.name, "version": row.maker.version, "digest": row.maker.digest},
        "origin": row.origin.value,
        "use": row.use,
        "policy": row.policy,
        "file_digest": row.file_digest,
        "pixels_digest": row.pixels_digest,
        "findings": [{"check": found["check"], "outcome": found["outcome"]} for found in row.findings],
    }


def _file_name(draft: Draft, asset: AssetId, marked: Marked | None) -> str:
    stem = f"seed-{draft.seed:06d}" if draft.seed is not None else Path(draft.source or "image").stem
    suffix = SUFFIXES[marked.media_type] if marked else ".png"
    return f"{stem}-{asset}{suffix}"


SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


def _deliver(asset: Asset, home: Home, out: Path) -> Path | None:
    """Write a released file, whole or not at all, read-only; what is there already is left alone."""
    if asset.decision is not Decision.RELEASE or asset.blob is None:
        return None
    path = out / asset.file_name
    if path.exists() and digests.of_bytes(path.read_bytes()) == asset.file_digest:
        return path
    out.mkdir(parents=True, exist_ok=True)
    part = out / f".{asset.file_name}.part"
    part.unlink(missing_ok=True)
    with part.open("wb") as file:
        file.write(home.blobs.get(asset.blob))
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o444)
    part.replace(path)
    return path


def _plain(value: Finding | Message) -> dict[str, Any]:
    """A value as JSON keeps it."""
    plain = asdict(value)
    if isinstance(value, Finding):
        plain["outcome"] = value.outcome.value
    return plain
