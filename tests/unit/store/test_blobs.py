from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rectoverso.errors import BlobDamaged, BlobMissing
from rectoverso.store.blobs import Blobs
from rectoverso.store.vault import Cipher
from rectoverso.types import AssetId

KEY = Cipher(bytes(range(32)))
PLAIN = b"a picture that must not be readable on the disk " * 20
ONE, OTHER, ABSENT = AssetId("0123456789ab"), AssetId("01cdef012345"), AssetId("000000000000")


def blobs_in(folder: Path, key: Cipher = KEY) -> Blobs:
    return Blobs(folder, lambda _asset: key)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return blobs_in(tmp_path / "blobs")


def files(blobs: Blobs) -> list[Path]:
    return [path for path in blobs._folder.rglob("*") if path.is_file()]


def test_what_was_put_comes_back_under_its_image(blobs: Blobs) -> None:
    blobs.put(ONE, PLAIN, KEY)
    assert blobs.get(ONE) == PLAIN
    assert list(blobs.all()) == [ONE]


def test_nothing_of_the_plain_bytes_lies_on_the_disk(blobs: Blobs) -> None:
    blobs.put(ONE, PLAIN, KEY)
    (file,) = files(blobs)
    stored = file.read_bytes()
    assert not any(PLAIN[at : at + 8] in stored for at in range(0, len(PLAIN), 8))
    assert len(zlib.compress(stored)) >= len(stored)


def test_files_are_private(blobs: Blobs) -> None:
    blobs.put(ONE, PLAIN, KEY)
    (file,) = files(blobs)
    assert file.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (file.parent, file.parent.parent)} == {0o700}


def test_the_same_bytes_are_encrypted_differently_each_time(blobs: Blobs) -> None:
    blobs.put(ONE, PLAIN, KEY)
    blobs.put(OTHER, PLAIN, KEY)
    assert len({file.read_bytes() for file in files(blobs)}) == 2


def test_putting_again_mends_a_damaged_file(blobs: Blobs) -> None:
    blobs.put(ONE, PLAIN, KEY)
    files(blobs)[0].write_bytes(b"")
    blobs.put(ONE, PLAIN, KEY)
    assert blobs.get(ONE) == PLAIN


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), change=st.integers(1, 255))
def test_any_changed_byte_is_damage(tmp_path_factory: pytest.TempPathFactory, at: int, change: int) -> None:
    blobs = blobs_in(tmp_path_factory.mktemp("blobs"))
    blobs.put(ONE, PLAIN, KEY)
    (file,) = files(blobs)
    stored = bytearray(file.read_bytes())
    stored[at % len(stored)] ^= change
    file.write_bytes(stored)
    with pytest.raises(BlobDamaged, match=ONE):
        blobs.get(ONE)


@pytest.mark.parametrize("length", [0, 3, 4, 15, 16, 31, 40])
def test_a_file_cut_short_is_damage(blobs: Blobs, length: int) -> None:
    blobs.put(ONE, PLAIN, KEY)
    (file,) = files(blobs)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(BlobDamaged):
        blobs.get(ONE)


def test_a_file_under_another_name_is_damage(blobs: Blobs) -> None:
    blobs.put(ONE, b"one", KEY)
    blobs.put(OTHER, b"other", KEY)
    blobs._path(OTHER).write_bytes(blobs._path(ONE).read_bytes())
    with pytest.raises(BlobDamaged):
        blobs.get(OTHER)


def test_another_key_opens_nothing(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put(ONE, PLAIN, KEY)
    with pytest.raises(BlobDamaged):
        blobs_in(tmp_path / "blobs", Cipher(bytes(32))).get(ONE)


@pytest.mark.parametrize("name", [ABSENT, AssetId("../../etc/passwd"), AssetId("")])
def test_what_was_never_put_is_missing(blobs: Blobs, name: AssetId) -> None:
    with pytest.raises(BlobMissing):
        blobs.get(name)


def test_a_sweep_keeps_what_is_needed_and_removes_orphans_and_unfinished_files(blobs: Blobs) -> None:
    blobs.put(ONE, b"kept", KEY)
    blobs.put(OTHER, b"orphan", KEY)
    (blobs._staging / ".0123456789abcdef.tmp").write_bytes(b"half a file")
    assert blobs.sweep({ONE, ABSENT}) == [OTHER]
    assert [file.name for file in files(blobs)] == [ONE]
    assert blobs.sweep({ONE}) == []


def test_sweeping_where_nothing_was_ever_put_is_nothing_to_do(blobs: Blobs) -> None:
    assert blobs.sweep(set()) == []


@pytest.mark.parametrize("is_kept", [True, False])
def test_with_another_key_the_picture_opens_whichever_is_kept(tmp_path: Path, is_kept: bool) -> None:
    """Killed before or after the key was kept: nothing is lost, and one file is left."""
    other = Cipher(bytes(range(1, 33)))
    blobs_in(tmp_path).put(ONE, PLAIN, KEY)
    blobs_in(tmp_path).put_again(ONE, PLAIN, other)
    later = blobs_in(tmp_path, other if is_kept else KEY)
    assert later.get(ONE) == PLAIN
    assert later.sweep([ONE]) == []
    assert (later.get(ONE), len(files(later)), list(later.all())) == (PLAIN, 1, [ONE])
