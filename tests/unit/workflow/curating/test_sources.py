"""Pictures come from folders, zips and tables, with what lies beside them, and from nowhere else."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rectoverso.errors import DataUnusable
from rectoverso.verso.picture import to_png
from unit.verso.conftest import photo
from unit.verso.curate.crawl import beside
from unit.workflow.curating.sets import SIDE, actions, lines, picture, run, set_of, write


def test_tables_bring_their_columns(tmp_path: Path) -> None:
    pictures = [{"bytes": to_png(photo(at, SIDE)), "path": f"p{at}.png"} for at in range(4)]
    table = pa.table(
        {
            "image": pictures,
            "label": [0, 1, 0, 1],
            "caption": ["one", "two", None, "four"],
            "licence": ["CC0-1.0"] * 3 + [None],
            "url": ["https://a.example/x/1.png", None, None, None],
            "headers": [None, '{"TDM-Reservation": "1"}', None, None],
            "robots_txt": [None, None, "User-agent: CCBot\nDisallow: /", None],
        }
    )
    names = {"info": {"features": {"label": {"names": ["sea", "land"]}}}}
    pq.write_table(
        table.replace_schema_metadata({b"huggingface": json.dumps(names).encode()}), tmp_path / "t.parquet"
    )
    site = tmp_path / "sites" / "a.example"
    site.mkdir(parents=True)
    (site / "tdmrep.json").write_text('[{"location": "/x/", "tdm-reservation": 1}]')
    run(tmp_path / "t.parquet", tmp_path / "set")
    rows = (tmp_path / "set" / "manifest.jsonl").read_text("utf-8").splitlines()[1:]
    assert [json.loads(row)["action"] for row in rows] == ["drop", "drop", "drop", "keep"]
    (kept,) = set_of(tmp_path / "set")
    assert (kept["label"], kept["caption"], kept["title"], kept["licence"]) == (
        "land",
        "four",
        "p3.png",
        None,
    )


def test_a_csv_names_its_pictures(tmp_path: Path) -> None:
    write(tmp_path / "files", a=to_png(photo(1, SIDE)), b=to_png(photo(2, SIDE)))
    (tmp_path / "t.csv").write_text(
        "file,label,licence,ai_txt\nfiles/a.png,x,CC0-1.0,\n"
        'files/b.png,y,,"User-Agent: *\nDisallow: /"\nfiles/c.png,,,\n'
    )
    run(tmp_path / "t.csv", tmp_path / "set")
    assert [row["action"] for row in lines(tmp_path / "set").values()] == ["keep", "drop", "drop"]
    assert [(row["label"], row["licence"]) for row in set_of(tmp_path / "set")] == [("x", "CC0-1.0")]


def test_classes_and_the_files_of_a_mirrored_site(tmp_path: Path) -> None:
    source = tmp_path / "mirror"
    write(source / "open.example" / "sea", a=to_png(photo(1, SIDE)))
    write(source / "closed.example" / "sea", b=to_png(photo(2, SIDE)))
    (source / "closed.example" / "robots.txt").write_text("User-agent: GPTBot\nDisallow: /sea/\n")
    run(source, tmp_path / "set")
    found = lines(tmp_path / "set")
    assert found["a"]["action"] == "keep"
    assert found["a"]["rights"]["label"] == "open.example"
    assert found["b"]["action"] == "drop"
    assert found["b"]["signals"][0]["where"] == "closed.example/robots.txt"


def test_a_host_cannot_lead_out_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
    write(tmp_path / "crawl", a=to_png(photo(1, SIDE)))
    (tmp_path / "crawl" / "sites").mkdir()
    beside(tmp_path / "crawl" / "a.png", url="https://..%2f../x.png")
    run(tmp_path / "crawl", tmp_path / "set")
    assert lines(tmp_path / "set")["a"]["action"] == "keep"


def test_a_zip_is_a_folder(tmp_path: Path) -> None:
    source = tmp_path / "crawl"
    write(source / "sea", a=picture(1))
    write(source / "land", b=picture(2))
    beside(source / "sea" / "a.png", headers={"tdm-reservation": "1"})
    (source / "land" / ".hidden.png").write_bytes(picture(3))
    with zipfile.ZipFile(tmp_path / "crawl.zip", "w") as packed:
        for file in sorted(path for path in source.rglob("*") if path.is_file()):
            packed.write(file, file.relative_to(source))
    folder, zipped = (
        run(one, tmp_path / f"set{at}") for at, one in enumerate((source, tmp_path / "crawl.zip"))
    )
    assert folder.manifest == zipped.manifest
    assert actions(tmp_path / "set1") == {"a": "drop", "b": "keep"}
    assert lines(tmp_path / "set1")["b"]["rights"]["label"] == "land"


def test_a_zip_that_would_lead_outside_or_is_damaged_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as packed:
        packed.writestr("../a.png", picture(1))
    (tmp_path / "broken.zip").write_bytes(b"PK\3\4 and nothing more")
    for name in ("odd.zip", "broken.zip"):
        with pytest.raises(DataUnusable):
            run(tmp_path / name, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_member_of_a_zip_that_is_damaged_is_left_out_with_its_reason(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        packed.writestr("a.png", picture(1))
        packed.writestr("b.png", picture(2))
    data = bytearray((tmp_path / "z.zip").read_bytes())
    data[200] ^= 255
    (tmp_path / "z.zip").write_bytes(data)
    run(tmp_path / "z.zip", tmp_path / "set")
    assert lines(tmp_path / "set")["a"]["reasons"][-1]["about"] == "image_not_found"
    assert actions(tmp_path / "set") == {"a": "drop", "b": "keep"}


def test_links_that_lead_out_are_not_followed_and_are_counted(tmp_path: Path) -> None:
    secret, source = tmp_path / "private", tmp_path / "crawl"
    write(secret, mine=picture(1))
    (secret / "words.json").write_text('{"secret": "SECRET"')
    write(source / "inside", a=picture(2))
    (source / "b.png").symlink_to(secret / "mine.png")
    (source / "nowhere.png").symlink_to(tmp_path / "nothing")
    (source / "folder").symlink_to(secret)
    (source / "again.png").symlink_to("inside/a.png")
    (source / "tdmrep.json").symlink_to(secret / "words.json")
    curated = run(source, tmp_path / "set")
    found = lines(tmp_path / "set")
    assert set(found) == {"again", "a"}
    assert curated.astray == 4
    # What speaks for all of them is there, and says nobody knows what.
    assert found["a"]["broken"] == ["tdmrep.json"]
    assert b"SECRET" not in (tmp_path / "set" / "manifest.jsonl").read_bytes()


@pytest.mark.parametrize(
    "named", ["../private/mine.png", "{private}/mine.png", "", ".", "a\0b.png", "x" * 300 + ".png"]
)
def test_a_table_names_pictures_in_its_folder_and_nowhere_else(tmp_path: Path, named: str) -> None:
    write(tmp_path / "private", mine=picture(1))
    write(tmp_path / "crawl", a=picture(2))
    with (tmp_path / "crawl" / "t.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerows([("file",), ("a.png",), (named.format(private=tmp_path / "private"),)])
    run(tmp_path / "crawl" / "t.csv", tmp_path / "set")
    assert [row["title"] for row in set_of(tmp_path / "set")] == ["a.png"]


def test_odd_names_and_odd_words_end_nothing(tmp_path: Path) -> None:
    source = tmp_path / "crawl"
    write(source, a=picture(1), b=picture(2))
    (source / os.fsdecode(b"caf\xe9.png")).write_bytes(picture(3))
    (source / "a.png.json").write_text(
        '{"title": "half \\ud800", "url": "https://%s.example/x"}' % ("h" * 300)
    )
    (source / "tdmrep.json").write_text('[{"location": "/", "tdm-reservation": 0, "x": "\\ud800"}]')
    run(source, tmp_path / "set")
    assert set(actions(tmp_path / "set").values()) == {"keep"}
    assert {row["title"] for row in set_of(tmp_path / "set")} == {"half ?", "b.png", "caf\\udce9.png"}


def test_a_pipe_among_pictures_is_waited_for_by_nobody(tmp_path: Path) -> None:
    write(tmp_path / "crawl", a=picture(1))
    os.mkfifo(tmp_path / "crawl" / "b.png")
    os.mkfifo(tmp_path / "crawl" / "a.png.json")
    run(tmp_path / "crawl", tmp_path / "set")
    found = lines(tmp_path / "set")
    assert found["a"]["broken"] == ["a.png.json"]
    assert found["b"]["action"] == "drop"


def test_a_parquet_file_as_others_write_it(tmp_path: Path) -> None:
    table = pa.table(
        {
            "image": [picture(at) for at in range(4)],
            "URL": [None, "https://b.example/x", None, None],
            "LICENSE": ["CC0-1.0", None, None, None],
            "headers": [b"tdm-reservation: 1", None, b"x: y", None],
            "consent": [None, None, "denied", "for research"],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    (tmp_path / "sites" / "b.example").mkdir(parents=True)
    (tmp_path / "sites" / "b.example" / "robots.txt").write_text("User-agent: GPTBot/2\nDisallow: /\n")
    run(tmp_path / "t.parquet", tmp_path / "set")
    rows = list(map(json.loads, (tmp_path / "set" / "manifest.jsonl").read_text("utf-8").splitlines()[1:]))
    assert [row["action"] for row in rows] == ["drop", "drop", "drop", "ask"]
    assert rows[0]["rights"]["licence"] == "CC0-1.0"
    assert rows[3]["reasons"][0]["rule"] == "rights.consent_unclear"


def test_every_stated_licence_counts(tmp_path: Path) -> None:
    write(tmp_path / "crawl", a=picture(1))
    (tmp_path / "crawl" / "t.csv").write_text("file,licence\na.png,CC0-1.0\n")
    beside(tmp_path / "crawl" / "a.png", licence="CC-BY-NC-4.0")
    (tmp_path / "rules.toml").write_text('licences."CC-BY-NC*" = "drop"')
    run(tmp_path / "crawl" / "t.csv", tmp_path / "set", rules=tmp_path / "rules.toml")
    found = lines(tmp_path / "set")["a"]
    assert found["licences"] == ["CC0-1.0", "CC-BY-NC-4.0"]
    assert found["action"] == "drop"
