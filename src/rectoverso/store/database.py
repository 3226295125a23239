"""The database of a home: transactions, and errors that people can read. Two kinds: ``sqlite`` and ``postgres``.

Writing transactions take their turn at the start, so none fails half-way because another process wrote first; reading
ones see one moment of the data. A commit is on the disk before it returns.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from rectoverso.errors import RectoversoError


@dataclass(frozen=True, slots=True)
class Transaction:
    """What happens together or not at all. Only the store looks inside."""

    connection: sa.Connection


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What is worth knowing of a database server; ``waits_for_disk``: a commit is on its disk when it returns."""

    version: str
    waits_for_disk: bool
    has_vectors: bool


class Database(ABC):
    """One database; ``home`` names it in messages, ``wait_s`` is the patience for other writers."""

    driver_errors: tuple[type[Exception], ...]
    """What the driver raises where it is used directly."""

    def __init__(self, engine: sa.Engine, *, home: Path, wait_s: float) -> None:
        self.engine = engine
        self.home = home
        self.wait_s = wait_s

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write: all of it is durable when the block ends, none of it when the block raises."""
        with self.explained(), self._writing() as connection, connection.begin():
            self._take_turn(connection)
            yield Transaction(connection)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Read: everything seen in the block is of one moment, and nobody is kept waiting."""
        with self.explained(), self.engine.connect() as connection:
            self._only_reads(connection)
            with connection.begin():
                yield Transaction(connection)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the driver raises into this project's errors."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            self._raise_told(error.orig)
            raise
        except self.driver_errors as error:
            self._raise_told(error)
            raise

    @abstractmethod
    def exclusive(self, wait_s: float) -> AbstractContextManager[None]:
        """Be alone at the door; waits ``wait_s`` s, then raises HomeBusy. Given back when its holder dies."""

    @abstractmethod
    def is_there(self) -> bool:
        """Whether there is anything to look into yet; the tables may be missing."""

    @abstractmethod
    def prepare(self) -> None:
        """What has to be done once, before the first table is made."""

    @abstractmethod
    def settle(self) -> None:
        """See to it that what was erased does not linger where the database keeps its rows. Raises HomeBusy where
        others keep it from that: it has to be asked for again.
        """

    @abstractmethod
    def beside(self, name: str) -> str:
        """The URL of a place for other tables: a file of that name beside this one, or this very server database."""

    def writings(self) -> int | None:
        """A number that is another one each time that somebody else has written since; None where the database has none
        that costs less than a look at what was written.
        """
        return None

    def server(self) -> ServerFacts | None:
        """The server that it is on; None for a file."""
        return None

    def close(self) -> None:
        """Give back files and connections. The database can be used again; it reopens."""
        self.engine.dispose()

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        return self.engine.connect()

    @abstractmethod
    def _take_turn(self, connection: sa.Connection) -> None:
        """Wait for other writers, unless the beginning of the transaction has done so."""

    @abstractmethod
    def _only_reads(self, connection: sa.Connection) -> None: ...

    def _raise_told(self, error: BaseException | None) -> None:
        if told := self._told(error):
            raise told from error

    @abstractmethod
    def _told(self, error: BaseException | None) -> RectoversoError | None:
        """This project's error for the driver's; None for one that is a fault of the program."""
