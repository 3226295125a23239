"""Where decoded pictures lie."""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
import pytest

from rectoverso.recto.data.entry import Entry
from rectoverso.recto.data.frame import Frame
from rectoverso.recto.data.storage import InMemory, OnDisk, key, load, memory_bytes

IMAGES = np.random.default_rng(0).integers(0, 256, (700, 5, 7, 4), dtype=np.uint8)


@pytest.fixture(params=["memory", "file", "nameless"])
def place(request, tmp_path):
    if request.param == "memory":
        return InMemory(IMAGES.shape)
    return OnDisk(IMAGES.shape, tmp_path / "x" / "a.npy" if request.param == "file" else None)


def filled(place):
    for first in (512, 0, 256):  # in any order
        place.put(first, IMAGES[first : first + 256])
    return place


def test_what_is_put_is_given_back(place):
    np.testing.assert_array_equal(filled(place).finish(), IMAGES)


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_what_is_left_out_leaves_no_hole(place, channels):
    keep = np.flatnonzero(np.arange(700) % 3)
    np.testing.assert_array_equal(filled(place).read(keep), IMAGES[keep])
    np.testing.assert_array_equal(filled(place).finish(keep, channels), IMAGES[keep][..., :channels])


def test_the_file_is_a_plain_npy_that_is_found_again(tmp_path):
    filled(OnDisk(IMAGES.shape, tmp_path / "a.npy")).finish(np.arange(600), 3)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), IMAGES[:600, ..., :3])
    np.testing.assert_array_equal(load(tmp_path / "a.npy"), IMAGES[:600, ..., :3])


def test_a_file_that_is_not_whole_is_not_read(tmp_path):
    path = tmp_path / "a.npy"
    unfinished = filled(OnDisk(IMAGES.shape, path))
    assert load(path) is None, "killed before it was finished"
    unfinished.finish()
    for damaged in (path.read_bytes()[:-1], b"", b"\x93NUMPY", b"text" * 40):
        path.write_bytes(damaged)
        assert load(path) is None


def test_what_is_discarded_leaves_nothing(tmp_path):
    OnDisk(IMAGES.shape, tmp_path / "a.npy").discard()
    assert not list(tmp_path.iterdir())


def test_the_key_is_the_content_and_what_is_made_of_it():
    def entries(*rows: bytes) -> list[Entry]:
        return [Entry(str(place), lambda data=row: data) for place, row in enumerate(rows)]

    def lost() -> bytes:
        raise PermissionError(13, "no")

    frame = Frame(8, 8)
    keys = [
        key(entries(b"a", b"b"), frame, 3),
        key(entries(b"b", b"a"), frame, 3),
        key(entries(b"ab", b""), frame, 3),
        key(entries(b"a", b"b"), frame, 4),
        key(entries(b"a", b"b"), Frame(8, 16), 3),
        key([*entries(b"a"), Entry("1", lost)], frame, 3),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == key(entries(b"a", b"b"), frame, 3)


PROGRAM = """
import resource, sys
import numpy as np
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.storage import OnDisk, CHUNK

count, draw = int(sys.argv[1]), np.random.default_rng(0)
place = OnDisk((count, 64, 64, 4))
row = draw.integers(0, 256, (CHUNK, 64, 64, 4), dtype=np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for first in range(0, count, CHUNK):
    place.put(first, row[: count - first])
data = Dataset("x", place.finish())
for _ in range(count // 32):
    data.batch(draw.integers(0, count, 64))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts in KB as Linux does")
def test_memory_grows_with_the_batch_and_not_with_the_data():
    """Twice through 32 and through 128 MB of pictures, in batches of 64: 1 MB each."""

    def grown_mb(count: int) -> float:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(count)], check=True, capture_output=True, text=True
        )
        return int(done.stdout) / 1024

    small, large = grown_mb(2048), grown_mb(8192)
    assert large < 48
    assert large < small + 16


def test_the_memory_of_the_machine_is_known():
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < memory_bytes() < 2**50
