from __future__ import annotations

import dataclasses
import hashlib
import itertools
import shutil

import pytest
import sqlalchemy as sa

from rectoverso.errors import RecordDamaged
from rectoverso.store.assets import Asset, Assets
from rectoverso.store.data_keys import draw
from rectoverso.store.home import Home
from rectoverso.types import AssetId, Decision, Digest, Maker, Origin
from stores import ON_BOTH


@pytest.fixture
def home(keyed: Home) -> Home:
    return keyed


def digest(text: str) -> Digest:
    return Digest(hashlib.sha256(text.encode()).hexdigest())


def asset(number: int, decision: Decision = Decision.RELEASE, **changes: object) -> Asset:
    released = decision is Decision.RELEASE
    made = Asset(
        id=AssetId(digest(f"id {number}")[:12]),
        request=digest(f"request {number}"),
        decision=decision,
        decided_at="2026-01-01T00:00:00Z",
        ledger_index=number,
        maker=Maker("dcgan", "1", digest("weights")),
        origin=Origin.AI,
        use="general",
        seed=2**63 - 1,
        source="图片/日落.png",
        policy="general@1",
        findings=[{"check": "similarity", "score": 0.5, "words": ["一", None, True]}],
        reasons=[{"key": "policy.too_close", "facts": {"title": "日落"}}],
        file_name="000001.png",
        media_type="image/png",
        file_digest=digest(f"file {number}") if released else None,
        pixels_digest=digest(f"pixels {number}"),
        fingerprint=bytes([number]) * 32,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def record(home: Home, *decided: Asset) -> None:
    with home.database.transaction() as tx:
        for each in decided:
            home.assets.record(tx, each)


@ON_BOTH
def test_an_asset_comes_back_as_it_was_recorded(home: Home) -> None:
    bare = asset(2, Decision.REFUSE, seed=None, source=None, fingerprint=b"", maker=Maker("nobody", ""))
    record(home, asset(1), bare)
    assert home.assets.by_id(asset(1).id) == asset(1)
    assert home.assets.by_request(bare.request) == bare
    assert home.assets.by_digest(digest("file 1")) == asset(1)


@ON_BOTH
def test_what_was_never_decided_is_none(home: Home) -> None:
    record(home, asset(1))
    assert home.assets.by_id(asset(2).id) is None
    assert home.assets.by_request(asset(2).request) is None
    assert home.assets.by_digest(asset(2).request) is None


@ON_BOTH
@pytest.mark.parametrize("same", ["id", "request", "ledger_index"])
def test_nothing_is_decided_twice(home: Home, same: str) -> None:
    record(home, asset(1))
    with pytest.raises(sa.exc.IntegrityError) as told:
        record(home, asset(2, **{same: getattr(asset(1), same)}))
    assert home.assets.all() == [asset(1)]
    private = ("日落", asset(2).pixels_digest, str(asset(2).seed))  # an error may be read by anybody
    assert not any(secret in str(told.value) for secret in private)


@ON_BOTH
def test_all_is_in_the_order_of_the_ledger(home: Home) -> None:
    record(home, asset(3), asset(1), asset(2))
    assert [each.ledger_index for each in home.assets.all()] == [1, 2, 3]


@ON_BOTH
def test_only_released_images_are_offered_to_verification(home: Home) -> None:
    record(
        home,
        asset(2),
        asset(1),
        asset(3, Decision.HOLD),
        asset(4, Decision.REFUSE),
        asset(5, fingerprint=b""),
    )
    assert home.assets.released_ids() == [asset(1).id, asset(2).id, asset(5).id]
    assert home.assets.prints() == [(each.id, each.fingerprint) for each in (asset(1), asset(2))]


@ON_BOTH
def test_a_watermark_finds_its_image_by_all_or_the_first_32_bits(home: Home) -> None:
    record(home, asset(1), asset(2))
    assert home.assets.by_watermark(asset(1).id) == asset(1)
    assert home.assets.by_watermark(asset(2).id[:8]) == asset(2)
    assert home.assets.by_watermark("00000000") is None
    assert home.assets.by_watermark("%") is None


@ON_BOTH
def test_the_pictures_to_keep_are_those_of_released_and_held_images(home: Home) -> None:
    record(home, asset(1), asset(2, Decision.HOLD), asset(3, Decision.REFUSE), asset(4))
    with home.database.transaction() as tx:
        home.assets.erase(tx, asset(4), entry=9)
    assert home.assets.with_pictures() == {asset(1).id, asset(2).id}
    assert not asset(3, Decision.REFUSE).has_picture


@ON_BOTH
def test_of_an_erased_image_its_row_says_what_the_ledger_does_and_no_more(home: Home) -> None:
    record(home, asset(1), asset(2))
    with home.database.transaction() as tx:
        home.assets.erase(tx, asset(1), entry=9)
    nothing = {"request": "", "seed": None, "source": None, "file_name": "", "findings": [], "reasons": []}
    assert home.assets.all() == [
        dataclasses.replace(asset(1), erased=9, fingerprint=b"", **nothing),
        asset(2),
    ]
    assert home.assets.by_request(asset(1).request) is not None  # it is not decided again
    assert [name for name, _ in home.assets.prints()] == [asset(2).id]


@ON_BOTH
def test_what_is_said_of_an_image_can_change(home: Home) -> None:
    record(home, asset(1), asset(2))
    changed = dataclasses.replace(asset(1), source=None, reasons=[])
    with home.database.transaction() as tx:
        home.assets.change(tx, changed, draw())
    assert home.assets.all() == [changed, asset(2)]


@ON_BOTH
def test_a_new_id_shares_its_first_32_bits_with_no_other(home: Home) -> None:
    taken = bytes.fromhex("0123456789ab")
    record(home, asset(1, id=AssetId(taken.hex())))
    drawn = itertools.chain([taken, taken[:4] + b"zz"], itertools.repeat(b"abcdef"))
    assets = Assets(
        home.database, lambda: home.vault, home.data_keys, random_bytes=lambda count: next(drawn)[:count]
    )
    assert assets.unused_id() == b"abcdef".hex()
    assert len({home.assets.unused_id() for _ in range(20)}) == 20


@ON_BOTH
def test_the_refused_are_given_from_an_entry_on(home: Home) -> None:
    record(home, asset(4, Decision.REFUSE), asset(1, Decision.REFUSE), asset(2), asset(3, Decision.HOLD))
    assert [each.ledger_index for each in home.assets.refused()] == [1, 4]
    assert [each.ledger_index for each in home.assets.refused(after=1)] == [4]


@ON_BOTH
def test_what_was_found_does_not_lie_open(home: Home) -> None:
    record(home, asset(1, reasons=[{"key": "k", "facts": {"owner": "Anna Muster"}}]))
    home.close()
    everything = b"".join(path.read_bytes() for path in home.path.glob("verso.sqlite3*"))
    told = ("Muster", "日落", "000001.png", asset(1).request, str(asset(1).seed))
    assert not any(text.encode() in everything for text in told)
    assert asset(1).fingerprint not in everything


@ON_BOTH
def test_one_images_findings_cannot_stand_in_for_anothers(home: Home) -> None:
    record(home, asset(1), asset(2))
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE assets SET told = (SELECT max(told) FROM assets)")
    found = {each.id: (each.findings, each.is_damaged) for each in home.assets.all()}
    assert sorted(found.values(), key=lambda told: told[1]) == [(asset(1).findings, False), ([], True)]


@ON_BOTH
def test_two_data_keys_cannot_be_exchanged(home: Home) -> None:
    record(home, asset(1), asset(2))
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql(
            "UPDATE data_keys SET wrapped = (SELECT max(wrapped) FROM data_keys WHERE kind = 'assets') "
            "WHERE kind = 'assets'"
        )
    assert sorted(each.is_damaged for each in home.assets.all()) == [False, True]
    assert len(home.assets.prints()) == 1


@ON_BOTH
def test_a_decision_that_is_none_is_named_and_keeps_nobody_else_from_being_found(home: Home) -> None:
    record(home, asset(1), asset(2))
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql(f"UPDATE assets SET decision = 'yes' WHERE id = '{asset(1).id}'")
    with pytest.raises(RecordDamaged, match=asset(1).id):
        home.assets.by_id(asset(1).id)
    assert home.assets.by_id(asset(2).id) == asset(2)


@ON_BOTH
def test_without_keys_an_image_is_looked_up_all_the_same(home: Home) -> None:
    record(home, asset(1))
    shutil.rmtree(home.keys_path)
    keyless = Home.open(home.path)
    found = keyless.assets.by_id(asset(1).id)
    nothing = {"request": "", "seed": None, "source": None, "file_name": "", "findings": [], "reasons": []}
    assert found == dataclasses.replace(asset(1), fingerprint=b"", **nothing)
    assert keyless.assets.by_digest(digest("file 1")) == found
    keyless.close()


DAYS = ("2026-03-01", "2026-03-02", "2026-03-02", "2026-03-01", "2026-03-03", "2026-03-05", "2026-03-04")
"""Of the entries in their order; the clock was set back twice."""


@ON_BOTH
def test_a_page_of_days_has_the_images_of_these_days_and_of_whatever_else_is_wanted(home: Home) -> None:
    decisions = itertools.cycle((Decision.RELEASE, Decision.REFUSE))
    decided = [
        asset(n, next(decisions), decided_at=f"{day}T23:59:00+00:00", use="art" if n % 3 else "game")
        for n, day in enumerate(DAYS)
    ]
    record(home, *decided)
    bounds = ["", "2026-02-28", *sorted(set(DAYS)), "2026-04-01"]
    for since, until, use, decision in itertools.product(
        bounds, bounds, (None, "art"), (None, Decision.REFUSE)
    ):
        wanted = [
            one.id
            for one in reversed(decided)
            if since <= one.decided_at[:10] <= (until or "9")
            and use in (None, one.use)
            and decision in (None, one.decision)
        ]
        asked = {"since": since, "until": until, "use": use, "decision": decision}
        assert [one.id for one in home.assets.page(99, **asked)] == wanted  # type: ignore[arg-type]
        older = home.assets.page(99, after=2, **asked)  # type: ignore[arg-type]
        assert [one.id for one in older] == [one.id for one in decided[3:] if one.id in wanted]


def test_what_was_decided_long_ago_is_found_without_a_look_at_everything_since(home: Home) -> None:
    plans: list[str] = []

    def explain(connection: sa.Connection, _: object, statement: str, values: object, *__: object) -> None:
        if "decided_at <" in statement and not statement.startswith("EXPLAIN"):
            told = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
            plans.extend(row[3] for row in told)

    sa.event.listen(home.database.engine, "before_cursor_execute", explain)
    home.assets.page(9, until="2026-03-01", decision=Decision.RELEASE)
    assert "SCAN assets USING COVERING INDEX ix_assets_dated" in plans
    assert "SEARCH assets USING INDEX ix_assets_decided (decision=? AND ledger_index<?)" in plans
