from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgers import ORIGIN, OTHER, RING, SIGNER
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import Checkpoint, with_kinds
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import KeyKind
from rectoverso.verso.ledger.proof import BadProofText, read_proof, verify_proof, write_proof
from rectoverso.verso.ledger.signing import SigningKeys, sign_checkpoint

SIZE = 11
ENTRIES = [b"entry %d" % number for number in range(SIZE)]


def proof(
    index: int,
    signer: SigningKeys = SIGNER,
    kinds: tuple[KeyKind, ...] = (KeyKind.ED25519,),
    entry: bytes | None = None,
) -> str:
    peaks: list[bytes] = []
    nodes: dict[merkle.Node, bytes] = {}
    for at, body in enumerate(ENTRIES):
        peaks, completed = merkle.grow(at, peaks, merkle.leaf_hash(body))
        nodes |= completed
    path = merkle.hashes_of(merkle.inclusion_ranges(index, SIZE), nodes)
    note = sign_checkpoint(Checkpoint(ORIGIN, SIZE, merkle.root(peaks)), [signer], 0).encode()
    return write_proof(index, path, with_kinds(note, kinds, KeyRing.of(*signer.public)), entry)


GOOD = proof(4)


def problems(text: str, entry: bytes = ENTRIES[4]) -> list[str]:
    return [problem.key for problem in verify_proof(text, RING, entry).problems]


@pytest.mark.parametrize("index", range(SIZE))
def test_every_entry_is_proved(index: int) -> None:
    reading = verify_proof(proof(index), RING, ENTRIES[index])
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


BOTH = (KeyKind.ED25519, KeyKind.ML_DSA_44)
HELD = proof(4, entry=ENTRIES[4])


def test_a_proof_that_holds_its_entry_needs_nothing_else() -> None:
    reading = verify_proof(HELD, RING)
    assert (reading.entry, reading.index, reading.problems) == (ENTRIES[4], 4, ())
    assert [problem.key for problem in verify_proof(GOOD, RING).problems] == ["ledger.proof_without_entry"]
    lie = HELD.replace("extra ZW50cnkgNA==", "extra ZW50cnkgNQ==")
    assert lie != HELD
    assert [problem.key for problem in verify_proof(lie, RING).problems] == ["ledger.proof_other_entry"]


def test_it_is_said_with_what_a_proof_is_signed() -> None:
    assert verify_proof(GOOD, RING, ENTRIES[4]).signed_with == ("Ed25519",)
    both = proof(4, kinds=BOTH)
    assert verify_proof(both, RING, ENTRIES[4]).signed_with == ("Ed25519", "ML-DSA-44")
    assert verify_proof(both, KeyRing.of(SIGNER.public[0]), ENTRIES[4]).signed_with == ("Ed25519",)
    assert verify_proof(both, KeyRing.of(SIGNER.public[1]), ENTRIES[4]).signed_with == ("ML-DSA-44",)
    assert verify_proof(GOOD, KeyRing.of(SIGNER.public[1]), ENTRIES[4]).problems


def test_a_second_signature_that_fails_spoils_the_first() -> None:
    both = proof(4, kinds=BOTH)
    at = both.rindex("A") if "A" in both[-2000:] else len(both) - 900
    altered = both[:at] + ("B" if both[at] != "B" else "C") + both[at + 1 :]
    assert verify_proof(altered, RING, ENTRIES[4]).problems
