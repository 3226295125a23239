"""PNG's structure: taken apart, put together, and judged sound or not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rectoverso.verso.mark import png
from unit.verso.conftest import encoded, photo

FILE = encoded(photo(1, 24))


def test_taking_apart_and_joining_gives_the_same_file() -> None:
    assert png.join(png.chunks(FILE)) == FILE
    assert png.is_sound(FILE)


def test_every_single_changed_byte_is_noticed() -> None:
    for at in range(len(FILE)):
        changed = bytearray(FILE)
        changed[at] ^= 0x20
        assert not png.is_sound(bytes(changed)), at


def test_what_is_cut_short_or_added_to_is_not_sound() -> None:
    assert not png.is_sound(FILE + b"x")
    assert not png.is_sound(FILE[:-1])
    assert not png.is_sound(FILE[:-12])
    assert not png.is_sound(b"")


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    list(png.chunks(data))
    assert not png.is_sound(png.SIGNATURE + data)
