"""Tests run side by side (pytest-xdist), each worker on one thread; how long an example takes proves nothing there."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from offline import offline
from stores import Server, running, why_no_server

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before anything loads torch, OpenCV or a linear algebra library; processes that a test starts inherit it.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}

os.environ.setdefault("RECTOVERSO_PLAIN_ON_DISK", "1")  # nobody's secrets; a machine may have little memory

settings.register_profile("side by side", deadline=None)
settings.load_profile("side by side")


def pytest_configure() -> None:
    """There is no garbage in tests that are loaded: to look for it takes a fifth of that time."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def _network_off() -> Iterator[None]:
    """Nothing here talks to anything but this machine."""
    with offline() as tried:
        yield
    assert tried == []


@pytest.fixture(scope="session", autouse=True)
def drawn_once() -> Iterator[None]:
    import once

    with once.drawn_digits():
        yield


@pytest.fixture(scope="session")
def tables_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module", autouse=True)
def migrated_once(tables_folder: Path) -> Iterator[None]:
    """New homes have their tables as a copy; with the tests of the store the migrations make them."""
    import once

    with once.tables(tables_folder):
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, started when the first test of a process asks for it."""
    if missing := why_no_server():
        pytest.skip(missing)
    with running() as server:
        yield server
