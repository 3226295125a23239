from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgers import ORIGIN, OTHER, RING, SIGNER, signing
from rectoverso.verso.ledger.checkpoint import Checkpoint, open_checkpoint, with_kinds
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import BadNote, KeyKind, NoteKey, Signature, read_note, write_note
from rectoverso.verso.ledger.signing import SigningKeys, sign_checkpoint

TIME = 1_795_000_000
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
NOTE = sign_checkpoint(HEAD, [SIGNER], TIME)
CLASSIC, QUANTUM = SIGNER.public


def sign(text: str, name: str, keys: SigningKeys) -> str:
    """Any text, signed with Ed25519 alone."""
    key = NoteKey(name, KeyKind.ED25519, keys.public[0].public)
    return write_note(text, [Signature(name, key.key_id, keys.ed25519.sign(text.encode()))])


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
    text, (signature,) = read_note(f"{GO_TEXT}\n{GO_SIGNATURE}\n".encode())
    assert text == GO_TEXT
    assert signature.is_by(key)
    key.demand(signature.value, text.encode())
    assert key.text == GO_KEY


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    assert open_checkpoint(NOTE.encode(), RING) == HEAD


def test_a_checkpoint_is_the_text_of_the_specification() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "42", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]
    assert [line.startswith(f"— {ORIGIN} ") for line in lines[4:6]] == [True, True]
    assert lines[6:] == [""]


def test_the_second_signature_is_a_cosignature_of_the_specification() -> None:
    """c2sp.org/tlog-cosignature: key id over type 0x06, the time in 8 bytes, then 2,420 bytes over this structure."""
    _, (_, cosignature) = read_note(NOTE.encode())
    assert cosignature.key_id == sha256(ORIGIN.encode() + b"\n\x06" + QUANTUM.public).digest()[:4]
    assert (len(cosignature.value), int.from_bytes(cosignature.value[:8], "big")) == (8 + 2420, TIME)
    name = bytes([len(ORIGIN)]) + ORIGIN.encode()
    signed = b"subtree/v1\n\0" + name + TIME.to_bytes(8, "big") + name
    signed += (0).to_bytes(8, "big") + (42).to_bytes(8, "big") + HEAD.root
    MLDSA44PublicKey.from_public_bytes(QUANTUM.public).verify(cosignature.value[8:], signed)


def test_who_knows_one_key_opens_it_with_that_one() -> None:
    assert open_checkpoint(NOTE.encode(), KeyRing.of(CLASSIC)) == HEAD
    assert open_checkpoint(NOTE.encode(), KeyRing.of(QUANTUM)) == HEAD


@pytest.mark.parametrize("kind", KeyKind)
def test_who_knows_both_keys_demands_both_signatures(kind: KeyKind) -> None:
    half = with_kinds(NOTE.encode(), [kind], RING)
    with pytest.raises(BadNote, match="not signed"):
        open_checkpoint(half, RING)
    assert open_checkpoint(half, RING, any_key=True) == HEAD


def test_one_bad_signature_closes_the_note_even_where_one_would_do() -> None:
    text, (good, other) = read_note(NOTE.encode())
    bad = Signature(other.name, other.key_id, other.value[:-1] + bytes([other.value[-1] ^ 1]))
    late = Signature(other.name, other.key_id, (TIME + 1).to_bytes(8, "big") + other.value[8:])
    for spoiled in (bad, late):
        with pytest.raises(BadNote, match="does not fit"):
            open_checkpoint(write_note(text, [good, spoiled]).encode(), RING, any_key=True)


def test_further_lines_which_one_of_the_keys_does_not_sign_are_refused() -> None:
    text = HEAD.text + "more\n"
    (good,) = read_note(sign(text, ORIGIN, SIGNER).encode())[1]
    note = write_note(text, [good, read_note(NOTE.encode())[1][1]])
    with pytest.raises(BadNote):
        open_checkpoint(note.encode(), RING)
    assert open_checkpoint(note.encode(), KeyRing.of(CLASSIC)) == HEAD


def test_signatures_of_others_are_passed_over() -> None:
    both = NOTE + sign(HEAD.text, "witness.example", OTHER).rpartition("\n\n")[2]
    assert open_checkpoint(both.encode(), RING) == HEAD


def test_each_era_opens_the_sizes_that_are_its_own() -> None:
    ring = RING.rotated(40, OTHER.public)
    old, new = (
        sign_checkpoint(Checkpoint(ORIGIN, size, HEAD.root), [keys], TIME).encode()
        for size, keys in ((41, SIGNER), (42, OTHER))
    )
    assert [open_checkpoint(note, ring).size for note in (old, new)] == [41, 42]
    for size, keys in ((41, OTHER), (42, SIGNER)):
        with pytest.raises(BadNote):
            open_checkpoint(sign_checkpoint(Checkpoint(ORIGIN, size, HEAD.root), [keys], TIME).encode(), ring)


def test_a_key_ring_comes_back_from_its_text() -> None:
    ring = RING.rotated(40, OTHER.public)
    assert KeyRing.parse(ring.text) == ring
    assert ring.text.split("\n")[2].endswith(" 42")
    newest = KeyRing.parse("\n".join(ring.text.split("\n")[2:]))
    assert (newest.at(41), newest.at(42)) == ((), OTHER.public)
    for broken in ("", "x", RING.text + signing(3, "somebody.else").public[0].text, CLASSIC.text + " x"):
        with pytest.raises(BadNote):
            KeyRing.parse(broken)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(NOTE.encode()) - 1), change=st.integers(1, 255))
def test_any_changed_byte_closes_the_note(at: int, change: int) -> None:
    altered = bytearray(NOTE.encode())
    altered[at] ^= change
    with pytest.raises(BadNote):
        open_checkpoint(bytes(altered), RING)


@pytest.mark.parametrize(
    "note",
    [
        sign_checkpoint(HEAD, [OTHER], TIME),
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
        open_checkpoint(note.encode(), RING)


@pytest.mark.parametrize("place", [0, len(HEAD.text), NOTE.index("—") + 3, len(NOTE) - 1])
def test_a_note_has_no_control_character_but_the_end_of_a_line(place: int) -> None:
    """C2SP's signed-note: nothing below U+0020 beside newlines. Whoever signed it, and wherever it stands."""
    for code in range(0x20):
        note = (NOTE[:place] + chr(code) + NOTE[place:]).encode()
        if chr(code) != "\n":
            with pytest.raises(BadNote, match="control characters"):
                read_note(note)


def test_every_other_character_may_stand_in_a_note_that_is_signed() -> None:
    text = HEAD.text + "".join(map(chr, (0x20, 0x7F, 0x80, 0x85, 0xA0, 0x4E00, 0x2028, 0x1F600))) + "\n"
    note = sign(text, ORIGIN, SIGNER).encode()
    assert read_note(note)[0] == text
    assert open_checkpoint(note, KeyRing.of(CLASSIC)) == HEAD


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (sign(HEAD.text + "\t\n", ORIGIN, SIGNER).encode(), "control characters"),
        (sign(HEAD.text + "x" * 200_000 + "\n", ORIGIN, SIGNER).encode(), "too long"),
        (NOTE.encode().replace(b"42", b"4\xff2"), "not text"),
        (NOTE.encode().replace(b"42", b"4\xc0\x8a2"), "not text"),  # a newline in two bytes
        (NOTE.encode().replace(b"42", b"4\xed\xa0\x802"), "not text"),  # half of a pair
        (NOTE.encode("utf-16"), "not text"),
    ],
)
def test_what_is_no_note_is_not_read(note: bytes, why: str) -> None:
    with pytest.raises(BadNote, match=why):
        read_note(note)


def test_a_key_of_the_same_name_does_not_open_it() -> None:
    with pytest.raises(BadNote, match="not signed by this ledger"):
        open_checkpoint(NOTE.encode(), KeyRing.of(*OTHER.public))


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_a_name_that_would_break_a_note_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        NoteKey(name, KeyKind.ED25519, bytes(32))


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
