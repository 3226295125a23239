"""Data keys: one for each picture, work and opening, and one for the home. Who destroys a key destroys what it sealed.

    master key     outside the database (``store.master``); wraps the wrapping keys
    wrapping key   table wrapping_keys; wraps the data keys. One, and two while the master key is being changed
    data key       table data_keys; seals values (``store.vault``). Its name is the row that it is for: assets/1a2b...

A wrapped key is bound to its name, so that no two can be exchanged. Whoever keeps a new data key wraps it with the
newest wrapping key that there is in that very transaction: writers take turns, so that none is lost while others are
wrapped anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rectoverso.errors import KeysMissing, MasterKeyMissing, RecordDamaged
from rectoverso.store.database import Transaction
from rectoverso.store.master import Held
from rectoverso.store.tables import data_keys, wrapping_keys
from rectoverso.store.vault import KEY_BYTES, Cipher

HOME = "home"
"""The name of the home's own key."""


@dataclass(frozen=True, slots=True)
class WrappingKey:
    """``master`` is the id of the master key that wraps it, or did before it was destroyed."""

    number: int
    master: str
    is_destroyed: bool


class DataKeys:
    """The data keys of one home. ``masters`` gives the master keys that are at hand."""

    def __init__(self, home: Path, masters: Callable[[], Sequence[Held]]) -> None:
        self._home = home
        self._masters = masters
        # Wrapping keys by what they are wrapped to: their numbers come back with a rollback.
        self._opened: dict[bytes, Cipher] = {}

    def exist(self, tx: Transaction) -> bool:
        """Whether there are any yet."""
        return bool(self.wrapping_keys(tx))

    def begin(self, tx: Transaction, master: Held, home_key: bytes | None = None) -> None:
        """The first wrapping key, and the home's own key; ``home_key`` where that is known already."""
        self.add_wrapping_key(tx, master)
        self.keep(tx, HOME, home_key or draw())

    def make(self, tx: Transaction, name: str) -> Cipher:
        """A new key of that name."""
        key = draw()
        self.keep(tx, name, key)
        return Cipher(key)

    def keep(self, tx: Transaction, name: str, key: bytes) -> None:
        """Keep a key that was drawn. Raises where there is one of that name."""
        newest = self._newest(tx)
        if newest is None:
            raise KeysMissing(home=self._home)
        number, wrapped = newest.number, self._cipher(newest).seal(key, _place(name))
        kind, _, row = name.partition("/")
        values = {"kind": kind, "name": row, "wrapping": number, "wrapped": wrapped}
        tx.connection.execute(data_keys.insert().values(values))

    def raw(self, tx: Transaction, name: str) -> bytes:
        """The key of that name. Raises RecordDamaged where there is none, or it does not open."""
        row = tx.connection.execute(sa.select(data_keys).where(_is(name))).first()
        if row is None:
            raise RecordDamaged(place=_place(name))
        return self._ciphers(tx, [row.wrapping])[row.wrapping].open(row.wrapped, _place(name))

    def of(self, tx: Transaction, name: str) -> Cipher:
        """What seals and opens by the key of that name. Raises as ``raw``."""
        return Cipher(self.raw(tx, name))

    def of_or_made(self, tx: Transaction, name: str) -> Cipher:
        """The same, with a key made where there is none."""
        is_there = tx.connection.execute(sa.select(data_keys.c.name).where(_is(name))).first()
        return self.of(tx, name) if is_there else self.make(tx, name)

    def of_table(
        self, tx: Transaction, table: str, rows_alone: Collection[str] | None = None
    ) -> Mapping[str, Cipher]:
        """Those of all rows of a table, or of these ``rows_alone``, by their names; each is opened when it is asked
        for.
        """
        wanted = sa.select(data_keys).where(data_keys.c.kind == table)
        if rows_alone is not None:
            wanted = wanted.where(data_keys.c.name.in_(rows_alone))
        rows = {f"{table}/{row.name}": (row.wrapping, row.wrapped) for row in tx.connection.execute(wanted)}
        return _Opened(rows, self._ciphers(tx, {wrapping for wrapping, _ in rows.values()}))

    def destroy(self, tx: Transaction, names: Iterable[str]) -> int:
        """Destroy these keys: what they sealed is lost. Returns how many there were."""
        return sum(tx.connection.execute(data_keys.delete().where(_is(name))).rowcount for name in names)

    def add_wrapping_key(self, tx: Transaction, master: Held) -> int:
        """A new wrapping key, for all that is kept from now on; returns its number."""
        newest = self._newest(tx)
        number = newest.number + 1 if newest else 1
        wrapped = master.wrap(draw(), _context(number))
        tx.connection.execute(wrapping_keys.insert().values(number=number, master=master.id, wrapped=wrapped))
        return number

    def wrapping_keys(self, tx: Transaction) -> list[WrappingKey]:
        """All of them, the oldest first, those that were destroyed included."""
        rows = tx.connection.execute(sa.select(wrapping_keys).order_by(wrapping_keys.c.number))
        return [WrappingKey(row.number, row.master, row.wrapped == b"") for row in rows]

    def wrap_again(self, tx: Transaction, many: int) -> int:
        """Wrap so many keys with the newest wrapping key that another one wraps; returns how many there were."""
        newest = self._newest(tx)
        if newest is None:
            return 0
        old = sa.select(data_keys).where(data_keys.c.wrapping < newest.number).limit(many)
        rows = tx.connection.execute(old).all()
        ciphers = self._ciphers(tx, {row.wrapping for row in rows} | {newest.number})
        for row in rows:
            name = f"{row.kind}/{row.name}" if row.name else row.kind
            key = ciphers[row.wrapping].open(row.wrapped, _place(name))
            wrapped = ciphers[newest.number].seal(key, _place(name))
            here = data_keys.update().where(_is(name))
            tx.connection.execute(here.values(wrapping=newest.number, wrapped=wrapped))
        return len(rows)

    def destroy_old_wrapping_keys(self, tx: Transaction) -> None:
        """Destroy all wrapping keys but the newest; nothing may be wrapped by them any more. Which master key they were
        wrapped by stays known until ``forget_destroyed``.
        """
        newest = self._newest(tx)
        others = wrapping_keys.c.number != (newest.number if newest else 0)
        tx.connection.execute(wrapping_keys.update().where(others).values(wrapped=b""))

    def forget_destroyed(self, tx: Transaction) -> None:
        """Forget that there were others."""
        tx.connection.execute(wrapping_keys.delete().where(wrapping_keys.c.wrapped == b""))

    def _newest(self, tx: Transaction) -> Any:
        last = sa.select(wrapping_keys).order_by(wrapping_keys.c.number.desc()).limit(1)
        return tx.connection.execute(last).first()

    def _ciphers(self, tx: Transaction, numbers: Collection[int]) -> dict[int, Cipher]:
        rows = tx.connection.execute(sa.select(wrapping_keys).where(wrapping_keys.c.number.in_(numbers)))
        found = {row.number: self._cipher(row) for row in rows}
        if missing := set(numbers) - set(found):
            raise RecordDamaged(place=f"wrapping_keys/{min(missing)}")
        return found

    def _cipher(self, row: Any) -> Cipher:
        if row.wrapped not in self._opened:
            master = next((key for key in self._masters() if key.id == row.master), None)
            if master is None:
                raise MasterKeyMissing(home=self._home, id=row.master)
            self._opened[row.wrapped] = Cipher(master.unwrap(row.wrapped, _context(row.number)))
        return self._opened[row.wrapped]


class _Opened(Mapping[str, Cipher]):
    """Keys that are opened one by one."""

    def __init__(self, rows: Mapping[str, tuple[int, bytes]], wrapping: Mapping[int, Cipher]) -> None:
        self._rows = rows
        self._wrapping = wrapping

    def __getitem__(self, name: str) -> Cipher:
        if name not in self._rows:
            raise RecordDamaged(place=_place(name))
        number, wrapped = self._rows[name]
        return Cipher(self._wrapping[number].open(wrapped, _place(name)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def draw() -> bytes:
    """A new data key."""
    return secrets.token_bytes(KEY_BYTES)


def _is(name: str) -> sa.ColumnElement[bool]:
    kind, _, row = name.partition("/")
    return (data_keys.c.kind == kind) & (data_keys.c.name == row)


def _place(name: str) -> str:
    return f"data_keys/{name}"


def _context(number: int) -> str:
    return f"rectoverso wrapping key {number}"
