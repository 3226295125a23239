"""Pictures in a folder."""

from __future__ import annotations

import errno
import os

import pytest

from assets.pictures import write_good
from rectoverso.recto.data import folder
from rectoverso.recto.data.check import MAX_FILE_BYTES


def test_pictures_come_by_path_whatever_the_disk_says(tmp_path):
    files = write_good(tmp_path, ("dog", "cat", "ape"))
    found = folder.contents(tmp_path)
    assert [entry.path for entry in found.entries] == sorted(files)
    assert [entry.read() for entry in found.entries] == [files[path] for path in sorted(files)]


def test_a_pipe_does_not_make_it_wait(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (entry,) = folder.contents(tmp_path).entries
    with pytest.raises(OSError, match="regular"):
        entry.read()


def test_a_link_to_nothing_is_named(tmp_path):
    (tmp_path / "lost.png").symlink_to(tmp_path / "nowhere")
    (entry,) = folder.contents(tmp_path).entries
    with pytest.raises(OSError, match=f"Errno {errno.ENOENT}"):
        entry.read()


def test_links_that_lead_in_a_circle_end(tmp_path):
    files = write_good(tmp_path / "a")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert len(folder.contents(tmp_path).entries) == len(files)


def test_a_file_of_gigabytes_is_not_read(tmp_path):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    (entry,) = folder.contents(tmp_path).entries
    with pytest.raises(OSError, match=f"Errno {errno.EFBIG}"):
        entry.read()
