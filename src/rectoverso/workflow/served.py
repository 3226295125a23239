"""What a service keeps of a person, an image, or a picture that was sent to it: found, and erased with `verso erase`.

Accounts are known by their ids or by their names. With an account go its keys, its orders of pictures (prompts, names
of files), and the pictures that were sent for them, unless somebody else's order names those too. Runs and training
sets that were ordered are the house's, and stay; so does what others ordered. Where they say the name, it is taken out.

With an image goes the order that drew it, and what was sent for that; where the order drew others, only the row of this
one goes, and the file that it was made of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.store.people import Person
from rectoverso.types import AssetId, Digest
from rectoverso.workflow.scrubbed import is_same, scrubbed

TAKEN_OUT = "…"
"""What stands where a name stood: a prompt cannot be empty."""
_OF_PICTURES = ("generate", "seal")
_SENT = ("image", "mask", "style")


@dataclass(frozen=True, slots=True)
class Erasing:
    """What is meant: the name of a person ("" for none), pictures by their files' digests, images by their ids."""

    name: str = ""
    files: Collection[Digest] = ()
    assets: Collection[AssetId] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """Ids of accounts and of jobs that go, digests of pictures that were sent, and ids of jobs that are changed."""

    accounts: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    sent: tuple[Digest, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def is_anything(self) -> bool:
        return bool(self.accounts or self.jobs or self.sent or self.changed)


def served(home: Home, tx: Transaction, meant: Erasing) -> Served:
    """What there is of it."""
    accounts = tuple(one.id for one in home.people.all(tx) if _is_of(one, meant.name))
    sent, still = set(meant.files), set[Digest]()
    gone, changed = [], []
    for job in home.jobs.all(tx):
        told = home.jobs.told(tx, job.id)
        drawn = [set(_drawn(item)) for item in told]
        is_whole = job.person in accounts or all(one and one <= set(meant.assets) for one in drawn)
        if job.kind in _OF_PICTURES and (is_whole or not set(_sent(job)).isdisjoint(meant.files)):
            gone.append(job)
            sent |= set(_sent(job))
            continue
        sources = _sources(job, told, meant)
        sent |= sources
        still |= set(_sent(job)) - sources
        if _changed([job.asked, told], meant) != [job.asked, told]:
            changed.append(job)
    known = sorted(digest for digest in sent - (still - set(meant.files)) if home.uploads.has(digest, tx))
    return Served(accounts, tuple(job.id for job in gone), tuple(known), tuple(job.id for job in changed))


def erase_served(home: Home, tx: Transaction, found: Served, meant: Erasing, now: str) -> int:
    """Erase it; returns how many data keys were destroyed."""
    for job in found.changed:
        home.jobs.change(tx, job, lambda told: _changed(told, meant))
    keys = sum(home.people.erase(tx, account, now) for account in found.accounts)
    keys += sum(home.jobs.forget(tx, job) for job in found.jobs)
    return keys + home.uploads.erase(tx, found.sent)


def _is_of(account: Person, name: str) -> bool:
    return bool(account.name) and (account.id == name or is_same(account.name, name))


def _sent(job: Job) -> list[Digest]:
    """The digests of what was sent for it; of files to seal in the order of its items."""
    files: list[dict[str, Any]] = job.asked.get("files") or []
    named = [*(file["digest"] for file in files), *(job.asked.get(part) for part in _SENT)]
    return [Digest(digest) for digest in named if digest]


def _drawn(told: Any) -> Iterator[str]:
    """The ids of the images that are told of."""
    if isinstance(told, dict):
        if isinstance(told.get("asset"), str):
            yield told["asset"]
        told = list(told.values())
    for part in told if isinstance(told, list) else ():
        yield from _drawn(part)


def _sources(job: Job, told: list[Any], meant: Erasing) -> set[Digest]:
    """The files that the images were made of, where each item of a job is of a file."""
    if job.kind != "seal":
        return set()
    items = zip(_sent(job), told, strict=True)
    return {digest for digest, item in items if not set(_drawn(item)).isdisjoint(meant.assets)}


def _changed(told: Any, meant: Erasing) -> Any:
    """What is told without the name, and without the rows of the images."""
    return _without_rows(scrubbed(told, (), meant.name, instead=TAKEN_OUT), meant)


def _without_rows(told: Any, meant: Erasing) -> Any:
    if isinstance(told, dict):
        return {name: _without_rows(part, meant) for name, part in told.items()}
    if isinstance(told, list):
        kept = (part for part in told if not (isinstance(part, dict) and part.get("asset") in meant.assets))
        return [_without_rows(part, meant) for part in kept]
    return told
