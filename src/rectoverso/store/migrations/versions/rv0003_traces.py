"""Traces of works: what their parts are known by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rv0003"
down_revision = "rv0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "traces",
        sa.Column("work", sa.String(8), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
