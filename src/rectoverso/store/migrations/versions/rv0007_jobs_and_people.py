"""Jobs with their items, and the people who ask for them, with their keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rv0007"
down_revision = "rv0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("person", sa.String(12), nullable=False, index=True),
        sa.Column("hash", sa.String(200), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
    )
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(16), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("person", sa.String(12), nullable=False, index=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("token", sa.String(64), unique=True),
        sa.Column("asked", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "job_items",
        sa.Column("job", sa.String(16), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("is_sent", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("told", sa.LargeBinary, nullable=False),
    )
