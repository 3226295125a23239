"""No item of a manifest makes the reader take memory that the file does not have."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile import released
from rectoverso.verso.mark import credential, jumbf, label
from rectoverso.verso.mark.credential import TOO_LONG, CredentialState

LONG = b"cawg.ai_training\xa1cuse"
"""A text of three bytes in every manifest of ours: its head is the byte before the last three."""


def with_head(data: bytes, head: int) -> bytes:
    at = data.index(LONG) + len(LONG) - 4
    return data[:at] + bytes([head]) + data[at + 1 :]


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
def test_what_we_sign_claims_what_it_has(media_type: str) -> None:
    assert not jumbf.claims_too_much(released(media_type))


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
@pytest.mark.parametrize("head", [0x5A, 0x5B, 0x7A, 0x7B, 0x9A, 0xBA, 0xBB])
def test_a_string_of_two_gigabytes_is_not_read(media_type: str, head: int) -> None:
    data = with_head(released(media_type), head)
    assert jumbf.claims_too_much(data)
    reading = credential.read(data, media_type)
    assert (reading.state, reading.codes) == (CredentialState.UNREADABLE, (TOO_LONG,))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_would_cost_that_much(tmp_path: Path) -> None:
    """Else this module could go: the library alone, asked about a string that claims 302 MB."""
    data = with_head(released("image/jpeg"), 0x7A)
    at = data.index(LONG[:-4]) + len(LONG) - 3
    file = tmp_path / "a.jpg"
    file.write_bytes(data[:at] + b"\x12\0\0\0" + data[at + 4 :])
    code = (
        "import sys\nfrom c2pa import Reader\n"
        "Reader('image/jpeg', open(sys.argv[1], 'rb')).json()\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, check=True)
    assert int(done.stdout) > 250_000, "the library looks before it takes: jumbf can go"


@pytest.mark.parametrize(
    "cbor",
    [
        b"\x00",
        b"\x18\xff",
        b"\x42ab",
        b"\x62ab",
        b"\x82\x01\x02",
        b"\xa1\x61a\x01",
        b"\xc1\x1a\x00\x00\x00\x00",
        b"\xfb" + bytes(8),
        b"\x9f\x01\x82\x01\x02\xff",
        b"\xbf\x61a\x01\xff",
        b"\x5f\x41a\x41b\xff",
        b"\x80",
        b"\xa0 and what follows the first item is padding",
    ],
)
def test_sound_items_pass(cbor: bytes) -> None:
    jumbf.walk(cbor)


@pytest.mark.parametrize(
    "cbor",
    [
        b"",
        b"\x42a",
        b"\x7a\xff\xff\xff\xffa",
        b"\x9b" + b"\xff" * 8,
        b"\xba\x00\x01\x00\x00",
        b"\x82\x01",
        b"\x9f\x01",
        b"\xff",
        b"\x1c",
        b"\xc1",
        b"\x81" * 100 + b"\x00",
        b"\xc1" * 100 + b"\x00",
    ],
)
def test_items_that_claim_too_much_do_not(cbor: bytes) -> None:
    with pytest.raises(jumbf.TooLong):
        jumbf.walk(cbor)


@given(st.binary(max_size=200))
def test_any_bytes_are_walked_to_an_end(cbor: bytes) -> None:
    with suppress(jumbf.TooLong):
        jumbf.walk(cbor)


@given(st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff\xeb"]))
def test_any_bytes_claim_too_much_or_not(data: bytes, start: bytes) -> None:
    assert jumbf.claims_too_much(start + data + b"\0\0\0\x20jumb\0\0\0\x1ejumdc2pa" + data) in (True, False)
