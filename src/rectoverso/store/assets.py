"""Decided images: one row each, whether released, held or refused."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rectoverso.errors import KeysDamaged, KeysMissing, RecordDamaged
from rectoverso.store.vault import KEY_BYTES, Cipher, Vault
from rectoverso.types import AssetId, Decision, Digest, Maker, Origin

if TYPE_CHECKING:
    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction

_ID_BYTES = 6
_FEW = 1000
"""Fewer images than this are read with their own keys alone: those of 100,000 take a second."""
_SHORT_DIGITS = 8  # what the watermark of a 32 x 32 image carries: the first 32 of the 48 bits
_PREFIX = re.compile(r"[0-9a-f]{4,12}")
_OPEN = (
    *("id", "decided_at", "ledger_index", "use", "policy"),
    *("media_type", "file_digest", "revoked", "erased", "settled"),
)
_NOTHING_TOLD: dict[str, Any] = {
    "request": "",
    "seed": None,
    "source": None,
    "file_name": "",
    "pixels_digest": "",
    "findings": [],
    "reasons": [],
    "draft": None,
}
_TOLD = tuple(_NOTHING_TOLD)
"""What is sealed of an image, in one envelope."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One decided image.

    ``file_digest`` is of the released bytes, None unless released; ``pixels_digest`` is over shape and raw pixels of
    the recto; ``fingerprint`` is the recto's 32-byte PDQ, b"" when it is too plain, and after it that of the picture
    without the strip of a visible label, if it has one; ``revoked`` is the ledger entry that took a release back,
    ``erased`` the one that says that everything else here was erased, ``settled`` the one by which people settled a
    hold: that of their refusal, or of the release of the image that the draft became.

    ``draft`` is what the door needs beside the picture to let a held draft go.

    How it was asked for (``request``, ``seed``, ``source``, ``file_name``), ``findings``, ``reasons``, ``draft``
    and ``fingerprint`` are about people and pictures: they are sealed with the image's own key, and so is
    ``pixels_digest`` unless it was released. They read as none where it was erased, or the keys of the home are gone;
    or where they were changed or moved, and then the image ``is_damaged``. What was released is verified all the same.
    """

    id: AssetId
    request: str
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
    revoked: int | None = None
    erased: int | None = None
    settled: int | None = None
    draft: dict[str, Any] | None = None
    is_damaged: bool = False

    @property
    def has_picture(self) -> bool:
        """Whether the store keeps one: the released file, or the draft that is held; of what is refused or settled,
        nothing.
        """
        return self.decision is not Decision.REFUSE and self.erased is None and self.settled is None

    @property
    def is_waiting(self) -> bool:
        """Whether it is held, and people have not settled it."""
        return self.decision is Decision.HOLD and self.has_picture

    @property
    def lines(self) -> list[str]:
        """The lines that made the decision, as records name them: ``art@2:checks.memorisation.block``."""
        decided = (reason["facts"] for reason in self.reasons)
        codes = (facts["code"] for facts in decided if facts.get("decision") == self.decision.value)
        return list(dict.fromkeys(codes))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A held image that people have not settled, as far as the queue needs to know it."""

    id: AssetId
    ledger_index: int
    use: str


class Assets:
    """The decided images of one home. Lookups see what is committed; ``random_bytes`` names new ones."""

    def __init__(
        self,
        database: Database,
        vault: Callable[[], Vault],
        keys: DataKeys,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        from rectoverso.store.tables import assets

        self._database = database
        self._vault = vault
        self._keys = keys
        self._assets = assets
        self._random_bytes = random_bytes

    def record(self, tx: Transaction, asset: Asset, key: bytes | None = None) -> None:
        """Keep the decision, sealed with the ``key`` that was drawn for its picture, if one was. A request, id or
        ledger index that is taken raises, and nothing changes.
        """
        drawn = key or secrets.token_bytes(KEY_BYTES)
        tx.connection.execute(self._assets.insert().values(self._row(asset, Cipher(drawn))))
        self._keys.keep(tx, _place(asset.id), drawn)

    def change(self, tx: Transaction, asset: Asset, key: bytes) -> None:
        """Keep what is said of an image now, sealed with another ``key`` that was drawn: what was said before opens no
        more, also where a copy of it was kept. Its picture has to be sealed anew too (``Blobs.put_again``).
        """
        self._keys.destroy(tx, [_place(asset.id)])
        self._keys.keep(tx, _place(asset.id), key)
        row = self._row(asset, Cipher(key))
        tx.connection.execute(self._assets.update().where(self._assets.c.id == asset.id).values(row))

    def erase(self, tx: Transaction, asset: Asset, entry: int) -> None:
        """Destroy the key of an image, and empty its row but for what the ledger says of it. Its file is for the next
        sweep: nothing opens it any more.
        """
        self._keys.destroy(tx, [_place(asset.id)])
        empty = {"told": b"", "fingerprint": b"", "erased": entry}
        tx.connection.execute(self._assets.update().where(self._assets.c.id == asset.id).values(empty))

    def revoke(self, tx: Transaction, asset_id: AssetId, entry: int) -> bool:
        """Note the ledger entry that takes a release back; False when there is none to take back."""
        of_id = (self._assets.c.id == asset_id) & (self._assets.c.decision == Decision.RELEASE.value)
        still = of_id & self._assets.c.revoked.is_(None)
        return tx.connection.execute(self._assets.update().where(still).values(revoked=entry)).rowcount > 0

    def settle(self, tx: Transaction, asset_id: AssetId, entry: int | None) -> None:
        """Note the entry by which people settled a hold; None opens it again."""
        tx.connection.execute(
            self._assets.update().where(self._assets.c.id == asset_id).values(settled=entry)
        )

    def counts(self) -> dict[str, int]:
        """How many images were released, held and refused; of those held, how many wait for people."""
        import sqlalchemy as sa

        column = self._assets.c
        query = sa.select(column.decision, sa.func.count()).group_by(column.decision)
        open_ = (column.decision == Decision.HOLD.value) & column.settled.is_(None) & column.erased.is_(None)
        with self._database.read() as tx:
            counted = {row[0]: row[1] for row in tx.connection.execute(query)}
            waiting = tx.connection.execute(sa.select(sa.func.count()).where(open_)).scalar_one()
        return {decision.value: counted.get(decision.value, 0) for decision in Decision} | {
            "waiting": waiting
        }

    def is_waiting(self, tx: Transaction, asset_id: AssetId) -> bool:
        """Whether an image is held and not settled, as that transaction sees it."""
        column = self._assets.c
        open_ = column.settled.is_(None) & column.erased.is_(None)
        wanted = (column.id == asset_id) & (column.decision == Decision.HOLD.value) & open_
        query = self._assets.select().with_only_columns(column.id).where(wanted)
        return tx.connection.execute(query).first() is not None

    def by_request(self, request: Digest) -> Asset | None:
        """What was decided of this request, if it was."""
        try:
            name = self._name(request)
        except (KeysMissing, KeysDamaged):
            return None
        return self._first(self._assets.c.request == name)

    def by_id(self, asset_id: AssetId) -> Asset | None:
        """The image of that id."""
        return self._first(self._assets.c.id == asset_id)

    def by_entry(self, index: int) -> Asset | None:
        """The image that this ledger entry decided."""
        return self._first(self._assets.c.ledger_index == index)

    def settled_by(self, index: int) -> list[Asset]:
        """The holds that this ledger entry settled."""
        column = self._assets.c
        wanted = (column.decision == Decision.HOLD.value) & (column.settled == index)  # as the index has it
        with self._database.read() as tx:
            return self._read(tx, self._assets.select().where(wanted))

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
            return self._read(tx, self._assets.select().where(begins).order_by(ids).limit(at_most))

    def all(self, tx: Transaction | None = None) -> list[Asset]:
        """Every decided image, in the order of the ledger; with ``tx``, as that transaction sees them."""
        ordered = self._assets.select().order_by(self._assets.c.ledger_index)
        with nullcontext(tx) if tx else self._database.read() as reading:
            return self._read(reading, ordered)

    def refused(self, after: int = -1) -> list[Asset]:
        """The refused images whose ledger entry comes after this one, in the order of the ledger."""
        return self._decided(Decision.REFUSE, after)

    def held(self, after: int = -1) -> list[Asset]:
        """The held images whose ledger entry comes after this one, in the order of the ledger."""
        return self._decided(Decision.HOLD, after)

    def waiting(self, limit: int, *, after: int = -1, use: str | None = None) -> list[Asset]:
        """The held images that people have not settled, decided after this ledger entry, the oldest first."""
        column = self._assets.c
        open_ = column.settled.is_(None) & column.erased.is_(None) & (column.ledger_index > after)
        wanted = (column.decision == Decision.HOLD.value) & open_
        wanted = wanted if use is None else wanted & (column.use == use)
        with self._database.read() as tx:
            query = self._assets.select().where(wanted).order_by(column.ledger_index).limit(limit)
            return self._read(tx, query)

    def queue(self) -> list[Waiting]:
        """All that waits for people, the oldest first; nothing of it is opened for that."""
        column = self._assets.c
        open_ = column.settled.is_(None) & column.erased.is_(None)
        wanted = self._assets.select().with_only_columns(column.id, column.ledger_index, column.use)
        wanted = wanted.where((column.decision == Decision.HOLD.value) & open_).order_by(column.ledger_index)
        with self._database.read() as tx:
            return [Waiting(AssetId(name), index, use) for name, index, use in tx.connection.execute(wanted)]

    def page(
        self,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        decision: Decision | None = None,
        use: str | None = None,
        maker: str | None = None,
        since: str = "",
        until: str = "",
    ) -> list[Asset]:
        """The last images that were decided ``before`` this ledger entry, the newest first; or the first ``after`` one,
        the oldest first. ``maker``: the digest of what made them; ``since`` and ``until``: days (ISO 8601, UTC), both
        included.
        """
        column = self._assets.c
        equal = {column.use: use, column.maker_digest: maker, column.decision: decision and decision.value}
        wanted = [one == value for one, value in equal.items() if value is not None]
        if before is not None:
            wanted.append(column.ledger_index < before)
        if after is not None:
            wanted.append(column.ledger_index > after)
        if since:
            wanted += self._dated(column.decided_at >= since, is_last=False)
        if until:
            wanted += self._dated(
                column.decided_at < f"{until}U", is_last=True
            )  # after the T of that day's moments
        order = column.ledger_index.desc() if after is None else column.ledger_index
        with self._database.read() as tx:
            return self._read(tx, self._assets.select().where(*wanted).order_by(order).limit(limit))

    def _dated(self, wanted: Any, *, is_last: bool) -> list[Any]:
        """The condition, and the first or last entry of which it holds, which one index tells: whatever else is wanted
        is then not looked for among all that was decided later, or before.
        """
        index = self._assets.c.ledger_index
        ends = self._assets.select().with_only_columns(index).where(wanted).limit(1)
        bound = ends.order_by(index.desc() if is_last else index).scalar_subquery()
        return [wanted, index <= bound if is_last else index >= bound]

    def makers(self, decision: Decision | None = None) -> list[tuple[str, Digest]]:
        """The name and digest of everything that made some of them, or some that were decided so: a look into an index
        for each of these.
        """
        column, found, last = self._assets.c, list[tuple[str, Digest]](), ""
        told = self._assets.select().with_only_columns(column.maker_name, column.maker_digest)
        told = told if decision is None else told.where(column.decision == decision.value)
        with self._database.read() as tx:
            while True:
                following = told.where(column.maker_digest > last).order_by(column.maker_digest).limit(1)
                if (row := tx.connection.execute(following).first()) is None:
                    return sorted(found)
                last = row.maker_digest
                found.append((row.maker_name, Digest(last)))

    def _decided(self, wanted: Decision, after: int) -> list[Asset]:
        decision, index = self._assets.c.decision, self._assets.c.ledger_index
        later = (decision == wanted.value) & (index > after)
        with self._database.read() as tx:
            return self._read(tx, self._assets.select().where(later).order_by(index))

    def released_ids(self) -> list[AssetId]:
        """The ids of the released images, in the order of the ledger."""
        with self._database.read() as tx:
            return [AssetId(row[0]) for row in tx.connection.execute(self._released("id"))]

    def prints(self) -> list[tuple[AssetId, bytes]]:
        """Id and fingerprint of the released images that have one, in the order of the ledger. One that does not open
        is left out: `verso ledger check` names it.
        """
        found = []
        with self._database.read() as tx:
            rows = tx.connection.execute(self._released("id", "fingerprint")).all()
            keys = self._of_table(tx) if rows else {}
            for name, sealed in rows:
                with suppress(RecordDamaged, KeyError):
                    if print_ := keys[_place(name)].open(sealed, f"{_place(name)}/print"):
                        found.append((AssetId(name), print_))
        return found

    def extent(self) -> tuple[int, int, int]:
        """How many images were decided, the ledger's last entry about one, and how many were erased: the same as long
        as nothing new was.
        """
        import sqlalchemy as sa

        row = self._assets.c
        counted = sa.select(sa.func.count(), sa.func.max(row.ledger_index), sa.func.count(row.erased))
        with self._database.read() as tx:
            count, last, erased = tx.connection.execute(counted).one()
            return int(count), -1 if last is None else int(last), int(erased)

    def with_pictures(self) -> set[AssetId]:
        """The images that the store keeps a picture of: what ``Blobs.sweep`` must keep."""
        kept = (self._assets.c.decision != Decision.REFUSE.value) & self._assets.c.erased.is_(None)
        kept &= self._assets.c.settled.is_(None)
        with self._database.read() as tx:
            rows = tx.connection.execute(
                self._assets.select().with_only_columns(self._assets.c.id).where(kept)
            )
            return {AssetId(row[0]) for row in rows}

    def descended(self, tx: Transaction, weights: Collection[str]) -> list[tuple[AssetId, Digest]]:
        """Id and file digest of what was released of generators with these weights."""
        made_by = self._assets.c.maker_digest.in_(weights)
        wanted = self._released("id", "file_digest").where(made_by)
        return [(AssetId(row.id), Digest(row.file_digest)) for row in tx.connection.execute(wanted)]

    def unused_id(self) -> AssetId:
        """A random id whose first 32 bits are new to this home. Hold the home's lock until it is recorded."""
        while True:
            drawn = self._random_bytes(_ID_BYTES).hex()
            if self.by_watermark(drawn[:_SHORT_DIGITS]) is None:
                return AssetId(drawn)

    def _first(self, condition: Any) -> Asset | None:
        with self._database.read() as tx:
            found = self._read(tx, self._assets.select().where(condition).limit(1))
        return found[0] if found else None

    def _read(self, tx: Transaction, query: Any) -> list[Asset]:
        rows = tx.connection.execute(query).mappings().all()
        if len(rows) != 1:
            few = [row["id"] for row in rows] if len(rows) < _FEW else None
            keys = self._of_table(tx, few) if rows else {}
            return [self._asset(row, lambda place: keys[place]) for row in rows]
        return [self._asset(rows[0], lambda place: self._keys.of(tx, place))]

    def _of_table(self, tx: Transaction, few: Collection[str] | None = None) -> Mapping[str, Cipher]:
        """The keys of all images, or of a few; none where the keys of the home are gone."""
        try:
            return self._keys.of_table(tx, self._assets.name, few)
        except (KeysMissing, KeysDamaged):
            return {}

    def _released(self, *names: str) -> Any:
        wanted = [self._assets.c[name] for name in names]
        released = self._assets.select().where(self._assets.c.decision == Decision.RELEASE.value)
        return released.with_only_columns(*wanted).order_by(self._assets.c.ledger_index)

    def _name(self, request: str) -> str:
        return self._vault().name(f"request {request}")

    def _row(self, asset: Asset, key: Cipher) -> dict[str, Any]:
        place = _place(asset.id)
        told = {name: getattr(asset, name) for name in _TOLD}
        text = json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return {
            **{name: getattr(asset, name) for name in _OPEN},
            "request": self._name(asset.request),
            "decision": asset.decision.value,
            "origin": asset.origin.value,
            "maker_name": asset.maker.name,
            "maker_version": asset.maker.version,
            "maker_digest": asset.maker.digest,
            "pixels_digest": asset.pixels_digest if asset.decision is Decision.RELEASE else None,
            "fingerprint": key.seal(asset.fingerprint, f"{place}/print"),
            "told": key.seal(text, place),
        }

    def _asset(self, row: Any, key_of: Callable[[str], Cipher]) -> Asset:
        place = _place(row["id"])
        try:
            decision, origin = Decision(row["decision"]), Origin(row["origin"])
        except ValueError as error:
            raise RecordDamaged(place=place) from error
        bare = Asset(
            **{name: row[name] for name in _OPEN},
            **_NOTHING_TOLD | {"pixels_digest": Digest(row["pixels_digest"] or "")},
            fingerprint=b"",
            decision=decision,
            origin=origin,
            maker=Maker(row["maker_name"], row["maker_version"], row["maker_digest"]),
        )
        if bare.erased is not None:
            return bare
        try:
            key = key_of(place)
            told = json.loads(key.open(row["told"], place))
            return replace(bare, **told, fingerprint=key.open(row["fingerprint"], f"{place}/print"))
        except (KeysMissing, KeysDamaged, KeyError):
            return bare
        except RecordDamaged:
            return replace(bare, is_damaged=True)


def _place(asset_id: str) -> str:
    return f"assets/{asset_id}"
