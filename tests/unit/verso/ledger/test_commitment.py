from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rectoverso.verso.ledger.commitment import as_fact, commit, commitment_of, commitments_in


@given(st.text())
def test_a_commitment_opens_with_its_salt_and_value_alone(value: str) -> None:
    commitment, salt = commit(value)
    assert commitment_of(value, salt) == commitment
    assert commitment_of(value + "x", salt) != commitment
    assert commitment_of(value, bytes(32)) != commitment


def test_the_same_value_is_committed_to_anew_each_time() -> None:
    """Else two entries about one person would show that they are."""
    assert len({commit("Anna")[0] for _ in range(20)}) == 20


def test_commitments_are_found_wherever_an_entry_holds_them() -> None:
    fields = {"a": as_fact("1"), "b": [{"c": as_fact("2")}, 3], "d": "4", "commitment": 5}
    assert sorted(commitments_in(fields)) == ["1", "2"]
