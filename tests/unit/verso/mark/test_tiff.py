"""TIFF's fields: read from either byte order, and never past the end."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rectoverso.verso.mark import tiff
from unit.verso.conftest import encoded, photo


@pytest.mark.parametrize("order", ["<", ">"])
def test_short_and_long_values_are_found_in_both_orders(order: str) -> None:
    start = b"II*\0" if order == "<" else b"MM\0*"
    fields = [(tiff.WIDTH, 4, 1, 70_000), (tiff.XMP, 1, 6, 38)]
    body = struct.pack(f"{order}IH", 8, 2) + b"".join(struct.pack(f"{order}HHII", *one) for one in fields)
    data = start + body + bytes(4) + b"packet"
    first, second = tiff.entries(data)
    assert (first.tag, first.number) == (tiff.WIDTH, 70_000)
    assert (second.tag, second.value) == (tiff.XMP, b"packet")
    assert [entry.tag for entry in tiff.entries(data[:-1])] == [tiff.WIDTH]


@given(st.integers(0, 200), st.binary(max_size=30))
def test_spoilt_fields_never_raise(at: int, put: bytes) -> None:
    original = encoded(photo(1, 16), "TIFF")
    list(tiff.entries(original[:at] + put + original[at + len(put) :]))
    list(tiff.entries(original[:at]))
