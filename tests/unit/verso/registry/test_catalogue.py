"""A catalogue is read whole or refused whole, and everything wrong with it is told at once, by line and column."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rectoverso.errors import BadCatalogue, FilesUnusable
from rectoverso.i18n import explain
from rectoverso.store.rights import Asked
from rectoverso.verso.registry.catalogue import read_catalogue

Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    for name in ("a.png", "b.png", "中 c.png"):
        (tmp_path / name).touch()

    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "works.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def _problems(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(BadCatalogue) as caught:
        read_catalogue(path)
    listing = str(caught.value.facts["listing"])
    found = [
        (int(line), column)
        for line, column in re.findall(r"^- line (\d+)(?:, column (\S+))?: ", listing, re.MULTILINE)
    ]
    assert caught.value.facts["count"] == len(found) == len(listing.splitlines())
    assert explain(caught.value, "zh").count("- 第 ") == len(found)
    return found


def test_works_are_read_in_their_order(written: Written, tmp_path: Path) -> None:
    path = written('file,asked,owner\r\nb.png,review,"Müller, Anna"\r\n\r\n中 c.png,,\r\n')
    first, second = read_catalogue(path)
    assert (first.number, first.file, first.said.owner) == (2, tmp_path / "b.png", "Müller, Anna")
    assert first.said.rights.asked is Asked.REVIEW
    assert (second.number, second.file.name, second.said.rights.asked) == (4, "中 c.png", Asked.BLOCK)


def test_what_spreadsheets_put_before_the_first_letter_is_no_part_of_it(written: Written) -> None:
    assert len(read_catalogue(written("\ufefffile\na.png\n"))) == 1


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_what_stands_between_the_columns_stands_between_all_cells(written: Written, between: str) -> None:
    row = between.join(("a.png", '"One, two; three"', "DE,FR" if between != "," else "DE FR"))
    (line,) = read_catalogue(written(between.join(("file", "title", "territory")) + f"\n{row}\n"))
    assert (line.said.title, line.said.rights.territory) == ("One, two; three", ("DE", "FR"))


def test_a_folder_is_no_picture_and_said_to_be_one(written: Written, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadCatalogue, match="folder is a folder"):
        read_catalogue(written("file\nfolder\n"))


def test_everything_wrong_is_told_at_once_by_line_and_column(written: Written) -> None:
    path = written(
        "file,title,asked,kind,from,until,territory\n"
        "a.png,One,blok,exakt,2020-13-01,soon,Mars\n"
        "missing.png,,,,,,\n"
        ",No file,,,,,\n"
        "b.png,,review\n"
        "中 c.png,,,,2021-01-01,2020-01-01,\n"
        "./a.png,,,,,,\n"
        '"b.png","two\nlines",,,,,\n'
        "b.png,Fine but second,credit,style,,,\n"
    )
    assert _problems(path) == [
        (2, "asked"),
        (2, "kind"),
        (2, "from"),
        (2, "until"),
        (2, "territory"),
        (3, "file"),
        (4, "file"),
        (5, ""),
        (6, "until"),
        (7, "file"),
        (8, "title"),
        (10, "file"),
    ]


@pytest.mark.parametrize(
    ("head", "problems"),
    [
        ("file,license", [(1, "license")]),
        ("title,owner", [(1, "file")]),
        ("file,asked,asked", [(1, "asked"), (1, "asked")]),
        ("file;license", [(1, "license")]),
        ("file,", [(1, "-")]),
    ],
)
def test_a_wrong_first_line_is_told_and_nothing_below_it_is_guessed(
    written: Written, head: str, problems: list[tuple[int, str]]
) -> None:
    assert sorted(set(_problems(written(f"{head}\nnothing.png,x\n")))) == sorted(set(problems))


@pytest.mark.parametrize("text", ['file\n"a.png\nb.png\n', 'file\n"a.png"x\n', f"file\n{'x' * 200_000}\n"])
def test_what_is_no_csv_is_told_by_its_line(written: Written, text: str) -> None:
    assert _problems(written(text)) == [(2, "")]


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [("", "utf-8", "no work"), ("file\n", "utf-8", "no work"), ("file\nü.png\n", "latin-1", "UTF-8")],
)
def test_what_holds_no_works_or_no_utf_8_cannot_be_used(
    tmp_path: Path, text: str, encoding: str, words: str
) -> None:
    path = tmp_path / "works.csv"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(FilesUnusable, match=words):
        read_catalogue(path)


def test_a_catalogue_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with pytest.raises(FilesUnusable, match="No such file"):
        read_catalogue(tmp_path / "works.csv")


@pytest.mark.parametrize(
    ("encoding", "line"), [("gbk", 3), ("latin-1", 3), ("utf-16", 1)], ids=["gbk", "latin-1", "utf-16"]
)
def test_of_another_encoding_the_line_is_told(written: Written, encoding: str, line: int) -> None:
    text = "file,title\na.png,Harbour\nb.png,%s\n" % ("故宫" if encoding != "latin-1" else "Café")
    with pytest.raises(FilesUnusable, match=rf"line {line} .*CSV UTF-8"):
        read_catalogue(written(text, encoding))
