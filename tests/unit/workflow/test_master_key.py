"""The master key is changed while the home works, and whatever happens everything opens afterwards."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import key_service
from killing import killed_at_lines
from rectoverso.errors import BadSetting, HomeBusy, KeyServiceFailed, MasterKeyMissing
from rectoverso.store import master
from rectoverso.store.data_keys import DataKeys
from rectoverso.store.home import Home
from rectoverso.store.lock import exclusive
from rectoverso.store.master import SERVICE, VARIABLE
from rectoverso.store.openings import Opening
from rectoverso.workflow import master_key
from rectoverso.workflow.doctor import _modes
from rectoverso.workflow.keys import init_keys, list_keys
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.master_key import ENTRY, change_master_key
from stores import ON_BOTH, Server

KEPT = [Opening(f"{number:064x}", bytes(32), f"value {number}") for number in range(5)]


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("master") / "home"
    init_keys(path)
    home = Home.open(path)
    keep(home, *KEPT)
    home.close()
    return path


@pytest.fixture
def home(
    kind: str,
    template: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Home]:
    path = tmp_path / "home"
    if kind == "postgres":
        server: Server = request.getfixturevalue("postgres")
        monkeypatch.setenv("RECTOVERSO_DATABASE", server.url(server.database()))
        init_keys(path)
    else:
        shutil.copytree(template, path)
    opened = Home.open(path)
    if kind == "postgres":
        keep(opened, *KEPT)
    yield opened
    opened.close()


def keep(home: Home, *openings: Opening) -> None:
    with home.database.transaction() as tx:
        for opening in openings:
            home.openings.keep(tx, opening)


def opens(path: Path, *openings: Opening) -> bool:
    home = Home.open(path)
    with home.database.read() as tx:
        found = [home.openings.find(tx, opening.commitment) for opening in openings or KEPT]
    home.close()
    return found == list(openings or KEPT)


def changes(path: Path) -> int:
    """How many entries of the ledger tell of one."""
    home = Home.open(path)
    with home.database.read() as tx:
        entries = home.log.entries(tx, 0, home.log.size(tx)).values()
    home.close()
    return sum(ENTRY.encode() in entry for entry in entries)


def masters(home: Home) -> list[str]:
    return sorted(path.name for path in home.keys_path.glob("master*.key"))


@ON_BOTH
def test_everything_opens_by_the_new_key_and_nothing_by_the_old(home: Home) -> None:
    old = (home.keys_path / "master.key").read_bytes()
    name = home.vault.name("a work")
    changed = change_master_key(home.path)
    assert masters(home) == [Path(changed.place).name]
    assert opens(home.path)
    assert Home.open(home.path).vault.name("a work") == name
    assert check_ledger(home.path).problems == ()
    assert changed.master in {key.fingerprint for key in list_keys(home.path)}
    Path(changed.place).write_bytes(old)
    with pytest.raises(MasterKeyMissing, match=changed.master):
        opens(home.path)


def test_who_stole_the_old_key_and_then_the_database_has_nothing(home: Home, tmp_path: Path) -> None:
    stolen = shutil.copytree(home.keys_path, tmp_path / "stolen")
    change_master_key(home.path)
    keep(home, late := Opening("f" * 64, bytes(32), "late"))
    home.close()
    thief = shutil.copytree(home.path, tmp_path / "thief", ignore=shutil.ignore_patterns("keys"))
    shutil.copytree(stolen, thief / "keys")
    with pytest.raises(MasterKeyMissing):
        opens(thief, late)
    kept = b"".join(path.read_bytes() for path in home.path.glob("verso.sqlite3*"))
    assert bytes.fromhex((stolen / "master.key").read_text()) not in kept


@ON_BOTH
def test_others_write_and_read_meanwhile(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master_key, "AT_ONCE", 2)
    other, added = Home.open(home.path), []
    wrap = master_key._wrap

    def wrapping(rotating: Home) -> None:
        for number in range(3):
            with rotating.database.transaction() as tx:
                rotating.data_keys.wrap_again(tx, 2)
            added.append(Opening(f"{100 + number:064x}", bytes(32), f"meanwhile {number}"))
            keep(other, added[-1])
            assert opens(home.path, *KEPT, *added)
        wrap(rotating)

    monkeypatch.setattr(master_key, "_wrap", wrapping)
    change_master_key(home.path)
    keep(other, last := Opening("e" * 64, bytes(32), "after"))  # it had the old wrapping key in memory
    assert opens(home.path, *KEPT, *added, last)
    with other.database.read() as tx:
        assert [key.number for key in other.data_keys.wrapping_keys(tx)] == [2]
    other.close()


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_anywhere_and_started_again_it_ends_once(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """At one in so many of its lines."""
    monkeypatch.setattr(master_key, "AT_ONCE", 2)
    home.close()
    path, tried = tmp_path / "tried", 0
    watched = [master_key.change_master_key, master_key._begin, master_key._wrap, master_key._clear]
    for tried in killed_at_lines(lambda: change_master_key(_fresh(home.path, path)), *watched, every=every):
        again = Home.open(path)
        with again.database.read() as tx:
            was_done = [key.number for key in again.data_keys.wrapping_keys(tx)] == [2]
        changed = change_master_key(path)
        assert opens(path), f"killed at line {tried}"
        assert masters(again) == [Path(changed.place).name]
        assert changes(path) == (2 if was_done else 1)  # only its answer was lost: this was another change
        again.close()
    assert tried > 20
    assert check_ledger(path).problems == ()


def _fresh(template: Path, path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(template, path)
    return path


def test_it_is_changed_by_one_at_a_time(home: Home) -> None:
    with exclusive(home.path / "master-key.lock", 0, home.path), pytest.raises(HomeBusy):
        change_master_key(home.path)


def test_the_key_moves_into_the_environment_and_is_changed_there(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = secrets.token_hex(32), secrets.token_hex(32)
    monkeypatch.setenv(VARIABLE, first)
    assert change_master_key(home.path).place == f"${VARIABLE}"
    assert masters(home) == []
    assert opens(home.path)
    monkeypatch.setenv(VARIABLE, f"{second}, {first}")
    change_master_key(home.path)
    monkeypatch.setenv(VARIABLE, second)
    assert opens(home.path)
    monkeypatch.setenv(VARIABLE, first)
    with pytest.raises(MasterKeyMissing):
        opens(home.path)
    monkeypatch.setenv(VARIABLE, "open sesame")
    with pytest.raises(BadSetting, match=VARIABLE):
        opens(home.path)


def test_a_key_service_is_asked_once_a_process_and_its_failures_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "served"
    monkeypatch.setenv(SERVICE, "key_service:service")
    init_keys(path)
    home = Home.open(path)
    assert masters(home) == []
    keep(home, *KEPT)
    key_service.ASKED.clear()
    assert opens(path)
    assert key_service.ASKED == ["unwrap"]
    monkeypatch.setenv(SERVICE, "key_service:away")
    with pytest.raises(KeyServiceFailed, match="the service is away"):
        opens(path)
    home.close()


@pytest.mark.parametrize("odd", ["tells", "mumbles", "hangs", "away"])
def test_to_a_service_that_cannot_be_right_nothing_is_moved(
    home: Home, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or nothing could ever be written again: what is new is sealed with the newest wrapping key."""
    monkeypatch.setattr(master, "ANSWER_S", 0.2)
    monkeypatch.setenv(SERVICE, f"key_service:{odd}")
    with pytest.raises(KeyServiceFailed):
        change_master_key(home.path)
    monkeypatch.delenv(SERVICE)
    keep(home, late := Opening("d" * 64, bytes(32), "written since"))
    assert masters(home) == ["master.key"]
    assert change_master_key(home.path)
    assert opens(home.path, *KEPT, late)


def test_by_a_key_that_a_service_never_was_given_nothing_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "served"
    monkeypatch.setenv(SERVICE, "key_service:service")
    init_keys(path)
    monkeypatch.setenv(SERVICE, "key_service:lies")
    lied_to = Home(path)
    with pytest.raises(KeyServiceFailed, match="another key"):
        keep(lied_to, *KEPT)
    monkeypatch.setenv(SERVICE, "key_service:service")
    keep(lied_to, *KEPT)
    assert opens(path)
    lied_to.close()


def test_who_ends_a_change_elsewhere_is_told_which_key_is_missing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, secrets.token_hex(32))
    with monkeypatch.context() as killed:
        killed.setattr(master_key, "_clear", lambda _home: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            change_master_key(home.path)
    with monkeypatch.context() as elsewhere:
        elsewhere.delenv(VARIABLE)
        with pytest.raises(MasterKeyMissing):
            change_master_key(home.path)
    assert masters(home) == ["master.key"]  # nothing was removed meanwhile
    assert change_master_key(home.path).place == f"${VARIABLE}"
    assert (masters(home), opens(home.path), changes(home.path)) == ([], True, 1)


def test_the_new_file_is_on_the_disk_before_anything_is_sealed_with_it_and_the_old_one_is_overwritten(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[object] = []
    monkeypatch.setattr(master, "sync_folder", steps.append)
    begin = DataKeys.add_wrapping_key
    monkeypatch.setattr(DataKeys, "add_wrapping_key", lambda *given: [begin(*given), steps.append("begun")])
    (tmp_path / "block").hardlink_to(home.keys_path / "master.key")  # the bytes, when the name is gone
    change_master_key(home.path)
    assert steps == [home.keys_path, "begun", home.keys_path]
    assert set((tmp_path / "block").read_bytes()) == {ord("0")}


def test_keys_that_others_can_read_are_told_of(home: Home) -> None:
    assert _modes(home.keys_path) is None
    home.keys_path.chmod(0o755)
    assert _modes(home.keys_path) is None
    (home.keys_path / "master.key").chmod(0o644)
    row = _modes(home.keys_path)
    assert row is not None
    assert (row.state, row.message.facts["files"]) == ("missing", "master.key")
