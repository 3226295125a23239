"""What takes long and comes out the same each time is made once a process, and then copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest

from rectoverso.recto.data import builtin, digits
from rectoverso.store import schema
from rectoverso.store.database import Database
from rectoverso.store.sqlite import SqliteDatabase


@contextmanager
def tables(folder: Path) -> Iterator[None]:
    """The tables of new SQLite homes (75 ms); ``folder`` keeps them. Databases that are there already are migrated."""
    template, migrate = folder / "tables.sqlite3", schema.migrate

    def copy(database: Database, home: Path) -> None:
        if not isinstance(database, SqliteDatabase) or database.is_there():
            migrate(database, home)
            return
        if not template.exists():
            made = SqliteDatabase(folder / uuid4().hex)
            migrate(made, folder)
            made.close()
            made.path.rename(template)  # whole: others may be waiting for it
        database.prepare()
        with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(database.path)) as target:
            source.backup(target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "migrate", copy)
        yield


@contextmanager
def drawn_digits() -> Iterator[None]:
    """The built-in digits, of each size (900 ms)."""
    draw = cache(digits.digits)

    def copy(size: int, _asked: int) -> builtin.Dataset:
        drawn = draw(size)
        return replace(drawn, images=drawn.images.copy())

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(builtin.BUILTINS, "digits", copy)
        yield
