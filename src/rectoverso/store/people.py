"""People who use a service, what each may do, and the keys by which a program says for whom it asks.

A key is ``rv_<id>_<secret>``. Of the secret only an Argon2id hash is kept (RFC 9106; 19 MiB, two passes, the least that
OWASP's cheat sheet advises), so that a copy of the table opens nothing. Accounts and keys that ended stay as rows; of
one that was erased stays an empty row, so that what was made for it is still known to be nobody else's.
"""

from __future__ import annotations

import re
import secrets
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from rectoverso.store.tables import api_keys, people, professions

if TYPE_CHECKING:
    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction

_ID_BYTES = 6
_SECRET_BYTES = 24
_TOKEN = re.compile(r"rv_([0-9a-f]{12})_([A-Za-z0-9_-]{32})")
_MEMORY_KIB, _PASSES, _HASH_BYTES = 19 * 1024, 2, 32


class Role(StrEnum):
    """What somebody is here; what that allows is said in one place (``workflow.permissions``)."""

    VIEWER = "viewer"
    MAKER = "maker"
    REVIEWER = "reviewer"
    PUBLISHER = "publisher"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """One account. The ``name`` of one that was erased is ""."""

    id: str
    name: str
    role: Role
    created_at: str
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of somebody's; what it is nobody can be told again."""

    id: str
    person: str
    created_at: str
    ended_at: str | None = None


class People:
    """The accounts of one home, each with a data key of its own."""

    def __init__(self, database: Database, keys: DataKeys) -> None:
        self._database = database
        self._keys = keys

    def add(self, name: str, role: Role, now: str) -> Person:
        """A new account, that has no key yet."""
        person = Person(secrets.token_hex(_ID_BYTES), name, role, now)
        with self._database.transaction() as tx:
            sealed = self._keys.make(tx, _place(person.id)).seal(name.encode(), _place(person.id))
            row = {"id": person.id, "role": role.value, "name": sealed, "created_at": now}
            tx.connection.execute(people.insert().values(row))
        return person

    def all(self, tx: Transaction | None = None) -> list[Person]:
        """Every account, those that ended too, in the order in which they began."""
        with nullcontext(tx) if tx else self._database.read() as reading:
            ordered = people.select().order_by(people.c.created_at, people.c.id)
            rows = reading.connection.execute(ordered).all()
            return [self._person(reading, row) for row in rows]

    def are_there(self) -> bool:
        """Whether there ever was any account: with the last one that ends nothing becomes open to all again."""
        with self._database.read() as tx:
            return tx.connection.execute(sa.select(people.c.id).limit(1)).first() is not None

    def find(self, person: str) -> Person | None:
        """The account of that id."""
        with self._database.read() as tx:
            row = tx.connection.execute(people.select().where(people.c.id == person)).first()
            return self._person(tx, row) if row else None

    def end(self, person: str, now: str) -> bool:
        """Close an account, and its keys with it; False where there was none to close."""
        with self._database.transaction() as tx:
            theirs = (api_keys.c.person == person) & api_keys.c.ended_at.is_(None)
            tx.connection.execute(api_keys.update().where(theirs).values(ended_at=now))
            open_ = (people.c.id == person) & people.c.ended_at.is_(None)
            return tx.connection.execute(people.update().where(open_).values(ended_at=now)).rowcount > 0

    def issue(self, person: str, now: str) -> tuple[ApiKey, str]:
        """A new key of somebody's, and what to type: it is shown this once."""
        key = ApiKey(secrets.token_hex(_ID_BYTES), person, now)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        row = {"id": key.id, "person": person, "hash": _hashed(secret), "created_at": now}
        with self._database.transaction() as tx:
            tx.connection.execute(api_keys.insert().values(row))
        return key, f"rv_{key.id}_{secret}"

    def keys(self, person: str) -> list[ApiKey]:
        """The keys of somebody, those that ended too."""
        query = api_keys.select().where(api_keys.c.person == person)
        with self._database.read() as tx:
            rows = tx.connection.execute(query.order_by(api_keys.c.created_at, api_keys.c.id)).all()
        return [ApiKey(row.id, row.person, row.created_at, row.ended_at) for row in rows]

    def end_key(self, person: str, key: str, now: str) -> bool:
        """Take a key back; False where there was none to take back."""
        wanted = (api_keys.c.id == key) & (api_keys.c.person == person) & api_keys.c.ended_at.is_(None)
        with self._database.transaction() as tx:
            return tx.connection.execute(api_keys.update().where(wanted).values(ended_at=now)).rowcount > 0

    def known_by(self, token: str, *, is_proven: bool = False) -> Person | None:
        """Whose key this is, None where it is none or has ended. ``is_proven``: its secret was found right before."""
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            return None
        query = sa.select(people, api_keys.c.hash).join(api_keys, api_keys.c.person == people.c.id)
        going_on = people.c.ended_at.is_(None) & api_keys.c.ended_at.is_(None)
        with self._database.read() as tx:
            row = tx.connection.execute(query.where((api_keys.c.id == parts[1]) & going_on)).first()
            person = None if row is None else self._person(tx, row)
        hashed = _nobodys() if row is None else row.hash  # how long it takes tells nobody which ids there are
        if not (is_proven or _fits(parts[2], hashed)):
            return None
        return person

    def of_key(self, key: str) -> Person | None:
        """Whose key has this id, None where it or the account has ended."""
        query = sa.select(people).join(api_keys, api_keys.c.person == people.c.id)
        going_on = people.c.ended_at.is_(None) & api_keys.c.ended_at.is_(None)
        with self._database.read() as tx:
            row = tx.connection.execute(query.where((api_keys.c.id == key) & going_on)).first()
            return self._person(tx, row) if row else None

    def erase(self, tx: Transaction, person: str, now: str) -> int:
        """Destroy the key of an account: its name, keys and professions are gone. Returns how many data keys there
        were.
        """
        for table in (api_keys, professions):
            tx.connection.execute(table.delete().where(table.c.person == person))
        ended = {"name": b"", "ended_at": sa.func.coalesce(people.c.ended_at, now)}
        tx.connection.execute(people.update().where(people.c.id == person).values(ended))
        return self._keys.destroy(tx, [_place(person)])

    def _person(self, tx: Transaction, row: Any) -> Person:
        name = self._keys.of(tx, _place(row.id)).open(row.name, _place(row.id)) if row.name else b""
        return Person(row.id, name.decode(), Role(row.role), row.created_at, row.ended_at)


def _place(person: str) -> str:
    return f"people/{person}"


def id_of(token: str) -> str | None:
    """The id of the key that somebody typed, None where it has not the form of one."""
    parts = _TOKEN.fullmatch(token)
    return parts[1] if parts else None


def _hashed(secret: str) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    salt = secrets.token_bytes(16)
    slow = Argon2id(salt=salt, length=_HASH_BYTES, iterations=_PASSES, lanes=1, memory_cost=_MEMORY_KIB)
    return slow.derive_phc_encoded(secret.encode())


@cache
def _nobodys() -> str:
    return _hashed(secrets.token_urlsafe(_SECRET_BYTES))


def _fits(secret: str, hashed: str) -> bool:
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(secret.encode(), hashed)
    except (InvalidKey, ValueError):
        return False
    return True
