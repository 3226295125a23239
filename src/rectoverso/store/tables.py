"""The tables as they are now; ``migrations`` is how a home gets there.

entries      the ledger, one canonical JSON text a row, numbered from 0; append-only
nodes        hashes of its complete subtrees: level 0 are the leaves; append-only
checkpoints  the signed head of the ledger after each entry; append-only
openings     what stands behind the ledger's commitments to personal data, sealed; erased on request
seals        what whole tables come to, sealed, so that a row that is gone is noticed
assets       one decided image a row; how it was asked for, what was found, and why it was decided so, is sealed
works        one registered work a row, sealed
traces       what the parts of a work are known by, sealed; one row a work
descriptors  how a work is made, and what weights of the user's say of it, sealed; one row a work and space
commons      one picture a row that anybody may use, sealed as works are
lineage      which pictures a curated set has, one set a row, sealed
marks        the sets and runs that an erased picture was in, by the entry that tells of it
data_keys    what rows and pictures are sealed with, a key each, wrapped
wrapping_keys  what wraps those, itself wrapped by the master key
reviews      what people said of a held image, one vote a row; with whom and why, the ledger commits to it
people       one account a row: its role, and its name, sealed; of an erased one, no name
api_keys     what people prove by that it is they, as a hash that is slow to try
professions  for which uses somebody may sign as a professional, by the ledger's entry of it
sessions     browsers that somebody's key was typed into, by the digest of what they send
jobs         one a row: who asked for what, sealed, and the number of its last change
job_items    the parts of a job that end one by one; what is told of each is sealed

Sealed values are envelopes (``store.vault``): they tell nothing without the master key.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

REVISION = "rv0012"
"""The migration that makes these tables."""

metadata = sa.MetaData()


class Plain(sa.types.TypeDecorator[str]):
    """Text. File names may hold bytes that are no UTF-8, and PostgreSQL takes no NUL; both are stored escaped rather
    than refused.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        del dialect
        return (
            None
            if value is None
            else value.encode("utf-8", "backslashreplace").decode().replace("\0", r"\x00")
        )


class Raw(sa.types.TypeDecorator[bytes]):
    """Bytes as they lie in the file. SQLite lets anyone put text or a number there: it reads as bytes."""

    impl = sa.LargeBinary
    cache_ok = True

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        del dialect, coltype
        return _as_bytes


def _as_bytes(value: object) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return b"" if value is None else str(value).encode()


entries = sa.Table(
    "entries",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", Raw, nullable=False),
)

nodes = sa.Table(
    "nodes",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", Raw, nullable=False),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("note", Raw, nullable=False),
)

openings = sa.Table(
    "openings",
    metadata,
    sa.Column("commitment", sa.String(64), primary_key=True),
    sa.Column("sealed", Raw, nullable=False),
)

seals = sa.Table(
    "seals",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("sealed", Raw, nullable=False),
)

assets = sa.Table(
    "assets",
    metadata,
    sa.Column("id", sa.String(12), primary_key=True),
    sa.Column("request", sa.String(64), nullable=False, unique=True),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("decided_at", sa.String(32), nullable=False),
    sa.Column("ledger_index", sa.Integer, nullable=False, unique=True),
    sa.Column("maker_name", Plain, nullable=False),
    sa.Column("maker_version", Plain, nullable=False),
    sa.Column("maker_digest", sa.String(64)),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("use", sa.String(64), nullable=False),
    sa.Column("policy", Plain, nullable=False),
    sa.Column("told", Raw, nullable=False),
    sa.Column("media_type", sa.String(64), nullable=False),
    sa.Column("file_digest", sa.String(64), index=True),
    sa.Column("pixels_digest", sa.String(64)),
    sa.Column("fingerprint", Raw, nullable=False),
    sa.Column("revoked", sa.Integer, unique=True),
    sa.Column("erased", sa.Integer),
    sa.Column("settled", sa.Integer),
    sa.Index("ix_assets_waiting", "decision", "settled", "ledger_index"),
    sa.Index("ix_assets_decided", "decision", "ledger_index"),
    sa.Index("ix_assets_used", "use", "ledger_index"),
    sa.Index("ix_assets_made", "maker_digest", "ledger_index"),
    sa.Index("ix_assets_dated", "ledger_index", "decided_at"),
)

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("asset", sa.String(12), nullable=False, index=True),
    sa.Column("person", sa.String(12), nullable=False, index=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("choice", sa.String(16), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("entry", sa.Integer, nullable=False),
    sa.Column("undone", sa.Integer),
)


def _sealed_works(name: str) -> sa.Table:
    """``name`` stands for the digest of the file: only this home can make the one from the other."""
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("facts", Raw, nullable=False),
        sa.Column("prints", Raw, nullable=False),
    )


works = _sealed_works("works")
commons = _sealed_works("commons")

traces = sa.Table(
    "traces",
    metadata,
    sa.Column("work", sa.String(8), primary_key=True),
    sa.Column("sealed", Raw, nullable=False),
)

descriptors = sa.Table(
    "descriptors",
    metadata,
    sa.Column("work", sa.String(8), primary_key=True),
    sa.Column("space", sa.String(64), primary_key=True),
    sa.Column("sealed", Raw, nullable=False),
)

lineage = sa.Table(
    "lineage",
    metadata,
    sa.Column("manifest", sa.String(64), primary_key=True),
    sa.Column("sealed", Raw, nullable=False),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("entry", sa.Integer, nullable=False),
)

data_keys = sa.Table(
    "data_keys",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("wrapping", sa.Integer, nullable=False, index=True),
    sa.Column("wrapped", Raw, nullable=False),
)

wrapping_keys = sa.Table(
    "wrapping_keys",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("master", sa.String(64), nullable=False),
    sa.Column("wrapped", Raw, nullable=False),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.String(12), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("name", Raw, nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("ended_at", sa.String(32)),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(12), primary_key=True),
    sa.Column("person", sa.String(12), nullable=False, index=True),
    sa.Column("hash", sa.String(200), nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("ended_at", sa.String(32)),
)

professions = sa.Table(
    "professions",
    metadata,
    sa.Column("entry", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("person", sa.String(12), nullable=False, index=True),
    sa.Column("use", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("withdrawn", sa.Integer),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(12), nullable=False, index=True),
    sa.Column("begun_at", sa.String(32), nullable=False),
    sa.Column("renewed_at", sa.String(32), nullable=False),
    sa.Column("ends_at", sa.String(32), nullable=False),
    sa.Column("is_replaced", sa.Boolean, nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(16), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("person", sa.String(12), nullable=False, index=True),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("token", sa.String(64), unique=True),
    sa.Column("asked", Raw, nullable=False),
)

job_items = sa.Table(
    "job_items",
    metadata,
    sa.Column("job", sa.String(16), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("is_sent", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("told", Raw, nullable=False),
)
