"""Works' hashes where a server searches them: the same answers, gone with their works, and how far the veil holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from rectoverso.errors import BadSetting
from rectoverso.i18n import explain
from rectoverso.store.hashes import HASH_BYTES, Veil
from rectoverso.store.home import Home
from rectoverso.store.rights import State
from rectoverso.store.works import Work
from rectoverso.types import Digest, Place
from rectoverso.workflow.guard import Guard
from rectoverso.workflow.hashes import compare_in, where_compared
from rectoverso.workflow.ledgers import keys_of, open_ledger
from rectoverso.workflow.prints import PrintIndex
from stores import ON_BOTH

DRAW = np.random.default_rng(7)


def hashes(count: int) -> list[bytes]:
    return [DRAW.bytes(HASH_BYTES) for _ in range(count)]


def apart(one: bytes, bits: int) -> bytes:
    """A hash that differs from ``one`` in so many bits."""
    turned = np.zeros(256, np.uint8)
    turned[DRAW.choice(256, bits, replace=False)] = 1
    return (np.frombuffer(one, np.uint8) ^ np.packbits(turned)).tobytes()


def work(number: int, fingerprint: bytes, **changes: object) -> Work:
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    made = {"id": digest[:8], "title": f"Work {number}", "owner": "Anna", "file_digest": Digest(digest)}
    return Work(
        **made, fingerprint=fingerprint, small=b"", added_at=f"2026-01-{number % 28 + 1:02}", **changes
    )  # type: ignore[arg-type]


def add(home: Home, *works: Work) -> None:
    with guard(home).changing() as tx:
        for each in works:
            assert home.works.add(tx, each)


def guard(home: Home) -> Guard:
    return Guard(home, open_ledger(home, keys_of(home)))


def kept(home: Home) -> int:
    with home.database.read() as tx:
        return home.hashes.count(tx) if home.hashes.are_kept(tx) else 0


def distance(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def test_a_veil_leaves_every_distance_as_it_was_and_is_another_for_each_key() -> None:
    one, *others = hashes(20)
    veil = Veil(b"key")
    for bits in (0, 1, 30, 128, 256):
        assert distance(veil.bits(one), veil.bits(apart(one, bits))) == bits
    plain = ["".join(f"{byte:08b}" for byte in each) for each in (one, *others)]
    veiled = [veil.bits(each) for each in (one, *others)]
    assert [distance(veiled[0], each) for each in veiled] == [distance(plain[0], each) for each in plain]
    assert 90 < distance(veiled[0], plain[0]) < 166
    assert 90 < distance(veiled[0], Veil(b"other").bits(one)) < 166


def test_whoever_knows_forty_works_sees_through_the_veil() -> None:
    """Decision 0019 counts veiled hashes as open. This is why."""
    known, (secret,) = hashes(40), hashes(1)
    veil = Veil(b"key")
    plain = np.array([np.unpackbits(np.frombuffer(one, np.uint8)) for one in known])
    veiled = np.array([[int(digit) for digit in veil.bits(one)] for one in known])
    columns = {plain[:, at].tobytes(): (at, 0) for at in range(256)}
    columns |= {(1 - plain[:, at]).tobytes(): (at, 1) for at in range(256)}
    seen, opened = veil.bits(secret), np.zeros(256, np.uint8)
    for place in range(256):
        at, turned = columns[veiled[:, place].astype(np.uint8).tobytes()]
        opened[at] = int(seen[place]) ^ turned
    assert np.packbits(opened).tobytes() == secret


@ON_BOTH
def test_hashes_are_sealed_unless_somebody_wants_otherwise(keyed: Home) -> None:
    add(keyed, work(1, hashes(1)[0] * 8))
    assert where_compared(keyed.path) == (Place.MEMORY, 0)
    assert kept(keyed) == 0


def test_a_file_cannot_search(keyed: Home) -> None:
    with pytest.raises(BadSetting, match="pgvector") as told:
        compare_in(Place.DATABASE, keyed.path)
    assert "pgvector" in explain(told.value, "zh")
    assert compare_in(Place.MEMORY, keyed.path) == (Place.MEMORY, 0)


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_the_database_answers_as_memory_does(keyed: Home) -> None:
    """Near and far, equal distances, one title twice, works out of force, several hashes asked at once."""
    prints = [b"".join(hashes(8)) for _ in range(60)]
    twin = work(900, prints[0])
    works = [work(number, one) for number, one in enumerate(prints)]
    works += [twin, work(901, apart(prints[1][:32], 9) * 8), work(902, b""), work(903, prints[2])]
    works[5] = work(5, prints[5], state=State.WITHDRAWN)
    works[6] = Work(**{**_fields(works[6]), "title": "Work 7"})
    add(keyed, *works[:50])
    in_memory = PrintIndex(keyed)
    asked = [
        prints[0],
        prints[1][:32],
        prints[5][32:64],
        apart(prints[6][:32], 20),
        *hashes(5),
        b"".join(hashes(8)),
    ]
    assert compare_in(Place.DATABASE, keyed.path) == (Place.DATABASE, 400)
    add(keyed, *works[50:])  # those that come later are kept too
    assert kept(keyed) == 8 * 63
    in_database = PrintIndex(keyed)
    stored = [
        in_database.within(one, at_most=most, distance=far)
        for one in asked
        for most in (1, 5, 200)
        for far in (31, 256)
    ]
    assert compare_in(Place.MEMORY, keyed.path) == (Place.MEMORY, 0)
    plain = [
        in_memory.within(one, at_most=most, distance=far)
        for one in asked
        for most in (1, 5, 200)
        for far in (31, 256)
    ]
    assert stored == plain
    assert {near.distance for answer in plain for near in answer} > {0, 20}
    assert all(near.name != "Work 5" for answer in plain for near in answer)


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_hashes_go_with_their_work_and_each_change_of_place_is_recorded_once(keyed: Home) -> None:
    add(keyed, work(1, hashes(1)[0] * 8), work(2, hashes(1)[0] * 8))
    for _ in range(2):
        assert compare_in(Place.DATABASE, keyed.path) == (Place.DATABASE, 16)
    with guard(keyed).changing() as tx:
        assert keyed.works.remove(tx, work(1, b"").id)
    assert kept(keyed) == 8
    for _ in range(2):
        compare_in(Place.MEMORY, keyed.path)
    with keyed.database.read() as tx:
        bodies = b"".join(keyed.log.entries(tx, 0, 99).values())
    assert (bodies.count(b"work_hashes_veiled"), bodies.count(b"work_hashes_sealed")) == (1, 1)


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_neither_plain_hashes_nor_titles_lie_in_the_table(keyed: Home, tmp_path: Path) -> None:
    del tmp_path
    (one,) = hashes(1)
    add(keyed, work(1, one * 8))
    compare_in(Place.DATABASE, keyed.path)
    with keyed.database.read() as tx:
        rows = tx.connection.exec_driver_sql("SELECT work, bits::text FROM work_hashes").all()
    plain = "".join(f"{byte:08b}" for byte in one)
    assert {row.work for row in rows} == {work(1, b"").id}
    assert all(90 < distance(row.bits, plain) < 166 for row in rows)


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_a_hash_that_somebody_wrote_there_accuses_nobody(keyed: Home) -> None:
    one, other = hashes(2)
    add(keyed, work(1, one * 8), work(2, other * 8))
    compare_in(Place.DATABASE, keyed.path)
    with keyed.database.transaction() as tx:
        swapped = "SELECT bits FROM work_hashes WHERE work <> was.work AND symmetry = was.symmetry"
        tx.connection.exec_driver_sql(f"UPDATE work_hashes was SET bits = ({swapped})")
    assert PrintIndex(keyed).within(one, at_most=5, distance=31) == []


def _fields(one: Work) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}
