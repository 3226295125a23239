"""Pictures in a zip."""

from __future__ import annotations

import errno
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.pictures import encoded, picture
from rectoverso.errors import DataUnusable, InputError
from rectoverso.recto.data import archive
from rectoverso.recto.data.check import MAX_FILE_BYTES
from rectoverso.recto.data.source import open_source

GOOD = {f"{name}/{number}.png": encoded(picture(number, side=16)) for name in "ab" for number in range(2)}


def packed(path, files=GOOD):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/etc/x.png", "a\\..\\x.png", "C:/x.png"])
def test_a_path_that_leads_outside_is_refused(tmp_path, name):
    with pytest.raises(DataUnusable, match="leads outside"):
        archive.contents(packed(tmp_path / "x.zip", {**GOOD, name: b"x"}))


def test_a_locked_zip_is_refused_with_advice(tmp_path):
    data = bytearray(packed(tmp_path / "x.zip").read_bytes())
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        data[data.index(start) + (6 if start[2] == 3 else 8)] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(DataUnusable, match="password"):
        archive.contents(tmp_path / "x.zip")


@pytest.mark.parametrize("keep", [0, 4, 200])
def test_a_zip_cut_short_is_refused_with_advice(tmp_path, keep):
    path = packed(tmp_path / "x.zip")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataUnusable, match="damaged or cut short"):
        open_source(path)


def test_one_damaged_member_is_named_and_the_others_are_kept(tmp_path):
    path = packed(tmp_path / "x.zip")
    data = bytearray(path.read_bytes())
    data[data.index(b"a/1.png") + 60] ^= 0xFF
    path.write_bytes(data)
    found = open_source(path, skip_bad=True)
    assert len(found) == 3
    assert [one.path for one in found.skipped] == ["a/1.png"]


def test_a_member_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path):
    path = packed(tmp_path / "x.zip", {"huge.png": b""})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open("huge.png", "w") as file:
        for _ in range(MAX_FILE_BYTES // 2**23 + 1):
            file.write(bytes(2**23))
    (entry,) = archive.contents(path).entries
    with pytest.raises(OSError, match=f"Errno {errno.EFBIG}"):
        entry.read()


def test_an_archive_of_notes_holds_no_picture(tmp_path):
    with pytest.raises(DataUnusable, match="no picture"):
        archive.contents(packed(tmp_path / "x.zip", {"notes.txt": b"x", "__MACOSX/a.png": b"x"}))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_mutated_zip_is_read_or_refused_and_nothing_else(tmp_path, changes):
    data = bytearray(packed(tmp_path / "x.zip").read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    (tmp_path / "x.zip").write_bytes(data)
    with suppress(InputError):
        assert len(open_source(tmp_path / "x.zip", skip_bad=True)) >= 2
