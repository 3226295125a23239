"""Records about people are sealed; works have rights, and there is a bank of common pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "rv0002"
down_revision = "rv0001"
branch_labels = None
depends_on = None

_RIGHTS: dict[str, Any] = {
    "licence": "",
    "contact": "",
    "territory": [],
    "from": None,
    "until": None,
    "asked": "block",
    "kind": "exact",
}


def upgrade() -> None:
    vault = context.config.attributes["vault"]
    _seal_works(vault)
    _seal_assets(vault)
    _seal_openings(vault)


def _seal_works(vault: Callable[[], Any]) -> None:
    old = _rows("SELECT id, title, owner, file_digest, fingerprint, small, added_at FROM works")
    op.drop_table("works")
    for name in ("works", "commons"):
        op.create_table(
            name,
            sa.Column("id", sa.String(8), primary_key=True),
            sa.Column("name", sa.String(64), nullable=False, unique=True),
            sa.Column("facts", sa.LargeBinary, nullable=False),
            sa.Column("prints", sa.LargeBinary, nullable=False),
        )
    add = sa.text("INSERT INTO works (id, name, facts, prints) VALUES (:id, :name, :facts, :prints)")
    for work in old:
        said = {name: work[name] for name in ("title", "owner", "file_digest", "added_at")}
        facts = said | {"rights": _RIGHTS, "state": "asserted", "common": [], "expired": False}
        prints = len(work["fingerprint"]).to_bytes(2, "big") + work["fingerprint"] + work["small"]
        place = f"works/{work['id']}"
        row = {
            "id": work["id"],
            "name": vault().name(work["file_digest"]),
            "facts": vault().seal(json.dumps(facts, ensure_ascii=False).encode(), place),
            "prints": vault().seal(prints, f"{place}/prints"),
        }
        op.get_bind().execute(add, row)


def _seal_assets(vault: Callable[[], Any]) -> None:
    with op.batch_alter_table("assets") as assets:
        assets.add_column(sa.Column("told", sa.LargeBinary))
    tell = sa.text("UPDATE assets SET told = :told WHERE id = :id")
    for asset in _rows("SELECT id, findings, reasons FROM assets"):
        told = f"[{asset['findings']}, {asset['reasons']}]".encode()  # both are JSON already
        op.get_bind().execute(tell, {"id": asset["id"], "told": vault().seal(told, f"assets/{asset['id']}")})
    with op.batch_alter_table("assets") as assets:
        assets.alter_column("told", nullable=False)
        assets.drop_column("findings")
        assets.drop_column("reasons")


def _seal_openings(vault: Callable[[], Any]) -> None:
    old = _rows("SELECT commitment, salt, value FROM openings")
    op.drop_table("openings")
    op.create_table(
        "openings",
        sa.Column("commitment", sa.String(64), primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    add = sa.text("INSERT INTO openings (commitment, salt, value) VALUES (:commitment, :salt, :value)")
    for row in old:
        sealed = vault().seal(str(row["value"]).encode(), f"openings/{row['commitment']}")
        op.get_bind().execute(add, row | {"value": sealed})


def _rows(query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in op.get_bind().execute(sa.text(query)).mappings()]
