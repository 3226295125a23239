"""What the training pictures of a run are called and who is to be named with each, in the order of its fingerprints.

It is kept in the run and does not travel to a hub: names of files may name people.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rectoverso.errors import FilesUnusable
from rectoverso.i18n import Phrase
from rectoverso.store.atomic import write_atomically
from rectoverso.types import Attribution, Message
from rectoverso.verso.registry.catalogue import read_catalogue
from rectoverso.verso.registry.columns import Said

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rectoverso.recto.data.dataset import Dataset

ATTRIBUTIONS = "attributions.json"
MOST_CHARACTERS = 200


def write_attributions(run: Path, dataset: Dataset, unseen: NDArray[np.int64] | None = None) -> None:
    """Keep them; nothing is written where the data have no names. ``unseen``: places of those that were held out."""
    told = list(_of(dataset))
    if dataset.other is not None:
        told += _of(dataset.other)
    if unseen is not None:
        left_out = set(unseen.tolist())
        told = [one for place, one in enumerate(told) if place not in left_out]
    if any(one.file for one in told):
        text = json.dumps([asdict(one) for one in told], ensure_ascii=False)
        write_atomically(run / ATTRIBUTIONS, text.encode("utf-8", "backslashreplace"), mode=0o644)


def read_attributions(run: Path, count: int) -> list[Attribution]:
    """Those of a run with so many training pictures; empty ones where none were kept.

    Raises ValueError where the file is not what this project wrote, or is of another training set.
    """
    try:
        rows = json.loads((run / ATTRIBUTIONS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [Attribution("")] * count
    if not isinstance(rows, list) or len(rows) != count:
        raise ValueError(f"{ATTRIBUTIONS} does not have a line for each of the {count} training pictures")
    try:
        return [Attribution(**{name: _printable(text) for name, text in row.items()}) for row in rows]
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{ATTRIBUTIONS} is not what was written") from error


def with_catalogue(told: list[Attribution], catalogue: Path) -> list[Attribution]:
    """What a catalogue says of the files that it names, by their paths in the data; where it is silent, as before. The
    files themselves need not be here.

    Raises as `read_catalogue` does, and FilesUnusable where it names none of them.
    """
    lines = read_catalogue(catalogue, beside=False)
    said = {PurePosixPath(line.said.file).as_posix(): line.said for line in lines}
    if not any(one.file in said for one in told):
        called = next((one.file for one in told if one.file), "")
        problem = "other_names" if called else "no_names"
        facts = {"first": lines[0].said.file, "called": called}
        reason, advice = (Phrase(Message(f"credit.{problem}.{part}", facts)) for part in ("reason", "advice"))
        raise FilesUnusable(files=catalogue, reason=reason, advice=advice)
    return [_joined(one, said[one.file]) if one.file in said else one for one in told]


def _joined(one: Attribution, said: Said) -> Attribution:
    known = {"title": said.title, "owner": said.owner, "licence": said.rights.licence}
    return replace(one, **{name: text for name, text in known.items() if text})


def _of(dataset: Dataset) -> list[Attribution]:
    return list(dataset.attributions) or [Attribution("")] * len(dataset)


def _printable(text: str) -> str:
    """Names come from strangers' files: an escape sequence would write over the terminal that lists it."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)[:MOST_CHARACTERS]
