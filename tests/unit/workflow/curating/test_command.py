"""The command says what became of the pictures, and what it could not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from rectoverso.cli.main import main
from rectoverso.verso.picture import to_png
from rectoverso.workflow import curate as curate_module
from unit.verso.conftest import photo
from unit.verso.curate.crawl import beside
from unit.workflow.curating.sets import SIDE, write


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(curate_module, "EYES", {})
    write(tmp_path / "pictures", a=to_png(photo(1, SIDE)), b=to_png(photo(2, SIDE)))
    beside(tmp_path / "pictures" / "b.png", headers={"content-usage": "train-ai=?"})
    with pytest.raises(SystemExit) as left:
        main(["curate", "pictures", "--out", "set", "--processes", "1", "--home", "home"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert "1 of 2 pictures kept" in told
    assert "to-ask.csv" in told
    assert "not looked for" in told
    with pytest.raises(SystemExit) as left:
        main(["curate", "nowhere", "--out", "set", "--home", "home", "--json"])
    assert left.value.code == 2
