"""A run's files."""

from pathlib import Path

import pytest

from rectoverso.errors import RunNotFound
from rectoverso.recto.train.folder import RunFolder, write


def test_a_file_is_replaced_whole_and_its_digest_told(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write(path, b"old")
    digest = write(path, b"abc")
    assert path.read_bytes() == b"abc"
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("text", [None, "not = [toml"])
def test_a_folder_without_a_readable_config_is_no_run(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "config.toml").write_text(text)
    with pytest.raises(RunNotFound):
        RunFolder(tmp_path).read_config()
