from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledgers import tamper
from rectoverso.errors import EntryNotFound, LedgerBroken
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import open_checkpoint
from rectoverso.verso.ledger.proof import verify_proof

APPENDER = """
import sys
from pathlib import Path
from ledgers import SIGNER, tamper
from rectoverso.protocols import SystemClock
from rectoverso.store.home import Home
from rectoverso.verso.ledger.ledger import Ledger
home = Home.open(Path(sys.argv[1]))
ledger = Ledger(home.database, home.log, {0: SIGNER}, SystemClock())
for number in range(25):
    with home.database.transaction() as tx:
        ledger.append(tx, "work_registered", {"by": sys.argv[2], "number": number})
"""


def change(kept, *statements: str) -> None:
    tamper(kept.home.database_path, *statements)


def test_entries_are_numbered_from_0_and_come_back(empty) -> None:
    assert [empty.append("held", asset="a"), empty.append("released", asset="b", p=1e-7)] == [0, 1]
    assert empty.ledger.size() == 2
    expected = {"v": 1, "seq": 1, "at": "2026-11-23T12:00:00Z", "kind": "released", "asset": "b", "p": 1e-7}
    assert empty.ledger.entry(1) == expected


def test_every_entry_comes_with_a_checkpoint_over_all_before_it(full) -> None:
    bodies = [full.ledger.entry_bytes(index) for index in range(full.ledger.size())]
    peaks: list[bytes] = []
    with full.home.database.read() as tx:
        for index, body in enumerate(bodies):
            peaks, _ = merkle.grow(index, peaks, merkle.leaf_hash(body))
            note = full.home.log.checkpoint(tx, index + 1)
            assert note is not None
            head = open_checkpoint(note, full.ledger.ring)
            assert (head.size, head.root) == (index + 1, merkle.root(peaks))


def test_an_entry_whose_transaction_fails_was_never_there(full) -> None:
    size = full.ledger.size()

    def fail() -> None:
        with full.home.database.transaction() as tx:
            full.ledger.append(tx, "released", {"asset": "x"})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (full.ledger.size(), full.ledger.check().problems) == (size, ())


def test_several_entries_in_one_transaction_are_as_good(empty) -> None:
    with empty.home.database.transaction() as tx:
        assert [empty.ledger.append(tx, "held", {"asset": str(number)}) for number in range(9)] == list(
            range(9)
        )
    assert (empty.ledger.check().size, empty.ledger.check().problems) == (9, ())


def test_every_entry_is_proved_to_others(full) -> None:
    for index in range(full.ledger.size()):
        reading = verify_proof(full.ledger.prove(index), full.ledger.ring, full.ledger.entry_bytes(index))
        assert (reading.index, reading.size, reading.problems) == (index, full.ledger.size(), ())


def test_the_ledger_proves_that_it_only_grew(full) -> None:
    size = full.ledger.size()
    with full.home.database.read() as tx:
        notes = full.home.log.checkpoints(tx, 1, size + 1)
    roots = {at: open_checkpoint(note, full.ledger.ring).root for at, note in notes.items()}
    for old in range(1, size + 1):
        led_to = merkle.roots_from_consistency(old, size, roots[old], full.ledger.prove_consistency(old))
        assert led_to == (roots[old], roots[size])


@pytest.mark.parametrize("index", [-1, 21, 10**15])
def test_an_entry_that_is_not_there_is_named(full, index: int) -> None:
    for ask in (full.ledger.entry, full.ledger.entry_bytes, full.ledger.prove):
        with pytest.raises(EntryNotFound, match=f"no entry {index}.*21 entries"):
            ask(index)


def test_there_is_no_consistency_with_a_size_that_never_was(full) -> None:
    for old in (0, 22):
        with pytest.raises(EntryNotFound):
            full.ledger.prove_consistency(old)


def test_an_empty_ledger_is_sound_and_has_no_checkpoint(empty) -> None:
    state = empty.ledger.check()
    assert (state.size, state.root, state.problems) == (0, merkle.EMPTY_ROOT.hex(), ())
    assert empty.ledger.checkpoint() is None


def test_the_latest_checkpoint_can_be_kept_and_still_holds_later(full) -> None:
    kept_note = full.ledger.checkpoint()
    full.append("released", asset="later")
    assert full.ledger.check(remembered=[kept_note]).problems == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries WHERE seq = 20",
        "DELETE FROM checkpoints WHERE size = 21",
        "UPDATE checkpoints SET note = X'00' WHERE size = 21",
        "UPDATE nodes SET hash = zeroblob(32) WHERE level = 4 AND position = 0",
        "DELETE FROM nodes WHERE level = 0 AND position = 20",
        "INSERT INTO nodes VALUES (0, 21, zeroblob(32))",
        "INSERT INTO entries VALUES (1000000000, 'x')",
    ],
)
def test_nothing_is_signed_on_top_of_an_altered_tail(full, statement: str) -> None:
    change(full, statement)
    with pytest.raises(LedgerBroken):
        full.append("released", asset="new")


def test_a_tail_that_was_cut_off_whole_but_for_its_nodes_is_not_signed_over(full) -> None:
    change(full, "DELETE FROM entries WHERE seq = 20", "DELETE FROM checkpoints WHERE size = 21")
    with pytest.raises(LedgerBroken, match="do not fit"):
        full.append("released", asset="new")


def test_an_edited_entry_is_not_proved(full) -> None:
    change(full, "UPDATE entries SET body = '{}' WHERE seq = 3")
    with pytest.raises(LedgerBroken, match="Entry 3 was changed"):
        full.ledger.prove(3)
    change(full, "UPDATE entries SET body = 'x' WHERE seq = 3")
    with pytest.raises(LedgerBroken, match="Entry 3 was changed"):
        full.ledger.entry(3)


def test_a_proof_that_needs_a_missing_node_says_which(full) -> None:
    change(full, "DELETE FROM nodes WHERE level = 1 AND position = 1")
    with pytest.raises(LedgerBroken, match="node 1/1 is gone"):
        full.ledger.prove(0)


def test_two_processes_keep_one_order(empty) -> None:
    path: Path = empty.home.path
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, path, name],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for name in "ab"
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    entries = [empty.ledger.entry(index) for index in range(empty.ledger.size())]
    assert (len(entries), empty.ledger.check().problems) == (50, ())
    for name in "ab":
        assert [entry["number"] for entry in entries if entry["by"] == name] == list(range(25))
