"""Rows of the register that go, come or return past this program stop whatever compares with works."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rectoverso.errors import LedgerBroken, RecordDamaged, RegisterAltered
from rectoverso.protocols import SystemClock
from rectoverso.store.home import Home
from rectoverso.store.rights import State
from rectoverso.store.works import Work
from rectoverso.types import Digest
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.verso.registry import registry
from rectoverso.workflow import guard as guards
from rectoverso.workflow.calibration import CALIBRATED
from rectoverso.workflow.guard import (
    ACCEPTED,
    CHANGES,
    ERASED,
    RUN_CLEARED,
    RUN_HELD,
    Guard,
    guarded_works,
    unsafe_accept,
)
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import REVOKED, check_ledger, keys_of, open_ledger
from rectoverso.workflow.registry import add_works, claim_works, list_works, remove_works, works_in_force
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.search import search_works

TABLES = ("works", "commons", "traces", "descriptors", "seals")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three works, made once and copied."""
    path = tmp_path_factory.mktemp("guarded") / "home"
    home = Home.open(path)
    open_keys(home)
    enter(home, work("one"), work("two"), work("three"))
    home.close()
    return path


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Home]:
    shutil.copytree(template, tmp_path / "home")
    opened = Home.open(tmp_path / "home")
    yield opened
    opened.close()


def work(title: str) -> Work:
    digest = Digest(hashlib.sha256(title.encode()).hexdigest())
    return Work(digest[:8], title, "Anna", digest, bytes(256), b"\1" * 64, "2026-01-01T00:00:00Z")


def guard(home: Home) -> Guard:
    return Guard(home, open_ledger(home, keys_of(home)))


def enter(home: Home, *works: Work) -> None:
    ledger = open_ledger(home, keys_of(home))
    with Guard(home, ledger).changing() as tx:
        for each in works:
            home.works.add(tx, each)
            home.traces.put(tx, each.id, b"trace")
            home.descriptors.put(tx, each.id, "manner/1", b"numbers")
            ledger.append(tx, "work_registered", {})


def claim(home: Home, title: str, state: State) -> None:
    ledger = open_ledger(home, keys_of(home))
    with Guard(home, ledger).changing() as tx:
        home.works.change(tx, dataclasses.replace(work(title), state=state))
        ledger.append(tx, "work_claim", {"claim": state.value})


def write(home: Home, *statements: str) -> None:
    """What somebody does who has the database and no keys."""
    home.close()
    with sqlite3.connect(home.database_path) as raw:
        for table in ("entries", "nodes", "checkpoints"):
            for verb in ("update", "delete"):
                raw.execute(f"DROP TRIGGER IF EXISTS {table}_refuse_{verb}")
        for statement in statements:
            raw.execute(statement)
    raw.close()


def cut(size: int) -> list[str]:
    """What takes the ledger back to so many entries."""
    return [
        f"DELETE FROM entries WHERE seq >= {size}",
        f"DELETE FROM checkpoints WHERE size > {size}",
        f"DELETE FROM nodes WHERE (position + 1) << level > {size}",
    ]


def copied(home: Home) -> None:
    write(home, *(f"CREATE TABLE old_{table} AS SELECT * FROM {table}" for table in TABLES))


def put_back(home: Home, *tables: str) -> None:
    for table in tables:
        write(home, f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM old_{table}")


def test_what_this_program_changes_it_knows_again(home: Home) -> None:
    assert {each.title for each in guarded_works(home)} == {"one", "two", "three"}
    claim(home, "one", State.WITHDRAWN)
    enter(home, work("four"))
    assert len(guarded_works(home)) == 4
    assert check_ledger(home.path).holds


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM works",
        "DELETE FROM works WHERE id = (SELECT max(id) FROM works)",
        "UPDATE works SET name = 'another' WHERE id = (SELECT max(id) FROM works)",
        "DELETE FROM traces WHERE work = (SELECT max(work) FROM traces)",
        "DELETE FROM descriptors WHERE work = (SELECT max(work) FROM descriptors)",
        "UPDATE descriptors SET space = 'another' WHERE work = (SELECT max(work) FROM descriptors)",
        "INSERT INTO commons SELECT * FROM works",
        "DELETE FROM seals",
    ],
)
def test_a_row_that_goes_or_comes_is_noticed(home: Home, change: str) -> None:
    write(home, change)
    for look in (lambda: guarded_works(home), lambda: enter(home, work("five"))):
        with pytest.raises(RegisterAltered):
            look()
    assert "ledger.register_altered" in {problem.key for problem in check_ledger(home.path).problems}


def test_a_seal_that_was_changed_does_not_open(home: Home) -> None:
    write(home, "UPDATE seals SET sealed = 'another'")
    with pytest.raises(RecordDamaged, match="seals/register"):
        guarded_works(home)


@pytest.mark.parametrize("tables", [("works",), TABLES, ("seals",)])
def test_what_is_put_back_as_it_was_is_noticed(home: Home, tables: tuple[str, ...]) -> None:
    """Also with the seal of that day: the ledger tells of a change since."""
    claim(home, "one", State.WITHDRAWN)
    copied(home)
    claim(home, "one", State.VERIFIED)
    put_back(home, *tables)
    with pytest.raises(RegisterAltered):
        guarded_works(home)


def test_the_entry_that_tells_cannot_be_made_another(home: Home) -> None:
    copied(home)
    claim(home, "one", State.WITHDRAWN)
    put_back(home, *TABLES)
    write(home, "UPDATE entries SET body = replace(body, 'work_claim', 'keys_claim')")
    with pytest.raises(LedgerBroken, match="do not fit"):
        guarded_works(home)


def test_a_ledger_cut_behind_the_seal_is_noticed(home: Home) -> None:
    write(home, *cut(2))
    with pytest.raises(LedgerBroken, match="went back"):
        guarded_works(home)


def test_a_database_that_is_put_back_whole_is_noticed_and_no_picture_is_swept_away(
    home: Home, tmp_path: Path, picture: Callable[[str, int], Path]
) -> None:
    """Rows, seal and ledger fit each other; the home's folder has seen more."""
    size = open_ledger(home, keys_of(home)).size()
    (passage,) = seal_files([picture("one.png", 1)], tmp_path / "out", home.path).passages
    write(home, "DELETE FROM assets", *cut(size))
    for look in (lambda: guarded_works(home), lambda: enter(home, work("five"))):
        with pytest.raises(LedgerBroken, match="went back"):
            look()
    with pytest.raises(LedgerBroken, match="went back"):
        seal_files([picture("two.png", 2)], tmp_path / "out", home.path)
    assert passage.asset.id in set(home.blobs.all())
    assert not check_ledger(home.path).holds
    assert unsafe_accept(home.path, "the backup of yesterday") == 3
    assert len(guarded_works(home)) == 3
    assert check_ledger(home.path).holds


def test_a_database_that_is_taken_away_is_not_made_anew_in_silence(home: Home, tmp_path: Path) -> None:
    """An empty register lets everything pass."""
    home.close()
    for file in home.path.glob("verso.sqlite3*"):
        file.unlink()
    with pytest.raises(LedgerBroken, match="went back"):
        list_works(Home.open(home.path).path)
    (tmp_path / "any.png").write_bytes(b"it is not opened")
    with pytest.raises(LedgerBroken, match="went back"):
        seal_files([tmp_path / "any.png"], tmp_path / "out", home.path)


def test_another_history_of_the_same_length_is_noticed(home: Home) -> None:
    size = open_ledger(home, keys_of(home)).size()
    copied(home)
    claim(home, "one", State.WITHDRAWN)
    put_back(home, *TABLES)
    write(home, *cut(size))
    with home.database.transaction() as tx:
        open_ledger(home, keys_of(home)).append(tx, "held", {})
    with pytest.raises(LedgerBroken, match="other entries"):
        guarded_works(home)


def test_a_checkpoint_that_is_none_is_not_taken_for_one(home: Home) -> None:
    home.last_checkpoint = b"another"
    with pytest.raises(LedgerBroken, match="not signed"):
        guarded_works(home)


def test_what_was_found_can_be_accepted_and_the_ledger_tells(home: Home) -> None:
    write(home, "DELETE FROM works WHERE id = (SELECT max(id) FROM works)", "UPDATE seals SET sealed = 'x'")
    assert unsafe_accept(home.path, "lost with a disk") == 2
    assert len(guarded_works(home)) == 2
    ledger = open_ledger(home, keys_of(home))
    entry = ledger.entry(ledger.size() - 1)
    assert (entry["kind"], entry["works"], [*entry["reason"]]) == ("register_accepted", 2, ["commitment"])
    assert check_ledger(home.path).holds


def test_a_seal_keeps_up_with_the_ledger(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each check would read every entry since the last change of the register."""
    monkeypatch.setattr(guards, "FAR", 3)
    ledger = open_ledger(home, keys_of(home))
    sizes = []
    for _ in range(6):
        with home.database.transaction() as tx:
            ledger.append(tx, "held", {})
        guard(home).works(keep_up=True)
        with home.database.read() as tx:
            seal = home.seals.kept(tx)
            sizes.append(seal and home.log.size(tx) - seal.size)
    assert sizes == [1, 2, 3, 0, 1, 2]


def test_the_register_is_checked_once_for_whoever_comes_to_the_door(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check reads every entry since the last change."""
    checks: list[int] = []
    check = Ledger.kinds_since
    monkeypatch.setattr(Ledger, "kinds_since", lambda *given: checks.append(given[2]) or check(*given))
    assert len(works_in_force(home, keys_of(home), SystemClock())) == 3
    assert len(checks) == 1


def test_every_kind_that_changes_what_is_compared_is_known() -> None:
    written = {
        CALIBRATED,
        REVOKED,
        ACCEPTED,
        ERASED,
        RUN_HELD,
        RUN_CLEARED,
        "weights_named",
        "weights_forgotten",
    }
    for path in Path(registry.__file__).parent.glob("*.py"):
        written |= set(re.findall(r'"((?:work|common)_[a-z]+)"', path.read_text()))
    assert written == CHANGES


def test_where_nothing_was_registered_nothing_is_missed(tmp_path: Path) -> None:
    assert list_works(tmp_path / "nowhere") == []
    Home.open(tmp_path / "home").close()
    assert list_works(tmp_path / "home") == []
    open_keys(Home.open(tmp_path / "home"))
    assert list_works(tmp_path / "home") == []


def test_nothing_leaves_past_a_work_that_was_deleted(
    tmp_path: Path, picture: Callable[[str, int], Path]
) -> None:
    """The whole way: without its row, or its points, a copy of the work would have been released."""
    path, kept = tmp_path / "register", picture("work.png", 1)
    add_works([kept], path)
    home = Home.open(path)
    write(home, "DELETE FROM works")
    looks: list[Callable[[], Any]] = [
        lambda: seal_files([kept], tmp_path / "out", path),
        lambda: search_works(kept, path),
        lambda: list_works(path),
        lambda: claim_works(["work"], path, state=State.VERIFIED, reason="seen"),
        lambda: remove_works(["work"], path),
        lambda: add_works([picture("other.png", 2)], path),
    ]
    for look in looks:
        with pytest.raises(RegisterAltered):
            look()
    assert not (tmp_path / "out").exists()
