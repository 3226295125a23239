"""Homes to test on: made once, then copied, because making one loads the migrations."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rectoverso.store.home import Home


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "home"
    Home.open(path).close()
    return path


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Home]:
    path = tmp_path / "home"
    shutil.copytree(template, path)
    opened = Home.open(path)
    yield opened
    opened.close()
