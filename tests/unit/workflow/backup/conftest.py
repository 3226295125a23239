"""One home that everybody copies, its keys kept apart, and its backup."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backups import fill, let_out
from rectoverso.verso.picture import to_png
from rectoverso.workflow.backup import sealed
from rectoverso.workflow.backup.make import back_up
from rectoverso.workflow.keys import init_keys
from rectoverso.workflow.registry import add_works
from unit.verso.conftest import photo


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work, two releases, somebody's unfinished order with what was sent for it, and half a training."""
    folder = tmp_path_factory.mktemp("backup")
    path = folder / "home"
    init_keys(path)
    (folder / "work.png").write_bytes(to_png(photo(0, 96)))
    add_works([folder / "work.png"], path, title="Window", owner="Anna Muster")
    let_out(path, "one", "two")
    fill(path)
    return path


@pytest.fixture(autouse=True)
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_MEMORY_KIB", 64)


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture
def keys(home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(home / "keys", tmp_path / "kept-keys"))


@pytest.fixture
def backup(home: Path, tmp_path: Path) -> Path:
    back_up(home, tmp_path / "home.backup", None)
    return tmp_path / "home.backup"
