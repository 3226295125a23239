"""Many entries under one checkpoint, and keys that change on the way: as sound, as provable, as hard to tamper with."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledgers import ORIGIN, OTHER, SIGNER, signing, tamper
from rectoverso.errors import LedgerBroken
from rectoverso.i18n import LANGUAGES, say
from rectoverso.verso.ledger import ledger as module
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.audit import Expected
from rectoverso.verso.ledger.checkpoint import Checkpoint
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.verso.ledger.note import BadNote
from rectoverso.verso.ledger.proof import verify_proof
from rectoverso.verso.ledger.rotation import followed
from rectoverso.verso.ledger.signing import sign_checkpoint

SIZE, ROTATION = 23, 16
CHECKPOINTS = (1, 10, 11, 16, 17, 23)
EDIT_3 = "UPDATE entries SET body = replace(CAST(body AS TEXT), 'asset', 'asses') WHERE seq = 3"


def problems(kept, **asked: object) -> list[tuple[object, ...]]:
    found = kept.ledger.check(**asked).problems
    assert all(say(problem, language) for problem in found for language in LANGUAGES)
    return [(problem.key.removeprefix("ledger."), *problem.facts.values()) for problem in found]


def note(size: int, root: bytes, *signers) -> str:
    text = sign_checkpoint(Checkpoint(ORIGIN, size, root), signers, 0)
    return f"X'{text.encode().hex()}'"


def root_at(kept, size: int) -> bytes:
    root = kept.ledger.root_at(size)
    assert root is not None
    return root


def test_a_batch_has_one_checkpoint_and_its_entries_say_where(batched) -> None:
    with batched.home.database.read() as tx:
        assert tuple(batched.home.log.checkpoints(tx, 0, 99)) == CHECKPOINTS
    assert [batched.ledger.entry(index).get("batch") for index in (0, 1, 9, 10, 15, 16, 22)] == [
        None, 10, 10, None, 16, None, 23,
    ]  # fmt: skip
    assert (batched.ledger.check().size, problems(batched)) == (SIZE, [])


def test_every_entry_is_proved_against_the_first_checkpoint_over_it_and_the_last(batched) -> None:
    ring = batched.ledger.ring
    for index in range(SIZE):
        first = next(size for size in CHECKPOINTS if size > index)
        sealed, latest = batched.ledger.prove(index, sealed=True), batched.ledger.prove(index)
        assert [verify_proof(text, ring).size for text in (sealed, latest)] == [first, SIZE]
        assert verify_proof(sealed, ring).entry == batched.ledger.entry_bytes(index)
    before = batched.ledger.prove(3, sealed=True)
    batched.append("held", asset="later")
    assert batched.ledger.prove(3, sealed=True) == before


def test_more_than_a_batch_holds_is_split_and_is_still_all_or_nothing(empty, monkeypatch) -> None:
    monkeypatch.setattr(module, "BATCH", 4)
    with empty.home.database.transaction() as tx:
        assert empty.ledger.append_many(tx, [("held", {"asset": "a"})] * 10) == range(10)
    with empty.home.database.read() as tx:
        assert list(empty.home.log.checkpoints(tx, 0, 99)) == [4, 8, 10]
    with pytest.raises(ValueError, match="at most"), empty.home.database.transaction() as tx:
        empty.ledger.append_many(tx, [("held", {}), ("held", {"asset": "x" * 70_000})])
    with empty.home.database.transaction() as tx:
        assert empty.ledger.append_many(tx, []) == range(10, 10)
    assert (empty.ledger.size(), problems(empty)) == (10, [])


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([EDIT_3], [("entry_edited", 3)]),
        ([EDIT_3, EDIT_3.replace("= 3", "= 5")], [("entry_edited", 3), ("entry_edited", 5)]),
        (["DELETE FROM entries WHERE seq = 3"], [("entry_missing", 3)]),
        (
            ["UPDATE entries SET seq = -seq - 1 WHERE seq IN (3, 5)",
             "UPDATE entries SET seq = 3 WHERE seq = -6", "UPDATE entries SET seq = 5 WHERE seq = -4"],
            [("entry_moved", 3, 5), ("entry_moved", 5, 3)],
        ),
        (
            ["UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND position = 6"],
            [("node_changed", 0, 6)],
        ),
        (
            ["UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND position = 6"],
            [("node_changed", 1, 6)],
        ),
        (["DELETE FROM checkpoints WHERE size = 10"], [("checkpoint_missing", 10)]),
        (["DELETE FROM checkpoints WHERE size = 11"], [("checkpoint_missing", 11)]),
        (["DELETE FROM checkpoints WHERE size = 23"], [("checkpoint_missing", 23)]),
        (
            ["DELETE FROM checkpoints WHERE size < 17"],
            [("checkpoint_missing", size) for size in CHECKPOINTS[:-2]],
        ),
        (["UPDATE checkpoints SET note = 'x' WHERE size = 10"], [("checkpoint_forged", 10)]),
        (
            ["UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 11) WHERE size = 10"],
            [("checkpoint_moved", 10, 11)],
        ),
        (["INSERT INTO checkpoints VALUES (5, 'x')"], [("checkpoint_forged", 5)]),
        (
            ["UPDATE checkpoints SET size = 12 WHERE size = 11"],
            [("checkpoint_moved", 12, 11), ("checkpoint_missing", 11)],
        ),
        (
            ["DELETE FROM entries WHERE seq > 19", "DELETE FROM checkpoints WHERE size > 20",
             "DELETE FROM nodes WHERE (position + 1) << level > 20"],
            [("checkpoint_missing", 23)],
        ),
    ],
)  # fmt: skip
def test_one_change_inside_a_batch_is_found_and_named(batched, statements: list[str], found: list) -> None:
    tamper(batched.home.database_path, *statements)
    assert problems(batched) == found


def test_an_edit_whose_nodes_were_made_to_fit_is_found_at_its_batch(batched) -> None:
    retell(batched, {3: b'{"kind":"held","seq":3}'})
    assert problems(batched)[0] == ("root_differs", 1, 10)


def test_two_entries_changing_places_with_their_leaves_are_found(batched) -> None:
    retell(batched, {3: batched.ledger.entry_bytes(5), 5: batched.ledger.entry_bytes(3)})
    assert ("root_differs", 1, 10) in problems(batched)


def retell(kept, rewritten: dict[int, bytes]) -> None:
    """Rewrite entries and every node above them, and leave the checkpoints, which need the key."""
    bodies = [rewritten.get(index, kept.ledger.entry_bytes(index)) for index in range(SIZE)]
    statements, peaks = ["DELETE FROM entries", "DELETE FROM nodes"], []
    for index, body in enumerate(bodies):
        peaks, completed = merkle.grow(index, peaks, merkle.leaf_hash(body))
        statements.append(f"INSERT INTO entries VALUES ({index}, X'{body.hex()}')")
        for (level, position), value in completed.items():
            statements.append(f"INSERT INTO nodes VALUES ({level}, {position}, X'{value.hex()}')")
    tamper(kept.home.database_path, *statements)


def test_a_checkpoint_that_the_key_signed_inside_a_batch_was_wanted_by_nobody(batched) -> None:
    tamper(
        batched.home.database_path,
        f"INSERT INTO checkpoints VALUES (5, {note(5, root_at(batched, 5), SIGNER)})",
    )
    assert problems(batched) == [("checkpoint_between", 5)]


def test_a_fork_in_the_middle_of_a_batch_is_found(batched) -> None:
    """Even with the key: a second checkpoint over other entries of a size that has one."""
    tamper(
        batched.home.database_path,
        f"UPDATE checkpoints SET note = {note(16, bytes(32), SIGNER)} WHERE size = 16",
    )
    assert problems(batched)[0] == ("root_differs", 11, 16)


def test_each_era_signs_its_own_checkpoints(batched) -> None:
    """The key before must not sign any more: that is what a rotation is for."""
    assert [era.first_size for era in batched.ledger.ring.eras] == [0, 18]
    tamper(
        batched.home.database_path,
        f"UPDATE checkpoints SET note = {note(23, root_at(batched, 23), SIGNER)} WHERE size = 23",
    )
    assert problems(batched) == [("checkpoint_forged", 23)]
    with pytest.raises(LedgerBroken):
        batched.append("held", asset="x")


def test_a_rotation_that_only_the_old_key_signed_counts_for_nothing(batched) -> None:
    """Whoever holds the old key and the file can make the home forget its new one, and the check says so."""
    tamper(
        batched.home.database_path,
        f"UPDATE checkpoints SET note = {note(17, root_at(batched, 17), SIGNER)} WHERE size = 17",
    )
    assert problems(batched) == [("rotation_unknown", 16), ("checkpoint_forged", 23)]


def test_keys_that_no_entry_brought_in_are_named(batched) -> None:
    third = signing(3)
    tamper(
        batched.home.database_path,
        f"UPDATE checkpoints SET note = {note(23, root_at(batched, 23), OTHER, third)} WHERE size = 23",
    )
    forged = Ledger(
        batched.home.database, batched.home.log, {0: SIGNER, 16: OTHER, 22: third}, batched.ledger._clock
    )
    found = [problem.key for problem in forged.check().problems]
    assert found == ["ledger.rotation_missing"]


def test_generations_of_a_killed_process_do_not_count(batched) -> None:
    keys = {0: SIGNER, 5: signing(5), 16: OTHER, 40: signing(4)}
    ledger = Ledger(batched.home.database, batched.home.log, keys, batched.ledger._clock)
    assert ledger.ring == batched.ledger.ring
    assert ledger.check().problems == ()


def test_keys_loaded_before_a_rotation_do_not_sign_after_it(empty) -> None:
    empty.append("held", asset="a")
    early = Ledger(empty.home.database, empty.home.log, {0: SIGNER}, empty.ledger._clock)
    with empty.home.database.transaction() as tx:
        empty.ledger.rotate(tx, OTHER, {})
    with pytest.raises(LedgerBroken), empty.home.database.transaction() as tx:
        early.append(tx, "held", {"asset": "b"})
    empty.append("held", asset="c")
    assert problems(empty) == []


@pytest.mark.parametrize("part", ["keys", "signatures", "origin", "seq", "kind"])
def test_a_rotation_that_the_old_keys_did_not_sign_is_not_followed(batched, part: str) -> None:
    fields = batched.ledger.entry(ROTATION)
    first = batched.ledger.ring.eras[:1]
    ring = type(batched.ledger.ring)(first)
    assert followed(ring, ROTATION, fields) == batched.ledger.ring
    other = {"keys": [key.text for key in signing(7).public], "seq": 15, "kind": "held"}
    other |= {"signatures": fields["signatures"][::-1]}
    if part in other:
        with pytest.raises(BadNote):
            followed(ring, ROTATION, fields | {part: other[part]})
    with pytest.raises(BadNote):
        followed(ring, ROTATION + 1, fields | {"seq": ROTATION + 1})


def test_home_and_batches_answer_each_other(batched) -> None:
    wanted = [Expected(at, "held", f"{at:012x}") for at in range(SIZE) if at != ROTATION]
    assert problems(batched, expected=wanted) == []
    assert problems(batched, expected=wanted[1:]) == [("entry_unclaimed", 0, "held", "000000000000")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_single_changed_byte_or_missing_row_escapes(batched, data: st.DataObject) -> None:
    table, column = data.draw(
        st.sampled_from([("entries", "body"), ("nodes", "hash"), ("checkpoints", "note")])
    )
    raw = sqlite3.connect(batched.home.database_path, isolation_level=None)
    for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {trigger}")
    row = data.draw(st.sampled_from(raw.execute(f"SELECT rowid, * FROM {table}").fetchall()))
    if data.draw(st.booleans()):
        raw.execute(f"DELETE FROM {table} WHERE rowid = ?", row[:1])
    else:
        value = row[-1]
        at, flip = data.draw(st.integers(0, len(value) - 1)), data.draw(st.integers(1, 255))
        altered = value[:at] + bytes([value[at] ^ flip]) + value[at + 1 :]
        raw.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (altered, row[0]))
    fresh = Ledger(batched.home.database, batched.home.log, {0: SIGNER, 16: OTHER}, batched.ledger._clock)
    assert fresh.check().problems != ()
    raw.execute(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * (len(row) - 1))})", row[1:])
    raw.close()
    assert problems(batched) == []
