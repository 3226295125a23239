from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from rectoverso.verso.ledger.entry import entry_bytes, parse_entry

EAST = datetime(2026, 11, 23, 20, 0, 0, 5, tzinfo=timezone(timedelta(hours=8)))


def test_an_entry_is_canonical_json_with_its_own_fields_first_known() -> None:
    made = entry_bytes(7, EAST, "released", {"z": "日落", "asset": "ab", "p": 1e-7, "n": [1, None, True]})
    expected = (
        '{"asset":"ab","at":"2026-11-23T12:00:00Z","kind":"released","n":[1,null,true],'
        '"p":1e-7,"seq":7,"v":1,"z":"日落"}'
    )
    assert made.decode() == expected


def test_the_order_in_which_facts_are_given_does_not_matter() -> None:
    one = entry_bytes(0, EAST, "x", {"a": {"b": 1, "c": 2}, "d": 3})
    assert entry_bytes(0, EAST, "x", {"d": 3, "a": {"c": 2, "b": 1}}) == one


def test_whole_numbers_past_what_json_holds_become_text() -> None:
    fields = parse_entry(entry_bytes(0, EAST, "x", {"big": 2**63, "small": -(2**53) + 1, "yes": True}))
    assert fields is not None
    assert (fields["big"], fields["small"], fields["yes"]) == ("9223372036854775808", -(2**53) + 1, True)


def test_a_file_name_that_is_no_text_is_escaped() -> None:
    fields = parse_entry(entry_bytes(0, EAST, "x", {"source": "caf\udce9.png"}))
    assert fields is not None
    assert fields["source"] == "caf\\udce9.png"


@pytest.mark.parametrize("name", ["v", "seq", "at", "kind"])
def test_facts_cannot_take_the_place_of_the_entrys_own_fields(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        entry_bytes(0, EAST, "x", {name: 1})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"nan|inf"):
        entry_bytes(0, EAST, "x", {"p": value})


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"\xff", b"{", b"[" * 100_000])
def test_what_is_no_entry_is_none(body: bytes) -> None:
    assert parse_entry(body) is None
