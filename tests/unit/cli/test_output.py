"""What strangers named cannot repaint the terminal of whoever reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rectoverso.cli.main import main
from rectoverso.cli.output import note, print_error, tell
from rectoverso.errors import BadWorks, WorkNotFound
from rectoverso.verso.picture import to_png
from unit.verso.conftest import photo

EVIL = "a\x1b[2J\x1b[HTrusted\nTrusted\x9b2J"


def test_sentences_hold_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    tell("cli.work_removed", title=EVIL)
    note("cli.work_removed", title=Path(EVIL))
    print_error(WorkNotFound(work=EVIL), as_json=False)
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert "\x9b" not in said.out + said.err
    assert said.out.count("\n") == 1
    assert "a?[2J?[HTrusted Trusted?2J" in said.out


def test_an_error_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(BadWorks(count=2, total=2, listing="- one\n- two"), as_json=False)
    assert "- one\n- two" in capsys.readouterr().err


def test_a_file_with_such_a_name_is_told_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / f"{EVIL}.png"
    file.write_bytes(to_png(photo(1, 64)))
    (tmp_path / f"{EVIL}.jpg").write_bytes(b"no picture")
    names = [str(file), str(file.with_suffix(".jpg")), "--use", "medical"]
    with pytest.raises(SystemExit):
        main(["seal", *names, "--out", str(tmp_path / "out"), "--home", str(tmp_path / "home")])
    said = capsys.readouterr()
    assert "Trusted?2J.png" in said.out
    assert "Trusted?2J.jpg" in said.out
    assert not any(letter in said.out + said.err for letter in "\x1b\x9b")
