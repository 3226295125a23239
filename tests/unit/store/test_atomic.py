from __future__ import annotations

from pathlib import Path

import pytest

from rectoverso.store.atomic import make_private_folder, write_atomically, write_durably


def test_a_write_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"a longer first version")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "inside").touch()  # a folder that is not empty cannot be replaced by a file
    with pytest.raises(OSError, match="folder"):
        write_atomically(path, b"data")
    assert list(tmp_path.iterdir()) == [path]


def test_a_durable_write_never_overwrites(tmp_path: Path) -> None:
    write_durably(tmp_path / "file", b"first")
    with pytest.raises(FileExistsError):
        write_durably(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"


def test_files_and_folders_are_private_unless_said_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    make_private_folder(folder)
    write_atomically(folder / "secret", b"")
    write_atomically(folder / "open", b"", mode=0o644)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert (folder / "open").stat().st_mode & 0o044 == 0o044


def test_a_folder_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    make_private_folder(tmp_path / "shared")
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o755
