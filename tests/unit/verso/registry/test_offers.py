"""Pictures out of Parquet files: both kinds of columns, every fault told, and never the whole file in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rectoverso.errors import FilesUnusable
from rectoverso.store.rights import Asked, Rights
from rectoverso.verso.registry.columns import Said
from rectoverso.verso.registry.offers import of_parquet

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def _table(path: Path, **columns: Any) -> Path:
    parquet.write_table(pa.table(columns), path, row_group_size=3)
    return path


def test_rows_of_bytes_are_offered_under_the_file_and_their_number(tmp_path: Path) -> None:
    path = _table(tmp_path / "works.parquet", image=[b"one", b"two"], label=[1, 2])
    offers = list(of_parquet(path, Said(owner="Anna", rights=Rights(asked=Asked.REVIEW))))
    assert [offer.data() for offer in offers] == [b"one", b"two"]
    assert [offer.title for offer in offers] == ["works[0]", "works[1]"]
    assert {(offer.owner, offer.rights.asked) for offer in offers} == {("Anna", Asked.REVIEW)}


def test_rows_of_bytes_and_path_are_called_by_their_path(tmp_path: Path) -> None:
    rows = [{"bytes": bytes([n]), "path": f"photos/{n}.jpg" if n else None} for n in range(20)]
    offers = list(of_parquet(_table(tmp_path / "works.parquet", image=rows), Said(title="Suite")))
    assert [offer.data() for offer in offers] == [bytes([n]) for n in range(20)]
    assert [offer.title for offer in offers[:2]] == ["Suite: works[0]", "Suite: 1"]


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
import resource, sys
from pathlib import Path
from rectoverso.verso.registry.offers import of_parquet
import pyarrow.parquet
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
total = sum(len(offer.data()) for offer in of_parquet(Path(sys.argv[1])))
print(total, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_a_group_of_rows_larger_than_the_bound_is_never_in_memory_at_once(tmp_path: Path) -> None:
    """120 pictures of 1 MiB in one group of rows; they pass in a fraction of that."""
    pictures = [bytes([number]) * (1 << 20) for number in range(120)]
    path = tmp_path / "works.parquet"
    parquet.write_table(pa.table({"image": pictures}), path, row_group_size=120, compression="none", use_dictionary=False)
    done = subprocess.run([sys.executable, "-c", MEMORY, path], capture_output=True, text=True, check=True)
    total, grown = map(int, done.stdout.split())
    assert total == 120 << 20
    assert grown < 60 << 20, f"{grown >> 20} MiB"
