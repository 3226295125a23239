from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rectoverso.errors import (
    HomeBusy,
    HomeDamaged,
    HomeForeign,
    HomeNotPermitted,
    HomeUnreadable,
    KeysMissing,
)
from rectoverso.protocols import SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import AssetId
from stores import ON_BOTH

ONE = AssetId("0123456789ab")
LIGHT = """
import sys
from pathlib import Path
import rectoverso.store.assets, rectoverso.store.works, rectoverso.store.blobs, rectoverso.store.keys
import rectoverso.verso.ledger.proof, rectoverso.verso.ledger.ledger
from rectoverso.store.home import Home
assert Home.existing(Path(sys.argv[1])) is None
sys.exit(", ".join({"sqlalchemy", "alembic", "cryptography"} & sys.modules.keys()) or 0)
"""
OPEN = """
import sys
from pathlib import Path
from rectoverso.store.home import Home
Home.open(Path(sys.argv[1]))
"""


def test_a_new_home_is_private_and_complete(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "new" / "home")
    folders = {path.name for path in home.path.iterdir() if path.is_dir()}
    assert folders == {"blobs", "keys", "trust"}
    assert {path.stat().st_mode & 0o777 for path in [home.path, *map(home.path.joinpath, folders)]} == {0o700}
    assert home.database_path.stat().st_mode & 0o777 == 0o600
    assert (home.works.all(), home.assets.all()) == ([], [])
    home.close()


def test_a_new_home_keeps_itself_out_of_repositories(tmp_path: Path) -> None:
    path = tmp_path / "home"
    Home.open(path).close()
    assert "*" in (path / ".gitignore").read_text().splitlines()


def test_a_folder_that_was_there_stays_as_it_was(tmp_path: Path) -> None:
    """`--home .` must neither lock a project's folder nor hide it from its repository."""
    tmp_path.chmod(0o755)
    Home.open(tmp_path).close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / ".gitignore").exists()
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_looking_for_a_home_makes_none(tmp_path: Path) -> None:
    assert Home.existing(tmp_path / "home") is None
    (tmp_path / "file").touch()
    assert Home.existing(tmp_path / "file") is None
    assert Home.existing(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@ON_BOTH
def test_an_existing_home_is_found(home: Home) -> None:
    found = Home.existing(home.path)
    assert found is not None
    assert found.works.all() == []
    found.close()


def test_without_a_home_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT, tmp_path / "home"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_paths_with_odd_characters_are_homes_too(tmp_path: Path) -> None:
    path = tmp_path / "a 家?mode=ro&x=%20#"
    Home.open(path).close()
    assert Home.existing(path) is not None
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_file_in_the_way_is_foreign(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a letter")
    for path in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(HomeForeign):
            Home.open(path)


def test_a_place_where_nothing_can_be_made_is_refused() -> None:
    with pytest.raises(HomeNotPermitted):
        Home.open(Path("/proc/rectoverso-home"))


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "verso.sqlite3") as raw:
        raw.execute("CREATE TABLE letters (id)")
    raw.close()
    before = (tmp_path / "verso.sqlite3").read_bytes()
    with pytest.raises(HomeForeign):
        Home.open(tmp_path)
    assert (tmp_path / "verso.sqlite3").read_bytes() == before


@pytest.mark.parametrize("content", [b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_corrupt_database_is_named_as_such(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "verso.sqlite3").write_bytes(content)
    with pytest.raises(HomeDamaged):
        Home.open(tmp_path)


def test_a_database_with_random_damage_never_gives_a_traceback(home: Home) -> None:
    home.close()
    whole = home.database_path.read_bytes()
    for at in range(0, len(whole), len(whole) // 12):
        home.database_path.write_bytes(whole[:at] + b"\xa5" * 600 + whole[at + 600 :])
        try:
            opened = Home.open(home.path)
            opened.works.all(), opened.assets.all()
            opened.close()
        except HomeUnreadable:
            continue


def test_an_empty_database_file_is_a_home_that_was_killed_while_being_made(tmp_path: Path) -> None:
    (tmp_path / "verso.sqlite3").touch()
    home = Home.open(tmp_path)
    assert home.works.all() == []
    home.close()


def test_processes_that_make_one_home_together_all_get_it(tmp_path: Path) -> None:
    openers = [subprocess.Popen([sys.executable, "-c", OPEN, tmp_path / "home"]) for _ in range(3)]
    assert [opener.wait() for opener in openers] == [0, 0, 0]


@ON_BOTH
def test_the_lock_is_held_once(home: Home) -> None:
    with home.lock(0), pytest.raises(HomeBusy), home.lock(0):
        pass
    with home.lock(0):
        pass


@ON_BOTH
def test_opening_needs_no_lock(home: Home) -> None:
    with home.lock(0):
        Home.open(home.path).close()


@ON_BOTH
def test_blobs_and_the_vault_need_keys_and_come_once_there_are(home: Home) -> None:
    with pytest.raises(KeysMissing, match="verso keys init"):
        _ = home.vault
    assert home.keys is None
    Keys.create(home.keys_path, owner="Studio Moon", clock=SystemClock())
    home.begin_data_keys()
    with home.database.transaction() as tx:
        home.blobs.put(ONE, b"picture", home.data_keys.make(tx, f"assets/{ONE}"))
    assert home.blobs.get(ONE) == b"picture"
    assert home.vault.open(home.vault.seal(b"Anna", "here"), "here") == b"Anna"
