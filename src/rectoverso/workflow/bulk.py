"""Many pictures compared with the registered works: files and Parquet tables in, one table out, Parquet or CSV.

Nothing is decided and nothing enters the ledger: this tells which pictures of a collection are worth a look. Each row
says what was found gravest of one picture, in the order in which they were given. Pictures are worked on by as many
processes as wanted, each with the works in its own memory; what is ahead of the slowest is bounded, so that a
collection of any size passes through.
"""

from __future__ import annotations

import csv
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import BadSetting, InputError, NothingRegistered, OutNotWritable, ScreeningStopped
from rectoverso.i18n import Phrase
from rectoverso.protocols import SystemClock
from rectoverso.types import Message, Outcome
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.registry.columns import Said
from rectoverso.verso.registry.descriptors import embedded
from rectoverso.verso.registry.offers import of_parquet
from rectoverso.verso.screen.apart import AnyCascade
from rectoverso.verso.screen.similarity import cascade_of
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.calibration import in_force
from rectoverso.workflow.extras import optional_part
from rectoverso.workflow.files import PARQUET, make_folder, pictures_and_tables, unusable
from rectoverso.workflow.guard import guarded_works
from rectoverso.workflow.ledgers import existing_home
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.weights import embedder_of

if TYPE_CHECKING:
    import pyarrow as pa

    from rectoverso.store.home import Home
    from rectoverso.store.works import Work

CSV = ".csv"
UNREADABLE = "unreadable"
ROWS_A_GROUP = 1000
AHEAD = 8
"""Pictures that wait or are worked on, for each process."""
MOST_NAMED = 20
"""So many of the pictures that somebody has to look at are told beside the table."""

_NAMED = {"work": "id", "title": "title", "owner": "owner"}

Item = tuple[str, bytes | None]
"""The name of a picture, and its bytes where it is no file."""


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found gravest of one picture. ``outcome`` is ``pass``, ``review``, ``block``, or ``unreadable`` with the
    error's code as ``problem``. ``similar``: to how many works; the gravest is named, with its ``likeness`` (whole),
    its ``points`` (in part) or its ``cosine`` (only by weights that were named).
    """

    file: str
    digest: str
    outcome: str
    similar: int = 0
    work: str | None = None
    title: str | None = None
    owner: str | None = None
    likeness: float | None = None
    points: float | None = None
    cosine: float | None = None
    problem: str | None = None


@dataclass(slots=True)
class Tally:
    """How many pictures have each outcome, and the first rows that somebody has to look at."""

    counts: Counter[str] = field(default_factory=Counter)
    first: list[Screened] = field(default_factory=list)

    def add(self, row: Screened) -> None:
        self.counts[row.outcome] += 1
        if row.outcome != Outcome.PASS and len(self.first) < MOST_NAMED:
            self.first.append(row)


def screen_many(
    files: Iterable[Path],
    home_path: Path,
    out: Path,
    *,
    processes: int = 1,
    listener: Listener = silent,
) -> Tally:
    """Compare pictures, folders and the rows of Parquet files with the works in force; write a row each to ``out``, as
    Parquet or CSV by its ending.

    ``out`` is written whole or not at all. Raises FilesUnusable, HomeMissing, MissingExtra for Parquet, BadSetting for
    another ending, NothingRegistered, OutNotWritable; EmbedderUnusable for weights that are not as they were named;
    ScreeningStopped when a process was killed.
    """
    table = _table_of(out)
    pictures, tables = pictures_and_tables(files)
    if not pictures and not tables:
        raise unusable("FILE", "no_pictures")
    with closing(existing_home(home_path)) as home:
        if not _works_in_force(home):
            raise NothingRegistered(home=home_path)
        embedder_of(home)  # told here, and not by a process that ends
    make_folder(out.parent)
    total = None if tables else len(pictures)
    tally = Tally()
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.part")

    def counted() -> Iterator[Screened]:
        for row in _screened(_each(pictures, tables), home_path, processes):
            tally.add(row)
            listener(Progress(Message("progress.comparing"), tally.counts.total(), total))
            yield row

    try:
        with table(unfinished) as write:
            for rows in _groups(counted()):
                write(rows)
        unfinished.replace(out)
    except OSError as error:
        raise OutNotWritable(out=out, system=error.strerror or error) from error
    except BrokenProcessPool as error:
        raise ScreeningStopped(done=tally.counts.total(), processes=processes) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return tally


def _each(pictures: list[Path], tables: list[Path]) -> Iterator[Item]:
    """Pictures first, then the rows of tables."""
    yield from ((str(path), None) for path in pictures)
    for table in tables:
        yield from ((offer.name, offer.data()) for offer in of_parquet(table, Said()))


def _screened(items: Iterator[Item], home_path: Path, processes: int) -> Iterator[Screened]:
    """In the order of the items."""
    if processes == 1:
        cascade = _cascade(home_path)
        yield from (_look(cascade, item) for item in items)
        return
    with ExitStack() as stack:
        pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (home_path,))
        stack.callback(pool.shutdown, cancel_futures=True)
        waiting: deque[Future[Screened]] = deque()
        for item in items:
            waiting.append(pool.submit(_look_here, item))
            if len(waiting) >= AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_here: list[AnyCascade] = []
"""The works of a process that helps."""


def _begin(home_path: Path) -> None:
    _here.append(_cascade(home_path))


def _look_here(item: Item) -> Screened:
    return _look(_here[0], item)


def _cascade(home_path: Path) -> AnyCascade:
    """The works in force at this moment, compared as at the door: by the calibration and the weights that hold."""
    home = existing_home(home_path)
    works = _works_in_force(home)
    known = embedded(home, works, embedder_of(home))
    return cascade_of(works, home.traces, in_force(home, works), known)


def _works_in_force(home: Home) -> list[Work]:
    today = SystemClock().now().date()
    return [work for work in guarded_works(home) if work.is_compared(today)]


def _look(cascade: AnyCascade, item: Item) -> Screened:
    name, data = item
    try:
        data = read_bytes(Path(name)) if data is None else data
        digest = digests.of_bytes(data)
        pixels = shared().open(data, name=name).pixels
    except InputError as error:
        return Screened(name, digests.of_bytes(data) if data else "", UNREADABLE, problem=error.code)
    looked = cascade.look(pixels)
    similar = [match for match in looked.similar if match.outcome is not Outcome.PASS]
    if not similar:
        return Screened(name, digest, (Outcome.REVIEW if looked.crowded else Outcome.PASS).value)
    first, outcome = similar[0], similar[0].outcome.value
    found: dict[str, Any] = {column: getattr(first.work, key) for column, key in _NAMED.items()}
    return Screened(name, digest, outcome, len(similar), **found | first.measure)


def _groups(rows: Iterator[Screened]) -> Iterator[list[Screened]]:
    group: list[Screened] = []
    for row in rows:
        group.append(row)
        if len(group) == ROWS_A_GROUP:
            yield group
            group = []
    if group:
        yield group


Write = Callable[[list[Screened]], object]


def _table_of(out: Path) -> Callable[[Path], AbstractContextManager[Write]]:
    """What writes a table with this ending. Raises BadSetting, and MissingExtra for Parquet."""
    kind = out.suffix.lower()
    if kind == CSV:
        return _csv
    if kind != PARQUET:
        reason, advice = (Phrase(Message(f"files.no_table.{part}")) for part in ("reason", "advice"))
        raise BadSetting(setting=f"--out {out}", reason=reason, advice=advice)
    with optional_part("verso registry screen", "train"):
        import pyarrow.parquet  # noqa: F401
    return _parquet


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, _schema(pa)) as table:
        yield lambda rows: table.write_table(pa.Table.from_pylist([asdict(row) for row in rows], _schema(pa)))


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    """UTF-8 with the mark by which spreadsheet programs know it."""
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        table = csv.DictWriter(file, list(Screened.__slots__))
        table.writeheader()
        yield lambda rows: table.writerows(
            {name: _cell(value) for name, value in asdict(row).items()} for row in rows
        )


def _cell(value: object) -> object:
    """A name that a stranger gave is no formula: spreadsheet programs run what begins like one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _schema(pa: Any) -> pa.Schema:
    measures = dict.fromkeys(("likeness", "points", "cosine"), pa.float64())
    kinds = {"similar": pa.int32()} | measures
    return pa.schema([(name, kinds.get(name, pa.string())) for name in Screened.__slots__])
