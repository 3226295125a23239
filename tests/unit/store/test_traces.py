"""Traces are sealed, each for its own work."""

from __future__ import annotations

import pytest

from rectoverso.errors import RecordDamaged
from rectoverso.store.home import Home

ONE, OTHER = b"the trace of one work" * 9, b"that of another" * 9


@pytest.fixture
def filled(keyed: Home) -> Home:
    with keyed.database.transaction() as tx:
        keyed.traces.put(tx, "00000001", ONE)
        keyed.traces.put(tx, "00000002", OTHER)
    return keyed


def test_a_trace_comes_back_by_its_work(filled: Home) -> None:
    assert filled.traces["00000001"] == ONE
    assert dict(filled.traces.items()) == {"00000001": ONE, "00000002": OTHER}
    assert set(filled.traces) == {"00000001", "00000002"}
    assert len(filled.traces) == 2
    assert "00000003" not in filled.traces
    assert filled.traces.of_works({"00000002", "00000003"}) == {"00000002": OTHER}
    assert filled.traces.of_works(["00000001", "00000002"]) == dict(filled.traces.items())


def test_the_first_trace_of_a_work_stays(filled: Home) -> None:
    with filled.database.transaction() as tx:
        assert not filled.traces.put(tx, "00000001", OTHER)
    assert filled.traces["00000001"] == ONE


def test_a_removed_trace_is_gone_and_removing_none_is_no_mistake(filled: Home) -> None:
    with filled.database.transaction() as tx:
        filled.traces.remove(tx, "00000001")
        filled.traces.remove(tx, "00000009")
    assert list(filled.traces) == ["00000002"]


def test_nothing_of_it_can_be_read_in_the_file(filled: Home) -> None:
    filled.close()
    data = b"".join(path.read_bytes() for path in filled.path.glob("verso.sqlite3*"))
    assert b"00000001" in data
    assert b"the trace" not in data


def test_one_that_was_given_to_another_work_does_not_open(filled: Home) -> None:
    with filled.database.transaction() as tx:
        tx.connection.exec_driver_sql(
            "UPDATE traces SET sealed = (SELECT sealed FROM traces WHERE work = '00000001')"
        )
    with pytest.raises(RecordDamaged, match="traces/00000002"):
        dict(filled.traces.items())
    with pytest.raises(RecordDamaged, match="traces/00000002"):
        filled.traces.of_works(["00000002"])


def test_with_a_trace_falls_what_was_made_of_it_also_in_copies(filled: Home) -> None:
    with filled.database.transaction() as tx:
        filled.traces.put(tx, "ab000001", ONE)
    for part in ("00", "ab"):
        filled.traces.shelf.put(part, b"an index")
    file, late = filled.path / "points" / "00", Home(filled.path).traces.shelf
    copy = file.read_bytes()
    assert late.read("00") == b"an index"
    with filled.database.transaction() as tx:
        filled.traces.remove(tx, "00000001")
    assert filled.traces.shelf.read("00") is None
    assert filled.traces.shelf.read("ab") == b"an index"
    file.write_bytes(copy)
    assert filled.traces.shelf.read("00") is None
    late.put("00", b"made of what was there before")
    assert filled.traces.shelf.read("00") is None
