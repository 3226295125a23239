"""Pictures out of Parquet files: both kinds of columns, every fault told, and never the whole file in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rectoverso.errors import FilesUnusable
from rectoverso.store.rights import Asked, Rights
from rectoverso.verso.registry import offers
from rectoverso.verso.registry.columns import Said
from rectoverso.verso.registry.offers import of_files, of_parquet

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def _table(path: Path, **columns: Any) -> Path:
    parquet.write_table(pa.table(columns), path, row_group_size=3)
    return path


def test_rows_of_bytes_are_offered_under_the_file_and_their_number(tmp_path: Path) -> None:
    path = _table(tmp_path / "works.parquet", image=[b"one", b"two"], label=[1, 2])
    found = list(of_parquet(path, Said(owner="Anna", rights=Rights(asked=Asked.REVIEW))))
    assert [offer.data() for offer in found] == [b"one", b"two"]
    assert [offer.title for offer in found] == ["works[0]", "works[1]"]
    assert {(offer.owner, offer.rights.asked) for offer in found} == {("Anna", Asked.REVIEW)}


def test_rows_of_bytes_and_path_are_called_by_their_path(tmp_path: Path) -> None:
    rows = [{"bytes": bytes([n]), "path": f"photos/{n}.jpg" if n else None} for n in range(20)]
    found = list(of_parquet(_table(tmp_path / "works.parquet", image=rows), Said(title="Suite")))
    assert [offer.data() for offer in found] == [bytes([n]) for n in range(20)]
    assert [offer.title for offer in found[:2]] == ["Suite: works[0]", "Suite: 1"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"picture": [b"x"]}, "no column `image`"),
        ({"image": ["text"]}, "not bytes"),
        ({"image": [{"path": "a.png"}]}, "not bytes"),
        ({"image": [b"x", None]}, r"\[1\] cannot be used.*no picture"),
        ({"image": [{"bytes": None, "path": "/etc/passwd"}, {"bytes": b"x", "path": None}]}, "no picture"),
    ],
)
def test_what_holds_no_pictures_is_told(tmp_path: Path, columns: dict[str, Any], words: str) -> None:
    with pytest.raises(FilesUnusable, match=words):
        list(of_parquet(_table(tmp_path / "works.parquet", **columns)))


@pytest.mark.parametrize("cut", [0, 10, 300, -4])
def test_a_damaged_file_is_told(tmp_path: Path, cut: int) -> None:
    path = _table(tmp_path / "works.parquet", image=[bytes(range(256)) * 8])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FilesUnusable, match="Parquet"):
        list(of_parquet(path))


MEMORY = """
import sys
from pathlib import Path
from rectoverso.verso.registry.offers import of_parquet
import pyarrow
total = sum(len(offer.data()) for offer in of_parquet(Path(sys.argv[1])))
print(total, pyarrow.default_memory_pool().max_memory())
"""


def test_no_more_than_a_group_of_rows_is_in_memory_at_once(tmp_path: Path) -> None:
    """120 pictures of 1 MiB in groups of 10; what is held of them at the worst moment is a fraction."""
    pictures = pa.table({"image": [bytes([number]) * (1 << 20) for number in range(120)]})
    path = tmp_path / "works.parquet"
    parquet.write_table(pictures, path, row_group_size=10, compression="none", use_dictionary=False)
    done = subprocess.run([sys.executable, "-c", MEMORY, path], capture_output=True, text=True, check=True)
    total, most = map(int, done.stdout.split())
    assert total == 120 << 20
    assert most < 40 << 20, f"{most >> 20} MiB"


def test_a_group_of_rows_above_the_bound_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "MOST_GROUP_BYTES", 1000)
    path = _table(tmp_path / "works.parquet", image=[b"x" * 100] * 2 + [bytes(range(250)) * 8] * 3)
    with pytest.raises(FilesUnusable, match="group of rows 0"):
        list(of_parquet(path))


def test_a_name_that_becomes_a_title_is_one_line_that_can_be_shown(tmp_path: Path) -> None:
    """Strangers name files; whoever lists works reads these names on a terminal."""
    names = ["\x1b]0;evil\x07red.jpg", "two\nlines.jpg", "a" * 3000 + ".jpg", "月 moon.jpg"]
    rows = [{"bytes": b"x", "path": name} for name in names]
    of_rows = [offer.title for offer in of_parquet(_table(tmp_path / "works.parquet", image=rows))]
    assert of_rows == ["?]0;evil?red", "two lines", "a" * 200, "月 moon"]
    assert [offer.title for offer in of_files([Path(name) for name in names])] == of_rows
