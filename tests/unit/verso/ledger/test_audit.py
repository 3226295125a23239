"""Every way to tamper with a ledger, and that the check finds and names it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledgers import ORIGIN, OTHER, SIGNER, tamper
from rectoverso.i18n import LANGUAGES, say
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.audit import Expected
from rectoverso.verso.ledger.checkpoint import Checkpoint
from rectoverso.verso.ledger.signing import SigningKeys, sign_checkpoint

SIZE = 21
EDIT_3 = "UPDATE entries SET body = replace(CAST(body AS TEXT), 'asset', 'asses') WHERE seq = 3"
SWAP = (
    "UPDATE entries SET seq = -1 WHERE seq = 3",
    "UPDATE entries SET seq = 3 WHERE seq = 5",
    "UPDATE entries SET seq = 5 WHERE seq = -1",
)


def change(kept, *statements: str) -> None:
    tamper(kept.home.database_path, *statements)


def problems(kept, **asked: object) -> list[tuple[str, ...]]:
    """Each problem as (name, values of its facts); all of them must read well in every language."""
    found = kept.ledger.check(**asked).problems
    assert all(say(problem, language) for problem in found for language in LANGUAGES)
    return [(problem.key.removeprefix("ledger."), *problem.facts.values()) for problem in found]


def expectations(kept) -> list[Expected]:
    entries = [kept.ledger.entry(index) for index in range(1, SIZE)]
    return [Expected(entry["seq"], entry["kind"], entry["asset"]) for entry in entries]


def retell(kept, rewrite: Callable[[int, bytes], bytes], signer: SigningKeys | None) -> None:
    """Rewrite entries and recompute every node; sign every checkpoint anew if there is a key to do it."""
    bodies = [rewrite(index, kept.ledger.entry_bytes(index)) for index in range(SIZE)]
    statements = [
        "DELETE FROM entries",
        "DELETE FROM nodes",
        *(["DELETE FROM checkpoints"] if signer else []),
    ]
    peaks: list[bytes] = []
    for index, body in enumerate(bodies):
        peaks, completed = merkle.grow(index, peaks, merkle.leaf_hash(body))
        statements.append(f"INSERT INTO entries VALUES ({index}, X'{body.hex()}')")
        for (level, position), value in completed.items():
            statements.append(f"INSERT INTO nodes VALUES ({level}, {position}, X'{value.hex()}')")
        if signer:
            note = sign_checkpoint(Checkpoint(ORIGIN, index + 1, merkle.root(peaks)), [signer], 0)
            statements.append(f"INSERT INTO checkpoints VALUES ({index + 1}, X'{note.encode().hex()}')")
    change(kept, *statements)


def lie(index: int, body: bytes) -> bytes:
    return body.replace(b"asset", b"asses") if index == 3 else body


def test_an_untouched_ledger_holds_together(full) -> None:
    state = full.ledger.check(expectations(full))
    assert (state.size, state.problems) == (SIZE, ())
    assert state.root == merkle.root(rebuilt(full)).hex()


def rebuilt(kept) -> list[bytes]:
    peaks: list[bytes] = []
    for index in range(SIZE):
        peaks, _ = merkle.grow(index, peaks, merkle.leaf_hash(kept.ledger.entry_bytes(index)))
    return peaks


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([EDIT_3], [("entry_edited", 3)]),
        (["UPDATE entries SET body = 'not an entry' WHERE seq = 3"], [("entry_edited", 3)]),
        (["UPDATE entries SET body = X'' WHERE seq = 20"], [("entry_edited", 20)]),
        (["UPDATE entries SET body = 7 WHERE seq = 0"], [("entry_edited", 0)]),
        (["DELETE FROM entries WHERE seq = 3"], [("entry_missing", 3)]),
        (["DELETE FROM entries WHERE seq IN (3, 4)"], [("entry_missing", 3), ("entry_missing", 4)]),
        (SWAP, [("entry_moved", 3, 5), ("entry_moved", 5, 3)]),
        (["DELETE FROM entries WHERE seq = 20"], [("went_back", 21, 20), ("node_stray", 1)]),
        (["DELETE FROM entries WHERE seq > 9"], [("went_back", 21, 10), ("node_stray", 21)]),
        (["INSERT INTO entries VALUES (-4, 'x')"], [("entry_stray", -4, 1)]),
        (["INSERT INTO entries VALUES (1000000000, 'x')"], [("entry_stray", 10**9, 1)]),
        (["UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND position = 6"], [("node_changed", 0, 6)]),
        (["UPDATE nodes SET hash = zeroblob(32) WHERE level = 2 AND position = 3"], [("node_changed", 2, 3)]),
        (["UPDATE nodes SET hash = 'x' WHERE level = 4"], [("node_changed", 4, 0)]),
        (["DELETE FROM nodes WHERE level = 0 AND position = 20"], [("node_missing", 0, 20)]),
        (["DELETE FROM nodes WHERE level = 3 AND position = 1"], [("node_missing", 3, 1)]),
        (["INSERT INTO nodes VALUES (9, 9, zeroblob(32))"], [("node_stray", 1)]),
        (["DELETE FROM checkpoints WHERE size = 8"], [("checkpoint_missing", 8)]),
        (["DELETE FROM checkpoints WHERE size = 21"], [("checkpoint_missing", 21)]),
        (["UPDATE checkpoints SET note = 'x' WHERE size = 8"], [("checkpoint_forged", 8)]),
        (["UPDATE checkpoints SET note = X'ff' WHERE size = 21"], [("checkpoint_forged", 21)]),
        (
            ["UPDATE checkpoints SET size = 90 WHERE size = 8"],
            [("checkpoint_stray", 90, 1), ("checkpoint_missing", 8)],
        ),
        (
            ["INSERT INTO checkpoints SELECT 0, note FROM checkpoints WHERE size = 1"],
            [("checkpoint_stray", 0, 1)],
        ),
        (["INSERT INTO checkpoints VALUES (1000000000, 'x')"], [("checkpoint_stray", 10**9, 1)]),
    ],
)
def test_one_change_is_found_and_named(full, statements: list[str], found: list[tuple[str, ...]]) -> None:
    change(full, *statements)
    assert problems(full) == found


def test_a_checkpoint_in_the_place_of_another_is_named(full) -> None:
    change(full, "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 7) WHERE size = 8")
    assert problems(full) == [("checkpoint_moved", 8, 7)]


def test_an_entry_and_its_leaf_gone_together_is_named(full) -> None:
    change(full, "DELETE FROM entries WHERE seq = 3", "DELETE FROM nodes WHERE level = 0 AND position = 3")
    assert problems(full) == [("entry_missing", 3), ("node_missing", 0, 3)]


def test_a_tail_cut_off_with_everything_that_belongs_to_it_shows_by_a_kept_checkpoint(full) -> None:
    """The rows alone cannot show it: that is why others keep checkpoints, and why assets are compared."""
    note, wanted = full.ledger.checkpoint(), expectations(full)
    change(
        full,
        "DELETE FROM entries WHERE seq = 20",
        "DELETE FROM nodes WHERE level = 0 AND position = 20",
        "DELETE FROM checkpoints WHERE size = 21",
    )
    assert problems(full) == []
    assert problems(full, remembered=[note]) == [("went_back", 21, 20)]
    assert problems(full, expected=wanted) == [("asset_unlisted", f"{20:012x}", "refused", 20)]


def test_history_retold_without_the_key_shows_where_it_begins(full) -> None:
    retell(full, lie, signer=None)
    assert problems(full) == [("root_differs", 3, 4)]


def test_history_retold_and_signed_by_somebody_else_shows_at_every_checkpoint(full) -> None:
    retell(full, lie, signer=OTHER)
    assert problems(full) == [("checkpoint_forged", size) for size in range(1, SIZE + 1)]


def test_history_retold_with_the_key_shows_by_a_kept_checkpoint(full) -> None:
    note = full.ledger.checkpoint()
    retell(full, lie, signer=SIGNER)
    assert problems(full) == []
    assert problems(full, remembered=[note]) == [("kept_differs", SIZE)]


def test_a_kept_checkpoint_of_somebody_else_says_nothing(full) -> None:
    other = sign_checkpoint(Checkpoint(ORIGIN, SIZE, bytes(32)), [OTHER], 0)
    assert problems(full, remembered=[other, "nonsense \udcff"]) == [("kept_unsigned",), ("kept_unsigned",)]


def test_home_and_ledger_answer_each_other_both_ways(full) -> None:
    wanted = expectations(full)
    first, second = wanted[0], wanted[1]
    assert problems(full, expected=wanted[1:]) == [("entry_unclaimed", first.index, first.kind, first.asset)]
    for wrong in (
        Expected(first.index, "refused", first.asset),
        Expected(first.index, first.kind, "somebody else"),
        Expected(second.index, first.kind, first.asset),
        Expected(0, first.kind, first.asset),
        Expected(10**9, first.kind, first.asset),
    ):
        assert problems(full, expected=[wrong, *wanted[1:]]) == [
            ("asset_unlisted", wrong.asset, wrong.kind, wrong.index),
            ("entry_unclaimed", first.index, first.kind, first.asset),
        ]


def test_a_decision_made_during_a_check_is_no_problem(full) -> None:
    """Tables and ledger are read at one moment, so a check may run while images leave."""
    wanted = expectations(full)
    with full.home.database.read() as tx:
        assert full.home.assets.all(tx) == []
        full.append("released", asset="meanwhile")
        state = full.ledger.check(wanted, tx=tx)
    assert (state.size, state.problems) == (SIZE, ())
    assert full.ledger.size() == SIZE + 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_single_changed_byte_escapes(full, data: st.DataObject) -> None:
    table, column = data.draw(
        st.sampled_from([("entries", "body"), ("nodes", "hash"), ("checkpoints", "note")])
    )
    raw = sqlite3.connect(full.home.database_path, isolation_level=None)
    for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {trigger}")
    rowid, value = data.draw(st.sampled_from(raw.execute(f"SELECT rowid, {column} FROM {table}").fetchall()))
    at, flip = data.draw(st.integers(0, len(value) - 1)), data.draw(st.integers(1, 255))
    altered = value[:at] + bytes([value[at] ^ flip]) + value[at + 1 :]
    update = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
    raw.execute(update, (altered, rowid))
    assert problems(full) != []
    raw.execute(update, (value, rowid))
    raw.close()
    assert problems(full) == []
