"""The accounts of a home: made with their first key, listed, ended."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from rectoverso.errors import NameUnusable, PersonNotFound, SignInFailed
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.people import ApiKey, Person, Role
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.permissions import Permission, demand

LOCAL = Person("local", "local", Role.ADMIN, "")
"""Whoever asks from this machine while there are no accounts."""
LONGEST_NAME = 100
AccountName = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
    ),
]


def add_person(home: Home, name: str, role: Role, clock: Clock | None = None) -> tuple[Person, ApiKey, str]:
    """A new account, its first key, and what to type of that, which nobody is told again. Raises NameUnusable."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise NameUnusable
    open_keys(home)
    now = _now(clock)
    person = home.people.add(name, role, now)
    return person, *home.people.issue(person.id, now)


def known(home: Home, key: str, permission: Permission) -> Person:
    """Whose key this is, for a command; whoever it is where there are no accounts. Raises SignInFailed, NotAllowed."""
    if not home.people.are_there():
        return LOCAL
    person = home.people.known_by(key)
    if person is None:
        raise SignInFailed
    demand(person, permission)
    return person


def end_person(home: Home, person: str, clock: Clock | None = None) -> None:
    """Close an account, by its id. Raises PersonNotFound."""
    if not home.people.end(person, _now(clock)):
        raise PersonNotFound(person=person)


def plain(person: Person) -> dict[str, Any]:
    """As `--json` prints it."""
    return {
        "id": person.id,
        "name": person.name,
        "role": person.role.value,
        "created_at": person.created_at,
        "ended_at": person.ended_at,
    }


def _now(clock: Clock | None) -> str:
    return (clock or SystemClock()).now().isoformat(timespec="seconds")
