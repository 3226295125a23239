"""Professions: what somebody is, as an admin has confirmed it on evidence; without that nobody signs as one.

A confirmation is for a use (`medical`), is an entry of the ledger that names nobody, and holds until it is taken back.
Nobody confirms their own. What the database says of it alone counts for nothing: the entry must be there, and open to
the same person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from rectoverso.errors import (
    ConfirmationNotFound,
    EntryNotFound,
    OwnProfession,
    PersonNotFound,
    WordsUnusable,
)
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.people import Person
from rectoverso.store.professions import Confirmation
from rectoverso.verso.ledger.entry import Json
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.workflow.ledgers import committed, open_ledger, opened
from rectoverso.workflow.policies import find_policy

CONFIRMED, WITHDRAWN = "profession_confirmed", "profession_withdrawn"
"""The kinds of entries by which a profession is confirmed, and that is taken back."""
LONGEST = 200
Words = Annotated[
    str,
    StringConstraints(max_length=LONGEST, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"),
    Field(min_length=1),
]


@dataclass(frozen=True, slots=True)
class Profession:
    """What somebody was confirmed to be, and on what evidence; ``by``: the id of who confirmed it. What was erased
    reads "".
    """

    confirmation: Confirmation
    name: str
    evidence: str
    by: str

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        one = self.confirmation
        return {
            "entry": one.entry,
            "person": one.person,
            "use": one.use,
            "profession": self.name,
            "evidence": self.evidence,
            "by": self.by,
            "at": one.at,
            "withdrawn": one.withdrawn,
        }


def confirm(
    home: Home,
    keys: Keys,
    person: str,
    use: str,
    profession: str,
    evidence: str,
    by: Person,
    clock: Clock | None = None,
) -> Profession:
    """Put on record that somebody is what they say: for the images of a ``use``, on this evidence (what was seen, and
    where it is kept). Raises PersonNotFound, OwnProfession, WordsUnusable, UnknownName, PolicyUnusable.
    """
    clock = clock or SystemClock()
    of = home.people.find(person)
    if of is None or of.ended_at is not None:
        raise PersonNotFound(person=person)
    if of.id == by.id:
        raise OwnProfession
    if not all(
        text.strip() and text.isprintable() and len(text) <= LONGEST for text in (profession, evidence)
    ):
        raise WordsUnusable(most=LONGEST)
    use, ledger = find_policy(use, home.path).use, open_ledger(home, keys, clock)
    private = {"person": _named(of), "profession": profession, "evidence": evidence, "by": _named(by)}
    with home.database.transaction() as tx:
        facts = {"use": use} | {name: committed(home, tx, text) for name, text in private.items()}
        one = Confirmation(
            entry=ledger.append(tx, CONFIRMED, facts),
            person=of.id,
            use=use,
            at=clock.now().isoformat(timespec="seconds"),
        )
        home.professions.add(tx, one)
    return Profession(one, profession, evidence, by.id)


def withdraw(
    home: Home, keys: Keys, person: str, entry: int, by: Person, clock: Clock | None = None
) -> Profession:
    """Take a confirmation back, by the ledger entry of it: from now on nothing is let go on its strength. Raises
    ConfirmationNotFound.
    """
    ledger = open_ledger(home, keys, clock)
    found = next((one for one in home.professions.of(person) if one.entry == entry), None)
    if found is None or found.withdrawn is not None:
        raise ConfirmationNotFound(entry=entry)
    with home.database.transaction() as tx:
        facts: dict[str, Json] = {"confirmed": entry, "by": committed(home, tx, _named(by))}
        home.professions.withdraw(tx, entry, ledger.append(tx, WITHDRAWN, facts))
    return next(one for one in professions_of(home, keys, person) if one.confirmation.entry == entry)


def professions_of(home: Home, keys: Keys, person: str) -> list[Profession]:
    """All that was confirmed of somebody, what was taken back too."""
    ledger = open_ledger(home, keys)
    return [_read(home, ledger, one) for one in home.professions.of(person)]


def confirmed(home: Home, ledger: Ledger, person: str, use: str) -> Profession | None:
    """What somebody may sign as for a use now; None for nothing."""
    return next(_standing(home, ledger, person, use), None)


def _standing(home: Home, ledger: Ledger, person: str, use: str) -> Iterator[Profession]:
    account = home.people.find(person)
    if account is None or account.ended_at is not None:
        return
    for one in home.professions.standing(person, use):
        try:
            entry = ledger.entry(one.entry)
            who = opened(home, ledger, one.entry, "person") or ""
        except EntryNotFound:
            continue
        if (entry.get("kind"), entry.get("use")) == (CONFIRMED, use) and who.split(" ")[0] == person:
            found = _read(home, ledger, one)
            if found.name:
                yield found


def _read(home: Home, ledger: Ledger, one: Confirmation) -> Profession:
    name, evidence, by = (
        opened(home, ledger, one.entry, fact) or "" for fact in ("profession", "evidence", "by")
    )
    return Profession(one, name, evidence, by.split(" ")[0])


def _named(person: Person) -> str:
    return f"{person.id} {person.name}"
