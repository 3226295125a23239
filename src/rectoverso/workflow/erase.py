"""`verso erase`: what is kept of a picture, a work or a person, or a run or training set of a service, destroyed by
destroying its keys.

    1. Find     what is meant, what the ledger's commitments to it open to, what descends from it (`workflow.lineage`),
                and which training sets of a service have it (`workflow.kept_pictures`).
    2. Erase    In one transaction: the data keys, the rows, the openings, what a service keeps (`workflow.served`), the
                names in what is kept of other pictures, which get other data keys, so that what was said before opens
                in no copy; sets and runs are marked; and an entry `erased`, which names them.
    3. Settle   Files that nothing opens any more are removed, and what the database still keeps of the rows.
    4. Receipt  The ledger's proof of the entry, for whoever asked (`workflow.receipts`).

Killed anywhere and started again it ends the same, with one entry: whoever asks again for what was erased gets the
same receipt. The entry only commits to what was meant, and the home keeps nothing that could open it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

from rectoverso.errors import BlobDamaged, BlobMissing, NothingToErase
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.assets import Asset
from rectoverso.store.data_keys import draw
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.vault import Cipher
from rectoverso.store.works import Work, called
from rectoverso.types import AssetId, Digest
from rectoverso.verso.ledger.commitment import as_fact, commitment_of, commitments_in
from rectoverso.verso.ledger.entry import Json
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.workflow.digests import of_file
from rectoverso.workflow.guard import ERASED, Guard, sealed
from rectoverso.workflow.kept_pictures import InSets, in_sets, prepare, take_out_of
from rectoverso.workflow.kept_pictures import Meant as InTraining
from rectoverso.workflow.kept_whole import Whole, demand_idle, destroy, whole_run, whole_set
from rectoverso.workflow.ledgers import entries_backwards, existing_home, keys_of, open_ledger
from rectoverso.workflow.lineage import Descent, descent
from rectoverso.workflow.receipts import Receipt
from rectoverso.workflow.review import REVIEWED, take_back_approvals
from rectoverso.workflow.scratch import sweep_scratch
from rectoverso.workflow.scrubbed import is_same, says, scrubbed
from rectoverso.workflow.served import TAKEN_OUT, Erasing, erase_served, served

MOST_NAMED = 300
"""Sets and runs that an entry names, each; how many there were it always says."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class What(StrEnum):
    """What is erased."""

    ASSET = "asset"
    WORK = "work"
    PERSON = "person"
    RUN = "run"
    DATASET = "dataset"


_WHOLE = {What.RUN: whole_run, What.DATASET: whole_set}


@dataclass(frozen=True, slots=True)
class Erased:
    """``keys``: how many data keys were destroyed; ``mentions``: the images in whose findings names were taken out;
    ``accounts``, ``jobs`` and ``sent``: what went of a service's, ``votes``: on how many images those accounts had
    voted, which nobody can tell any more; ``pictures``: how many were taken out of the training
    sets that it keeps, ``sets_lost``: how many of those went whole. ``repeated``: it was erased before, and this is the
    same receipt; how much there was is not known any more.
    """

    receipt: Receipt
    ledger_index: int
    descent: Descent
    keys: int = 0
    openings: int = 0
    mentions: tuple[AssetId, ...] = ()
    accounts: int = 0
    jobs: int = 0
    sent: int = 0
    pictures: int = 0
    sets_lost: int = 0
    votes: int = 0
    repeated: bool = False

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ledger_index": self.ledger_index,
            "repeated": self.repeated,
            "keys": self.keys,
            "openings": self.openings,
            "mentions": list(self.mentions),
            "accounts": self.accounts,
            "jobs": self.jobs,
            "sent": self.sent,
            "pictures": self.pictures,
            "sets_lost": self.sets_lost,
            "votes": self.votes,
            **self.descent.plain(),
        }


@dataclass(frozen=True, slots=True)
class _Meant:
    """What is to be erased: images, works, and whatever else says this name. ``told`` are other works, as they are told
    of without it. Or else a ``whole`` run or training set.
    """

    assets: Sequence[Asset] = ()
    works: Sequence[Work] = ()
    files: Sequence[Digest] = ()
    name: str = ""
    told: Sequence[Work] = ()
    whole: Whole | None = None

    @property
    def of_service(self) -> Erasing:
        """What a service may keep of it."""
        return Erasing(self.name, self.files, [asset.id for asset in self.assets])

    @property
    def in_training(self) -> InTraining:
        """What training sets may have of it."""
        return InTraining(self.files, self.name)


def erase(home_path: Path, what: What, name: str, clock: Clock | None = None) -> Erased:
    """Erase an image, a training picture or one that was sent to a service (an id, a file, or the SHA-256 of one), a
    work (an id or a title), all that is kept of a person by that name, address or account, or a run or a training set
    that a service keeps (its id).

    Raises NothingToErase where nothing is kept and nothing was erased, HomeMissing, KeysLost, TitleShared,
    RegisterAltered, LedgerBroken; StillInUse for a run or a training set; HomeBusy also where somebody goes on reading
    the database: then it is erased, and the database's log still has it, until it is asked for again.
    """
    return erase_in(existing_home(home_path), what, _canonical(what, name), clock)


def erase_in(
    home: Home, what: What, name: str, clock: Clock | None = None, *, is_served: bool = True
) -> Erased:
    """The same in a home that is open; ``name`` is no file. ``is_served``: orders that have not ended may be worked on
    at this moment.
    """
    ledger = open_ledger(home, keys_of(home), clock)
    with home.lock():
        meant, before = _find(home, what, name), _last_erasure(home, what, name)
        if meant is not None:
            now = (clock or SystemClock()).now().isoformat(timespec="seconds")
            number = 0 if before is None else before.number + 1
            done = _erase(home, ledger, what, name, meant, number, now, is_served=is_served)
        elif before is not None:
            done = _told_again(ledger, before)
        else:
            raise NothingToErase(what=what.value, name=name)
        home.blobs.sweep(home.assets.with_pictures())
        home.uploads.sweep_erased()
        home.folders.sweep()
        sweep_scratch(home)
        home.database.settle()
    return done


def _canonical(what: What, name: str) -> str:
    """A file by its digest; everything else as it was typed."""
    if what is What.ASSET and not _DIGEST.fullmatch(name.lower()) and Path(name).is_file():
        return of_file(Path(name))
    return name.lower() if what in (What.ASSET, *_WHOLE) else name


# 1. Find


def _find(home: Home, what: What, name: str) -> _Meant | None:
    if what is What.ASSET:
        return _asset_meant(home, name)
    if what in _WHOLE:
        whole = _WHOLE[what](home, name)
        return None if whole is None else _Meant(whole=whole)
    works = home.works.all()
    if what is What.WORK:
        work = called(works, name)
        return None if work is None else _works_meant(home, [work], "")
    return _works_meant(home, [work for work in works if is_same(work.owner, name)], name)


def _asset_meant(home: Home, name: str) -> _Meant | None:
    asset = (
        home.assets.by_digest(Digest(name)) if _DIGEST.fullmatch(name) else home.assets.by_id(AssetId(name))
    )
    assets = [asset, *_twins(home, asset)] if asset is not None and asset.erased is None else []
    files = (
        {Digest(name)} if _DIGEST.fullmatch(name) else {one.file_digest for one in assets if one.file_digest}
    )
    meant = _Meant(assets=assets, files=sorted(files))
    with home.database.read() as tx:
        is_known = bool(assets) or served(home, tx, meant.of_service).is_anything
        is_known = is_known or bool(files and home.lineage.sets_of(tx, files))
    return meant if is_known or in_sets(home, meant.in_training).is_anything else None


def _twins(home: Home, asset: Asset) -> list[Asset]:
    """What people let go of a held draft, and the held draft of what they let go: one picture, decided twice."""
    became = None if asset.settled is None else home.assets.by_entry(asset.settled)
    drafts = home.assets.settled_by(asset.ledger_index)
    return [one for one in (became, *drafts) if one is not None and one.erased is None and one != asset]


def _works_meant(home: Home, works: Sequence[Work], name: str) -> _Meant | None:
    files = [digest for work in works for digest in (work.file_digest, work.original) if digest]
    others = [work for work in home.works.all() if work not in works]
    told = [_untold(work, name) for work in others if _untold(work, name) != work]
    meant = _Meant(works=works, files=files, name=name, told=told)
    if works or told or any(True for _ in _mentioning(home, meant)):
        return meant
    with home.database.read() as tx:
        is_known = served(home, tx, meant.of_service).is_anything or _opening_to(home, tx, meant)
    return meant if is_known or in_sets(home, meant.in_training).is_anything else None


def _untold(work: Work, name: str) -> Work:
    """A work as it is told of without a name."""
    said = {
        "title": work.title,
        "owner": work.owner,
        "licence": work.rights.licence,
        "contact": work.rights.contact,
    }
    told = scrubbed(said, (), name, instead=TAKEN_OUT)
    rights = replace(work.rights, licence=told["licence"], contact=told["contact"])
    return replace(work, title=told["title"], owner=told["owner"], rights=rights)


def _mentioning(home: Home, meant: _Meant) -> Iterator[Asset]:
    """The images whose findings name the works or the person, or whose files the person, without those names."""
    for asset in home.assets.all() if meant.works or meant.name else ():
        without = replace(
            asset,
            findings=scrubbed(asset.findings, meant.works, meant.name),
            reasons=scrubbed(asset.reasons, meant.works, meant.name),
            draft=scrubbed(asset.draft, (), meant.name),
            source=scrubbed(asset.source, (), meant.name),
            file_name=_file_name(asset, meant.name),
        )
        if without != asset:
            yield without


def _file_name(asset: Asset, name: str) -> str:
    """That of an image without a name; by how it ends its files are known."""
    stem, own, ending = asset.file_name.rpartition(f"-{asset.id}")
    return f"{scrubbed(stem, (), name)}{own}{ending}"


# 2. Erase


def _erase(
    home: Home,
    ledger: Ledger,
    what: What,
    name: str,
    meant: _Meant,
    number: int,
    now: str,
    *,
    is_served: bool,
) -> Erased:
    mentions = [(asset, _sealed_beside(home, asset)) for asset in _mentioning(home, meant)]
    whole = meant.whole
    learnt = in_sets(home, meant.in_training) if whole is None else whole.credited
    files = sorted({*meant.files, *learnt.files})
    with home.database.read() as tx:
        if whole and is_served:
            demand_idle(home, tx, whole)
        found = descent(home, tx, files, *((whole.sets, whole.runs) if whole else ()))
    prepared = prepare(home, learnt, meant.in_training, () if what is What.RUN else found.runs)
    guard = Guard(home, ledger)
    with guard.changing() as tx:
        if whole and is_served:
            demand_idle(home, tx, whole)  # now: somebody may have ordered something
        commitments, told_of = _commitments(home, tx, meant)
        gone = home.openings.erase(tx, commitments)
        if sealed(home, tx).calibration in told_of:
            guard.say(calibration=None)  # what it rests on is erased
        keys = len(meant.assets) + len(meant.works) + gone
        of_service = served(home, tx, meant.of_service)  # now: who uses a service does not wait at the door
        keys += erase_served(home, tx, of_service, meant.of_service, now)
        keys += take_out_of(home, tx, prepared)
        keys += destroy(home, tx, whole) if whole else 0
        facts = {
            "what": what.value,
            "subject": as_fact(_subject(home, what, name, number).commitment),
            "keys": keys,
            "openings": gone,
            **_named("sets", found.sets),
            **_named("runs", found.runs),
            "releases": len(found.releases),
            **_of_training(learnt, prepared.whole),
        }
        index = ledger.append(tx, ERASED, facts)
        votes = sum(len(home.reviews.voted_on(account)) for account in of_service.accounts)
        for account in of_service.accounts:
            take_back_approvals(home, tx, account, index)
        for asset in meant.assets:
            home.assets.erase(tx, asset, index)
        for work in meant.works:
            home.traces.remove(tx, work.id)
            home.descriptors.remove(tx, work.id)
            home.works.remove(tx, work.id)
        for work in meant.told:
            _seal_again(home, tx, work)
        for asset, key in mentions:
            home.assets.change(tx, asset, key)
        home.lineage.forget(tx, files)
        home.lineage.mark(tx, [*found.sets, *found.runs], index)
    receipt = Receipt.of(_subject(home, what, name, number), ledger.prove(index, sealed=True))
    return Erased(
        receipt,
        index,
        found,
        keys,
        gone,
        mentions=tuple(asset.id for asset, _ in mentions),
        accounts=len(of_service.accounts),
        jobs=len(of_service.jobs) + (len(whole.orders) if whole else 0),
        sent=len(of_service.sent),
        pictures=len(learnt.files),
        sets_lost=len(prepared.whole),
        votes=votes,
    )


def _of_training(learnt: InSets, lost: Sequence[str]) -> dict[str, Json]:
    """What went of the training sets of a service, where anything did."""
    told: dict[str, Json] = {"pictures": len(learnt.files), "sets_lost": len(lost)}
    return told if learnt.is_anything else {}


def _sealed_beside(home: Home, asset: Asset) -> bytes:
    """A new key for an image that stays. Its picture is sealed with that beside the one that there is: whichever of the
    two keys is kept in the end, one of the files opens (``store.blobs``).
    """
    key = draw()
    if asset.has_picture:
        with suppress(BlobMissing, BlobDamaged):
            home.blobs.put_again(asset.id, home.blobs.get(asset.id), Cipher(key))
    return key


def _seal_again(home: Home, tx: Transaction, work: Work) -> None:
    """Keep what is told of a work that stays, with another key for all that is kept of it."""
    before, key = home.works.seal_again(tx, work)
    home.traces.seal_again(tx, work.id, before, key)
    home.descriptors.seal_again(tx, work.id, before, key)


def _opening_to(home: Home, tx: Transaction, meant: _Meant) -> set[str]:
    """The commitments to the files of these works, and to what says that name."""
    files = set(meant.files)
    return home.openings.fitting(tx, lambda value: value in files or says(value, meant.name))


def _named(kind: str, digests: Sequence[str]) -> dict[str, Json]:
    """A list that an entry has room for."""
    more = len(digests) - MOST_NAMED
    return {kind: list(digests[:MOST_NAMED])} | ({f"more_{kind}": more} if more > 0 else {})


def _commitments(home: Home, tx: Transaction, meant: _Meant) -> tuple[set[str], set[int]]:
    """All commitments of the entries about these images and works, and of those in which any opens to that name; of a
    vote by somebody else only these, for who signed an image stays known. And which entries those are.
    """
    opening = _opening_to(home, tx, meant)
    decided = {asset.ledger_index for asset in meant.assets}
    decided |= {asset.revoked for asset in meant.assets if asset.revoked is not None}
    votes = home.reviews.of([asset.id for asset in meant.assets], tx)
    decided |= {vote.entry for said in votes.values() for vote in said}
    found, told_of = set[str](), set[int]()
    for index, entry in entries_backwards(home, tx):
        held = set(commitments_in(entry))
        said = held & opening
        if held and (said or index in decided):
            found |= said if index not in decided and _is_anothers_vote(entry, said) else held
            told_of.add(index)
    return found, told_of


def _is_anothers_vote(entry: Mapping[str, Any], said: set[str]) -> bool:
    return entry.get("kind") == REVIEWED and said.isdisjoint(commitments_in(entry.get("by")))


# Receipts


@dataclass(frozen=True, slots=True)
class _Subject:
    """What an entry commits to: the same words give the same commitment here, and nothing is kept to open it."""

    words: str
    salt: bytes

    @property
    def commitment(self) -> str:
        return commitment_of(self.words, self.salt)


@dataclass(frozen=True, slots=True)
class _Before:
    subject: _Subject
    number: int
    index: int
    entry: Mapping[str, Any]


def _subject(home: Home, what: What, name: str, number: int) -> _Subject:
    words = f"{what.value} {name}"
    return _Subject(words, bytes.fromhex(home.vault.name(f"erasure {number} {words}")))


def _last_erasure(home: Home, what: What, name: str) -> _Before | None:
    """The last time that exactly this was erased."""
    with home.database.read() as tx:
        entries = {
            commitment: (index, entry)
            for index, entry in entries_backwards(home, tx)
            if entry.get("kind") == ERASED
            for commitment in commitments_in(entry.get("subject"))
        }
    last = None
    for number in count():
        subject = _subject(home, what, name, number)
        if subject.commitment not in entries:
            return last
        last = _Before(subject, number, *entries[subject.commitment])
    raise AssertionError  # pragma: no cover - count() does not end


def _told_again(ledger: Ledger, before: _Before) -> Erased:
    sets, runs = (tuple(before.entry.get(kind, ())) for kind in ("sets", "runs"))
    receipt = Receipt.of(before.subject, ledger.prove(before.index, sealed=True))
    return Erased(receipt, before.index, Descent(sets, runs), repeated=True)
