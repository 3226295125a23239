"""Decided images: one row each, whether released, held or refused."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from rectoverso.errors import KeysDamaged, KeysMissing, RecordDamaged
from rectoverso.store.vault import Vault
from rectoverso.types import AssetId, Decision, Digest, Maker, Origin

if TYPE_CHECKING:
    from rectoverso.store.database import Database, Transaction

_ID_BYTES = 6
_SHORT_DIGITS = 8  # what the watermark of a 32 x 32 image carries: the first 32 of the 48 bits
_PREFIX = re.compile(r"[0-9a-f]{4,12}")


@dataclass(frozen=True, slots=True)
class Asset:
    """One decided image.

    ``file_digest`` is of the released bytes, None unless released; ``pixels_digest`` is over shape and raw pixels of
    the recto; ``fingerprint`` is the recto's 32-byte PDQ, b"" when it is too plain, and after it that of the picture
    without the strip of a visible label, if it has one; ``blob`` names the released bytes or the held draft, None when
    refused; ``revoked`` is the ledger entry that took a release back. ``findings`` and ``reasons`` name people:
    they are sealed, and read as none where the keys of the home are gone; or where they were changed or moved, and
    then the image ``is_damaged``. What was released is verified all the same.
    """

    id: AssetId
    request: Digest
    decision: Decision
    decided_at: str
    ledger_index: int
    maker: Maker
    origin: Origin
    use: str
    seed: int | None
    source: str | None
    policy: str
    findings: list[dict[str, Any]]
    reasons: list[dict[str, Any]]
    file_name: str
    media_type: str
    file_digest: Digest | None
    pixels_digest: Digest
    fingerprint: bytes
    blob: Digest | None
    revoked: int | None = None
    is_damaged: bool = False

    @property
    def lines(self) -> list[str]:
        """The lines that made the decision, as records name them: ``art@2:checks.memorisation.block``."""
        decided = (reason["facts"] for reason in self.reasons)
        codes = (facts["code"] for facts in decided if facts.get("decision") == self.decision.value)
        return list(dict.fromkeys(codes))


class Assets:
    """The decided images of one home. Lookups see what is committed; ``random_bytes`` names new ones."""

    def __init__(
        self,
        database: Database,
        vault: Callable[[], Vault],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        from rectoverso.store.tables import assets

        self._database = database
        self._vault = vault
        self._assets = assets
        self._random_bytes = random_bytes

    def record(self, tx: Transaction, asset: Asset) -> None:
        """Keep the decision. A request, id or ledger index that is taken raises, and nothing changes."""
        tx.connection.execute(self._assets.insert().values(self._row(asset)))

    def revoke(self, tx: Transaction, asset_id: AssetId, entry: int) -> bool:
        """Note the ledger entry that takes a release back; False when there is none to take back."""
        of_id = (self._assets.c.id == asset_id) & (self._assets.c.decision == Decision.RELEASE.value)
        still = of_id & self._assets.c.revoked.is_(None)
        return tx.connection.execute(self._assets.update().where(still).values(revoked=entry)).rowcount > 0

    def by_request(self, request: Digest) -> Asset | None:
        """What was decided of this request, if it was."""
        return self._first(self._assets.c.request == request)

    def by_id(self, asset_id: AssetId) -> Asset | None:
        """The image of that id."""
        return self._first(self._assets.c.id == asset_id)

    def by_digest(self, file_digest: Digest) -> Asset | None:
        """The released image whose file has exactly these bytes."""
        return self._first(self._assets.c.file_digest == file_digest)

    def by_watermark(self, prefix_hex: str) -> Asset | None:
        """The image whose id begins with what a watermark said (8 or 12 hexadecimal digits)."""
        if not _PREFIX.fullmatch(prefix_hex):
            return None
        ids = self._assets.c.id
        return self._first((ids >= prefix_hex) & (ids < prefix_hex + "g"))

    def named(self, prefix_hex: str, at_most: int) -> list[Asset]:
        """The released images whose id begins so, in the order of their ids."""
        ids, decision = self._assets.c.id, self._assets.c.decision
        begins = (ids >= prefix_hex) & (ids < prefix_hex + "g") & (decision == Decision.RELEASE.value)
        with self._database.read() as tx:
            rows = tx.connection.execute(self._assets.select().where(begins).order_by(ids).limit(at_most))
            return [self._asset(row) for row in rows.mappings()]

    def all(self, tx: Transaction | None = None) -> list[Asset]:
        """Every decided image, in the order of the ledger; with ``tx``, as that transaction sees them."""
        ordered = self._assets.select().order_by(self._assets.c.ledger_index)
        with nullcontext(tx) if tx else self._database.read() as reading:
            return [self._asset(row) for row in reading.connection.execute(ordered).mappings()]

    def refused(self, after: int = -1) -> list[Asset]:
        """The refused images whose ledger entry comes after this one, in the order of the ledger."""
        return self._decided(Decision.REFUSE, after)

    def held(self, after: int = -1) -> list[Asset]:
        """The held images whose ledger entry comes after this one, in the order of the ledger."""
        return self._decided(Decision.HOLD, after)

    def page(
        self,
        limit: int,
        *,
        before: int | None = None,
        decision: Decision | None = None,
        use: str | None = None,
    ) -> list[Asset]:
        """The last images that were decided ``before`` this ledger entry, the newest first."""
        import sqlalchemy as sa

        column = self._assets.c
        wanted: sa.ColumnElement[bool] = sa.true()
        wanted = wanted if before is None else wanted & (column.ledger_index < before)
        wanted = wanted if decision is None else wanted & (column.decision == decision.value)
        wanted = wanted if use is None else wanted & (column.use == use)
        with self._database.read() as tx:
            query = self._assets.select().where(wanted).order_by(column.ledger_index.desc()).limit(limit)
            return [self._asset(row) for row in tx.connection.execute(query).mappings()]

    def _decided(self, wanted: Decision, after: int) -> list[Asset]:
        decision, index = self._assets.c.decision, self._assets.c.ledger_index
        later = (decision == wanted.value) & (index > after)
        with self._database.read() as tx:
            rows = tx.connection.execute(self._assets.select().where(later).order_by(index))
            return [self._asset(row) for row in rows.mappings()]

    def released_ids(self) -> list[AssetId]:
        """The ids of the released images, in the order of the ledger."""
        return [AssetId(row[0]) for row in self._released("id")]

    def prints(self) -> list[tuple[AssetId, bytes]]:
        """Id and fingerprint of the released images that have one, in the order of the ledger. Quick for very many."""
        query = "SELECT id, fingerprint FROM assets WHERE decision = 'release' ORDER BY ledger_index"
        with self._database.read() as tx:
            rows = tx.connection.exec_driver_sql(query).all()
        return [(AssetId(name), print_) for name, print_ in rows if print_ and isinstance(print_, bytes)]

    def extent(self) -> tuple[int, int]:
        """How many images were decided, and the ledger's last entry about one: the same as long as nothing new was."""
        import sqlalchemy as sa

        counted = sa.select(sa.func.count(), sa.func.max(self._assets.c.ledger_index))
        with self._database.read() as tx:
            count, last = tx.connection.execute(counted).one()
            return int(count), -1 if last is None else int(last)

    def blobs(self) -> set[Digest]:
        """The blobs that some image needs: what ``Blobs.sweep`` must keep."""
        with self._database.read() as tx:
            rows = tx.connection.execute(self._assets.select().with_only_columns(self._assets.c.blob))
            return {Digest(row[0]) for row in rows if row[0] is not None}

    def unused_id(self) -> AssetId:
        """A random id whose first 32 bits are new to this home. Hold the home's lock until it is recorded."""
        while True:
            drawn = self._random_bytes(_ID_BYTES).hex()
            if self.by_watermark(drawn[:_SHORT_DIGITS]) is None:
                return AssetId(drawn)

    def _first(self, condition: Any) -> Asset | None:
        with self._database.read() as tx:
            row = tx.connection.execute(self._assets.select().where(condition).limit(1)).mappings().first()
            return None if row is None else self._asset(row)

    def _released(self, *names: str) -> list[Any]:
        wanted = [self._assets.c[name] for name in names]
        released = self._assets.select().where(self._assets.c.decision == Decision.RELEASE.value)
        ordered = released.with_only_columns(*wanted).order_by(self._assets.c.ledger_index)
        with self._database.read() as tx:
            return list(tx.connection.execute(ordered))

    def _row(self, asset: Asset) -> dict[str, Any]:
        row = {field.name: getattr(asset, field.name) for field in fields(asset)}
        maker, _ = row.pop("maker"), row.pop("is_damaged")
        made_by = {"maker_name": maker.name, "maker_version": maker.version, "maker_digest": maker.digest}
        told = json.dumps([row.pop("findings"), row.pop("reasons")], ensure_ascii=False)
        sealed = self._vault().seal(told.encode("utf-8", "backslashreplace"), _place(asset.id))
        words = {"decision": asset.decision.value, "origin": asset.origin.value, "told": sealed}
        return row | made_by | words

    def _asset(self, row: Any) -> Asset:
        values = dict(row)
        maker = Maker(values.pop("maker_name"), values.pop("maker_version"), values.pop("maker_digest"))
        try:
            values |= {"decision": Decision(values["decision"]), "origin": Origin(values["origin"])}
        except ValueError as error:
            raise RecordDamaged(place=_place(values["id"])) from error
        try:
            findings, reasons = self._told(values.pop("told"), values["id"])
        except RecordDamaged:
            return Asset(maker=maker, findings=[], reasons=[], is_damaged=True, **values)
        return Asset(maker=maker, findings=findings, reasons=reasons, **values)

    def _told(self, sealed: bytes, asset_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        try:
            vault = self._vault()
        except (KeysMissing, KeysDamaged):
            return [], []
        findings, reasons = json.loads(vault.open(sealed, _place(asset_id)))
        return findings, reasons


def _place(asset_id: str) -> str:
    return f"assets/{asset_id}"
