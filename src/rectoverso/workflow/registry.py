"""The protected works of a home: register, look up, claim, remove; each change is an entry in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from rectoverso.errors import WorkUnseen
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.rights import State
from rectoverso.store.works import Work
from rectoverso.types import Digest, Message
from rectoverso.verso.registry.fingerprints import count_in, is_fingerprints, read_fingerprints
from rectoverso.verso.registry.offers import Offer
from rectoverso.verso.registry.registry import Offered, Registry
from rectoverso.workflow import digests
from rectoverso.workflow.guard import Guard, guarded_works
from rectoverso.workflow.jobs.sweep import forget_pictures
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import committed, open_ledger
from rectoverso.workflow.offered import Given, bad, said_of
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.weights import embedder_of

COMMITTED = frozenset({"reason", "original"})
"""The digest of a portrait finds the person whom it shows, and reasons name people."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entered:
    """What was given as works, as the register has it now. ``known``: the ids of those that it had before; what is
    said of them stays. ``contested``: the ids of those among them that it has for another owner than was named now.
    """

    works: Sequence[Work]
    known: frozenset[str]
    contested: frozenset[str]


def add_works(
    files: Iterable[Path],
    home_path: Path,
    *,
    catalogue: Path | None = None,
    listener: Listener = silent,
    clock: Clock | None = None,
    **cells: str | None,
) -> Entered:
    """Register pictures as works, all or none; a file known already stays as it is.

    ``files`` are pictures, folders of them, or Parquet files, and ``cells`` say of all of these what the columns of a
    catalogue would (``title``, ``owner``, ``asked`` ...). ``catalogue`` has works and what is said of them by itself,
    and so have files of fingerprints among the ``files`` (``workflow.fingerprints``).

    Raises BadCatalogue; BadFingerprints; ImageUnreadable, WorkTooPlain, WorkCommon, FingerprintsDoubtful or, for
    several pictures, BadWorks; FilesUnusable; BadSetting for a wrong cell, and for cells that nothing would hear
    because no pictures were given.
    """
    all_files = list(files)
    made = [file for file in all_files if is_fingerprints(file)]
    given = Given.of([one for one in all_files if one not in made], catalogue, cells, has_others=bool(made))
    counts = [count_in(file) for file in made]
    home, registry = opened(home_path, clock)

    def offers() -> Iterator[Offered]:
        yield from given.offers()
        for file in made:
            yield from read_fingerprints(file)

    total = None if given.total is None else given.total + sum(counts)
    return _entered(home, registry, offers, total, listener)


def add_sent_works(
    sent: Sequence[tuple[Digest, Mapping[str, str]]],
    home_path: Path,
    *,
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Entered:
    """Register pictures that were sent to the home, all or none: each by its digest, with what a catalogue would say of
    it. Raises as `add_works`, and BlobMissing for one that is not kept any more.
    """
    home, registry = opened(home_path, clock)
    said = [(digest, said_of(cells)) for digest, cells in sent]

    def offers() -> Iterator[Offer]:
        for digest, one in said:
            title = one.title or digest[:12]
            yield Offer(digest[:12], partial(home.uploads.get, digest), title, one.owner, one.rights)

    return _entered(home, registry, offers, len(said), listener)


def demand_readable(cells: Mapping[str, str]) -> None:
    """Raise BadSetting where what is said of a work cannot be read."""
    said_of(cells)


def _entered(
    home: Home,
    registry: Registry,
    offers: Callable[[], Iterable[Offered]],
    total: int | None,
    listener: Listener,
) -> Entered:
    before = {name for name, _ in home.works.marks()}
    owners: dict[Digest, str] = {}
    works = registry.add(lambda: heard(_noted(offers(), owners), total, listener))
    known = [work for work in works if work.id in before]
    contested = {work.id for work in known if owners[work.file_digest] not in ("", work.owner)}
    return Entered(works, frozenset(work.id for work in known), frozenset(contested))


def _noted(offers: Iterable[Offered], owners: dict[Digest, str]) -> Iterator[Offered]:
    """The offers; whom each names as its owner is noted by the digest of its file, once it is read."""

    def read_and_noted(offer: Offer) -> bytes:
        data = offer.data()
        owners.setdefault(digests.of_bytes(data), offer.owner)
        return data

    for offer in offers:
        if isinstance(offer, Offer):
            yield replace(offer, data=partial(read_and_noted, offer))
        else:
            owners.setdefault(offer.digest, offer.owner)
            yield offer


def claim_works(
    names: Sequence[str],
    home_path: Path,
    *,
    state: State,
    reason: str,
    owner: str | None = None,
    clock: Clock | None = None,
) -> list[Work]:
    """Say how sure the claim to works is, by id or title, or to all works of an owner; returns them as they are then.

    The ledger gets the state, and a commitment to the reason. Raises WorkNotFound, TitleShared, OwnerNotFound;
    WorkUnseen where one is to be verified of which nobody has seen a picture; BadSetting where neither is named, or no
    reason.
    """
    _demand_named(names, owner)
    if not reason.strip():  # who asks later why works are blocked finds it there, or nowhere
        raise bad("--reason", "no_reason", Message("registry.no_reason.reason"))
    home, registry = opened(home_path, clock)
    with home.lock():
        works = registry.named(names, owner)
        if state is State.VERIFIED and (unseen := next((one for one in works if one.is_unseen), None)):
            raise WorkUnseen(title=unseen.title, owner=unseen.owner)
        changed = {work.id: work for work in registry.claim(works, state, reason)}
    return [changed.get(work.id, work) for work in works]


def remove_works(
    names: Sequence[str], home_path: Path, *, owner: str | None = None, clock: Clock | None = None
) -> Sequence[Work]:
    """Take works off the register, by id or title, or all works of an owner; all or none. Pictures of them that were
    sent to this home are destroyed.

    Raises WorkNotFound, TitleShared, OwnerNotFound, and BadSetting where neither is named.
    """
    _demand_named(names, owner)
    home, registry = opened(home_path, clock)
    with home.lock():  # whoever enters one of them again meanwhile has an open job
        removed = registry.remove(registry.named(names, owner))
        forget_pictures(home, [work.file_digest for work in removed])
    return removed


def list_works(home_path: Path, clock: Clock | None = None) -> list[Work]:
    """Every registered work, the oldest first; none when there is no home. What has ended says so, though the ledger
    hears of it only from whoever is at the door next.
    """
    home, today = Home.existing(home_path), (clock or SystemClock()).now().date()
    works = guarded_works(home) if home else []
    return [replace(work, expired=True) if work.rights.have_ended(today) else work for work in works]


def add_commons(
    files: Iterable[Path],
    home_path: Path,
    *,
    title: str | None = None,
    listener: Listener = silent,
    clock: Clock | None = None,
) -> tuple[list[Work], list[Work]]:
    """Enter pictures that anybody may use; returns them, and the works that can no longer block for being alike.

    Raises as `add_works` does for its files.
    """
    given = Given.of(list(files), None, {"title": title})
    _, registry = opened(home_path, clock)
    commons, marked = registry.add_common(lambda: heard(given.offers(), given.total, listener))
    return list(commons), list(marked)


def remove_common(name: str, home_path: Path, clock: Clock | None = None) -> Work:
    """Take a picture out of those that anybody may use, by id or title. Raises CommonNotFound."""
    home, registry = opened(home_path, clock)
    with home.lock():
        return registry.remove_common(name)


def list_commons(home_path: Path) -> list[Work]:
    """Every picture that anybody may use, the oldest first."""
    home = Home.existing(home_path)
    return home.commons.all() if home else []


def works_in_force(home: Home, keys: Keys, clock: Clock, territory: Collection[str] = ()) -> list[Work]:
    """The works that pictures for these countries (none: all) are compared with today. Hold the home's lock: the ends
    that have come are recorded.
    """
    today = clock.now().date()
    guard = Guard(home, open_ledger(home, keys, clock))
    works = guard.works(keep_up=True)
    if _registry(home, keys, clock).expire(works, today):
        works = guard.works()
    return [work for work in works if work.is_compared(today, territory)]


def territory_of(text: str) -> tuple[str, ...]:
    """Countries by their codes, as a catalogue has them. Raises BadSetting."""
    return said_of({"territory": text}).rights.territory


def plain(work: Work) -> dict[str, Any]:
    """As `--json` prints it. The fingerprints stay inside."""
    return {
        "id": work.id,
        "title": work.title,
        "owner": work.owner,
        "file_digest": work.file_digest,
        "added_at": work.added_at,
        "rights": work.rights.plain(),
        "claim": work.state.value,
        "expired": work.expired,
        "common": list(work.common),
        "by": "fingerprints" if work.by_fingerprints else "picture",
        "original": work.original,
        "unseen": work.is_unseen,
    }


def plain_common(common: Work) -> dict[str, Any]:
    """As `--json` prints a picture that anybody may use."""
    return {name: getattr(common, name) for name in ("id", "title", "file_digest", "added_at")}


def offers_of(files: Iterable[Path]) -> Iterator[Offer]:
    """The pictures in files, folders and Parquet files, of which nothing is said. Raises FilesUnusable."""
    return Given.of(list(files), None, {}).offers()


def _demand_named(names: Sequence[str], owner: str | None) -> None:
    if not names and owner is None:
        raise bad("WORK", "no_work", Message("registry.no_work.reason"))


def heard(
    offers: Iterable[T], total: int | None, listener: Listener, doing: str = "progress.registering"
) -> Iterator[T]:
    """The offers; each is told when the next one is asked for, since it has been looked at then."""
    for done, offer in enumerate(offers, start=1):
        yield offer
        listener(Progress(Message(doing), done, total))


def opened(home_path: Path, clock: Clock | None = None) -> tuple[Home, Registry]:
    """The home, and the register of its works."""
    home, clock = Home.open(home_path), clock or SystemClock()
    return home, _registry(home, open_keys(home, clock=clock), clock)


def _registry(home: Home, keys: Keys, clock: Clock) -> Registry:
    ledger = open_ledger(home, keys, clock)

    def record(tx: Transaction, kind: str, work: Work, facts: Mapping[str, Any]) -> None:
        told = {
            name: committed(home, tx, fact) if name in COMMITTED else fact for name, fact in facts.items()
        }
        ledger.append(tx, kind, {"work": committed(home, tx, work.file_digest)} | told)

    return Registry(home, clock, record, Guard(home, ledger), cache(lambda: embedder_of(home)))
