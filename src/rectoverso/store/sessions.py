"""Browsers in which somebody is signed in.

A browser sends 32 random bytes, of which only the SHA-256 is kept: there are too many of them to be guessed, so that a
quick hash is enough. A session ends with its time, with the key that it was begun with, or with the account; and what
the browser sends is replaced from time to time, so that what was once overheard is soon of no use.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from rectoverso.store.tables import sessions

if TYPE_CHECKING:
    from rectoverso.store.database import Database
    from rectoverso.store.people import People, Person

LASTS = timedelta(hours=12)
RENEWED_AFTER = timedelta(hours=1)
GRACE = timedelta(minutes=1)
"""What was replaced still counts so long: the browser may be asking for several things at once."""
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody, signed in. ``is_due``: what the browser sends has to be replaced."""

    person: Person
    is_due: bool


class Sessions:
    """The sessions of one home."""

    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._people = people

    def begin(self, key: str, now: datetime) -> str:
        """A new session of whoever has the key of that id; returns what the browser has to send. Sweeps those that
        are over.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._database.transaction() as tx:
            tx.connection.execute(sessions.delete().where(sessions.c.ends_at <= _text(now)))
            tx.connection.execute(sessions.insert().values(_row(token, key, now, now, now + LASTS)))
        return token

    def find(self, token: str, now: datetime) -> Session | None:
        """Who sends this; None for nobody, or nobody any more."""
        with self._database.read() as tx:
            row = tx.connection.execute(sessions.select().where(_is(token, now))).first()
        person = self._people.of_key(row.key) if row else None
        if row is None or person is None:
            return None
        return Session(person, not row.is_replaced and row.renewed_at <= _text(now - RENEWED_AFTER))

    def renew(self, token: str, now: datetime) -> str | None:
        """What the browser has to send from now on, in the same session; None where another request has just
        been told that, or the session is over.
        """
        fresh = secrets.token_urlsafe(_TOKEN_BYTES)
        open_ = _is(token, now) & sessions.c.is_replaced.is_(False)
        with self._database.transaction() as tx:
            row = tx.connection.execute(sessions.select().where(open_)).first()
            if row is None:
                return None
            begun, ends = datetime.fromisoformat(row.begun_at), datetime.fromisoformat(row.ends_at)
            soon = {"ends_at": _text(min(now + GRACE, ends)), "is_replaced": True}
            tx.connection.execute(sessions.update().where(open_).values(soon))
            tx.connection.execute(sessions.insert().values(_row(fresh, row.key, begun, now, ends)))
        return fresh

    def end(self, token: str) -> None:
        """Sign out of one browser: also what its last renewal left for a minute."""
        with self._database.transaction() as tx:
            row = tx.connection.execute(sessions.select().where(sessions.c.digest == _digest(token))).first()
            if row:
                same = (sessions.c.key == row.key) & (sessions.c.begun_at == row.begun_at)
                tx.connection.execute(sessions.delete().where(same))


def _row(token: str, key: str, begun: datetime, renewed: datetime, ends: datetime) -> dict[str, object]:
    return {
        "digest": _digest(token),
        "key": key,
        "begun_at": _text(begun),
        "renewed_at": _text(renewed),
        "ends_at": _text(ends),
        "is_replaced": False,
    }


def _is(token: str, now: datetime) -> sa.ColumnElement[bool]:
    return (sessions.c.digest == _digest(token)) & (sessions.c.ends_at > _text(now))


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _text(moment: datetime) -> str:
    """ISO 8601 in one zone and one length, so that texts are ordered as moments are."""
    return moment.isoformat(timespec="milliseconds")
