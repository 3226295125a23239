"""A home with a ledger of 21 entries: enough for subtrees of every size up to 16."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rectoverso.store.home import Home
from rectoverso.verso.ledger.ledger import Ledger

ORIGIN = "rectoverso.local/test"
ENTRIES = 21


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, 0, 0, 999, tzinfo=UTC)


@dataclass(frozen=True)
class Kept:
    home: Home
    ledger: Ledger

    def append(self, kind: str, **facts: object) -> int:
        with self.home.database.transaction() as tx:
            return self.ledger.append(tx, kind, facts)  # type: ignore[arg-type]


def kept(path: Path, key: bytes = bytes(range(32))) -> Kept:
    home = Home.open(path)
    signing_key = Ed25519PrivateKey.from_private_bytes(key)
    return Kept(home, Ledger(home.database, home.log, signing_key, ORIGIN, FixedClock()))


@pytest.fixture(scope="session")
def empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "home"
    Home.open(path).close()
    return path


@pytest.fixture(scope="session")
def full_template(empty_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("full") / "home"
    shutil.copytree(empty_template, path)
    made = kept(path)
    made.append("keys_created", owner="Studio Moon")
    for number in range(1, ENTRIES):
        made.append(("released", "held", "refused")[number % 3], asset=f"{number:012x}", p_value=1e-7)
    made.home.close()
    return path


@pytest.fixture
def empty(empty_template: Path, tmp_path: Path) -> Iterator[Kept]:
    yield from _copy(empty_template, tmp_path)


@pytest.fixture
def full(full_template: Path, tmp_path: Path) -> Iterator[Kept]:
    yield from _copy(full_template, tmp_path)


def _copy(template: Path, tmp_path: Path) -> Iterator[Kept]:
    shutil.copytree(template, tmp_path / "home")
    made = kept(tmp_path / "home")
    yield made
    made.home.close()
