"""A home with a ledger of 21 entries: enough for subtrees of every size up to 16; and one of batches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledgers import OTHER, SIGNER
from rectoverso.store.home import Home
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.verso.ledger.signing import SigningKeys

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


def kept(path: Path, keys: dict[int, SigningKeys] | None = None) -> Kept:
    home = Home.open(path)
    return Kept(home, Ledger(home.database, home.log, keys or {0: SIGNER}, FixedClock()))


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


@pytest.fixture(scope="session")
def batched_template(empty_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1 entry, 9 at once, 1, 5 at once, new keys at entry 16, 6 at once."""
    path = tmp_path_factory.mktemp("batched") / "home"
    shutil.copytree(empty_template, path)
    made = kept(path)
    for count in (1, 9, 1, 5, 0, 6):
        with made.home.database.transaction() as tx:
            start = made.home.log.size(tx)
            if count:
                facts = [("held", {"asset": f"{start + at:012x}"}) for at in range(count)]
                assert made.ledger.append_many(tx, facts) == range(start, start + count)
            else:
                made.ledger.rotate(tx, OTHER, {})
    made.home.close()
    return path


@pytest.fixture
def empty(empty_template: Path, tmp_path: Path) -> Iterator[Kept]:
    yield from _copy(empty_template, tmp_path)


@pytest.fixture
def full(full_template: Path, tmp_path: Path) -> Iterator[Kept]:
    yield from _copy(full_template, tmp_path)


@pytest.fixture
def batched(batched_template: Path, tmp_path: Path) -> Iterator[Kept]:
    yield from _copy(batched_template, tmp_path, {0: SIGNER, 16: OTHER})


def _copy(template: Path, tmp_path: Path, keys: dict[int, SigningKeys] | None = None) -> Iterator[Kept]:
    shutil.copytree(template, tmp_path / "home")
    made = kept(tmp_path / "home", keys)
    yield made
    made.home.close()
