"""What takes long and comes out the same each time is made once a process, and then copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
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


class _OfAnyHome(dict[tuple[Any, ...], Any]):
    """Compiled statements by what they are. Each home has a dialect of its own, which a key begins with."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(key[1:], compiled)


@contextmanager
def compiled() -> Iterator[None]:
    """The statements of SQLite homes: each home would compile some thirty, 1 ms each."""
    begin, known = SqliteDatabase.__init__, _OfAnyHome()

    def begin_knowing(database: SqliteDatabase, *how: Any, **more: Any) -> None:
        begin(database, *how, **more)
        database.engine._compiled_cache = known

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteDatabase, "__init__", begin_knowing)
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
