"""Descriptors of works: how they are made, and what weights of the user's say of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rv0004"
down_revision = "rv0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "descriptors",
        sa.Column("work", sa.String(8), primary_key=True),
        sa.Column("space", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
