"""Writing the pictures that are kept: in parts, so that a kill costs one part, then all in one Parquet file.

Columns, as `verso train` reads them: ``image`` ({bytes, path}), ``label`` and ``caption`` where any picture has one,
``title``, ``owner``, ``licence``; and ``digest``, of the file that the picture was, which is also in the manifest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import ImageStopped, ImageUnreadable
from rectoverso.store.atomic import put_durably
from rectoverso.store.curation import Curation, Row
from rectoverso.verso.curate.rules import Action
from rectoverso.verso.curate.summary import REDRAWN, licences_of
from rectoverso.workflow import digests
from rectoverso.workflow.curating.feed import Feed, Offer
from rectoverso.workflow.curating.look import clean
from rectoverso.workflow.curating.root import Root
from rectoverso.workflow.curating.workers import Work, Workers

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 1000
MOST_BYTES = 64 << 20
"""Of a part, before it is closed: a part is in memory while it is made."""
_PART = ".parquet"
OPTIONAL = ("label", "caption")
_TEXTS = ("label", "caption", "title", "owner", "licence", "digest")
MANIFEST_KEY = b"rectoverso.manifest"

Kept = tuple[Offer, dict[str, Any]]
"""A picture to be written, and its record."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A picture as it is written: ``data``, or in ``failed`` why it is not."""

    place: int
    data: bytes = b""
    media_type: str = ""
    failed: str = ""


def write_parts(
    curation: Curation, feed: Feed, folder: Path, columns: tuple[str, ...], processes: int
) -> Iterator[int]:
    """Write what is kept and not written yet; yields after each part how many pictures it has.

    A picture that cannot be cleaned does not stop the others: what became of it is noted, and has to be decided.
    """
    folder.mkdir(exist_ok=True)
    _forget_unnoted(curation, folder)
    offers = feed.offers()
    waiting: dict[int, Row] = {}
    things = _kept(curation, offers, waiting)
    workers: Workers[Kept, Cleaned] = Workers(_cleaner, (feed.root,), processes, _ended)
    part: list[tuple[Row, Cleaned]] = []
    size = 0
    for cleaned in workers.answers(things):
        row = waiting.pop(cleaned.place)
        if cleaned.failed:
            curation.keep_problem(row.place, cleaned.failed)
            continue
        part.append((row, cleaned))
        size += len(cleaned.data)
        if len(part) == MOST_ROWS or size >= MOST_BYTES:
            yield _close(curation, part, folder, columns)
            part, size = [], 0
    if part:
        yield _close(curation, part, folder, columns)


def join(folder: Path, out: Path, columns: tuple[str, ...], manifest: str) -> None:
    """All parts in one file, in order, which names the manifest of the curation."""
    import pyarrow.parquet as pq

    features = {name: {"_type": "Value", "dtype": "string"} for name in columns} | {
        "image": {"_type": "Image"}
    }
    told = {
        b"huggingface": json.dumps({"info": {"features": features}}).encode(),
        MANIFEST_KEY: manifest.encode(),
    }
    with pq.ParquetWriter(out, _schema(columns).with_metadata(told), compression="none") as writer:
        for part in sorted(folder.glob(f"*{_PART}")):
            writer.write_table(pq.read_table(part).replace_schema_metadata(told))


def _forget_unnoted(curation: Curation, folder: Path) -> None:
    """A part that was put there and not noted is written again, and might begin with another picture then."""
    for part in folder.iterdir():
        if part.suffix != _PART or not curation.is_written(int(part.stem)):
            part.unlink()


def _kept(curation: Curation, offers: Iterator[Offer], waiting: dict[int, Row]) -> Iterator[Kept]:
    """Offers that are kept and not written; what the workers were given stays in ``waiting`` until it is back."""
    for row in curation.rows(Action.KEEP):
        if row.written is not None:
            continue
        offer = next(offer for offer in offers if offer.place == row.place)
        waiting[row.place] = row
        yield offer, {"digest": row.looked["digest"], "redraw": row.looked["redraw"]}


def _ended(kept: Kept) -> Cleaned:
    return Cleaned(kept[0].place, failed=ImageStopped.code)


def _cleaner(root: Root) -> Work[Kept, Cleaned]:
    return partial(_cleaned, root)


def _cleaned(root: Root, kept: Kept) -> Cleaned:
    offer, record = kept
    try:
        data, media_type = clean(root, offer, record)
    except ImageUnreadable as error:
        return Cleaned(offer.place, failed=error.code)
    except ValueError as error:
        return Cleaned(offer.place, failed=str(error))
    return Cleaned(offer.place, data, media_type)


def _close(
    curation: Curation, part: list[tuple[Row, Cleaned]], folder: Path, columns: tuple[str, ...]
) -> int:
    """Put a part on the disk, then note that it is there: killed between the two, it is written again."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{part[0][0].place:012d}{_PART}"
    unfinished = path.with_suffix(".part")
    table = pa.Table.from_pylist([_line(row, cleaned, columns) for row, cleaned in part], _schema(columns))
    pq.write_table(table, unfinished, compression="none")
    put_durably(unfinished, path)
    curation.keep_written((row.place, _written(row, cleaned)) for row, cleaned in part)
    return len(part)


def _line(row: Row, cleaned: Cleaned, columns: tuple[str, ...]) -> dict[str, Any]:
    rights: Mapping[str, str] = row.looked["rights"]
    told = {
        **rights,
        "title": rights.get("title") or row.source,
        "licence": next(iter(licences_of(row.looked)), None),
        "digest": row.looked["digest"],
    }
    return {"image": {"bytes": cleaned.data, "path": row.source}} | {name: told.get(name) for name in columns}


def _written(row: Row, cleaned: Cleaned) -> dict[str, Any]:
    changes = [*row.looked["metadata"], *([REDRAWN] if row.looked["redraw"] else [])]
    digest = digests.of_bytes(cleaned.data)
    return {
        "digest": digest,
        "media_type": cleaned.media_type,
        "bytes": len(cleaned.data),
        "removed": changes,
    }


def columns_of(has: Iterable[str]) -> tuple[str, ...]:
    """The columns beside the picture, given which of the optional ones any picture has."""
    present = set(has)
    return tuple(name for name in _TEXTS if name not in OPTIONAL or name in present)


def _schema(columns: tuple[str, ...]) -> pa.Schema:
    import pyarrow as pa

    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.schema([("image", image), *((name, pa.string()) for name in columns)])
