"""Against Certificate Transparency's test vectors, and against RFC 9162's definitions written out naively."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rectoverso.verso.ledger import merkle

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PAIR_23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
PAIR_45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
PAIR_67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
LAST_FOUR = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    half = naive_split(len(leaves))
    return sha256(b"\1" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def naive_split(count: int) -> int:
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = naive_split(len(leaves))
    if index < half:
        return [*naive_path(index, leaves[:half]), naive_root(leaves[half:])]
    return [*naive_path(index - half, leaves[half:]), naive_root(leaves[:half])]


def naive_subproof(old: int, leaves: list[bytes], *, is_known: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if is_known else [naive_root(leaves)]
    half = naive_split(len(leaves))
    if old <= half:
        return [*naive_subproof(old, leaves[:half], is_known=is_known), naive_root(leaves[half:])]
    return [*naive_subproof(old - half, leaves[half:], is_known=False), naive_root(leaves[:half])]


def grown(leaves: list[bytes]) -> tuple[list[bytes], dict[merkle.Node, bytes]]:
    peaks: list[bytes] = []
    nodes: dict[merkle.Node, bytes] = {}
    for index, leaf in enumerate(leaves):
        peaks, completed = merkle.grow(index, peaks, merkle.leaf_hash(leaf))
        nodes |= completed
    return peaks, nodes


def hexed(hashes: list[bytes]) -> list[str]:
    return [value.hex() for value in hashes]


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle.root(grown(LEAVES[:size])[0]).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (0, 8, [LEAF_1, PAIR_23, LAST_FOUR]),
        (5, 8, [LEAF_4, PAIR_67, ROOTS[4]]),
        (2, 3, [ROOTS[2]]),
        (1, 5, [ROOTS[1], PAIR_23, LEAF_4]),
    ],
)
def test_inclusion_proofs_are_those_of_certificate_transparency(
    index: int, size: int, path: list[str]
) -> None:
    nodes = grown(LEAVES[:size])[1]
    made = merkle.hashes_of(merkle.inclusion_ranges(index, size), nodes)
    assert hexed(made) == path
    led_to = merkle.root_from_inclusion(index, size, merkle.leaf_hash(LEAVES[index]), made)
    assert led_to.hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (1, 1, []),
        (1, 8, [LEAF_1, PAIR_23, LAST_FOUR]),
        (6, 8, [PAIR_45, PAIR_67, ROOTS[4]]),
        (2, 5, [PAIR_23, LEAF_4]),
    ],
)
def test_consistency_proofs_are_those_of_certificate_transparency(
    old: int, new: int, path: list[str]
) -> None:
    made = merkle.hashes_of(merkle.consistency_ranges(old, new), grown(LEAVES[:new])[1])
    assert hexed(made) == path
    led_to = merkle.roots_from_consistency(old, new, bytes.fromhex(ROOTS[old]), made)
    assert hexed(list(led_to)) == [ROOTS[old], ROOTS[new]]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 130))
def test_any_tree_and_proof_equals_the_definition(data: st.DataObject, size: int) -> None:
    leaves = numbered(size)
    peaks, nodes = grown(leaves)
    root = merkle.root(peaks)
    assert root == naive_root(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.hashes_of(merkle.inclusion_ranges(index, size), nodes)
    assert path == naive_path(index, leaves)
    assert merkle.root_from_inclusion(index, size, merkle.leaf_hash(leaves[index]), path) == root
    old = data.draw(st.integers(1, size))
    path = merkle.hashes_of(merkle.consistency_ranges(old, size), nodes)
    assert path == naive_subproof(old, leaves, is_known=True)
    old_root = naive_root(leaves[:old])
    assert merkle.roots_from_consistency(old, size, old_root, path) == (old_root, root)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), size=st.integers(2, 70))
def test_an_altered_inclusion_proof_leads_elsewhere(data: st.DataObject, size: int) -> None:
    leaves = numbered(size)
    peaks, nodes = grown(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.hashes_of(merkle.inclusion_ranges(index, size), nodes)
    at, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
    flipped = [*path[:at], (int.from_bytes(path[at]) ^ (1 << bit)).to_bytes(32), *path[at + 1 :]]
    leaf, root = merkle.leaf_hash(leaves[index]), merkle.root(peaks)
    assert merkle.root_from_inclusion(index, size, leaf, flipped) != root
    other = data.draw(st.integers(0, size - 1).filter(lambda value: value != index))
    assert led_to(other, size, leaf, path) != root
    assert led_to(index, size, merkle.leaf_hash(b"other"), path) != root
    for wrong in (path[:-1], [*path, path[0]]):
        with pytest.raises(merkle.BadProof):
            merkle.root_from_inclusion(index, size, leaf, wrong)


def led_to(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    try:
        return merkle.root_from_inclusion(index, size, leaf, path)
    except merkle.BadProof:
        return None


@settings(max_examples=100, deadline=None)
@given(data=st.data(), new=st.integers(2, 70))
def test_history_cannot_be_rewritten_under_a_consistency_proof(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new - 1))
    changed_at = data.draw(st.integers(0, old - 1))
    leaves = numbered(new)
    before = naive_root(leaves[:old])
    leaves[changed_at] = b"rewritten"
    peaks, nodes = grown(leaves)
    path = merkle.hashes_of(merkle.consistency_ranges(old, new), nodes)
    assert merkle.roots_from_consistency(old, new, before, path) != (before, merkle.root(peaks))
    for wrong in (path[:-1], [*path, before]):
        with pytest.raises(merkle.BadProof):
            merkle.roots_from_consistency(old, new, before, wrong)


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_there_is_no_proof_of_what_is_not_in_the_tree(index: int, size: int) -> None:
    with pytest.raises(merkle.BadProof):
        merkle.inclusion_ranges(index, size)
    with pytest.raises(merkle.BadProof):
        merkle.root_from_inclusion(index, size, b"", [])


@pytest.mark.parametrize(("old", "new"), [(0, 4), (5, 4), (-1, 1)])
def test_there_is_no_consistency_with_what_is_not_inside(old: int, new: int) -> None:
    with pytest.raises(merkle.BadProof):
        merkle.consistency_ranges(old, new)
    with pytest.raises(merkle.BadProof):
        merkle.roots_from_consistency(old, new, b"", [])


def test_an_unneeded_consistency_proof_is_refused() -> None:
    with pytest.raises(merkle.BadProof):
        merkle.roots_from_consistency(3, 3, b"root", [b"hash"])


def test_adding_a_leaf_completes_the_subtrees_it_ends() -> None:
    peaks, _nodes = grown(numbered(7))
    assert list(merkle.grow(7, peaks, merkle.leaf_hash(b"7"))[1]) == [(0, 7), (1, 3), (2, 1), (3, 0)]


@given(size=st.integers(0, 2**40))
def test_complete_subtrees_cover_a_tree_from_left_to_right(size: int) -> None:
    at = 0
    for level, position in merkle.range_nodes(0, size):
        assert position << level == at
        at += 1 << level
    assert at == size


def test_proofs_are_those_of_the_example_in_the_rfc() -> None:
    """RFC 9162, 2.1.5: the tree over seven entries, and its proofs by the letters of its nodes."""
    _, nodes = grown(numbered(7))
    letters = {"a": (0, 0), "b": (0, 1), "c": (0, 2), "d": (0, 3), "e": (0, 4), "f": (0, 5), "j": (0, 6)}
    letters |= {"g": (1, 0), "h": (1, 1), "i": (1, 2), "k": (2, 0)}
    named = {letter: nodes[node] for letter, node in letters.items()}
    named["l"] = merkle.node_hash(named["i"], named["j"])

    def spelt(ranges: list[merkle.Range]) -> str:
        hashes = {value: letter for letter, value in named.items()}
        return "".join(hashes[value] for value in merkle.hashes_of(ranges, nodes))

    inclusion = {0: "bhl", 3: "cgl", 4: "fjk", 6: "ik"}
    assert {index: spelt(merkle.inclusion_ranges(index, 7)) for index in inclusion} == inclusion
    consistency = {3: "cdgl", 4: "l", 6: "ijk"}
    assert {old: spelt(merkle.consistency_ranges(old, 7)) for old in consistency} == consistency
