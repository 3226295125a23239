"""A file of fingerprints is read as it was written, and not otherwise: whoever sends one is a stranger."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from rectoverso.errors import BadFingerprints, FilesUnusable
from rectoverso.store.rights import Asked, Kind, Rights
from rectoverso.verso.registry.fingerprints import (
    MOST_LINE_BYTES,
    MOST_WORKS,
    Fingerprints,
    count_in,
    read_fingerprints,
    written,
)

RIGHTS = Rights(
    licence="All rights reserved",
    contact="anna@example.org",
    territory=("DE", "FR"),
    since=date(2026, 1, 1),
    until=date(2031, 12, 31),
    asked=Asked.REVIEW,
    kind=Kind.LIKENESS,
)
WORKS = [
    Fingerprints("", "Der Kuß “Ⅱ”", "Anna", RIGHTS, b"\1" * 256, b"\2" * 739, b"\3" * 32 + b"\4" * 84),
    Fingerprints("", "Untitled", "Anna", Rights(contact="anna@example.org"), b"", b"\5", b"\6" * 32),
]
GOOD = written(WORKS, "Anna")
HEAD, FIRST, _ = GOOD.splitlines(keepends=True)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], list[Fingerprints]]:
    def read_bytes(data: bytes) -> list[Fingerprints]:
        (tmp_path / "a.fingerprints").write_bytes(data)
        return list(read_fingerprints(tmp_path / "a.fingerprints"))

    return read_bytes


def lines(*found: Mapping[str, Any]) -> bytes:
    return b"".join(rfc8785.dumps(dict(one)) + b"\n" for one in found)


def head(**changed: Any) -> dict[str, Any]:
    return json.loads(HEAD) | {"works": 1} | changed


def work(**changed: Any) -> dict[str, Any]:
    return json.loads(FIRST) | changed


def said(**changed: Any) -> dict[str, Any]:
    cells = work()["said"] | changed
    return work(said={column: cell for column, cell in cells.items() if cell is not None})


def test_what_was_written_is_read(read: Callable[[bytes], list[Fingerprints]], tmp_path: Path) -> None:
    found = read(GOOD)
    assert [replace(one, name="") for one in found] == WORKS
    assert [one.name for one in found] == ["a.fingerprints:2: Der Kuß “Ⅱ”", "a.fingerprints:3: Untitled"]
    assert count_in(tmp_path / "a.fingerprints") == 2
    assert written(found, "Anna") == GOOD, "there is one way to write it"


def test_their_name_is_of_the_fingerprints_and_of_nothing_that_is_said() -> None:
    one = WORKS[0]
    assert replace(one, title="Other", owner="Berta", rights=Rights()).digest == one.digest
    others = (
        replace(one, hashes=b""),
        replace(one, sketch=b"\3" * 739),
        replace(one, trace=one.trace + b"\0"),
        replace(one, hashes=one.hashes + b"\2", sketch=one.sketch[1:]),
    )
    assert one.digest not in {other.digest for other in others}


HOSTILE = {
    "nothing": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "a pickle": b"\x80\x04\x95\n",
    "another format": lines(head(format="works"), work()),
    "a later version": lines(head(version=2), work()),
    "a version that is one only in Python": lines(head(version=True), work()),
    "more in its head": lines(head(home="/"), work()),
    "an owner that is no text": lines(head(owner=1), work()),
    "no owner": lines(head(owner=""), work()),
    "an owner with an escape": lines(head(owner="A\x1b[2J"), work()),
    "an owner with blanks around": lines(head(owner=" Anna"), work()),
    "no works": lines(head(works=0)),
    "too many works": lines(head(works=MOST_WORKS + 1), work()),
    "works that are one only in Python": lines(head(works=True), work()),
    "fewer works than it says": lines(head(works=2), work()),
    "more works than it says": lines(head(works=1), work(), work()),
    "a blank after its end": lines(head(), work()) + b"\n",
    "no end": lines(head(), work())[:-1],
    "a line without end": HEAD + b'{"hashes":"' + b"A" * MOST_LINE_BYTES,
    "a line that is no object": lines(head()) + b"[1]\n",
    "nested without end": lines(head()) + b"[" * 60_000 + b"\n",
    "a number without end": lines(head()) + b'{"a":' + b"9" * 5_000 + b"}\n",
    "not a number": lines(head()) + b'{"a":NaN}\n',
    "half a character": lines(head()) + b'{"a":"\\ud800"}\n',
    "another encoding": lines(head()) + '{"a":"ü"}\n'.encode("latin-1"),
    "a name said twice": lines(head()) + FIRST.replace(b'{"hashes"', b'{"hashes":"","hashes"', 1),
    "blanks between": lines(head()) + FIRST.replace(b'","', b'", "', 1),
    "more of a work": lines(head(), work(file="/etc/passwd")),
    "less of a work": lines(head(), {name: one for name, one in work().items() if name != "points"}),
    "points that are no text": lines(head(), work(points=[1, 2])),
    "points in another base64": lines(head(), work(points=base64.urlsafe_b64encode(b"\xff" * 9).decode())),
    "points with a bit to spare": lines(head(), work(points="AB==")),
    "a short digest": lines(head(), work(pixels=base64.b64encode(b"\1" * 31).decode())),
    "words that are no object": lines(head(), work(said="title")),
    "words that are no text": lines(head(), said(title=5)),
    "a file that it would read": lines(head(), said(file="/etc/passwd")),
    "an owner of its own": lines(head(), said(owner="Berta")),
    "an empty cell": lines(head(), said(licence="")),
    "no title": lines(head(), said(title=None)),
    "no contact": lines(head(), said(contact=None)),
    "a title with an escape": lines(head(), said(title="A\x1b[2J")),
    "a title without end": lines(head(), said(title="A" * 1001)),
    "a wrong day": lines(head(), said(until="2026-02-30")),
    "a last day before the first": lines(head(), said(until="2025-12-31")),
    "a kind that there is not": lines(head(), said(kind="everything")),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_else_a_stranger_sends_is_refused(
    data: bytes, read: Callable[[bytes], list[Fingerprints]]
) -> None:
    with pytest.raises(BadFingerprints, match="line"):
        read(data)


def test_the_base_of_these_attacks_is_read(read: Callable[[bytes], list[Fingerprints]]) -> None:
    assert [one.title for one in read(lines(head(), work()))] == [WORKS[0].title]


@pytest.mark.parametrize("cut", range(0, len(GOOD), 131))
def test_a_file_that_was_cut_or_changed_anywhere_is_not_the_same(
    cut: int, read: Callable[[bytes], list[Fingerprints]]
) -> None:
    with pytest.raises(BadFingerprints):
        read(GOOD[:cut])
    changed = GOOD[:cut] + bytes([GOOD[cut] ^ 1]) + GOOD[cut + 1 :]
    try:
        found = read(changed)
    except BadFingerprints:
        return
    assert [replace(one, name="") for one in found] != WORKS


def test_no_pipe_is_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "a.fingerprints")
    for asked in (read_fingerprints, lambda path: [count_in(path)]):
        with pytest.raises(FilesUnusable):
            list(asked(tmp_path / "a.fingerprints"))
    with pytest.raises(FilesUnusable):
        list(read_fingerprints(tmp_path / "none.fingerprints"))
