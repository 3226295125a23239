"""What is sealed opens in its place, by its key, unchanged; anything else raises."""

from __future__ import annotations

import pytest

from rectoverso.errors import RecordDamaged
from rectoverso.store.vault import HEAD_BYTES, Vault

VAULT = Vault(b"k" * 32)
SEALED = VAULT.seal("安娜".encode(), "works/1")


def test_what_was_sealed_opens_and_shows_nothing() -> None:
    assert VAULT.open(SEALED, "works/1").decode() == "安娜"
    assert "安娜".encode() not in SEALED


def test_each_sealing_begins_differently() -> None:
    heads = {VAULT.seal(b"same", "works/1")[:HEAD_BYTES] for _ in range(20)}
    assert len(heads) == 20


@pytest.mark.parametrize("at", range(len(SEALED)))
def test_one_changed_byte_anywhere_does_not_open(at: int) -> None:
    changed = SEALED[:at] + bytes([SEALED[at] ^ 1]) + SEALED[at + 1 :]
    with pytest.raises(RecordDamaged, match="works/1"):
        VAULT.open(changed, "works/1")


@pytest.mark.parametrize(
    "sealed",
    [b"", b"RVR1", SEALED[:-1], SEALED + b"x", b"Berta"],
    ids=["none", "head", "cut", "more", "plain"],
)
def test_what_is_cut_or_something_else_does_not_open(sealed: bytes) -> None:
    with pytest.raises(RecordDamaged):
        VAULT.open(sealed, "works/1")


def test_in_another_place_or_by_another_key_it_does_not_open() -> None:
    with pytest.raises(RecordDamaged):
        VAULT.open(SEALED, "works/2")
    with pytest.raises(RecordDamaged):
        Vault(b"other" * 6 + b"xx").open(SEALED, "works/1")


def test_names_are_the_same_here_and_others_elsewhere() -> None:
    assert VAULT.name("a") == VAULT.name("a") != VAULT.name("b")
    assert VAULT.name("a") != Vault(b"l" * 32).name("a")
