"""A training set without some of its pictures, as if they had never been sent: another set, with its own manifest."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.store.atomic import put_durably
from rectoverso.types import Digest
from rectoverso.verso.curate.about import About
from rectoverso.verso.curate.datasheet import Made
from rectoverso.verso.curate.rules import Action, Rules
from rectoverso.verso.curate.summary import Summary
from rectoverso.workflow.curated import MANIFEST, PICTURES, RESULT
from rectoverso.workflow.curating import papers
from rectoverso.workflow.curating.parts import MANIFEST_KEY
from rectoverso.workflow.digests import of_file

Line = Mapping[str, Any]
"""A line of a manifest."""


@dataclass(frozen=True, slots=True)
class Without:
    """What is left: by the digests of its files, ``members``, and what its pictures come to."""

    manifest: Digest
    pictures: Digest
    members: tuple[Digest, ...]
    summary: Summary


def lines_of(manifest: Iterator[bytes]) -> Iterator[Line]:
    """The lines of a manifest that comes piece by piece, one for each picture."""
    rest = b""
    is_head = True
    for piece in manifest:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if not is_head:
                yield json.loads(line)
            is_head = False


def take_out(folder: Path, places: Collection[int]) -> Without:
    """Write the set in ``folder`` anew without the pictures of these places, and others that are the same file: what
    there is of them in its manifest, its pictures and its papers.
    """
    with (folder / MANIFEST).open(encoding="utf-8") as file:
        head, *lines = map(json.loads, file)
    gone = {line.get("digest") for line in lines if line["picture"] in places} - {None}
    lines = [line for line in lines if line["picture"] not in places and line.get("digest") not in gone]
    unfinished = folder / f".{MANIFEST}.part"
    with unfinished.open("w", encoding="utf-8") as file:
        for line in ({**head, "pictures": len(lines)}, *lines):
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
    put_durably(unfinished, folder / MANIFEST)
    manifest = of_file(folder / MANIFEST)
    columns = _write_without(folder / PICTURES, gone, manifest)
    pictures, summary = of_file(folder / PICTURES), Summary.of(lines)
    papers.write(folder, summary, _made(folder, head, manifest), About(), pictures, columns)
    members = tuple(Digest(line["digest"]) for line in lines if line["action"] == Action.KEEP)
    return Without(manifest, pictures, members, summary)


def _made(folder: Path, head: Line, manifest: Digest) -> Made:
    """When and how the set was made: that stays."""
    result = json.loads((folder / RESULT).read_bytes())
    milder = tuple(Rules.model_validate(head["rules"]).milder_than(Rules.read()))
    return Made(
        head["source"], result["date"], result["version"], manifest, result["rules"], head["agents"], milder
    )


def _write_without(pictures: Path, gone: Collection[object], manifest: Digest) -> tuple[str, ...]:
    """The same table without those rows, some at a time; returns its columns beside the picture."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(pictures)
    told = {**(table.schema_arrow.metadata or {}), MANIFEST_KEY: manifest.encode()}
    schema, unfinished = table.schema_arrow.with_metadata(told), pictures.with_name(f".{pictures.name}.part")
    with table, pq.ParquetWriter(unfinished, schema, compression="none") as writer:
        for number in range(table.num_row_groups):
            group = table.read_row_group(number)
            stays = pa.array([digest not in gone for digest in group["digest"].to_pylist()])
            rows = group.filter(stays).replace_schema_metadata(told)
            if rows.num_rows:
                writer.write_table(rows)
    put_durably(unfinished, pictures)
    return tuple(name for name in schema.names if name != "image")
