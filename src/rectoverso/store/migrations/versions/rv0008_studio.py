"""The sessions of people who use the studio in a browser, and what its gallery looks images up by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rv0008"
down_revision = "rv0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(12), nullable=False, index=True),
        sa.Column("begun_at", sa.String(32), nullable=False),
        sa.Column("renewed_at", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.String(32), nullable=False),
        sa.Column("is_replaced", sa.Boolean, nullable=False),
    )
    for name, column in (("decided", "decision"), ("used", "use"), ("made", "maker_digest")):
        op.create_index(f"ix_assets_{name}", "assets", [column, "ledger_index"])
