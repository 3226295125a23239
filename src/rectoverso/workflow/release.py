"""The one door: nothing else in this project returns an image that may leave.

A draft passes in this order, and the order is the promise:

    1. Asked before?   The same request is decided once; its answer is given again.
    2. Screen          Every check answers; one that fails or is late counts as `review`. Checks that judge drafts
                       together are asked when a whole group was examined, before any of it is decided.
    3. Verdict         The policy turns findings into release, hold or refuse, with reasons.
    4. Mark            Label, watermark, metadata, signature; all read back. A mark that fails holds the image.
    5. Record          The bytes into the encrypted store; then, in one transaction, ledger entry and decision.
    6. Deliver         Only now is a file written where people can see it, after the ledger's proof of it; or it stays
                       in the store until somebody fetches it, when the ledger is asked once more.

A draft that was held goes on at 2 once people have approved it (`let_go`, which `workflow.review` calls): what is found
then and nobody has decided on keeps it here, and their word stands in the place of 3.

By 1 and 2, which take the time, nobody is kept waiting: from 3 on one process is at the door, with one draft. Where the
ledger says by then that somebody changed what drafts are judged by, 1 and 2 are done once more at the door.

Killed anywhere before the transaction of step 5, nothing has happened but an orphan in the store, which the next
process sweeps away. Killed after it, the decision stands and the next pass delivers it. So each request ends exactly
once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from rectoverso.errors import (
    BlobDamaged,
    BlobMissing,
    ErasedMeanwhile,
    FoundSince,
    LedgerBroken,
    MarkFailed,
    NotReleased,
    OutNotWritable,
)
from rectoverso.i18n import Phrase
from rectoverso.protocols import Check, Clock, GroupCheck, SystemClock
from rectoverso.store.assets import Asset
from rectoverso.store.data_keys import draw
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.vault import Cipher
from rectoverso.store.works import Work
from rectoverso.types import AssetId, Decision, Digest, Draft, Finding, Message, Pixels, Verdict
from rectoverso.verso.law import Labelling
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.verso.ledger.proof import beside
from rectoverso.verso.mark.credential import CredentialSigner
from rectoverso.verso.mark.order import Marked, MarkFacts, mark
from rectoverso.verso.picture import to_png
from rectoverso.verso.policy import Policy
from rectoverso.verso.screen.fingerprint import fingerprint
from rectoverso.verso.screen.screening import load, screen, screen_together
from rectoverso.workflow import digests, orphans
from rectoverso.workflow.delivery import file_name, holds, is_own_name, write
from rectoverso.workflow.files import results_in
from rectoverso.workflow.guard import ERASED, Guard
from rectoverso.workflow.held import going_on
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import ENTRY_KINDS, committed, open_ledger
from rectoverso.workflow.recorded import alarms, plain, recorded, set_aside, was_accident
from rectoverso.workflow.registry import works_in_force
from rectoverso.workflow.signers import in_force
from rectoverso.workflow.weights import named_weights

GROUP_BYTES = 256 << 20
"""So many bytes of pixels are judged together where a check does that: 1,365 pictures of 256 pixels a side. They are in
memory until the last of them was screened; of more than these, the first group leaves before the second is seen.
"""


@dataclass(frozen=True, slots=True)
class Door:
    """Everything a draft meets on its way out. ``checks`` makes the checks from the works in force at that moment.

    ``signer`` is who signs where it is not this home by its own keys, such as a key service. ``media_type`` is that of
    every file that leaves, where it is not the drafts' own. ``territory``: the countries that they are for, none
    is all. ``person``: the account that asks, where that is known.
    """

    home: Home
    keys: Keys
    checks: Callable[[Sequence[Work]], Sequence[Check]]
    policy: Policy
    clock: Clock = SystemClock()  # noqa: RUF009 - it holds no state
    check_timeout_s: float = 30.0
    signer: CredentialSigner | None = None
    media_type: str | None = None
    labelling: Labelling = Labelling()  # noqa: RUF009 - frozen
    territory: tuple[str, ...] = ()
    person: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """How one draft fared: the recorded decision, and the file if it was released and could be delivered."""

    asset: Asset
    path: Path | None
    repeated: bool

    @property
    def findings(self) -> list[Finding]:
        """What was found, as it is recorded."""
        return recorded(self.asset)


@dataclass(frozen=True, slots=True)
class Released:
    """A released file as it leaves: its bytes, and the ledger's proof of it."""

    asset: Asset
    data: bytes
    proof: str


def release(drafts: Iterable[Draft], door: Door, out: Path | None) -> Iterator[Passage]:
    """Take drafts through the door, one at a time, and yield how each fared; others are let in between two of them.

    Where a check judges drafts together, those of a group (``GROUP_BYTES``) are drawn and screened before the first of
    them is decided. Released files are in ``out`` by the time their passage is yielded; without one they stay in the
    store, for `fetch`. Whatever goes wrong with one draft holds that draft. Raises HomeBusy when another process keeps
    the door of this home, ErasedMeanwhile, OutNotWritable, and LedgerBroken.
    """
    with nullcontext() if out is None else results_in(out):
        with door.home.lock():
            keeper = _Doorkeeper(door, out)
            orphans.sweep(door.home, door.clock)
        for group in keeper.screened(drafts):
            judged = group
            for number in range(len(group)):
                with door.home.lock():
                    if keeper.catches_up():
                        judged = keeper.judged([(draft, keeper.examined(draft)) for draft, _ in group])
                    passage = keeper.take(*judged[number])
                    keeper.leave()
                yield passage


@dataclass(frozen=True, slots=True)
class Approval:
    """People's word for a ``held`` image. ``request``: the digest of what they were asked; ``reasons`` of the verdict.
    ``write`` records it in the transaction of the release, and returns what the ledger's entry says of it.
    """

    held: Asset
    request: Digest
    reasons: tuple[Message, ...]
    write: Callable[[Transaction], Mapping[str, Any]]


def let_go(draft: Draft, approval: Approval, door: Door) -> Asset:
    """Let a held draft go on people's word: screened again, marked, recorded; its file stays in the store. The door's
    checks are those whose answers may have changed since. Hold the home's lock.

    Raises FoundSince where a check now says what nobody has decided on, MarkFailed where it cannot be marked.
    """
    keeper = _Doorkeeper(door, None)
    load(keeper.checks)
    now = {finding.check: finding for finding in screen(draft, keeper.checks, timeout_s=door.check_timeout_s)}
    before = recorded(approval.held)
    findings = [now.pop(finding.check, finding) for finding in before] + list(now.values())
    verdict = door.policy.decide(findings)
    if verdict.decision is Decision.REFUSE or not alarms(findings) <= alarms(before):
        raise FoundSince(asset=approval.held.id)
    verdict = replace(verdict, decision=Decision.RELEASE, reasons=approval.reasons)
    asset = door.home.assets.unused_id()
    marked = keeper.marked(draft, asset, verdict)
    decided = keeper.record(draft, approval.request, asset, findings, verdict, marked, draw(), approval)
    keeper.leave()
    return decided


def fetch(home: Home, keys: Keys, asset: AssetId) -> Released:
    """A released file out of the store, as it was decided: its own bytes, and the proof that `release` delivers.

    Raises NotReleased, also for one that was revoked; LedgerBroken, BlobMissing and BlobDamaged.
    """
    known = home.assets.by_id(asset)
    if known is None or not _may_leave(known):
        raise NotReleased(asset=asset)
    ledger = open_ledger(home, keys)
    proof = ledger.prove(known.ledger_index, sealed=True)
    _demand_entry(ledger, known)
    return Released(known, home.blobs.get(known.id), proof)


class _Doorkeeper:
    """Knows what drafts are judged by. Hold the home's lock for all but `screened`, `examined` and `judged`; what
    others change meanwhile is noticed when it is held again (`catches_up`).
    """

    def __init__(self, door: Door, out: Path | None) -> None:
        self.door, self.home, self.out = door, door.home, out
        self._open()
        self._read()

    def _open(self) -> None:
        """The ledger, by the keys of now."""
        if not self.door.keys.are_current:
            self.door = replace(self.door, keys=open_keys(self.home))
        self.ledger = open_ledger(self.home, self.door.keys, self.door.clock)
        self.guard = Guard(self.home, self.ledger)

    def _read(self) -> None:
        """The works, and all else that counts today."""
        door = self.door
        works = works_in_force(door.home, door.keys, door.clock, door.territory)
        self.checks = door.checks(works)
        self.rules = {
            "policy": door.policy.reference,
            "works": digests.of_facts(works=_claimed(works, door.home)),
            "checks": sorted(f"{check.name}@{getattr(check, 'version', 1)}" for check in self.checks),
            **door.labelling.rules(),
        }
        if door.territory:
            self.rules["territory"] = sorted(door.territory)
        if weights := named_weights(door.home):
            self.rules["weights"] = digests.of_facts(**weights.plain())
        if calibration := next(
            filter(None, (getattr(check, "calibration", None) for check in self.checks)), None
        ):
            self.rules["calibration"] = calibration.digest
        if door.media_type:
            self.rules["media_type"] = door.media_type
        self.known = self.ledger.size()

    def catches_up(self) -> bool:
        """Whether drafts are judged by something else than was known; it is known from then on. Raises ErasedMeanwhile
        where something was erased: what was drawn may rest on it.
        """
        if not self.door.keys.are_current:
            self._open()
        if self.ledger.size() == self.known:
            return False
        changes = self.guard.changes_since(self.known)
        if ERASED in changes:
            raise ErasedMeanwhile(home=self.home.path)
        if changes:
            self._read()
            load(self.checks)
        return bool(changes)

    def leave(self) -> None:
        """Go away from the door, knowing what was written until now."""
        self.guard.remember()
        self.known = self.ledger.size()

    def screened(self, drafts: Iterable[Draft]) -> Iterator[list[tuple[Draft, Sequence[Finding]]]]:
        """Drafts with what was found, in groups: of one each, unless a check judges them together."""
        load(self.checks)
        most = GROUP_BYTES if any(isinstance(check, GroupCheck) for check in self.checks) else 0
        group: list[tuple[Draft, Sequence[Finding]]] = []
        size = 0
        for draft in drafts:
            group.append((draft, self.examined(draft)))
            size += draft.pixels.nbytes
            if size >= most:
                yield self.judged(group)
                group, size = [], 0
        if group:
            yield self.judged(group)

    def examined(self, draft: Draft) -> Sequence[Finding]:
        """What was found before, of a request that was; else what is found now."""
        _, known = self.recall(draft)
        return recorded(known) if known else screen(draft, self.checks, timeout_s=self.door.check_timeout_s)

    def judged(
        self, group: Sequence[tuple[Draft, Sequence[Finding]]]
    ) -> list[tuple[Draft, Sequence[Finding]]]:
        found = screen_together([findings for _, findings in group], self.checks)
        return [(draft, findings) for (draft, _), findings in zip(group, found, strict=True)]

    def take(self, draft: Draft, findings: Sequence[Finding]) -> Passage:
        """From the findings to the door: steps 3 to 6, for what was not decided before (1; twice in a group is too)."""
        request, known = self.recall(draft)
        if known:
            return Passage(known, self.deliver(known), repeated=True)

        # 3. Verdict
        verdict = self.door.policy.decide(findings)

        # 4. Mark
        asset = self.home.assets.unused_id()
        marked = None
        if verdict.decision is Decision.RELEASE:
            marked, verdict = self.mark(draft, asset, verdict)

        # 5. Record
        key = draw()
        decided = self.record(draft, request, asset, findings, verdict, marked, key)

        # 6. Deliver
        return Passage(decided, self.deliver(decided, Cipher(key)), repeated=False)

    def recall(self, draft: Draft) -> tuple[Digest, Asset | None]:
        """The request's digest, and its answer if it has one that does not rest on an accident.

        New rules or newly registered works make it a new request; so does each accident before it.
        """
        for accidents in count():
            request = digests.of_facts(asked=draft.request, accidents=accidents, **self.rules)
            known = self.home.assets.by_request(request)
            if known is not None and known.settled is not None:
                return request, self.home.assets.by_entry(known.settled) or known  # what people said stands
            if known is None or not was_accident(known):
                return request, known
        raise AssertionError  # pragma: no cover - count() does not end

    def mark(self, draft: Draft, asset: AssetId, verdict: Verdict) -> tuple[Marked | None, Verdict]:
        """The marked file; or none, and the verdict become a hold."""
        try:
            return self.marked(draft, asset, verdict), verdict
        except MarkFailed as error:
            why = Message(f"mark.{error.code}", {name: str(fact) for name, fact in error.facts.items()})
        except Exception as error:  # noqa: BLE001 - fail closed: whatever it was, the image stays here
            why = Message("release.marking_crashed", {"problem": f"{type(error).__name__}: {error}"})
        by_the_door = {"code": "door:mark", "decision": Decision.HOLD.value}
        reasons = (Message("release.mark_failed", by_the_door), why)
        return None, replace(verdict, decision=Decision.HOLD, reasons=reasons)

    def marked(self, draft: Draft, asset: AssetId, verdict: Verdict) -> Marked:
        """The marked file. Raises MarkFailed."""
        keys, own = self.door.keys, in_force(self.door.keys, self.ledger.ring)
        facts = MarkFacts(
            policy=verdict.policy,
            use=self.door.policy.use,
            ledger=keys.ledger_origin,
            oversight=draft.oversight,
            labelling=self.door.labelling,
        )
        signer = self.door.signer or CredentialSigner(
            own.chain, own.key or b"", keys.ca_certificate, self.home.time_stamp_authority
        )
        return mark(
            draft,
            asset=asset,
            signer=signer,
            clock=self.door.clock,
            media_type=self.door.media_type or draft.media_type,
            facts=facts,
            forensic_key=keys.watermark_key,
        )

    def record(
        self,
        draft: Draft,
        request: Digest,
        asset: AssetId,
        findings: Sequence[Finding],
        verdict: Verdict,
        marked: Marked | None,
        key: bytes,
        approval: Approval | None = None,
    ) -> Asset:
        """Keep the bytes, then write ledger entry and decision in one transaction, with the key to both, and with the
        word of people that it rests on, if it does.
        """
        recto = marked.pixels if marked else draft.pixels
        row = Asset(
            id=asset,
            request=request,
            decision=verdict.decision,
            decided_at=self.door.clock.now().isoformat(timespec="seconds"),
            ledger_index=-1,
            maker=draft.maker,
            origin=draft.origin,
            use=self.door.policy.use,
            seed=draft.seed,
            source=draft.source,
            policy=verdict.policy,
            findings=[plain(finding) for finding in findings],
            reasons=[plain(reason) for reason in verdict.reasons],
            file_name=file_name(draft, asset, marked.media_type if marked else None),
            media_type=marked.media_type if marked else "image/png",
            file_digest=digests.of_bytes(marked.data) if marked else None,
            pixels_digest=digests.of_pixels(recto),
            fingerprint=_fingerprint(recto, marked),
            draft=going_on(draft, self.door) if verdict.decision is Decision.HOLD else None,
        )
        with orphans.none_left(self.home):
            self.keep(row, draft, marked, Cipher(key))
            with self.home.database.transaction() as tx:
                said = approval.write(tx) if approval else {}
                index = self.ledger.append(
                    tx, ENTRY_KINDS[verdict.decision], {**self.public_facts(tx, row), **said}
                )
                decided = replace(row, ledger_index=index)
                self.home.assets.record(tx, decided, key)
                if approval:
                    self.home.assets.settle(tx, approval.held.id, index)
        return decided

    def keep(self, row: Asset, draft: Draft, marked: Marked | None, key: Cipher) -> None:
        """The released file, or the draft that people will look at; of a refused draft nothing is kept."""
        if row.has_picture:
            self.home.blobs.put(row.id, marked.data if marked else to_png(draft.pixels), key)

    def public_facts(self, tx: Transaction, row: Asset) -> dict[str, Any]:
        """What the ledger says of a decision. Seeds, sources and prompts are private and stay out; of a picture that
        did not leave, the digest is committed to.
        """
        pixels = row.pixels_digest if row.file_digest else committed(self.home, tx, row.pixels_digest)
        return {
            "asset": row.id,
            "request": self.home.vault.public_name(row.request),
            "maker": {"name": row.maker.name, "version": row.maker.version, "digest": row.maker.digest},
            "origin": row.origin.value,
            "use": row.use,
            "policy": row.policy,
            "lines": row.lines,
            **({"laws": [law.law for law in self.door.labelling.laws]} if self.door.labelling.laws else {}),
            **({"territory": sorted(self.door.territory)} if self.door.territory else {}),
            "file_digest": row.file_digest,
            "pixels_digest": pixels,
            "findings": [{"check": found["check"], "outcome": found["outcome"]} for found in row.findings],
            **({"unsafe": unsafe} if (unsafe := set_aside(row)) else {}),
        }

    def deliver(self, asset: Asset, key: Cipher | None = None) -> Path | None:
        """Write a released file and its proof, each whole or not at all, read-only, in place of what has their names.

        What is written is what the store holds, opened by ``key`` where that is at hand. The proof is against the first
        checkpoint over the entry, so that it is the same at each delivery. None if it was not released, is revoked or
        erased, or if the store no longer holds it; then `verso ledger check` says so. Raises LedgerBroken: without its
        proof nothing leaves, nor what the ledger does not call released.
        """
        if self.out is None or not _may_leave(asset):
            return None
        path = self.out / asset.file_name
        proof = self.ledger.prove(asset.ledger_index, sealed=True).encode()
        _demand_entry(self.ledger, asset)
        try:
            is_there = path.is_file() and digests.of_bytes(path.read_bytes()) == asset.file_digest
            data = None if is_there else self.home.blobs.get(asset.id, key)
            if not holds(beside(path), proof):
                write(beside(path), proof)
            if data is not None:
                write(path, data)
        except (BlobDamaged, BlobMissing):
            return None
        except OSError as error:
            raise OutNotWritable(out=path, system=error.strerror or error) from error
        return path


def _may_leave(asset: Asset) -> bool:
    return asset.decision is Decision.RELEASE and asset.has_picture and asset.revoked is None


def _demand_entry(ledger: Ledger, asset: Asset) -> None:
    """Raise LedgerBroken where the ledger says something else than the table, which has no seal over this: nor over the
    name, which must be one of this image's own in the folder for results.
    """
    entry = ledger.entry(asset.ledger_index)
    says = (entry.get("kind"), entry.get("asset"), entry.get("file_digest"))
    is_listed = says == (ENTRY_KINDS[Decision.RELEASE], asset.id, asset.file_digest)
    if not is_listed or not is_own_name(asset.file_name, asset.id):
        facts = {"asset": asset.id, "kind": ENTRY_KINDS[asset.decision], "index": asset.ledger_index}
        raise LedgerBroken(problem=Phrase(Message("ledger.asset_unlisted", facts)))


def _claimed(works: Sequence[Work], home: Home) -> list[Any]:
    """What of works decides: when any of it changes, what is asked is a new question. What is kept of a work to find
    its parts and its like is part of it.
    """
    traces, spaces = set(home.traces), home.descriptors.spaces()
    return sorted(
        [
            *(work.id, work.rights.asked.value, work.rights.kind.value, work.state.value),
            *(bool(work.common), work.id in traces, spaces.get(work.id, [])),
        ]
        for work in works
    )


def _fingerprint(recto: Pixels, marked: Marked | None) -> bytes:
    """The hash of what leaves; beside a strip with words, that of the picture alone too, should somebody cut it off."""
    whole = fingerprint(recto)
    return whole if marked is None or marked.alone is None else whole + fingerprint(marked.alone)
