"""A data key for each account, each job and each part of the index of points: until now the home's own key sealed them,
which stays, so that none of it could be erased from copies.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from rectoverso.errors import KeysDamaged, KeysMissing
from rectoverso.store import master
from rectoverso.store.data_keys import HOME, DataKeys
from rectoverso.store.database import Transaction
from rectoverso.store.vault import Vault

revision = "rv0008"
down_revision = "rv0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    home: Path = context.config.attributes["home"]
    tx = Transaction(op.get_bind())
    keys = DataKeys(home, lambda: master.all_keys(home / "keys"))
    people, jobs = _rows("SELECT id, name FROM people"), _rows("SELECT id, asked FROM jobs")
    if people or jobs:
        _seal(tx, keys, people, jobs)
    with suppress(KeysMissing, KeysDamaged):  # without keys a home still verifies, and has no index
        _begin_parts(tx, keys, home / "points")


def _seal(tx: Transaction, keys: DataKeys, people: list[dict[str, Any]], jobs: list[dict[str, Any]]) -> None:
    vault = Vault(keys.raw(tx, HOME))
    for row in people:
        place = f"people/{row['id']}"
        row["name"] = keys.make(tx, place).seal(vault.open(bytes(row["name"]), place), place)
        _run("UPDATE people SET name = :name WHERE id = :id", row)
    for row in jobs:
        _seal_job(tx, keys, vault, row)


def _begin_parts(tx: Transaction, keys: DataKeys, folder: Path) -> None:
    """What lies there is made again, sealed with these."""
    parts = {row["work"][:2] for row in _rows("SELECT work FROM traces")}
    for part in (*parts, "book") if parts else ():
        keys.make(tx, f"points/{part}")
        (folder / part).unlink(missing_ok=True)


def _seal_job(tx: Transaction, keys: DataKeys, vault: Vault, row: dict[str, Any]) -> None:
    place = f"jobs/{row['id']}"
    key = keys.make(tx, place)
    asked = key.seal(vault.open(bytes(row["asked"]), place), place)
    _run("UPDATE jobs SET asked = :asked WHERE id = :id", row | {"asked": asked})
    for item in _rows("SELECT job, place, told FROM job_items WHERE job = :id", row):
        where = f"{place}/{item['place']}"
        item["told"] = key.seal(vault.open(bytes(item["told"]), where), where)
        _run("UPDATE job_items SET told = :told WHERE job = :job AND place = :place", item)


def _rows(query: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [dict(row) for row in op.get_bind().execute(sa.text(query), values or {}).mappings()]


def _run(statement: str, values: dict[str, Any]) -> None:
    op.get_bind().execute(sa.text(statement), values)
