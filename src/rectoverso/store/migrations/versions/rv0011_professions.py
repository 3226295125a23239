"""Professions that an admin has confirmed of somebody: by them images are signed for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rv0011"
down_revision = "rv0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "professions",
        sa.Column("entry", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.String(12), nullable=False, index=True),
        sa.Column("use", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("withdrawn", sa.Integer),
    )
