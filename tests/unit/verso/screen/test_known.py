"""The index of points is kept, follows the register, and answers as one that was made anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rectoverso.protocols import SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.traces import Traces, part_of
from rectoverso.verso.screen import known
from rectoverso.verso.screen.codebook import Codebook
from rectoverso.verso.screen.known import BOOK, KnownPoints
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.trace import Trace, digest_in

IDS = ["0a000001", "0a000002", "1b000003", "1b000004", "2c000005", "2c000006"]


@pytest.fixture(scope="module")
def kept(pictures: Any) -> dict[str, bytes]:
    photos = [pictures.photo(400 + number, 240, 320) for number in range(len(IDS))]
    return {name: Trace.of(pixels).to_bytes() for name, pixels in zip(IDS, photos, strict=True)}


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Home]:
    home = Home.open(tmp_path / "home")
    Keys.create(home.keys_path, owner="Studio Moon", clock=SystemClock())
    home.begin_data_keys()
    yield home
    home.close()


@pytest.fixture
def traces(keyed: Home, kept: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Traces:
    monkeypatch.setattr(known, "BOOK_FROM", 300)
    with keyed.database.transaction() as tx:
        for name in IDS[:5]:
            keyed.traces.put(tx, name, kept[name])
    return keyed.traces


def _votes(points: KnownPoints, pictures: Any) -> list[tuple[str, float]]:
    sought = Points.sought(pictures.photo(403, 240, 320)[40:200, 60:300])
    found = points.candidates(sought, at_most=3).candidates
    return [(points.names[one.work], round(one.votes, 3)) for one in found]


def _read_from_now_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read: list[str] = []
    get = Traces.__getitem__
    monkeypatch.setattr(Traces, "__getitem__", lambda self, name: (read.append(name), get(self, name))[1])
    return read


def test_a_second_start_reads_no_trace_and_answers_the_same(
    traces: Traces, pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _votes(KnownPoints.of(traces), pictures)
    assert first[0][0] == "1b000004"
    read = _read_from_now_on(monkeypatch)
    assert _votes(KnownPoints.of(traces), pictures) == first
    assert not read


def test_only_a_new_work_is_read(
    traces: Traces, kept: dict[str, bytes], keyed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    KnownPoints.of(traces)
    with keyed.database.transaction() as tx:
        traces.put(tx, IDS[5], kept[IDS[5]])
    read = _read_from_now_on(monkeypatch)
    assert sorted(KnownPoints.of(traces).names) == IDS
    assert read == [IDS[5]]
    KnownPoints.of(traces)
    assert read == [IDS[5]]


def test_a_removed_work_is_gone_from_the_index_and_from_the_shelf(
    traces: Traces, keyed: Home, pictures: Any
) -> None:
    KnownPoints.of(traces)
    assert b"1b000004" in (traces.shelf.read("1b") or b"")
    with keyed.database.transaction() as tx:
        traces.remove(tx, "1b000004")
    assert traces.shelf.read("1b") is None
    points = KnownPoints.of(traces)
    assert "1b000004" not in [name for name, _ in _votes(points, pictures)]
    after = traces.shelf.read("1b")
    assert after is not None
    assert b"1b000004" not in after


def test_a_part_that_comes_back_from_a_copy_of_the_files_is_put_right(traces: Traces, keyed: Home) -> None:
    """Another process put back what it had read before a work was removed."""
    KnownPoints.of(traces)
    old = traces.shelf.read("0a")
    assert old is not None
    with keyed.database.transaction() as tx:
        traces.remove(tx, "0a000001")
    traces.shelf.put("0a", old)
    assert "0a000001" not in KnownPoints.of(traces).names
    assert b"0a000001" not in (traces.shelf.read("0a") or b"")


@pytest.mark.parametrize("name", ["0a", BOOK])
def test_what_was_tampered_with_is_made_again(name: str, traces: Traces, keyed: Home, pictures: Any) -> None:
    first = _votes(KnownPoints.of(traces), pictures)
    file: Path = keyed.path / "points" / name
    file.write_bytes(file.read_bytes()[:-3] + b"???")
    assert _votes(KnownPoints.of(traces), pictures) == first


def test_what_was_prepared_is_not_written_again(
    traces: Traces, pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.prepare(traces)
    read = _read_from_now_on(monkeypatch)
    assert _votes(KnownPoints.of(traces), pictures)[0][0] == "1b000004"
    assert not read


def test_a_book_of_another_version_is_learnt_anew(traces: Traces, pictures: Any) -> None:
    KnownPoints.of(traces)
    traces.shelf.put(BOOK, b"\xff" + (traces.shelf.read(BOOK) or b"")[1:])
    assert _votes(KnownPoints.of(traces), pictures)[0][0] == "1b000004"


def test_another_book_makes_every_part_anew(
    traces: Traces, pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    KnownPoints.of(traces)
    monkeypatch.setattr(Codebook, "suits", 0)
    read = _read_from_now_on(monkeypatch)
    assert _votes(KnownPoints.of(traces), pictures)[0][0] == "1b000004"
    assert set(read) == set(IDS[:5])


def test_a_book_comes_back_and_another_thing_is_none(kept: dict[str, bytes]) -> None:
    points = np.concatenate([Trace.from_bytes(trace).points.descriptors for trace in kept.values()])
    book = Codebook.learnt(points, len(points))
    again = Codebook.from_bytes(book.to_bytes())
    assert again.name == book.name
    assert again.points == len(points)
    for spoilt in (b"", book.to_bytes()[:-1]):
        with pytest.raises(ValueError, match="not a codebook"):
            Codebook.from_bytes(spoilt)


def test_what_is_written_is_near_to_what_was(kept: dict[str, bytes]) -> None:
    points = np.concatenate([Trace.from_bytes(trace).points.descriptors for trace in kept.values()])
    book = Codebook.learnt(points, len(points))
    index = book.empty_index()
    _, codes = book.written(points)
    assert codes.shape == (len(points), 16)
    read = index.pq.decode(codes)
    likeness = (read * points).sum(axis=1) / np.linalg.norm(read, axis=1)
    assert likeness.mean() > 0.85


def test_the_same_pixels_are_known_by_digest(traces: Traces, kept: dict[str, bytes]) -> None:
    points = KnownPoints.of(traces)
    found = points.identical(digest_in(kept["1b000003"]))
    assert [points.names[number] for number in found] == ["1b000003"]
    assert points.identical(b"\0" * 32) == []


def test_parts_are_named_by_how_ids_begin() -> None:
    assert {part_of(name) for name in IDS} == {"0a", "1b", "2c"}
