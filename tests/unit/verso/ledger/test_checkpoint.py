from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from rectoverso.verso.ledger.checkpoint import (
    BadNote,
    Checkpoint,
    NoteKey,
    open_checkpoint,
    open_note,
    sign,
    sign_checkpoint,
)

ORIGIN = "rectoverso.local/test"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = NoteKey(ORIGIN, SIGNER.public_key())
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
NOTE = sign_checkpoint(HEAD, SIGNER)

# The key and note in the documentation of Go's note package, where the format comes from.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_a_note_from_elsewhere_opens_with_its_key() -> None:
    key = NoteKey.parse(GO_KEY)
    assert open_note(f"{GO_TEXT}\n{GO_SIGNATURE}\n".encode(), key) == GO_TEXT
    assert key.text == GO_KEY


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    assert open_checkpoint(NOTE.encode(), KEY) == HEAD


def test_a_checkpoint_is_the_text_of_the_specification() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "42", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert lines[5:] == [""]


def test_signatures_of_others_are_passed_over() -> None:
    both = NOTE + sign(HEAD.text, "witness.example", OTHER).rpartition("\n\n")[2]
    assert open_checkpoint(both.encode(), KEY) == HEAD


@given(at=st.integers(0, len(NOTE.encode()) - 1), change=st.integers(1, 255))
def test_any_changed_byte_closes_the_note(at: int, change: int) -> None:
    altered = bytearray(NOTE.encode())
    altered[at] ^= change
    with pytest.raises(BadNote):
        open_checkpoint(bytes(altered), KEY)


@pytest.mark.parametrize(
    "note",
    [
        sign_checkpoint(HEAD, OTHER),
        sign(HEAD.text, "somebody.else", SIGNER),
        sign("somebody.else\n42\n" + HEAD.text.split("\n")[2] + "\n", ORIGIN, SIGNER),
        sign(f"{ORIGIN}\n042\n" + HEAD.text.split("\n")[2] + "\n", ORIGIN, SIGNER),
        sign(f"{ORIGIN}\n42\nc2hvcnQ=\n", ORIGIN, SIGNER),
        sign(f"{ORIGIN}\n42\n", ORIGIN, SIGNER),
        HEAD.text,
        HEAD.text + "\n",
        NOTE[:-1],
        NOTE + "more\n",
        NOTE + NOTE.rpartition("\n\n")[2] * 40,
        NOTE.replace("42", "4\r2"),
        "",
        "x" * 200_000,
    ],
)
def test_what_is_not_a_checkpoint_of_this_ledger_does_not_open(note: str) -> None:
    with pytest.raises(BadNote):
        open_checkpoint(note.encode(), KEY)


def test_a_key_of_the_same_name_does_not_open_it() -> None:
    with pytest.raises(BadNote, match="not signed by this key"):
        open_checkpoint(NOTE.encode(), NoteKey(ORIGIN, OTHER.public_key()))


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_a_name_that_would_break_a_note_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        NoteKey(name, SIGNER.public_key())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name+00000000",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("Peter", "Paul"),
        GO_KEY.replace("+AR", "+AB"),
        GO_KEY[:-4],
    ],
)
def test_a_key_that_does_not_hold_together_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        NoteKey.parse(text)
