"""What every source of pictures hands over: entries, and what is known of their classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from rectoverso.errors import DataUnusable
from rectoverso.i18n import Phrase
from rectoverso.recto.data.check import readable
from rectoverso.types import Attribution, Message


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture not read yet. ``read`` gives the bytes of its file, ``mask`` those of its mask, or raises OSError.

    ``said``: what its source says of it beyond its path, if anything.
    """

    path: str
    read: Callable[[], bytes]
    label: str | int | None = None
    caption: str | None = None
    mask: Callable[[], bytes] | None = None
    said: Attribution | None = None

    @property
    def attribution(self) -> Attribution:
        """What it is called, and who is to be named with it."""
        return self.said or Attribution(self.path)


@dataclass(frozen=True, slots=True)
class Contents:
    """All entries of one source, in an order that does not depend on the machine.

    ``classes`` names the labels where the source does; otherwise they are named after the labels that occur.
    ``regions`` names the classes of the masks likewise.
    """

    name: str
    entries: Sequence[Entry]
    classes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()


_TEXTS = {
    "txt",
    "md",
    "rst",
    "html",
    "log",
    "json",
    "jsonl",
    "csv",
    "tsv",
    "xml",
    "toml",
    "yaml",
    "yml",
    "xmp",
}
_SIDECARS = _TEXTS | {"ini", "db", "lnk", "url", "sha256", "md5"}
_UNNAMED = {"license", "licence", "copying", "readme", "notice", "authors", "checksums"}


def is_sidecar(path: PurePosixPath) -> bool:
    """Whether a file that lies among pictures is known not to be one: hidden, a note, a licence, a table."""
    if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
        return True
    suffix = path.suffix.lower().removeprefix(".")
    return suffix in _SIDECARS or (not suffix and path.name.lower() in _UNNAMED)


def class_of(paths: Iterable[PurePosixPath]) -> dict[PurePosixPath, str | None]:
    """The class of each path: the sub-folder that it lies in, below any folder that merely wraps them all."""
    rows = list(paths)
    deepest = min(len(row.parts) for row in rows) - 2  # leaves a class and a file name
    depth = 0
    while depth < deepest and len({row.parts[depth] for row in rows}) == 1:
        depth += 1
    return {row: row.parts[depth] if len(row.parts) > depth + 1 else None for row in rows}


def unusable(data: object, kind: str, **facts: object) -> DataUnusable:
    """The error for data that cannot be used as a whole; texts under ``[unusable]`` in ``data.toml``."""
    reason, advice = (Message(f"data.unusable.{kind}.{part}", facts) for part in ("reason", "advice"))
    return DataUnusable(data=readable(str(data)), reason=Phrase(reason), advice=Phrase(advice))
