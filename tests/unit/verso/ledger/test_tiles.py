"""A ledger as static files: written, checked from the files alone, and watched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgers import ORIGIN, OTHER, RING, SIGNER, signing, tamper
from rectoverso.errors import ExportForeign, LedgerBroken
from rectoverso.i18n import LANGUAGES, say
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import Checkpoint, with_kinds
from rectoverso.verso.ledger.export import Exported, export_tiles
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.monitor import Seen, watch
from rectoverso.verso.ledger.note import BadNote, KeyKind
from rectoverso.verso.ledger.recount import recount
from rectoverso.verso.ledger.signing import sign_checkpoint
from rectoverso.verso.ledger.tiles import (
    WIDTH,
    BadTiles,
    Tile,
    TileFolder,
    bundle,
    tile_at,
    tiles_of,
    unbundled,
)


def grown(kept, size: int):
    """The ledger with entries added until there are ``size``."""
    with kept.home.database.transaction() as tx:
        count = size - kept.home.log.size(tx)
        kept.ledger.append_many(tx, [("held", {"asset": f"{number:012x}"}) for number in range(count)])
    return kept


def exported(kept, folder: Path) -> Exported:
    with kept.home.database.read() as tx:
        return export_tiles(kept.home.log, tx, kept.ledger.ring, folder)


def problems(folder: Path, ring: KeyRing = RING) -> list[str]:
    found = recount(TileFolder(folder), ring).problems
    assert all(say(problem, language) for problem in found for language in LANGUAGES)
    return [problem.key.removeprefix("ledger.") for problem in found]


def watched(folder: Path, seen: Seen | None, ring: KeyRing = RING) -> list[str]:
    found = watch(TileFolder(folder), ring, seen).problems
    assert all(say(problem, language) for problem in found for language in LANGUAGES)
    return [problem.key.removeprefix("ledger.") for problem in found]


def seen_at(folder: Path) -> Seen:
    seen = watch(TileFolder(folder), RING, None).seen
    assert seen is not None
    return seen


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(1, 7, 17), "tile/1/007.p/17"),
        (Tile(0, 1234067, 256), "tile/0/x001/x234/067"),
        (Tile(-1, 1234067, 3), "tile/entries/x001/x234/067.p/3"),
        (Tile(0, 999, 256), "tile/0/999"),
        (Tile(0, 1000, 256), "tile/0/x001/000"),
    ],
)
def test_a_tile_has_the_path_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    """The example of c2sp.org/tlog-tiles, "Partial Tiles"; and its tree of 256."""

    def counted(size: int) -> dict[int, tuple[int, list[int]]]:
        levels: dict[int, list[int]] = {}
        for tile in tiles_of(size):
            levels.setdefault(tile.level, []).append(tile.width)
        return {at: (ws.count(WIDTH), [w for w in ws if w < WIDTH]) for at, ws in levels.items()}

    assert counted(70_000) == {-1: (273, [112]), 0: (273, [112]), 1: (1, [17]), 2: (0, [1])}
    assert counted(256) == {-1: (1, []), 0: (1, []), 1: (0, [1])}
    assert counted(0) == {}


@given(st.lists(st.binary(max_size=300), max_size=40))
def test_entries_come_back_from_their_bundle(entries: list[bytes]) -> None:
    data = bundle(entries)
    assert unbundled(data) == entries
    for cut in range(1, min(len(data), 20)):
        with suppress(ValueError):
            assert unbundled(data[:-cut]) == entries[: len(unbundled(data[:-cut]))]


class Memory:
    """A tree in memory, written as tiles by nothing but the specification's words."""

    def __init__(self, folder: Path, size: int) -> None:
        self.bodies = [b'{"seq":%d}' % index for index in range(size)]
        leaves = [sha256(b"\0" + body).digest() for body in self.bodies]
        for tile in tiles_of(size):
            begin = tile.index * WIDTH
            path = folder / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            if tile.level < 0:
                path.write_bytes(bundle(self.bodies[begin : begin + tile.width]))
            else:
                span = WIDTH**tile.level
                hashes = [
                    naive(leaves[at * span : (at + 1) * span]) for at in range(begin, begin + tile.width)
                ]
                path.write_bytes(b"".join(hashes))
        self.leaves = leaves
        note = sign_checkpoint(Checkpoint(ORIGIN, size, naive(leaves)), [SIGNER], 0)
        (folder / "checkpoint").write_text(note)


def naive(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, over leaf hashes."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\1" + naive(leaves[:half]) + naive(leaves[half:])).digest()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_two_sizes_are_consistent_by_their_tiles(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    size = data.draw(st.one_of(st.integers(1, 20), st.integers(250, 700)))
    folder = tmp_path_factory.mktemp("tree")
    tree = Memory(folder, size)
    assert problems(folder) == []
    old = data.draw(st.integers(1, size))
    before = Checkpoint(ORIGIN, old, naive(tree.leaves[:old]))
    seen = Seen(sign_checkpoint(before, [SIGNER], 0).encode(), RING)
    assert watched(folder, seen) == []
    other = Checkpoint(ORIGIN, old, sha256(b"other").digest())
    liar = Seen(sign_checkpoint(other, [SIGNER], 0).encode(), RING)
    assert watched(folder, liar) == ["watch_forked" if old == size else "watch_rewritten"]
    shutil.rmtree(folder)


def test_nodes_from_tiles_are_those_of_the_ledger(batched, tmp_path: Path) -> None:
    pub = tmp_path / "pub"
    grown(batched, 600)
    exported(batched, pub)
    wanted = [(level, at) for level in range(10) for at in range(600 >> level)]
    with batched.home.database.read() as tx:
        assert TileFolder(pub).nodes(600, wanted) == batched.home.log.nodes(tx, wanted)
    bodies = list(TileFolder(pub).entries(250, 530, 600))
    assert bodies == [batched.ledger.entry_bytes(index) for index in range(250, 530)]


def test_an_export_is_whole_and_can_be_checked_with_the_first_keys_alone(batched, tmp_path: Path) -> None:
    grown(batched, 300)
    assert exported(batched, tmp_path / "pub") == Exported(300, 0, 5)
    for ring in (RING, batched.ledger.ring, KeyRing.of(SIGNER.public[0], SIGNER.public[1])):
        assert problems(tmp_path / "pub", ring) == []
    assert TileFolder(tmp_path / "pub").ring() == batched.ledger.ring
    assert not any(path.name.startswith(".") for path in (tmp_path / "pub").rglob("*"))
    assert (tmp_path / "pub" / "checkpoint").stat().st_mode & 0o444 == 0o444


def test_only_what_is_new_is_written(batched, tmp_path: Path) -> None:
    pub = tmp_path / "pub"
    grown(batched, 300)
    exported(batched, pub)
    assert exported(batched, pub) == Exported(300, 300, 0)
    full = pub / "tile" / "0" / "000"
    stamp = full.stat().st_mtime_ns
    grown(batched, 520)
    assert exported(batched, pub).before == 300
    assert full.stat().st_mtime_ns == stamp
    assert problems(pub) == []
    assert not list(pub.rglob("001.p")), "a full tile takes the place of its parts"
    full.unlink()
    exported(batched, pub)
    assert problems(pub) == []


def test_an_export_killed_at_any_file_is_still_the_export_before(
    batched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(batched, 300)
    exported(batched, tmp_path / "pub")
    grown(batched, 600)
    real = os.replace
    for survived in range(12):
        copy = tmp_path / f"copy-{survived}"
        shutil.copytree(tmp_path / "pub", copy)
        calls = iter(range(survived))

        def dying(self: Path, target: Path, calls: Iterator[int] = calls) -> None:
            if next(calls, None) is None:
                raise KeyboardInterrupt
            real(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", dying)
            try:
                exported(batched, copy)
            except KeyboardInterrupt:
                assert recount(TileFolder(copy), RING).size == 300
        assert problems(copy) == []
        exported(batched, copy)
        assert (recount(TileFolder(copy), RING).size, problems(copy)) == (600, [])


def test_a_folder_of_something_else_is_left_alone(batched, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ExportForeign):
        exported(batched, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mine.txt"]
    Memory(tmp_path, 3)
    (tmp_path / "checkpoint").write_text(sign_checkpoint(Checkpoint(ORIGIN, 3, bytes(32)), [signing(9)], 0))
    with pytest.raises(ExportForeign):
        exported(batched, tmp_path)


def test_history_that_was_published_is_not_overwritten_by_another(batched, tmp_path: Path) -> None:
    exported(batched, tmp_path / "pub")
    tamper(
        batched.home.database_path,
        "UPDATE nodes SET hash = zeroblob(32) WHERE level = 4 AND position = 0",
    )
    with pytest.raises(LedgerBroken, match="not the first"):
        exported(batched, tmp_path / "pub")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_changed_byte_of_an_export_escapes(published: Path, data: st.DataObject) -> None:
    names = sorted(path for path in published.rglob("*") if path.is_file() and path.name != "ledger.pub")
    path = data.draw(st.sampled_from(names))
    whole = path.read_bytes()
    change = data.draw(st.sampled_from(["flip", "cut", "gone", "more"]))
    at, flip = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))
    altered = {
        "flip": whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :],
        "cut": whole[:at],
        "gone": b"",
        "more": whole,
    }[change]
    path.write_bytes(altered)
    try:
        assert (problems(published) != []) == (altered != whole)
    finally:
        path.write_bytes(whole)


@pytest.fixture(scope="session")
def published(batched_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from rectoverso.store.home import Home
    from rectoverso.verso.ledger.ledger import Ledger

    place = tmp_path_factory.mktemp("published")
    shutil.copytree(batched_template, place / "home")
    home = Home.open(place / "home")

    class Clock:
        def now(self):
            from datetime import UTC, datetime

            return datetime(2026, 11, 23, tzinfo=UTC)

    ledger = Ledger(home.database, home.log, {0: SIGNER, 16: OTHER}, Clock())
    with home.database.transaction() as tx:
        ledger.append_many(tx, [("held", {"asset": "a"})] * 300)
    with home.database.read() as tx:
        export_tiles(home.log, tx, ledger.ring, place / "pub")
    home.close()
    return place / "pub"


def test_an_export_of_other_keys_is_not_sound(published: Path) -> None:
    assert problems(published, KeyRing.of(*signing(5).public)) != []
    other = RING.rotated(16, signing(6).public)
    assert problems(published, other) == ["rotation_other"]


def test_a_monitor_follows_keys_and_growth(batched, tmp_path: Path) -> None:
    tree = Memory(tmp_path / "small", 1)
    del tree
    exported(batched, tmp_path / "pub")
    first = watch(TileFolder(tmp_path / "pub"), RING, None)
    assert (first.size, first.before, first.rotations, first.problems) == (23, None, (16,), ())
    assert first.seen is not None
    grown(batched, 400)
    exported(batched, tmp_path / "pub")
    again = watch(TileFolder(tmp_path / "pub"), RING, Seen.parse(first.seen.text))
    assert (again.size, again.before, again.rotations, again.problems) == (400, 23, (), ())


def test_a_ledger_that_goes_back_is_caught(batched, tmp_path: Path) -> None:
    exported(batched, tmp_path / "old")
    grown(batched, 30)
    exported(batched, tmp_path / "new")
    assert watched(tmp_path / "old", seen_at(tmp_path / "new")) == ["watch_went_back"]


def test_a_pipe_in_the_place_of_a_tile_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "checkpoint")
    assert TileFolder(tmp_path).checkpoint() is None


def test_history_rewritten_with_the_keys_is_caught(tmp_path: Path) -> None:
    """The owner himself signs another history: nobody but who remembers can tell."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    Memory(tmp_path / "a", 300)
    tree = Memory(tmp_path / "b", 301)
    seen = seen_at(tmp_path / "a")
    assert watched(tmp_path / "b", seen) == []
    leaf = sha256(b"\0lie").digest()
    leaves = [*tree.leaves[:7], leaf, *tree.leaves[8:]]
    first = tmp_path / "b" / "tile" / "0" / "000"
    first.write_bytes(b"".join(leaves[:256]))
    (tmp_path / "b" / "tile" / "1" / "000.p" / "1").write_bytes(naive(leaves[:256]))
    note = sign_checkpoint(Checkpoint(ORIGIN, 301, naive(leaves)), [SIGNER], 0)
    assert watched(tmp_path / "b", seen) == ["watch_tiles"]
    (tmp_path / "b" / "checkpoint").write_text(note)
    assert watched(tmp_path / "b", seen) == ["watch_rewritten"]
    assert watched(tmp_path / "b", None) == []


def test_signatures_of_others_and_half_signatures_are_caught(tmp_path: Path) -> None:
    tree = Memory(tmp_path, 9)
    head = Checkpoint(ORIGIN, 9, naive(tree.leaves))
    half = with_kinds((tmp_path / "checkpoint").read_bytes(), [KeyKind.ED25519], RING)
    (tmp_path / "checkpoint").write_bytes(half)
    assert watched(tmp_path, None) == ["checkpoint_forged"]
    (tmp_path / "checkpoint").write_text(sign_checkpoint(head, [OTHER], 0))
    assert watched(tmp_path, None) == ["checkpoint_forged"]
    (tmp_path / "checkpoint").write_text("nonsense")
    assert watched(tmp_path, None) == ["export_no_checkpoint"]
    elsewhere = signing(1, "somebody.else")
    (tmp_path / "checkpoint").write_text(
        sign_checkpoint(Checkpoint("somebody.else", 9, head.root), [elsewhere], 0)
    )
    assert watched(tmp_path, None) == ["watch_another"]


def test_a_missing_tile_is_named(tmp_path: Path) -> None:
    Memory(tmp_path, 300)
    (tmp_path / "tile" / "0" / "001.p" / "44").unlink()
    (problem,) = watch(TileFolder(tmp_path), RING, None).problems
    assert (problem.key, problem.facts) == ("ledger.export_file", {"file": "tile/0/001.p/44"})
    with pytest.raises(BadTiles):
        TileFolder(tmp_path).hashes(tile_at(0, 7, 300))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"checkpoint": 1, "keys": 2}', "[" * 100_000])
def test_what_no_monitor_wrote_is_not_believed(text: str) -> None:
    with pytest.raises(BadNote):
        Seen.parse(text)


def test_a_state_that_was_altered_is_not_believed(tmp_path: Path) -> None:
    Memory(tmp_path, 9)
    text = seen_at(tmp_path).text
    assert Seen.parse(text) == seen_at(tmp_path)
    with pytest.raises(BadNote):
        Seen.parse(text.replace("\\n9\\n", "\\n8\\n"))


def test_complete_subtrees_only() -> None:
    for count in (0, 3, 5):
        with pytest.raises(merkle.BadProof):
            merkle.complete_root([bytes(32)] * count)
