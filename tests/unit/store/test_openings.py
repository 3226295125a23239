"""What stands behind a commitment comes back to whoever has the keys; to others not even its salt."""

from __future__ import annotations

from rectoverso.store.home import Home
from rectoverso.store.openings import Opening
from stores import ON_BOTH

OPENING = Opening("c" * 64, bytes(range(100, 132)), "Anna Muster \udce9")


@ON_BOTH
def test_an_opening_comes_back_until_it_is_erased(keyed: Home) -> None:
    with keyed.database.transaction() as tx:
        keyed.openings.keep(tx, OPENING)
        found = keyed.openings.find(tx, OPENING.commitment)
        assert found == Opening(OPENING.commitment, OPENING.salt, "Anna Muster \\udce9")
        assert keyed.openings.erase(tx, [OPENING.commitment]) == 1
        assert keyed.openings.find(tx, OPENING.commitment) is None


def test_with_the_salt_alone_the_value_could_be_guessed_at_so_it_is_sealed_too(keyed: Home) -> None:
    with keyed.database.transaction() as tx:
        keyed.openings.keep(tx, OPENING)
    keyed.close()
    everything = b"".join(path.read_bytes() for path in keyed.path.glob("verso.sqlite3*"))
    assert OPENING.commitment.encode() in everything
    assert OPENING.salt not in everything
    assert b"Muster" not in everything
