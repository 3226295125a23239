"""Works are entered together or not at all, found again, and nothing but fingerprints is kept of them.

Poisoning: what anybody may use cannot be claimed, or the claim cannot block.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rectoverso.errors import (
    BadWorks,
    CommonNotFound,
    ImageDamaged,
    OwnerNotFound,
    TitleShared,
    WorkCommon,
    WorkNotFound,
    WorkTooPlain,
)
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.rights import Asked, Kind, Rights, State
from rectoverso.store.works import Work
from rectoverso.types import Outcome
from rectoverso.verso.registry.columns import Said
from rectoverso.verso.registry.offers import Offer, of_files
from rectoverso.verso.registry.registry import Registry, enrol
from rectoverso.verso.screen.gallery import Gallery
from unit.verso.conftest import decoded


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Notes:
    """What the registry had recorded."""

    kept: list[tuple[str, str]] = field(default_factory=list)
    facts: list[Mapping[str, Any]] = field(default_factory=list)

    def __call__(self, _: Transaction, kind: str, work: Work, facts: Mapping[str, Any]) -> None:
        self.kept.append((kind, work.title))
        self.facts.append(facts)


def offers(*files: Path, **said: Any) -> Callable[[], Iterator[Offer]]:
    return lambda: of_files(files, Said(**said))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, made once and copied, because making one loads the migrations."""
    path = tmp_path_factory.mktemp("template") / "home"
    Home.open(path).close()
    Keys.create(path / "keys", owner="Studio Moon", clock=StoppedClock())
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


@dataclass
class Unguarded:
    """Works and transactions as they are: what a guard notices is tested with the guard."""

    home: Home

    def works(self) -> list[Work]:
        return self.home.works.all()

    def changing(self) -> AbstractContextManager[Transaction]:
        return self.home.database.transaction()


@pytest.fixture
def registry(home: Home, notes: Notes) -> Registry:
    return Registry(home, StoppedClock(), notes, Unguarded(home))


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
    (work,) = registry.add(offers(painted("harbour.png", 1), title="The Harbour", owner="A. Painter"))
    assert (work.title, work.owner, work.added_at) == (
        "The Harbour",
        "A. Painter",
        "2026-11-23T12:00:00.000+00:00",
    )
    assert registry.list() == [work]


def test_without_a_title_the_file_names_the_work(
    registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    (work,) = registry.add(offers(painted("harbour.png", 1)))
    assert work.title == "harbour"


def test_several_works_under_one_title_can_be_told_apart(
    registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    works = registry.add(offers(painted("one.png", 1), painted("two.png", 2), title="Suite"))
    assert [work.title for work in works] == ["Suite: one", "Suite: two"]


def test_the_same_file_twice_is_one_work_and_one_entry(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    file = painted("one.png", 1)
    first = registry.add(offers(file, painted("again.png", 1), title="First"))
    again = registry.add(offers(file, title="Second"))
    assert first == again == registry.list()
    assert notes.kept == [("work_registered", "First: one")]


def test_one_bad_file_is_named_and_nothing_is_entered(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    bad = tmp_path / "cut.png"
    bad.write_bytes(painted("whole.png", 2).read_bytes()[:500])
    with pytest.raises(ImageDamaged, match=r"cut\.png"):
        registry.add(offers(painted("one.png", 1), bad))
    assert registry.list() == []
    assert notes.kept == []


def test_every_bad_file_of_several_is_named(registry: Registry, tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    with pytest.raises(BadWorks, match=r"(?s)2 of 2.*empty\.png.*missing\.png"):
        registry.add(offers(empty, tmp_path / "missing.png"))


@pytest.mark.parametrize("colour", ["white", "black"])
def test_a_plain_picture_cannot_be_claimed(registry: Registry, tmp_path: Path, colour: str) -> None:
    path = tmp_path / "plain.png"
    Image.new("RGB", (200, 200), colour).save(path)
    with pytest.raises(WorkTooPlain, match=r"plain\.png"):
        registry.add(offers(path))


def test_a_change_that_cannot_be_recorded_is_not_made(
    home: Home, registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the ledger is full")

    (kept,) = registry.add(offers(painted("kept.png", 3)))
    unrecorded = Registry(home, StoppedClock(), refuse, Unguarded(home))
    with pytest.raises(OSError, match="full"):
        unrecorded.add(offers(painted("one.png", 1)))
    with pytest.raises(OSError, match="full"):
        unrecorded.remove([kept])
    assert registry.list() == [kept]


def test_a_copy_is_found_among_the_works_and_a_stranger_is_not(
    registry: Registry, painted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    registry.add(offers(*(painted(f"{seed}.png", seed) for seed in range(5))))
    copy = tmp_path / "copy.jpg"
    Image.open(painted("3.png", 3)).resize((105, 84)).save(copy, quality=60)
    matches = registry.search(decoded(copy.read_bytes())).similar
    assert [(match.work.title, match.outcome) for match in matches] == [("3", Outcome.BLOCK)]
    stranger = registry.search(decoded(painted("stranger.png", 99).read_bytes())).similar
    assert {match.outcome for match in stranger} == {Outcome.PASS}


def test_a_work_has_a_trace_while_it_is_registered(
    home: Home, registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    (work,) = registry.add(offers(painted("one.png", 1)))
    assert list(home.traces) == [work.id]
    assert len(home.traces[work.id]) <= 12 * 1024
    registry.remove([work])
    assert list(home.traces) == []


def test_a_work_from_before_gets_its_trace_when_its_file_is_added_again(
    home: Home, registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    file = painted("one.png", 1)
    (work,) = registry.add(offers(file))
    with home.database.transaction() as tx:
        home.traces.remove(tx, work.id)
    assert registry.search(decoded(file.read_bytes())).similar[0].work == work
    assert registry.add(offers(file)) == [work]
    assert list(home.traces) == [work.id]
    assert registry.add(offers(file)) == [work]
    assert [kind for kind, _ in notes.kept] == ["work_registered", "work_completed"]


def test_ranking_tells_the_nearest_even_when_none_is_near(painted: Callable[[str, int], Path]) -> None:
    files = [painted(f"{seed}.png", seed) for seed in range(4)]
    works = [enrol(offer, added_at="")[1] for offer in offers(*files)()]
    pixels = np.asarray(Image.open(painted("stranger.png", 99)))
    matches = Gallery(works).compared(pixels, at_least=2)
    assert len(matches) >= 2
    assert matches[0].likeness >= matches[1].likeness


def test_works_are_removed_by_id_or_title_and_each_is_recorded(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    one, two = registry.add(offers(painted("one.png", 1), painted("two.png", 2)))
    assert registry.remove(registry.named([one.id, "two"])) == [one, two]
    assert registry.list() == []
    assert notes.kept[2:] == [("work_removed", "one"), ("work_removed", two.title)]


def test_removing_what_is_not_registered_says_so(registry: Registry) -> None:
    with pytest.raises(WorkNotFound, match="nothing"):
        registry.named(["nothing"])


def test_of_several_works_with_one_title_none_is_guessed(
    registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    files = [painted(f"{seed}.png", seed) for seed in (1, 2)]
    works = [work for file in files for work in registry.add(offers(file, title="Untitled"))]
    with pytest.raises(TitleShared) as raised:
        registry.named(["Untitled"])
    assert all(work.id in str(raised.value) for work in works)
    assert registry.named([works[1].id]) == [works[1]]


def test_no_picture_is_kept_only_fingerprints(
    home: Home, registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    file = painted("one.png", 1)
    registry.add(offers(file))
    assert not list(home.blobs_path.iterdir())
    with sqlite3.connect(home.database_path) as database:
        (size,) = database.execute("select length(facts) + length(prints) from works").fetchone()
    assert size < 2000
    assert size < file.stat().st_size / 4


def test_the_ledger_is_told_what_is_asked_and_nothing_personal(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    rights = Rights("CC BY", "a@b.org", ("DE",), None, date(2030, 1, 1), Asked.REVIEW, Kind.LIKENESS)
    registry.add(offers(painted("one.png", 1), title="Anna", owner="Anna Muster", rights=rights))
    assert notes.facts == [
        {
            "asked": "review",
            "protects": "likeness",
            "territory": ["DE"],
            "until": "2030-01-01",
            "claim": "asserted",
        }
    ]


def test_a_claim_changes_its_state_and_each_change_is_recorded_once(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    registry.add(offers(painted("one.png", 1), painted("two.png", 2), owner="Anna"))
    works = registry.named(["one", "one"], owner="Anna")
    assert [work.title for work in works] == ["one", "two"]
    assert len(registry.claim(works, State.VERIFIED, "by a letter")) == 2
    assert registry.claim(registry.list(), State.VERIFIED, "again") == []
    assert {work.state for work in registry.list()} == {State.VERIFIED}
    assert notes.kept[2:] == [("work_claim", "one"), ("work_claim", "two")]
    assert notes.facts[2] == {"claim": "verified", "reason": "by a letter"}


def test_who_is_not_registered_is_said_not_to_be(
    registry: Registry, painted: Callable[[str, int], Path]
) -> None:
    registry.add(offers(painted("one.png", 1), owner="Anna"))
    with pytest.raises(WorkNotFound, match="two"):
        registry.named(["one", "two"])
    with pytest.raises(OwnerNotFound, match="anna"):
        registry.named([], owner="anna")


def test_an_end_is_recorded_once_and_not_before_its_day_is_over(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    registry.add(offers(painted("one.png", 1), rights=Rights(until=date(2026, 11, 27))))
    assert registry.expire(registry.list(), date(2026, 11, 27)) == []
    assert [work.title for work in registry.expire(registry.list(), date(2026, 11, 28))] == ["one"]
    assert registry.expire(registry.list(), date(2026, 11, 29)) == []
    assert notes.kept[1:] == [("work_expired", "one")]


def test_a_copy_of_common_content_cannot_be_claimed(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    registry.add_common(offers(painted("texture.png", 1)))
    copy = tmp_path / "mine.jpg"
    Image.open(tmp_path / "texture.png").transpose(Image.Transpose.ROTATE_90).resize((100, 130)).save(copy)
    with pytest.raises(WorkCommon, match=r"mine\.jpg.*texture"):
        registry.add(offers(copy))
    registry.add(offers(painted("own.png", 2)))
    assert notes.kept == [("common_added", "texture"), ("work_registered", "own")]


def _disturbed(file: Path, path: Path) -> Path:
    """Alike enough for people to look at, and no copy."""
    pixels = np.asarray(Image.open(file)).astype(np.float32)
    height, width = pixels.shape[:2]
    waves = 28 * np.sin(np.arange(height) / 9)[:, None, None] * np.cos(np.arange(width) / 11)[:, None]
    Image.fromarray(np.clip(pixels + waves, 0, 255).astype(np.uint8)).save(path)
    return path


def test_what_is_alike_to_common_content_is_marked_whichever_came_first(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    texture = painted("texture.png", 1)
    registry.add(offers(_disturbed(texture, tmp_path / "before.png"), painted("own.png", 2)))
    match, *_ = Gallery(registry.list()).similar(decoded(texture.read_bytes()))
    assert match.outcome is Outcome.REVIEW, "else this test tries something else"
    (common,), (marked,) = registry.add_common(offers(texture))
    assert (marked.title, marked.common) == ("before", (common.id,))
    (after,) = registry.add(offers(_disturbed(texture, tmp_path / "after.bmp")))
    assert after.common == (common.id,)
    assert [work.common for work in registry.list()].count((common.id,)) == 2
    assert ("work_common", "before") in notes.kept

    assert registry.remove_common("texture").id == common.id
    assert not any(work.common for work in registry.list())
    assert notes.kept[-3] == ("common_removed", "texture")
    assert set(notes.kept[-2:]) == {("work_common", "before"), ("work_common", "after")}
    with pytest.raises(CommonNotFound):
        registry.remove_common("texture")


def test_the_same_common_picture_twice_is_one(
    registry: Registry, notes: Notes, painted: Callable[[str, int], Path]
) -> None:
    registry.add(offers(painted("work.png", 1)))
    first, _ = registry.add_common(offers(painted("texture.png", 1)))
    again, marked = registry.add_common(offers(painted("again.png", 1)))
    assert first == again
    assert marked == []
    assert registry.list()[0].common == (first[0].id,)
    assert [kind for kind, _ in notes.kept] == ["work_registered", "common_added", "work_common"]


def _stripes(side: int) -> np.ndarray:
    return np.where(np.arange(side) % 16 < 8, 40, 215)[None, :].repeat(side, 0)


def _board(side: int) -> np.ndarray:
    return np.where((np.arange(side)[:, None] // 16 + np.arange(side) // 16) % 2, 40, 215)


def _disc(side: int, *, lit: bool = False) -> np.ndarray:
    """On white; as a button, with a darker rim and a light on it."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side - 0.5
    disc = np.where(np.hypot(y, x) < 0.4, 90, 255)
    if lit:
        disc[(np.hypot(y, x) < 0.4) & (np.hypot(y + 0.02, x + 0.02) > 0.385)] = 60
        disc[np.hypot(y + 0.2, (x + 0.2) / 1.5) < 0.06] = 130
    return disc


PLAIN = {
    "ramp": lambda side: np.linspace(0, 255, side)[:, None].repeat(side, 1),
    "stripes": _stripes,
    "board": _board,
    "one line": lambda side: np.where(np.arange(side) == side // 2, 0, 255)[:, None].repeat(side, 1),
    "disc": _disc,
    "button": lambda side: _disc(side, lit=True),
    "disc on black": lambda side: 255 - _disc(side),
    "noisy disc": lambda side: _disc(side) + np.random.default_rng(3).normal(0, 1, (side, side)),
    "square": lambda side: np.where(abs(np.mgrid[:side, :side] - side / 2).max(axis=0) < side / 3, 20, 255),
    "lozenge": lambda side: np.where(abs(np.mgrid[:side, :side] - side / 2).sum(axis=0) < side / 3, 20, 255),
    "paper": lambda side: 240 + np.random.default_rng(1).normal(0, 4, (side, side)),
    "noisy stripes": lambda side: _stripes(side) + np.random.default_rng(2).normal(0, 9, (side, side)),
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_has_nothing_of_its_own_cannot_be_claimed(registry: Registry, tmp_path: Path, name: str) -> None:
    path = tmp_path / "plain.png"
    Image.fromarray(np.clip(PLAIN[name](256), 0, 255).astype(np.uint8)).save(path)
    with pytest.raises(WorkTooPlain, match=r"plain\.png"):
        registry.add(offers(path))


def _mark(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return (abs(np.hypot(y - 90, x - 110) - 50) < 10) | (abs(y - x - 20) < 8)


def _crescent(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return (np.hypot(y - 100, x - 100) < 80) & (np.hypot(y - 90, x - 130) > 60)


def _moon(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A disc, and in it what may be a face."""
    return (np.hypot(y - 100, x - 100) < 80) & ((np.sin(y / 6) + np.sin(x / 5)) < 1)


@pytest.mark.parametrize("drawn", [_mark, _crescent, _moon])
def test_a_simple_drawing_has_enough_of_its_own(
    registry: Registry, tmp_path: Path, drawn: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> None:
    path = tmp_path / "mark.png"
    y, x = np.mgrid[:200, :200]
    Image.fromarray(np.where(drawn(y, x), 30, 240).astype(np.uint8)).save(path)
    assert len(registry.add(offers(path))) == 1
