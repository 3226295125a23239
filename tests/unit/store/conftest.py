"""Homes to test on: made once, then copied, because making one loads the migrations."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rectoverso.protocols import SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "home"
    Home.open(path).close()
    return path


@pytest.fixture(scope="session")
def keyed_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copytree(template, tmp_path_factory.mktemp("keyed") / "home"))
    Keys.create(path / "keys", owner="Studio Moon", clock=SystemClock())
    return path


@pytest.fixture
def keyed(keyed_template: Path, tmp_path: Path) -> Iterator[Home]:
    """A home with keys, as everything needs that is sealed."""
    opened = Home.open(Path(shutil.copytree(keyed_template, tmp_path / "keyed")))
    yield opened
    opened.close()


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Home]:
    path = tmp_path / "home"
    shutil.copytree(template, path)
    opened = Home.open(path)
    yield opened
    opened.close()
