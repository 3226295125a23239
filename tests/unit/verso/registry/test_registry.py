"""Works are entered together or not at all, found again, and nothing but fingerprints is kept of them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rectoverso.errors import BadWorks, ImageDamaged, ImageNotFound, WorkNotFound, WorkTooPlain
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.types import Outcome
from rectoverso.verso.registry.registry import Registry, enrol, rank


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Notes:
    """What the registry had recorded."""

    kept: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, _: Transaction, kind: str, work: Work) -> None:
        self.kept.append((kind, work.title))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, made once and copied, because making one loads the migrations."""
    path = tmp_path_factory.mktemp("template") / "home"
    Home.open(path).close()
    return path


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Home]:
    shutil.copytree(template, tmp_path / "home")
    opened = Home.open(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def registry(home: Home, notes: Notes) -> Registry:
    return Registry(home, StoppedClock(), notes)


@pytest.fixture
def painted(tmp_path: Path) -> Callable[[str, int], Path]:
    """(name, seed) -> a PNG file with a picture of blurred noise."""

    def paint(name: str, seed: int) -> Path:
        coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3)).astype(np.uint8)
        path = tmp_path / name
        Image.fromarray(coarse).resize((150, 120), Image.Resampling.BICUBIC).save(path)
        return path

    return paint


def test_a_work_is_entered_with_title_owner_and_time(
    registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    (work,) = registry.add([painted("harbour.png", 1)], title="The Harbour", owner="A. Painter")
    assert (work.title, work.owner, work.added_at) == (
        "The Harbour",
        "A. Painter",
        "2026-11-23T12:00:00+00:00",
    )
    assert registry.list() == [work]


def test_without_a_title_the_file_names_the_work(
    registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    (work,) = registry.add([painted("harbour.png", 1)])
    assert work.title == "harbour"


def test_several_works_under_one_title_can_be_told_apart(
    registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    works = registry.add([painted("one.png", 1), painted("two.png", 2)], title="Suite")
    assert [work.title for work in works] == ["Suite: one", "Suite: two"]


def test_the_same_file_twice_is_one_work_and_one_entry(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    file = painted("one.png", 1)
    first = registry.add([file, painted("again.png", 1)], title="First")
    again = registry.add([file], title="Second")
    assert first == again == registry.list()
    assert notes.kept == [("work_registered", "First: one")]


def test_one_bad_file_is_named_and_nothing_is_entered(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    bad = tmp_path / "cut.png"
    bad.write_bytes(painted("whole.png", 2).read_bytes()[:500])
    with pytest.raises(ImageDamaged, match=r"cut\.png"):
        registry.add([painted("one.png", 1), bad])
    assert registry.list() == []
    assert notes.kept == []


def test_every_bad_file_of_several_is_named(registry: Registry, tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    with pytest.raises(BadWorks, match=r"(?s)2 of 2.*empty\.png.*missing\.png"):
        registry.add([empty, tmp_path / "missing.png"])


@pytest.mark.parametrize("colour", ["white", "black"])
def test_a_plain_picture_cannot_be_claimed(registry: Registry, tmp_path: Path, colour: str) -> None:
    path = tmp_path / "plain.png"
    Image.new("RGB", (200, 200), colour).save(path)
    with pytest.raises(WorkTooPlain, match=r"plain\.png"):
        registry.add([path])


def test_a_change_that_cannot_be_recorded_is_not_made(
    home: Home, registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the ledger is full")

    (kept,) = registry.add([painted("kept.png", 3)])
    unrecorded = Registry(home, StoppedClock(), refuse)
    with pytest.raises(OSError, match="full"):
        unrecorded.add([painted("one.png", 1)])
    with pytest.raises(OSError, match="full"):
        unrecorded.remove(kept.id)
    assert registry.list() == [kept]


def test_a_copy_is_found_among_the_works_and_a_stranger_is_not(
    registry: Registry, painted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    registry.add([painted(f"{seed}.png", seed) for seed in range(5)])
    copy = tmp_path / "copy.jpg"
    Image.open(painted("3.png", 3)).resize((105, 84)).save(copy, quality=60)
    matches = registry.search(copy)
    assert [(match.work.title, match.outcome) for match in matches] == [("3", Outcome.BLOCK)]
    assert registry.search(painted("stranger.png", 99)) == []


def test_ranking_tells_the_nearest_even_when_none_is_near(painted: Callable[[str, int], Path]) -> None:
    works = [enrol(painted(f"{seed}.png", seed), added_at="") for seed in range(4)]
    pixels = np.asarray(Image.open(painted("stranger.png", 99)))
    matches = rank(pixels, works, at_most=2)
    assert len(matches) == 2
    assert matches[0].likeness >= matches[1].likeness


def test_searching_a_file_that_is_not_there_says_so(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ImageNotFound):
        registry.search(tmp_path / "none.png")


def test_a_work_is_removed_by_id_or_title_and_both_are_recorded(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    one, two = registry.add([painted("one.png", 1), painted("two.png", 2)])
    registry.remove(one.id)
    registry.remove("two")
    assert registry.list() == []
    assert notes.kept[2:] == [("work_removed", "one"), ("work_removed", two.title)]


def test_removing_what_is_not_registered_says_so(registry: Registry) -> None:
    with pytest.raises(WorkNotFound, match="nothing"):
        registry.remove("nothing")


def test_no_picture_is_kept_only_fingerprints(
    home: Home, registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    file = painted("one.png", 1)
    registry.add([file])
    assert not list(home.blobs_path.iterdir())
    with sqlite3.connect(home.database_path) as database:
        (size,) = database.execute("select length(fingerprint) + length(small) from works").fetchone()
    assert size < 1500
    assert size < file.stat().st_size / 4
