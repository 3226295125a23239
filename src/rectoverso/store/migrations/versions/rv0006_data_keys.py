"""A data key for each picture, work and opening, wrapped by a key that the master key wraps; how images were asked for
is sealed too, and stored pictures are named by their images.

What ``blobs.key`` sealed until now is sealed anew. The key itself becomes the master key, and what names are made of.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rectoverso.store import master
from rectoverso.store.atomic import make_private_folder, write_atomically
from rectoverso.store.data_keys import DataKeys
from rectoverso.store.database import Transaction
from rectoverso.store.vault import HEAD_BYTES, Cipher, Vault

revision = "rv0006"
down_revision = "rv0005"
branch_labels = None
depends_on = None

_BLOB_HEAD = b"RVB1"
_NONCE = slice(4, HEAD_BYTES)


def upgrade() -> None:
    _make_tables()
    home: Path = context.config.attributes["home"]
    before = [key for key in master.in_folder(home / "keys") if Path(key.place).name == master.FILE_BEFORE]
    _open_assets()
    if before:
        _seal(home, before[0])
    _close_assets()


def _seal(home: Path, key: master.LocalKey) -> None:
    tx, keys = Transaction(op.get_bind()), DataKeys(home, lambda: [key])
    keys.begin(tx, key, home_key=key.secret)
    vault = Vault(key.secret)
    for table in ("works", "commons"):
        _seal_works(tx, keys, vault, table)
    _seal_of_works(tx, keys, vault)
    for row in _rows("SELECT commitment, sealed FROM openings"):
        place = f"openings/{row['commitment']}"
        sealed = keys.make(tx, place).seal(vault.open(bytes(row["sealed"]), place), place)
        _run("UPDATE openings SET sealed = :sealed WHERE commitment = :commitment", row | {"sealed": sealed})
    for row in _rows("SELECT * FROM assets"):
        _seal_asset(tx, keys, vault, row, home / "blobs", key.secret)


def _seal_works(tx: Transaction, keys: DataKeys, vault: Vault, table: str) -> None:
    """By another key with the same nonce: the seal of the register is over how the rows begin."""
    for row in _rows(f"SELECT id, facts, prints FROM {table}"):  # noqa: S608 - a constant
        place = f"{table}/{row['id']}"
        key = keys.make(tx, place)
        told = {
            name: key.sealed_again(vault.open(bytes(row[name]), where), where, bytes(row[name])[_NONCE])
            for name, where in (("facts", place), ("prints", f"{place}/prints"))
        }
        _run(f"UPDATE {table} SET facts = :facts, prints = :prints WHERE id = :id", row | told)  # noqa: S608


def _seal_of_works(tx: Transaction, keys: DataKeys, vault: Vault) -> None:
    """What is kept of works beside their rows, by the works' keys."""
    for row in _rows("SELECT work, sealed FROM traces"):
        place = f"traces/{row['work']}"
        key = keys.of_or_made(tx, f"works/{row['work']}")
        sealed = key.seal(vault.open(bytes(row["sealed"]), place), place)
        _run("UPDATE traces SET sealed = :sealed WHERE work = :work", row | {"sealed": sealed})
    for row in _rows("SELECT work, space, sealed FROM descriptors"):
        place = f"descriptors/{row['work']}/{row['space']}"
        key = keys.of_or_made(tx, f"works/{row['work']}")
        sealed = key.seal(vault.open(bytes(row["sealed"]), place), place)
        change = "UPDATE descriptors SET sealed = :sealed WHERE work = :work AND space = :space"
        _run(change, row | {"sealed": sealed})


def _seal_asset(
    tx: Transaction, keys: DataKeys, vault: Vault, row: dict[str, Any], blobs: Path, blob_key: bytes
) -> None:
    place = f"assets/{row['id']}"
    findings, reasons = json.loads(vault.open(bytes(row["told"]), place))
    told = {name: row[name] for name in ("request", "seed", "source", "file_name", "pixels_digest")}
    key = keys.make(tx, place)
    text = json.dumps(told | {"findings": findings, "reasons": reasons}, ensure_ascii=False)
    changed = {
        "id": row["id"],
        "told": key.seal(text.encode("utf-8", "backslashreplace"), place),
        "request": vault.name(f"request {row['request']}"),
        "fingerprint": key.seal(bytes(row["fingerprint"] or b""), f"{place}/print"),
        "pixels_digest": row["pixels_digest"] if row["decision"] == "release" else None,
    }
    _run(
        "UPDATE assets SET told = :told, request = :request, fingerprint = :fingerprint, "
        "pixels_digest = :pixels_digest WHERE id = :id",
        changed,
    )
    if row["blob"]:
        _move_blob(blobs, row["blob"], row["id"], key, blob_key)


def _move_blob(blobs: Path, digest: str, asset: str, key: Cipher, blob_key: bytes) -> None:
    """Written beside the old one, which the next sweep removes; one that is damaged stays as it is, and missing."""
    try:
        old = (blobs / digest[:2] / digest).read_bytes()
        plain = AESGCM(blob_key).decrypt(old[_NONCE], old[HEAD_BYTES:], _BLOB_HEAD + bytes.fromhex(digest))
    except (OSError, InvalidTag, ValueError):
        return
    make_private_folder(blobs / asset[:2])
    write_atomically(blobs / asset[:2] / asset, key.seal(plain, f"blobs/{asset}"))


def _make_tables() -> None:
    op.create_table(
        "data_keys",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("wrapping", sa.Integer, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_data_keys_wrapping", "data_keys", ["wrapping"])
    op.create_table(
        "wrapping_keys",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("master", sa.String(64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "lineage",
        sa.Column("manifest", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("entry", sa.Integer, nullable=False),
    )


def _open_assets() -> None:
    with op.batch_alter_table("assets") as assets:
        assets.alter_column("pixels_digest", existing_type=sa.String(64), nullable=True)
        assets.add_column(sa.Column("erased", sa.Integer))


def _close_assets() -> None:
    with op.batch_alter_table("assets") as assets:
        for column in ("seed", "source", "file_name", "blob"):
            assets.drop_column(column)


def _rows(query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in op.get_bind().execute(sa.text(query)).mappings()]


def _run(statement: str, values: dict[str, Any]) -> None:
    op.get_bind().execute(sa.text(statement), values)
