"""Pictures from the Hugging Face hub by ``hf:org/name``, through the optional package ``datasets``.

The ``train`` split, its columns ``image`` and, if there are any, ``label`` and ``caption``. The files are asked for as
they are (``decode=False``), so that they go through the same checks as everybody's.
"""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path
from typing import Any

from rectoverso.errors import MissingExtra
from rectoverso.recto.data.check import MAX_FILE_BYTES
from rectoverso.recto.data.entry import Contents, Entry, unusable
from rectoverso.types import Message

PREFIX = "hf:"
SPLIT = "train"


def contents(data: str) -> Contents:
    """The pictures of ``hf:org/name``, in the order of its rows. Raises MissingExtra and DataUnusable."""
    name = data.removeprefix(PREFIX)
    try:
        import datasets
    except ImportError as error:
        raise MissingExtra(task=f"Reading {data}", package="datasets", extra="hub") from error
    try:
        table = datasets.load_dataset(name, split=SPLIT)
        columns = tuple(table.column_names)
        if "image" in columns:
            table = table.cast_column("image", datasets.Image(decode=False))
    except Exception as error:  # network, name, split, rights, format: the package raises anything at all
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise unusable(data, "hub", name=name, words=words) from error
    if "image" not in columns:
        raise unusable(data, "hub_columns", columns=", ".join(columns) or "-")
    labels, classes, notes = _labels(table)
    captions = list(table["caption"]) if "caption" in columns else [None] * len(table)
    entries = [
        Entry(f"{name}[{row}]", partial(_read, table, row), labels[row], _text(captions[row]))
        for row in range(len(table))
    ]
    return Contents(name, entries, classes, notes=notes)


def _read(table: Any, row: int) -> bytes:
    """The bytes of one picture, which the package keeps in the row or in a file of its cache."""
    picture = table[row]["image"]
    if not isinstance(picture, dict):
        raise OSError(errno.ENODATA, "this row holds no picture")
    data, path = picture.get("bytes"), picture.get("path")
    if data is not None:
        return bytes(data)
    if not path:
        raise OSError(errno.ENODATA, "this row holds no picture")
    if Path(path).stat().st_size > MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, "too large")
    return Path(path).read_bytes()


def _labels(table: Any) -> tuple[list[str | int | None], tuple[str, ...], tuple[Message, ...]]:
    """A label a row, the names of the classes, and what had to be left out."""
    if "label" not in table.column_names:
        return [None] * len(table), (), ()
    rows = list(table["label"])
    names = tuple(getattr(table.features["label"], "names", None) or ())
    strange = {type(row).__name__ for row in rows if type(row) not in (str, int, type(None))}
    if strange:
        note = Message("data.note.label_type", {"type": ", ".join(sorted(strange))})
        return [None] * len(rows), (), (note,)
    if names:  # -1 is how `datasets` writes "not known"
        rows = [row if isinstance(row, int) and 0 <= row < len(names) else None for row in rows]
    return rows, names, ()


def _text(caption: object) -> str | None:
    return caption if isinstance(caption, str) else None
