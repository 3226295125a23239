"""Fingerprints that an owner made beside the originals, to be sent instead of them: a file of lines, and no picture.

Each line is one JSON object in its canonical form (RFC 8785), in UTF-8, ended by a line feed. The first says whose
works follow and how many, each further one is a work:

    {"format":"rectoverso/fingerprints","owner":"Anna Moon","version":1,"works":1}
    {"hashes":"...","pixels":"...","points":"...","said":{"contact":"...","title":"..."},"sketch":"..."}

said        what a catalogue would say (columns.py), without ``file`` and ``owner``; a title and a contact must be there
hashes      PDQ of the eight symmetries, 256 bytes, or none (``screen.fingerprint``)
sketch      739 bytes (``screen.sketch``)
pixels      the SHA-256 of shape and pixels (``screen.trace``)
points      at most 300 points (``screen.points``)

The four are in base64. One file speaks for one owner: what is counted against an owner is then counted against whoever
sent it. Whoever reads one takes nothing in it on trust: what the numbers may be is said in credible.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import rfc8785

from rectoverso.errors import BadFingerprints, FilesUnusable
from rectoverso.i18n import Phrase
from rectoverso.store.rights import Rights
from rectoverso.types import Digest, Message
from rectoverso.verso.registry.columns import COLUMNS, Said, read
from rectoverso.verso.screen.trace import DIGEST_BYTES

SUFFIX = ".fingerprints"
FORMAT, VERSION = "rectoverso/fingerprints", 1
MOST_WORKS = 10_000
MOST_LINE_BYTES = 64 << 10
"""A work with 300 points and every cell filled takes 57 KB where each character takes six."""

_HEAD = {"format", "owner", "version", "works"}
_ENCODED = ("hashes", "pixels", "points", "sketch")
_SAYABLE = frozenset(COLUMNS) - {"file", "owner"}


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What is offered of one work instead of its picture. ``name`` is for messages; ``hashes`` are 256 bytes or none,
    ``sketch`` is 739, ``trace`` at most 11.5 KB (``Trace.to_bytes``).
    """

    name: str
    title: str
    owner: str
    rights: Rights
    hashes: bytes
    sketch: bytes
    trace: bytes

    @property
    def digest(self) -> Digest:
        """What names them, whatever is said of the work: the same file may be sent again with other words."""
        begins = f"{FORMAT}/{VERSION}/{len(self.hashes)}\n".encode()
        return Digest(hashlib.sha256(begins + self.hashes + self.sketch + self.trace).hexdigest())


def is_fingerprints(path: Path) -> bool:
    """Whether it is a file of fingerprints by its name."""
    return path.suffix.lower() == SUFFIX and not path.is_dir()


def written(works: Sequence[Fingerprints], owner: str) -> bytes:
    """The file of these works, all of this owner."""
    head = {"format": FORMAT, "version": VERSION, "owner": owner, "works": len(works)}
    return b"".join(rfc8785.dumps(line) + b"\n" for line in (head, *map(_plain, works)))


def read_fingerprints(path: Path) -> Iterator[Fingerprints]:
    """The works of a file in their order, a line at a time in memory. Nothing of the file is taken before all of it was
    read: whoever asks for the last work has read every line.

    Raises BadFingerprints for the first thing that is not as it is written here, FilesUnusable where it cannot be read.
    """
    with _opened(path) as file:
        owner, count = _head(path, file)
        for number in range(2, count + 2):
            yield _work(path, number, owner, _line(path, number, file))
        if file.read(1):
            raise _bad(path, count + 2, "more", count=count)


def count_in(path: Path) -> int:
    """How many works a file says it has. Raises as `read_fingerprints`."""
    with _opened(path) as file:
        return _head(path, file)[1]


def _plain(work: Fingerprints) -> dict[str, Any]:
    rights = work.rights.plain()
    said = {"title": work.title} | rights | {"territory": " ".join(rights["territory"])}
    encoded = (work.hashes, work.trace[:DIGEST_BYTES], work.trace[DIGEST_BYTES:], work.sketch)
    data = {name: base64.b64encode(one).decode() for name, one in zip(_ENCODED, encoded, strict=True)}
    return data | {"said": {column: cell for column, cell in said.items() if cell}}


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for without end
            raise _unusable(path, Message("files.not_ordinary"))
        with path.open("rb") as file:
            yield file
    except OSError as error:
        facts = {"system": error.strerror or error}
        raise _unusable(path, Message("registry.catalogue_unreadable.reason", facts)) from error


def _head(path: Path, file: BinaryIO) -> tuple[str, int]:
    head = _line(path, 1, file)
    owner, count = head.get("owner"), head.get("works")
    if head.get("format") != FORMAT:
        raise _bad(path, 1, "format")
    if head.get("version") != VERSION or type(head["version"]) is not int:
        raise _bad(path, 1, "version", known=VERSION)
    if head.keys() != _HEAD or not isinstance(owner, str) or type(count) is not int:
        raise _bad(path, 1, "names", names=", ".join(sorted(_HEAD)))
    if not 1 <= count <= MOST_WORKS:
        raise _bad(path, 1, "count", most=MOST_WORKS)
    said, wrong = read({"owner": owner})
    for problem in wrong:
        raise _bad(path, 1, "cell", column="owner", what=problem.message)
    if not said.owner or said.owner != owner:
        raise _bad(path, 1, "empty", column="owner")
    return owner, count


def _work(path: Path, number: int, owner: str, line: Mapping[str, Any]) -> Fingerprints:
    if line.keys() != {*_ENCODED, "said"}:
        raise _bad(path, number, "names", names=", ".join(sorted((*_ENCODED, "said"))))
    said = _said(path, number, line["said"])
    hashes, pixels, points, sketch = (_decoded(path, number, name, line[name]) for name in _ENCODED)
    if len(pixels) != DIGEST_BYTES:
        raise _bad(path, number, "encoded", name="pixels")
    name = f"{path.name}:{number}: {said.title}"
    return Fingerprints(name, said.title, owner, said.rights, hashes, sketch, pixels + points)


def _said(path: Path, number: int, cells: Any) -> Said:
    """What is said of a work. An owner who can be reached is the only one who can show a picture of it."""
    if not isinstance(cells, dict) or not cells.keys() <= _SAYABLE:
        raise _bad(path, number, "said", known=", ".join(sorted(_SAYABLE)))
    if not all(isinstance(cell, str) and cell for cell in cells.values()):
        raise _bad(path, number, "said", known=", ".join(sorted(_SAYABLE)))
    said, wrong = read(cells)
    for problem in wrong:
        raise _bad(path, number, "cell", column=problem.column, what=problem.message)
    for column, cell in (("title", said.title), ("contact", said.rights.contact)):
        if not cell:
            raise _bad(path, number, "empty", column=column)
    return said


def _line(path: Path, number: int, file: BinaryIO) -> dict[str, Any]:
    """The object of a line, which is written in the one way that there is."""
    data = file.readline(MOST_LINE_BYTES + 1)
    if len(data) > MOST_LINE_BYTES:
        raise _bad(path, number, "long", most=MOST_LINE_BYTES >> 10)
    if not data.endswith(b"\n"):
        raise _bad(path, number, "ends")
    try:
        found = json.loads(data)
        is_canonical = rfc8785.dumps(found) + b"\n" == data
    except (ValueError, RecursionError) as error:  # nested without end
        raise _bad(path, number, "json") from error
    if not isinstance(found, dict) or not is_canonical:
        raise _bad(path, number, "json")
    return found


def _decoded(path: Path, number: int, name: str, text: Any) -> bytes:
    """The bytes behind base64 in its one canonical form."""
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError as error:
        raise _bad(path, number, "encoded", name=name) from error
    if base64.b64encode(data).decode() != text:
        raise _bad(path, number, "encoded", name=name)
    return data


def _bad(path: Path, number: int, problem: str, **facts: object) -> BadFingerprints:
    what = Phrase(Message(f"registry.fingerprints.{problem}", facts))
    return BadFingerprints(path=path, line=number, problem=what)


def _unusable(path: Path, reason: Message) -> FilesUnusable:
    advice = Phrase(Message("registry.catalogue_unreadable.advice"))
    return FilesUnusable(files=path, reason=Phrase(reason), advice=advice)
