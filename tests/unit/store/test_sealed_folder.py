"""A sealed folder gives back what was put there, tells nothing else, and is lost with its key."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from rectoverso.errors import RecordDamaged
from rectoverso.store import stream
from rectoverso.store.home import Home
from rectoverso.store.sealed_folder import SealedFolder
from rectoverso.workflow.keys import open_keys

KEY, OTHER = bytes(range(32)), bytes(32)
PIECE = stream.PIECE


def sealed(plain: bytes, place: str = "a") -> bytes:
    out = io.BytesIO()
    sealer = stream.Sealer(out, KEY, place)
    for at in range(0, len(plain), 700_001):
        sealer.write(plain[at : at + 700_001])
    sealer.close()
    return out.getvalue()


def opened(data: bytes, key: bytes = KEY, place: str = "a") -> bytes:
    return b"".join(stream.opened(io.BytesIO(data), key, place))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_a_stream_opens_to_what_was_sealed(size: int) -> None:
    plain = os.urandom(size)
    assert opened(sealed(plain)) == plain


def test_a_stream_that_was_touched_does_not_open() -> None:
    first, second = bytes(PIECE), b"\1" * PIECE
    data = sealed(first + second + b"last")
    head, size = stream.HEAD_BYTES, PIECE + 16
    pieces = [data[head + at * size : head + (at + 1) * size] for at in range(3)]
    changed = bytearray(data)
    changed[-1] ^= 1
    for name, broken in {
        "changed": bytes(changed),
        "cut": data[: head + 2 * size],
        "empty": b"",
        "moved": data[:head] + pieces[1] + pieces[0] + pieces[2],
        "left out": data[:head] + pieces[0] + pieces[2],
        "longer": data + pieces[2],
        "other salt": data[:4] + bytes(16) + data[head:],
    }.items():
        with pytest.raises(RecordDamaged):
            pytest.fail(f"{name}: {len(opened(broken))} bytes")
    for key, place in ((OTHER, "a"), (KEY, "b")):
        with pytest.raises(RecordDamaged):
            opened(data, key, place)


def test_a_folder_has_what_another_has_and_its_names_tell_nothing(tmp_path: Path) -> None:
    plain, folder = tmp_path / "plain", SealedFolder(tmp_path / "kept", KEY)
    (plain / "cats").mkdir(parents=True)
    (plain / "cats" / "jadwiga.png").write_bytes(b"picture")
    (plain / "run.json").write_bytes(b"{}")
    (plain / ".run.json.writing").write_bytes(b"half")
    folder.take(plain)
    assert folder.names() == ["cats/jadwiga.png", "run.json"]
    kept = {path.name: path.read_bytes() for path in (tmp_path / "kept").iterdir()}
    assert not any(b"picture" in data or "jadwiga" in name or "json" in name for name, data in kept.items())
    (plain / "cats" / "jadwiga.png").unlink()
    (plain / "run.json").write_bytes(b"{1}")
    folder.take(plain)
    assert {name: folder.read(name) for name in folder.names()} == {"run.json": b"{1}"}
    with pytest.raises(FileNotFoundError):
        folder.read("cats/jadwiga.png")
    assert not SealedFolder(tmp_path / "kept", OTHER).opens()


def test_only_what_changed_is_sealed_again_and_the_first_before_the_rest(tmp_path: Path) -> None:
    plain, folder = tmp_path / "plain", SealedFolder(tmp_path / "kept", KEY)
    folder.write("run.json", b"{}")
    folder.write("state/1/tensors", b"tensors")
    folder.unseal(plain)
    before = {path: path.stat().st_ino for path in (tmp_path / "kept").iterdir()}
    folder.take(plain)
    assert {path: path.stat().st_ino for path in (tmp_path / "kept").iterdir()} == before
    (plain / "a").write_bytes(b"1")
    (plain / "state" / "2").mkdir()
    (plain / "state" / "2" / "tensors").write_bytes(b"later")
    seen: list[str] = []
    folder.put = lambda name, _: seen.append(name)  # type: ignore[method-assign]
    folder.take(plain, first=lambda name: name.startswith("state/"))
    assert seen == ["state/2/tensors", "a"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    opened = Home.open(tmp_path / "home")
    open_keys(opened)
    return opened


def test_a_folder_gets_its_name_last_and_only_once(home: Home) -> None:
    for content in (b"first", b"second"):
        with home.folders.unnamed() as folder:
            folder.write("source.zip", content)
            assert home.folders.name(folder, "datasets/a") is (content == b"first")
    with home.folders.unnamed() as folder:
        folder.write("source.zip", b"cut off")
    kept = home.folders.find("datasets/a")
    assert kept
    assert kept.read("source.zip") == b"first"
    assert len(list((home.path / "sealed").iterdir())) == 1


@pytest.mark.parametrize("is_kept", [True, False])
def test_of_two_folders_the_one_opens_whose_key_is_kept(home: Home, tmp_path: Path, is_kept: bool) -> None:
    kept = home.folders.made("runs/a")
    kept.write("run.json", b"before")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "run.json").write_bytes(b"after")
    key = home.folders.beside("runs/a", tmp_path / "plain")
    if is_kept:
        with home.database.transaction() as tx:
            home.folders.change(tx, "runs/a", key)
    for _ in range(2):  # killed here, and swept
        found = home.folders.find("runs/a")
        assert found
        assert found.read("run.json") == (b"after" if is_kept else b"before")
        home.folders.sweep()
    assert len(list((home.path / "sealed").iterdir())) == 1


def test_without_its_key_a_folder_goes(home: Home) -> None:
    home.folders.made("runs/a").write("run.json", b"{}")
    with home.database.transaction() as tx:
        assert home.folders.destroy(tx, "runs/a") == 1
    assert home.folders.find("runs/a") is None
    home.folders.sweep()
    assert list((home.path / "sealed").iterdir()) == []
