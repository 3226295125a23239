"""The first tables: ledger, assets, works.

Written out rather than taken from ``tables``: a migration must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rv0001"
down_revision = None
branch_labels = None
depends_on = None

_APPEND_ONLY = ("entries", "nodes", "checkpoints")


def upgrade() -> None:
    _make_ledger()
    _make_assets()
    _make_works()
    if op.get_bind().dialect.name == "sqlite":
        _make_append_only()
    else:
        _make_append_only_on_postgresql()


def _make_ledger() -> None:
    op.create_table(
        "entries",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "nodes",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "openings",
        sa.Column("commitment", sa.String(64), primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )


def _make_assets() -> None:
    op.create_table(
        "assets",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("request", sa.String(64), nullable=False, unique=True),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("decided_at", sa.String(32), nullable=False),
        sa.Column("ledger_index", sa.Integer, nullable=False, unique=True),
        sa.Column("maker_name", sa.Text, nullable=False),
        sa.Column("maker_version", sa.Text, nullable=False),
        sa.Column("maker_digest", sa.String(64)),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("use", sa.String(64), nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("source", sa.Text),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("file_digest", sa.String(64)),
        sa.Column("pixels_digest", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("blob", sa.String(64)),
        sa.Column("revoked", sa.Integer, unique=True),
    )
    op.create_index("ix_assets_file_digest", "assets", ["file_digest"])


def _make_works() -> None:
    op.create_table(
        "works",
        sa.Column("id", sa.String(8), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("file_digest", sa.String(64), nullable=False, unique=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("small", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.String(32), nullable=False),
    )


def _make_append_only() -> None:
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )


def _make_append_only_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
