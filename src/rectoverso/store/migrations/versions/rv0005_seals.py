"""Seals over whole tables; the salts of commitments are sealed with what they hide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "rv0005"
down_revision = "rv0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seals",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    _seal_salts()


def _seal_salts() -> None:
    vault = context.config.attributes["vault"]
    query = sa.text("SELECT commitment, salt, value FROM openings")
    old = [dict(row) for row in op.get_bind().execute(query).mappings()]
    op.drop_table("openings")
    op.create_table(
        "openings",
        sa.Column("commitment", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    add = sa.text("INSERT INTO openings (commitment, sealed) VALUES (:commitment, :sealed)")
    for row in old:
        place, salt = f"openings/{row['commitment']}", bytes(row["salt"])
        plain = len(salt).to_bytes(2, "big") + salt + vault().open(bytes(row["value"]), place)
        op.get_bind().execute(add, {"commitment": row["commitment"], "sealed": vault().seal(plain, place)})
