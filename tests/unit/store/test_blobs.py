from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rectoverso.errors import BlobDamaged, BlobMissing
from rectoverso.store.blobs import Blobs
from rectoverso.types import Digest

KEY = bytes(range(32))
PLAIN = b"a picture that must not be readable on the disk " * 20
ABSENT = Digest("0" * 64)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs", KEY)


def files(blobs: Blobs) -> list[Path]:
    return [path for path in blobs._folder.rglob("*") if path.is_file()]


def test_what_was_put_comes_back_under_its_digest(blobs: Blobs) -> None:
    digest = blobs.put(PLAIN)
    assert digest == hashlib.sha256(PLAIN).hexdigest()
    assert (blobs.get(digest), blobs.has(digest)) == (PLAIN, True)


def test_nothing_of_the_plain_bytes_lies_on_the_disk(blobs: Blobs) -> None:
    blobs.put(PLAIN)
    (file,) = files(blobs)
    stored = file.read_bytes()
    assert not any(PLAIN[at : at + 8] in stored for at in range(0, len(PLAIN), 8))
    assert len(zlib.compress(stored)) >= len(stored)


def test_files_are_private(blobs: Blobs) -> None:
    blobs.put(PLAIN)
    (file,) = files(blobs)
    assert file.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (file.parent, file.parent.parent)} == {0o700}


def test_the_same_bytes_are_kept_once_and_not_written_again(blobs: Blobs) -> None:
    blobs.put(PLAIN)
    (before,) = files(blobs)
    written = before.read_bytes()
    blobs.put(PLAIN)
    assert [file.read_bytes() for file in files(blobs)] == [written]


def test_two_homes_encrypt_the_same_bytes_differently(tmp_path: Path) -> None:
    one, other = Blobs(tmp_path / "one", KEY), Blobs(tmp_path / "other", KEY)
    one.put(PLAIN)
    other.put(PLAIN)
    assert files(one)[0].read_bytes() != files(other)[0].read_bytes()


def test_putting_again_mends_a_damaged_file(blobs: Blobs) -> None:
    digest = blobs.put(PLAIN)
    files(blobs)[0].write_bytes(b"")
    blobs.put(PLAIN)
    assert blobs.get(digest) == PLAIN


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), change=st.integers(1, 255))
def test_any_changed_byte_is_damage(tmp_path_factory: pytest.TempPathFactory, at: int, change: int) -> None:
    blobs = Blobs(tmp_path_factory.mktemp("blobs"), KEY)
    digest = blobs.put(PLAIN)
    (file,) = files(blobs)
    stored = bytearray(file.read_bytes())
    stored[at % len(stored)] ^= change
    file.write_bytes(stored)
    with pytest.raises(BlobDamaged, match=digest):
        blobs.get(digest)


@pytest.mark.parametrize("length", [0, 3, 4, 15, 16, 31, 40])
def test_a_file_cut_short_is_damage(blobs: Blobs, length: int) -> None:
    digest = blobs.put(PLAIN)
    (file,) = files(blobs)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(BlobDamaged):
        blobs.get(digest)


def test_a_file_under_another_name_is_damage(blobs: Blobs) -> None:
    one, other = blobs.put(b"one"), blobs.put(b"other")
    blobs._path(other).write_bytes(blobs._path(one).read_bytes())
    with pytest.raises(BlobDamaged):
        blobs.get(other)


def test_another_key_opens_nothing(blobs: Blobs, tmp_path: Path) -> None:
    digest = blobs.put(PLAIN)
    with pytest.raises(BlobDamaged):
        Blobs(tmp_path / "blobs", bytes(32)).get(digest)


@pytest.mark.parametrize("name", [ABSENT, Digest("../../etc/passwd"), Digest("")])
def test_what_was_never_put_is_missing(blobs: Blobs, name: Digest) -> None:
    with pytest.raises(BlobMissing):
        blobs.get(name)


def test_a_sweep_keeps_what_is_needed_and_removes_orphans_and_unfinished_files(blobs: Blobs) -> None:
    kept, orphan = blobs.put(b"kept"), blobs.put(b"orphan")
    (blobs._staging / ".0123456789abcdef.tmp").write_bytes(b"half a file")
    assert blobs.sweep({kept, ABSENT}) == [orphan]
    assert [file.name for file in files(blobs)] == [kept]
    assert blobs.sweep({kept}) == []


def test_sweeping_where_nothing_was_ever_put_is_nothing_to_do(blobs: Blobs) -> None:
    assert blobs.sweep(set()) == []
