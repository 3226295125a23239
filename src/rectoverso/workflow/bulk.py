"""Many pictures compared with the registered works: files and Parquet tables in, one Parquet table out.

Nothing is decided and nothing enters the ledger: this tells which pictures of a collection are worth a look. Each row
says what was found gravest of one picture, in the order in which they were given. Pictures are worked on by as many
processes as wanted, each with the works in its own memory; what is ahead of the slowest is bounded, so that a
collection of any size passes through.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import InputError, OutNotWritable, ScreeningStopped
from rectoverso.protocols import SystemClock
from rectoverso.types import Outcome
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.registry.columns import Said
from rectoverso.verso.registry.descriptors import embedded
from rectoverso.verso.registry.offers import of_parquet
from rectoverso.verso.screen.cascade import Cascade
from rectoverso.verso.screen.similarity import cascade_of
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.calibration import in_force
from rectoverso.workflow.extras import optional_part
from rectoverso.workflow.files import make_folder, picture_files, unusable
from rectoverso.workflow.guard import guarded_works
from rectoverso.workflow.ledgers import existing_home
from rectoverso.workflow.weights import embedder_of

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = ".parquet"
UNREADABLE = "unreadable"
ROWS_A_GROUP = 1000
AHEAD = 8
"""Pictures that wait or are worked on, for each process."""

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


def screen_many(
    files: Iterable[Path], home_path: Path, out: Path, *, processes: int = 1
) -> Mapping[str, int]:
    """Compare pictures, folders and the rows of Parquet files with the works in force; write a row each to ``out``.

    Returns how many have each outcome. ``out`` is written whole or not at all. Raises FilesUnusable, HomeMissing,
    MissingExtra, OutNotWritable; EmbedderUnusable for weights that are not as they were named; ScreeningStopped when a
    process was killed.
    """
    with optional_part("verso registry screen", "train"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    items = _items(list(files))
    home = existing_home(home_path)
    embedder_of(home)  # told here, and not by a process that ends
    home.close()
    make_folder(out.parent)
    counts: Counter[str] = Counter()
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with pq.ParquetWriter(unfinished, _schema(pa)) as table:
            for rows in _groups(_screened(items, home_path, processes)):
                counts.update(row.outcome for row in rows)
                table.write_table(pa.Table.from_pylist([asdict(row) for row in rows], _schema(pa)))
        unfinished.replace(out)
    except OSError as error:
        raise OutNotWritable(out=out, system=error.strerror or error) from error
    except BrokenProcessPool as error:
        raise ScreeningStopped(done=sum(counts.values()), processes=processes) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return counts


def _items(files: list[Path]) -> Iterator[Item]:
    """Pictures and folders first, then the rows of Parquet files. Raises FilesUnusable."""
    tables = [path for path in files if path.suffix.lower() == PARQUET and not path.is_dir()]
    pictures = [path for path in files if path not in tables]
    if not files:
        raise unusable("FILE", "no_pictures")
    found = picture_files(pictures) if pictures else []
    return _each(found, tables)


def _each(pictures: list[Path], tables: list[Path]) -> Iterator[Item]:
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


_here: list[Cascade] = []
"""The works of a process that helps."""


def _begin(home_path: Path) -> None:
    _here.append(_cascade(home_path))


def _look_here(item: Item) -> Screened:
    return _look(_here[0], item)


def _cascade(home_path: Path) -> Cascade:
    """The works in force at this moment, compared as at the door: by the calibration and the weights that hold."""
    home = existing_home(home_path)
    today = SystemClock().now().date()
    works = [work for work in guarded_works(home) if work.is_compared(today)]
    known = embedded(home, works, embedder_of(home))
    return cascade_of(works, home.traces, in_force(home, works), known)


def _look(cascade: Cascade, item: Item) -> Screened:
    name, data = item
    try:
        data = read_bytes(Path(name)) if data is None else data
        digest = digests.of_bytes(data)
        pixels = shared().open(data, name=name).pixels
    except InputError as error:
        return Screened(name, digests.of_bytes(data) if data else "", UNREADABLE, problem=error.code)
    similar = [match for match in cascade.look(pixels).similar if match.outcome is not Outcome.PASS]
    if not similar:
        return Screened(name, digest, Outcome.PASS.value)
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


def _schema(pa: Any) -> pa.Schema:
    measures = dict.fromkeys(("likeness", "points", "cosine"), pa.float64())
    kinds = {"similar": pa.int32()} | measures
    return pa.schema([(name, kinds.get(name, pa.string())) for name in Screened.__slots__])
