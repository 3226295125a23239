"""Where the records of a home are kept: in a file of its folder, or in the PostgreSQL database of an address.

A home that is being made takes the address from ``RECTOVERSO_DATABASE`` and remembers it, without a password, in
``database.txt``. From then on it has these records and no others: with two sets a request could be decided twice.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import BadSetting, HomeElsewhere
from rectoverso.i18n import Phrase
from rectoverso.store.atomic import write_atomically
from rectoverso.types import Message

if TYPE_CHECKING:
    import sqlalchemy as sa

    from rectoverso.store.database import Database

VARIABLE = "RECTOVERSO_DATABASE"
SQLITE = "verso.sqlite3"
FILE = "database.txt"
_SECRETS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")


def kept_in(folder: Path) -> str:
    """The address that the home in ``folder`` remembers, "" for none."""
    try:
        return (folder / FILE).read_text("utf-8", "replace").strip()
    except FileNotFoundError:
        return ""


def database_of(folder: Path) -> Database:
    """The database of the home in ``folder``.

    Raises HomeElsewhere when the variable names another than the home has, BadSetting for what is no address of a
    PostgreSQL database, MissingExtra.
    """
    kept, given = kept_in(folder), os.environ.get(VARIABLE, "").strip()
    named = {source: _url(text, source) for source, text in ((VARIABLE, given), (FILE, kept)) if text}
    places = [(source, _public(url)) for source, url in named.items()]
    if (folder / SQLITE).exists():
        places.append((SQLITE, SQLITE))
    if len({place for _, place in places}) > 1:
        (source, other), *_, (_, place) = places  # of two that differ, the later is where the records are
        raise HomeElsewhere(home=folder, kept=place, source=source, given=other)
    if named:
        from rectoverso.store.postgres import PostgresDatabase

        return PostgresDatabase(next(iter(named.values())), home=folder)
    from rectoverso.store.sqlite import SqliteDatabase

    return SqliteDatabase(folder / SQLITE)


def set_database(folder: Path) -> Database | None:
    """The server's database that the variable names, for the home in ``folder``; None where it names none. Raises
    BadSetting, MissingExtra.
    """
    from rectoverso.store.postgres import PostgresDatabase

    given = os.environ.get(VARIABLE, "").strip()
    return PostgresDatabase(_url(given, VARIABLE), home=folder) if given else None


def remember(folder: Path, database: Database) -> None:
    """Keep where the records are; what is secret of the address stays where it came from."""
    if database.engine.dialect.name != "sqlite" and not kept_in(folder):
        write_atomically(folder / FILE, f"{_public(database.engine.url)}\n".encode())


def _url(text: str, source: str) -> sa.URL:
    import sqlalchemy as sa

    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"} or not url.database:
        reason, advice = (Phrase(Message(f"store.address.{part}")) for part in ("reason", "advice"))
        raise BadSetting(setting=source, reason=reason, advice=advice)
    return url


def _public(url: sa.URL) -> str:
    import sqlalchemy as sa

    kept = {part: getattr(url, part) for part in ("username", "host", "port", "database")}
    query = {name: value for name, value in url.query.items() if name not in _SECRETS}
    return sa.URL.create("postgresql", query=query, **kept).render_as_string()
