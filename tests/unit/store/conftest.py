"""Homes to test on: made once, then copied, because making one loads the migrations. ``kind``: see ``stores``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rectoverso.protocols import SystemClock
from rectoverso.store.address import FILE
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from stores import Server


@pytest.fixture(scope="module", autouse=True)
def migrated_once() -> None:
    """Here the migrations make what is tested."""


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "sqlite"))


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


@pytest.fixture(scope="session")
def made(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with the tables of a home in it."""
    name, path = postgres.database(), tmp_path_factory.mktemp("made")
    (path / FILE).write_text(postgres.url(name))
    Home.open(path).close()
    return name


@pytest.fixture
def keyed(kind: str, keyed_template: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    """A home with keys, as everything needs that is sealed."""
    yield from _copied(kind, keyed_template, tmp_path / "keyed", request)


@pytest.fixture
def home(kind: str, template: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    yield from _copied(kind, template, tmp_path / "home", request)


def _copied(kind: str, template: Path, path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    shutil.copytree(template, path)
    if kind == "postgres":
        server: Server = request.getfixturevalue("postgres")
        (path / "verso.sqlite3").unlink()
        (path / FILE).write_text(server.url(server.database(request.getfixturevalue("made"))))
    opened = Home.open(path)
    yield opened
    opened.close()
