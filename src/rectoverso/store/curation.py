"""What a curation knows so far: a SQLite file beside its results, so that it goes on where it was killed.

    looked    one record (JSON) a picture, its print, and what identifies its pixels; places count from 0
    compared  pairs that are copies, and which pictures were looked up in which index
    decided   what becomes of each picture, and why
    written   what was written of each

Nothing is held in memory that grows with the number of pictures; every call ends with what it did on the disk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (
    place INTEGER PRIMARY KEY, source TEXT NOT NULL, looked TEXT NOT NULL, pixels TEXT, verdict TEXT, action TEXT,
    written TEXT
);
CREATE TABLE IF NOT EXISTS prints (
    place INTEGER PRIMARY KEY, hashed BLOB NOT NULL, views BLOB NOT NULL, thumb BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS pairs (
    later INTEGER, earlier INTEGER, how TEXT NOT NULL, score REAL NOT NULL, PRIMARY KEY (later, earlier)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (one INTEGER, other INTEGER, PRIMARY KEY (one, other)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_pixels ON pictures (pixels, place);
CREATE INDEX IF NOT EXISTS by_action ON pictures (action, place);
"""
_ROWS = """
SELECT place, source, looked, action, verdict, written FROM pictures
WHERE place >= :at AND (:action IS NULL OR action = :action) ORDER BY place LIMIT :many
"""
_AFTER_LOOKING = ("UPDATE pictures SET verdict = NULL, action = NULL, written = NULL",)
COMPARED = "compared"
"""The note that all were compared."""
FAILED = "failed"
"""The note that some picture could not be written."""
_NAMES = ("notes", "pictures", "prints", "pairs", "blocks")


@dataclass(frozen=True, slots=True)
class Row:
    """One picture as far as it is known: ``verdict`` and ``written`` are None until then."""

    place: int
    source: str
    looked: dict[str, Any]
    action: str | None
    verdict: dict[str, Any] | None
    written: dict[str, Any] | None


class Curation:
    """The file at ``path``, made where there is none. Raises sqlite3.Error where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        # Nothing of it may lie anywhere but beside the file, which may be in memory so that no disk has it. VACUUM, for
        # one, writes all of it to the system's folder for temporary files.
        self._db.execute("PRAGMA temp_store = MEMORY")
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        # A power cut may take the last seconds, which are then done anew; a kill takes nothing.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(TABLES)

    def close(self) -> None:
        self._db.close()

    def note(self, name: str) -> str | None:
        """What was noted under a name."""
        row = self._db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_note(self, name: str, value: str) -> None:
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def begin(self, stamp: str) -> None:
        """Forget everything, also how an earlier version kept it, and note what the source was like."""
        with self._db:
            self._db.execute("BEGIN")
            for name in _NAMES:
                self._db.execute(f"DROP TABLE IF EXISTS {name}")
            for statement in filter(str.strip, TABLES.split(";")):
                self._db.execute(statement)
            self._db.execute("INSERT INTO notes VALUES ('stamp', ?)", (stamp,))

    def forget_verdicts(self) -> None:
        """Decide and write anew; what was looked at and compared stays."""
        with self._db:
            for statement in _AFTER_LOOKING:
                self._db.execute(statement)

    def forget_written(self) -> None:
        """Write anew; what was decided stays."""
        with self._db:
            self._db.execute("UPDATE pictures SET written = NULL")

    def looked_at(self) -> int:
        """How many pictures were looked at; they are the first ones."""
        return int(self._db.execute("SELECT count(*) FROM pictures").fetchone()[0])

    def places(self) -> int:
        """The number of places: one more than the last."""
        last = self._db.execute("SELECT max(place) FROM pictures").fetchone()[0]
        return 0 if last is None else int(last) + 1

    def counts(self) -> dict[str, int]:
        """How many pictures each action fell to."""
        return dict(self._db.execute("SELECT action, count(*) FROM pictures GROUP BY action ORDER BY action"))

    def keep_looks(
        self, looks: Iterable[tuple[int, str, dict[str, Any], str | None, Sequence[bytes] | None]]
    ) -> None:
        """What was seen of pictures: place, source, record, what identifies the pixels, and hash, views and thumb."""
        with self._db:
            for place, source, record, pixels, printed in looks:
                self._db.execute(
                    "INSERT INTO pictures (place, source, looked, pixels) VALUES (?, ?, ?, ?)",
                    (place, source, _json(record), pixels),
                )
                if printed is not None:
                    self._db.execute("INSERT OR REPLACE INTO prints VALUES (?, ?, ?, ?)", (place, *printed))

    def keep_problem(self, place: int, problem: str) -> None:
        """What was seen of a picture no longer holds: it cannot be written, and all have to be decided on again."""
        with self._db:
            self._db.execute(
                "UPDATE pictures SET looked = json_set(looked, '$.problem', ?) WHERE place = ?",
                (problem, place),
            )
            self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, '1')", (FAILED,))

    def written(self) -> int:
        """How many pictures were written."""
        return int(self._db.execute("SELECT count(written) FROM pictures").fetchone()[0])

    def is_written(self, place: int) -> bool:
        found = self._db.execute("SELECT written FROM pictures WHERE place = ?", (place,)).fetchone()
        return bool(found and found[0])

    def has_right(self, name: str) -> bool:
        """Whether any picture has this one of the facts about its rights."""
        asked = "SELECT 1 FROM pictures WHERE json_extract(looked, '$.rights.' || ?) IS NOT NULL LIMIT 1"
        return self._db.execute(asked, (name,)).fetchone() is not None

    def same_pixels(self) -> Iterator[tuple[int, int]]:
        """Each picture whose very pixels another had before, and the first that had them."""
        yield from self._db.execute(
            "SELECT later.place, first.place FROM pictures later JOIN "
            "(SELECT pixels, min(place) AS place FROM pictures WHERE pixels IS NOT NULL GROUP BY pixels "
            "HAVING count(*) > 1) first ON later.pixels = first.pixels WHERE later.place > first.place"
        )

    def blocks(self, size: int) -> int:
        """How many blocks of so many places there are."""
        return -(-self.places() // size)

    def prints(self, block: int, size: int) -> tuple[list[int], list[tuple[bytes, bytes]]]:
        """Places, and hashes and views, of one block: of several with the same pixels only the first."""
        rows = self._db.execute(
            "SELECT place, hashed, views FROM prints JOIN pictures USING (place) WHERE place >= ? AND place < ? "
            "AND NOT EXISTS (SELECT 1 FROM pictures before WHERE before.pixels = pictures.pixels "
            "AND before.place < pictures.place) ORDER BY place",
            (block * size, (block + 1) * size),
        ).fetchall()
        return [row[0] for row in rows], [(row[1], row[2]) for row in rows]

    def forget_prints(self) -> None:
        """All was compared: small pictures, also of what nobody may have, do not stay on the disk."""
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, '1')", (COMPARED,))
            self._db.execute("DELETE FROM prints")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # overwritten first, then given back
        self._db.executescript("PRAGMA incremental_vacuum")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def thumb(self, place: int) -> bytes:
        return bytes(self._db.execute("SELECT thumb FROM prints WHERE place = ?", (place,)).fetchone()[0])

    def is_compared(self, one: int, other: int) -> bool:
        return bool(
            self._db.execute("SELECT 1 FROM blocks WHERE one = ? AND other = ?", (one, other)).fetchone()
        )

    def keep_pairs(self, one: int, other: int, pairs: Iterable[tuple[int, int, str, float]]) -> None:
        """The copies in an index of those in a block (later, earlier, how, score), and that it was looked up there."""
        with self._db:
            self._db.executemany("INSERT OR IGNORE INTO pairs VALUES (?, ?, ?, ?)", pairs)
            self._db.execute("INSERT OR IGNORE INTO blocks VALUES (?, ?)", (one, other))

    def pairs(self) -> Iterator[tuple[int, int, str, float]]:
        """All pairs, by the place of the later."""
        yield from self._db.execute("SELECT later, earlier, how, score FROM pairs ORDER BY later, earlier")

    def has_same_pixels(self, one: int, other: int) -> bool:
        """Whether two pictures are the same, pixel by pixel."""
        found = self._db.execute(
            "SELECT count(DISTINCT pixels), count(pixels) FROM pictures WHERE place IN (?, ?)", (one, other)
        ).fetchone()
        return tuple(found) == (1, 2)

    def pair_of(self, one: int, other: int) -> tuple[str, float] | None:
        """How two pictures are copies of each other, where they were found to be so themselves."""
        found = self._db.execute(
            "SELECT how, score FROM pairs WHERE later = ? AND earlier = ?", (max(one, other), min(one, other))
        ).fetchone()
        return None if found is None else (str(found[0]), float(found[1]))

    def source(self, place: int) -> str:
        return str(self._db.execute("SELECT source FROM pictures WHERE place = ?", (place,)).fetchone()[0])

    def rows(self, action: str | None = None, start: int = 0) -> Iterator[Row]:
        """All pictures, or those of one action, from a place on, in order. Reads ahead of what is written meanwhile."""
        at, many = start, 500
        while True:
            found = self._db.execute(_ROWS, {"at": at, "action": action, "many": many}).fetchall()
            for place, source, looked, action_of, verdict, written in found:
                yield Row(place, source, json.loads(looked), action_of, _record(verdict), _record(written))
            if len(found) < many:
                return
            at = found[-1][0] + 1

    def keep_verdicts(self, verdicts: Iterable[tuple[int, str, dict[str, Any]]]) -> None:
        """What becomes of pictures: place, action, and the record of why."""
        with self._db:
            self._db.executemany(
                "UPDATE pictures SET action = ?, verdict = ? WHERE place = ?",
                ((action, _json(record), place) for place, action, record in verdicts),
            )

    def keep_written(self, written: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """What was written of pictures."""
        with self._db:
            self._db.executemany(
                "UPDATE pictures SET written = ? WHERE place = ?",
                ((_json(record), place) for place, record in written),
            )


def copy_state(state: Path, copy: Path) -> None:
    """A copy of such a file that is whole, also while it is written. Raises sqlite3.Error."""
    with closing(sqlite3.connect(state)) as one, closing(sqlite3.connect(copy)) as other:
        one.backup(other)


def _record(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    record: dict[str, Any] = json.loads(text)
    return record


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
