from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import Checkpoint, NoteKey, sign_checkpoint
from rectoverso.verso.ledger.proof import BadProofText, read_proof, verify_proof, write_proof

ORIGIN = "rectoverso.local/test"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = NoteKey(ORIGIN, SIGNER.public_key())
SIZE = 11
ENTRIES = [b"entry %d" % number for number in range(SIZE)]


def proof(index: int, signer: Ed25519PrivateKey = SIGNER) -> str:
    peaks: list[bytes] = []
    nodes: dict[merkle.Node, bytes] = {}
    for at, entry in enumerate(ENTRIES):
        peaks, completed = merkle.grow(at, peaks, merkle.leaf_hash(entry))
        nodes |= completed
    path = merkle.hashes_of(merkle.inclusion_ranges(index, SIZE), nodes)
    return write_proof(
        index, path, sign_checkpoint(Checkpoint(ORIGIN, SIZE, merkle.root(peaks)), signer).encode()
    )


GOOD = proof(4)


def problems(text: str, entry: bytes = ENTRIES[4]) -> list[str]:
    return [problem.key for problem in verify_proof(text, entry, KEY).problems]


@pytest.mark.parametrize("index", range(SIZE))
def test_every_entry_is_proved(index: int) -> None:
    reading = verify_proof(proof(index), ENTRIES[index], KEY)
    assert (reading.index, reading.size, reading.origin, reading.problems) == (index, SIZE, ORIGIN, ())


def test_the_text_is_that_of_the_specification() -> None:
    lines = GOOD.split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 4"]
    assert [len(line) for line in lines[2:6]] == [44, 44, 44, 44]
    assert lines[6:9] == ["", ORIGIN, str(SIZE)]
    assert len(GOOD) < 2048


def test_reading_gives_back_what_was_written() -> None:
    read = read_proof(GOOD)
    assert write_proof(read.index, read.path, read.checkpoint) == GOOD


def test_opaque_extra_data_is_passed_over() -> None:
    assert problems(GOOD.replace("index 4", "extra YWdl\nindex 4")) == []


def test_another_entry_is_not_proved() -> None:
    assert problems(GOOD, b"something else") == ["ledger.proof_other_entry"]


def test_another_place_is_not_proved() -> None:
    assert problems(GOOD.replace("index 4", "index 5")) == ["ledger.proof_other_entry"]


def test_another_ledger_proves_nothing() -> None:
    assert problems(proof(4, OTHER)) == ["ledger.proof_unsigned"]


def test_a_path_of_the_wrong_length_proves_nothing() -> None:
    lines = GOOD.split("\n")
    assert problems("\n".join([*lines[:2], *lines[3:]])) == ["ledger.proof_misshapen"]
    assert problems(GOOD.replace("index 4", "index 99")) == ["ledger.proof_misshapen"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\n",
        GOOD.replace("@v1", "@v2"),
        GOOD.replace("index 4", "index 04"),
        GOOD.replace("index 4", "index -4"),
        GOOD.replace("index 4\n", ""),
        GOOD.replace("index 4\n", "index 4\nc2hvcnQ=\n"),
        GOOD.replace("index 4\n", "index 4\n!\n"),
        GOOD.replace("index 4\n", "index 4\n" + "A" * 43 + "=\n" * 70),
        GOOD.replace("\n", "\r\n"),
        "x" * 300_000,
    ],
)
def test_what_is_no_proof_is_said_to_be_none(text: str) -> None:
    assert problems(text) == ["ledger.proof_unreadable"]
    with pytest.raises(BadProofText):
        read_proof(text)


@settings(max_examples=150)
@given(at=st.integers(0, len(GOOD) - 1), character=st.characters(codec="utf-8"))
def test_any_changed_character_proves_nothing(at: int, character: str) -> None:
    altered = GOOD[:at] + character + GOOD[at + 1 :]
    assert altered == GOOD or problems(altered) != []
