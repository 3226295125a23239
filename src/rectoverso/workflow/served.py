"""What a service keeps of a person, or of a picture that was sent to it: found, and erased with `verso erase`.

Accounts are known by their ids or by their names. With an account go its keys, its orders of pictures (prompts, names
of files), and the pictures that were sent for them, unless somebody else's order names those too. Runs and training
sets that were ordered are the house's, and stay; so does what others ordered. Where they say the name, it is taken out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.store.people import Person
from rectoverso.types import Digest
from rectoverso.workflow.scrubbed import is_same, scrubbed

TAKEN_OUT = "…"
"""What stands where a name stood: a prompt cannot be empty."""
_OF_PICTURES = ("generate", "seal")
_SENT = ("image", "mask", "style")


@dataclass(frozen=True, slots=True)
class Served:
    """Ids of accounts and of jobs that go, digests of pictures that were sent, and ids of jobs that say the name."""

    accounts: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    sent: tuple[Digest, ...] = ()
    saying: tuple[str, ...] = ()

    @property
    def is_anything(self) -> bool:
        return bool(self.accounts or self.jobs or self.sent or self.saying)


NOTHING_SERVED = Served()


def served(home: Home, tx: Transaction, name: str, files: Collection[Digest]) -> Served:
    """What there is of a person by that name ("" for none), and of these files."""
    accounts = [one.id for one in home.people.all(tx) if _is_of(one, name)]
    jobs = home.jobs.all(tx)
    gone = [
        job
        for job in jobs
        if job.kind in _OF_PICTURES and (job.person in accounts or not _sent(job).isdisjoint(files))
    ]
    others = [job for job in jobs if job not in gone]
    still = {digest for job in others for digest in _sent(job)}
    sent = {digest for job in gone if job.person in accounts for digest in _sent(job)} - still | set(files)
    return Served(
        tuple(accounts),
        tuple(job.id for job in gone),
        tuple(digest for digest in sorted(sent) if home.uploads.has(digest, tx)),
        tuple(job.id for job in others if name and _says(home, tx, job, name)),
    )


def erase_served(home: Home, tx: Transaction, found: Served, name: str, now: str) -> int:
    """Erase it; returns how many data keys were destroyed."""
    for job in found.saying:
        home.jobs.change(tx, job, lambda told: scrubbed(told, (), name, instead=TAKEN_OUT))
    keys = sum(home.people.erase(tx, account, now) for account in found.accounts)
    keys += sum(home.jobs.forget(tx, job) for job in found.jobs)
    return keys + home.uploads.erase(tx, found.sent)


def _is_of(account: Person, name: str) -> bool:
    return bool(account.name) and (account.id == name or is_same(account.name, name))


def _sent(job: Job) -> set[Digest]:
    """The digests of what was sent for it."""
    files: list[Mapping[str, Any]] = job.asked.get("files") or []
    named = [*(file["digest"] for file in files), *(job.asked.get(part) for part in _SENT)]
    return {Digest(digest) for digest in named if digest}


def _says(home: Home, tx: Transaction, job: Job, name: str) -> bool:
    told = [job.asked, *home.jobs.told(tx, job.id)]
    return bool(scrubbed(told, (), name) != told)
