"""What people say of held images, and the entry that settles each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rv0009"
down_revision = "rv0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("settled", sa.Integer))
    op.create_index("ix_assets_waiting", "assets", ["decision", "settled", "ledger_index"])
    op.create_table(
        "reviews",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("asset", sa.String(12), nullable=False, index=True),
        sa.Column("person", sa.String(12), nullable=False, index=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("choice", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("entry", sa.Integer, nullable=False),
        sa.Column("undone", sa.Integer),
    )
