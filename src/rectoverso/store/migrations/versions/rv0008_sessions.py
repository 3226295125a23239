"""The sessions of people who use the studio in a browser."""

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
