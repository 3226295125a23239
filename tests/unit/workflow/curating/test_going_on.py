"""Killed, started again, changed in between, in one process or two: the same set comes of the same pictures."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rectoverso.errors import CurationUnusable, OutNotWritable
from rectoverso.verso.curate.iscc import image_bits
from rectoverso.verso.curate.prints import Print
from rectoverso.verso.picture import to_png
from rectoverso.workflow.curate import CurateRequest, curate
from rectoverso.workflow.curating import parts
from rectoverso.workflow.curating.feed import Offer
from rectoverso.workflow.curating.root import Root
from rectoverso.workflow.digests import of_file
from rectoverso.workflow.ledgers import check_ledger
from unit.verso.conftest import encoded, photo
from unit.verso.curate.crawl import beside, iscc_unit
from unit.workflow.curating.sets import (
    HOME,
    SIDE,
    actions,
    cornered,
    finds,
    jpeg_with_secrets,
    lines,
    picture,
    run,
    set_of,
    write,
)
from work import ends_at_white_corner


def test_the_same_source_gives_the_same_set_and_one_entry(tmp_path: Path) -> None:
    write(tmp_path / "pictures", **{f"p{at}": jpeg_with_secrets(photo(at, SIDE)) for at in range(5)})
    first = run(tmp_path / "pictures", tmp_path / "set")
    again = run(tmp_path / "pictures", tmp_path / "set")
    other = run(tmp_path / "pictures", tmp_path / "other")
    assert first.manifest == again.manifest == other.manifest == of_file(tmp_path / "set" / "manifest.jsonl")
    assert (
        first.pictures == again.pictures == other.pictures == of_file(tmp_path / "set" / "pictures.parquet")
    )
    assert first.ledger_index == again.ledger_index == other.ledger_index
    assert check_ledger(HOME[-1]).holds
    (tmp_path / "set" / "pictures.parquet").unlink()
    assert run(tmp_path / "pictures", tmp_path / "set").pictures == first.pictures


def test_a_source_that_changed_is_looked_at_anew(tmp_path: Path) -> None:
    source, out = tmp_path / "pictures", tmp_path / "set"
    write(source, a=to_png(photo(1, SIDE)), b=to_png(photo(2, SIDE)))
    run(source, out)
    beside(source / "b.png", headers={"tdm-reservation": "1"})
    run(source, out)
    assert {name: row["action"] for name, row in lines(out).items()} == {"a": "keep", "b": "drop"}
    assert len(set_of(out)) == 1


def test_two_at_once_are_told_apart_and_foreign_folders_stay_as_they_are(tmp_path: Path) -> None:
    write(tmp_path / "pictures", a=to_png(photo(1, SIDE)))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    with pytest.raises(CurationUnusable):
        run(tmp_path / "pictures", tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["mine.txt"]
    with pytest.raises(CurationUnusable):
        run(tmp_path / "pictures", tmp_path / "pictures" / "set")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutNotWritable):
        run(tmp_path / "pictures", tmp_path / "file")


KILLED = """
import sys
from pathlib import Path
from rectoverso.workflow.curate import CurateRequest, curate
if __name__ == "__main__":
    source, out, home, processes = sys.argv[1:]
    request = CurateRequest(Path(source), Path(out), processes=int(processes), make_eyes={})
    curate(request, Path(home), lambda told: print(told.stage.key, told.done, flush=True))
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_as_if_it_was_not(tmp_path: Path) -> None:
    source = tmp_path / "pictures"
    write(source, **{f"p{at:03d}": jpeg_with_secrets(photo(at, 64)) for at in range(150)})
    write(source, **{f"q{at:03d}": encoded(photo(at, 64), "JPEG", quality=70) for at in range(20)})
    (tmp_path / "killed.py").write_text(KILLED)
    whole = run(source, tmp_path / "whole")
    command = [
        sys.executable,
        str(tmp_path / "killed.py"),
        str(source),
        str(tmp_path / "set"),
        str(tmp_path / "h"),
        "2",
    ]
    for after in (1, 2, 3):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert process.stdout is not None
        for number, _ in enumerate(process.stdout, 1):
            if number == after:
                break
        time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for name in ("manifest.jsonl", "pictures.parquet", "croissant.json"):
        assert (tmp_path / "set" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert of_file(tmp_path / "set" / "manifest.jsonl") == whole.manifest


@pytest.mark.slow
def test_a_picture_that_ends_its_process_is_told_and_costs_no_other(tmp_path: Path) -> None:
    source = tmp_path / "people"
    write(source, **{f"calm{at}": to_png(photo(at, SIDE)) for at in range(12)}, fatal=cornered(99))
    request = CurateRequest(source, tmp_path / "set", processes=2, make_eyes={"faces": ends_at_white_corner})
    curate(request, HOME[-1])
    found = lines(tmp_path / "set")
    assert found.pop("fatal")["reasons"] == [
        {"rule": "unreadable", "action": "drop", "about": "image_stopped"}
    ]
    assert all(row["faces"]["looked"] for row in found.values())


@pytest.mark.slow
def test_two_processes_make_what_one_makes(tmp_path: Path) -> None:
    write(tmp_path / "pictures", **{f"p{at}": jpeg_with_secrets(photo(at, 64)) for at in range(20)})
    one = run(tmp_path / "pictures", tmp_path / "one")
    two = curate(CurateRequest(tmp_path / "pictures", tmp_path / "two", processes=2, make_eyes={}), HOME[-1])
    assert (one.manifest, one.pictures) == (two.manifest, two.pictures)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_laid_beside_a_table_later_is_heard(tmp_path: Path, kind: str) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    write(source / "files", a=picture(1))
    if kind == "csv":
        table, later = source / "t.csv", source / "files" / "robots.txt"
        table.write_text("file\nfiles/a.png\n")
        words = "User-agent: GPTBot\nDisallow: /\n"
    else:
        table, later = source / "t.parquet", source / "declarations.jsonl"
        pq.write_table(pa.table({"image": [picture(1)]}), table)
        words = json.dumps({"iscc": iscc_unit(image_bits(photo(1, SIDE))), "train": "reserved"})
    run(table, out)
    assert [row["action"] for row in lines(out).values()] == ["keep"]
    later.write_text(words)
    run(table, out)
    assert [row["action"] for row in lines(out).values()] == ["drop"]


def test_a_detector_that_comes_later_looks(tmp_path: Path) -> None:
    write(tmp_path / "people", face=cornered(1))
    run(tmp_path / "people", tmp_path / "set", make_eyes={"faces": lambda: None})
    run(tmp_path / "people", tmp_path / "set", make_eyes={"faces": finds})
    assert actions(tmp_path / "set") == {"face": "ask"}


def test_answers_are_kept_and_are_never_written_over(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    write(source, a=picture(1), b=picture(2))
    for name in ("a", "b"):
        beside(source / f"{name}.png", headers={"tdm-reservation": "perhaps"})
    run(source, out)
    table = out / "to-ask.csv"

    def answer(name: str, word: str) -> None:
        rows = list(csv.reader(table.read_text("utf-8").splitlines()))
        rows = [[*row[:3], word, "Anna", ""] if row[1] == name else row for row in rows]
        table.write_text("\n".join(map(",".join, rows)) + "\n", "utf-8")

    answer("a.png", "keep")
    with pytest.raises(CurationUnusable) as error:
        run(source, out)
    assert "to-ask.csv" in str(error.value.facts["reason"])
    run(source, out, answers=table)
    assert actions(out) == {"a": "keep", "b": "ask"}
    answer("b.png", "drop")
    curated = run(source, out, answers=table)
    assert actions(out) == {"a": "keep", "b": "drop"}
    assert curated.answers_unused == 0
    with table.open("a") as file:
        file.write(f"{'0' * 64},gone.png,,keep,Anna,\n")
    assert run(source, out, answers=table).answers_unused == 1


def test_a_part_that_was_never_noted_is_not_joined(tmp_path: Path) -> None:
    """Killed between putting a part there and noting it."""
    source, out = tmp_path / "pictures", tmp_path / "set"
    write(source, a=picture(1), b=picture(2))
    whole = run(source, out)
    (out / "pictures.parquet").unlink()
    parts = out / ".curation" / "parts"
    parts.mkdir()
    (parts / "000000000001.parquet").write_bytes(b"half a part")
    with sqlite3.connect(out / ".curation" / "state.sqlite3") as state:
        state.execute("UPDATE pictures SET written = NULL")
    assert run(source, out).pictures == whole.pictures


def test_small_pictures_of_what_nobody_may_have_do_not_stay(tmp_path: Path) -> None:
    source, out = tmp_path / "pictures", tmp_path / "set"
    write(source, a=picture(1))
    beside(source / "a.png", headers={"tdm-reservation": "1"})
    thumb = Print.of(photo(1, SIDE)).thumb[:64]
    run(source, out)
    for file in (path for path in out.rglob("*") if path.is_file()):
        assert thumb not in file.read_bytes(), file
    assert (out / ".curation").stat().st_mode & 0o077 == 0


def test_the_manifest_covers_what_was_decided_by(tmp_path: Path) -> None:
    write(tmp_path / "pictures", a=picture(1))
    (tmp_path / "rules.toml").write_text('content.text = "ask"')
    plain = run(tmp_path / "pictures", tmp_path / "set")
    ruled = run(tmp_path / "pictures", tmp_path / "other", rules=tmp_path / "rules.toml")
    assert plain.manifest != ruled.manifest
    head = json.loads((tmp_path / "other" / "manifest.jsonl").open(encoding="utf-8").readline())
    assert head["rules"]["content"] == {"text": "ask"}
    result = json.loads((tmp_path / "other" / "curated.json").read_text("utf-8"))
    assert {name: of_file(tmp_path / "other" / name) for name in result["files"]} == result["files"]


def test_where_the_kept_copy_cannot_be_written_another_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "pictures", tmp_path / "set"
    write(source, a=picture(1), b=encoded(photo(1, SIDE), "JPEG", quality=80), c=picture(2))
    clean = parts.clean

    def changed(root: Root, offer: Offer, record: dict[str, Any]) -> tuple[bytes, str]:
        if offer.source == "a.png":
            raise ValueError("it changed while it was curated")
        return clean(root, offer, record)

    monkeypatch.setattr(parts, "clean", changed)
    run(source, out)
    assert actions(out) == {"a": "drop", "b": "keep", "c": "keep"}
    assert lines(out)["a"]["reasons"][0]["about"] == "it changed while it was curated"
    assert [row["title"] for row in set_of(out)] == ["b.jpg", "c.png"]
