"""Studios to ask: their homes are made once, then copied, because making one takes longer than any test here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.workflow.keys import open_keys
from visitor import Visitors


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with keys, in which nobody has an account."""
    home = Home.open(tmp_path_factory.mktemp("template") / "home")
    open_keys(home)
    home.close()
    return home.path


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Path:
    """A home of a test's own."""
    return Path(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture(scope="session")
def studio(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    """A studio in which each role has an account. Tests look at it, and change nothing that another looks at."""
    visitors = Visitors(Path(shutil.copytree(template, tmp_path_factory.mktemp("studio") / "home")))
    visitors.hire(*Role)
    return visitors
