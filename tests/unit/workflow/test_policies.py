"""A home's own policies at the door: found, obeyed, named in the answer, in the ledger and to the reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rectoverso.cli.main import main
from rectoverso.errors import PolicyLoosens, PolicyUnusable, UnknownName
from rectoverso.i18n import catalogue
from rectoverso.store.home import Home
from rectoverso.types import ReportOutcome
from rectoverso.verso.policy import uses
from rectoverso.workflow.ledgers import prove_entry
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.terms import Terms
from rectoverso.workflow.verify import reports

STRICT = """version = 1
extends = "general"

[any]
pass = "hold"
"""
STRICT_CASES = """[[cases]]
name = "whatever it is"
findings = { similarity = "pass" }
decision = "hold"
line = "any.pass"
"""


@pytest.fixture
def policies(home: Path) -> Path:
    folder = home / "policies"
    folder.mkdir(parents=True)
    return folder


def _verso(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out, said.err


def test_every_decision_names_its_line_in_the_answer_and_in_the_ledger(
    home: Path, policies: Path, picture: Callable[..., Path], tmp_path: Path
) -> None:
    (policies / "strict.toml").write_text(STRICT)
    released = seal_files([picture("one.png")], tmp_path / "out", home).plain()["released"][0]
    held = seal_files([picture("one.png")], tmp_path / "out", home, terms=Terms.of("strict")).plain()["held"][
        0
    ]
    assert released["verdict"]["lines"] == ["general@2:any.pass"]
    assert held["verdict"]["lines"] == ["strict@1:any.pass"]
    assert held["verdict"]["use"] == "general"
    assert held["verdict"]["policy"].startswith("strict@1#")
    assert any("line 5: any.pass = hold" in reason["text"] for reason in held["verdict"]["reasons"])
    assert '"lines":["strict@1:any.pass"]' in _entry(home, held["ledger_index"])
    assert '"lines":["general@2:any.pass"]' in _entry(home, released["ledger_index"])


def _entry(home: Path, index: int) -> str:
    opened = Home.open(home)
    with opened.database.read() as tx:
        return opened.log.entries(tx, index, index + 1)[index].decode()


def test_a_mark_that_fails_is_the_doors_own_line(
    home: Path, tmp_path: Path, picture: Callable[..., Path]
) -> None:
    opened = Home.open(home)
    opened.time_stamp_authority = "http://127.0.0.1:9/"
    (held,) = seal_files([picture("one.png")], tmp_path / "out", home).plain()["held"]
    assert held["verdict"]["lines"] == ["door:mark"]
    assert all("lets it go" not in reason["text"] for reason in held["verdict"]["reasons"])


def test_a_file_decides_and_another_use_beside_it_is_refused(
    home: Path, picture: Callable[..., Path], tmp_path: Path
) -> None:
    file = tmp_path / "strict.toml"
    file.write_text(STRICT)
    for use in ("general", "strict"):
        batch = seal_files([picture("one.png")], tmp_path / "out", home, terms=Terms.of(use, policy=file))
        assert batch.held
    with pytest.raises(PolicyUnusable, match="--use says medical"):
        seal_files([picture("one.png")], tmp_path / "out", home, terms=Terms.of("medical", policy=file))


def test_nothing_is_decided_and_no_home_is_made_by_a_policy_that_cannot_be_used(
    home: Path, picture: Callable[..., Path], tmp_path: Path
) -> None:
    file = tmp_path / "lax.toml"
    file.write_text(STRICT.replace('pass = "hold"', 'block = "hold"'))
    with pytest.raises(PolicyLoosens):
        seal_files([picture("one.png")], tmp_path / "out", home, terms=Terms.of(policy=file))
    with pytest.raises(UnknownName):
        seal_files([picture("one.png")], tmp_path / "out", home, terms=Terms.of("strict"))
    assert not home.exists()
    assert not (tmp_path / "out").exists()


def test_a_changed_policy_is_another_question(
    home: Path, policies: Path, picture: Callable[..., Path], tmp_path: Path
) -> None:
    for decision, times in (("hold", 1), ("refuse", 2)):
        (policies / "strict.toml").write_text(STRICT.replace("hold", decision))
        batch = seal_files([picture("one.png")], tmp_path / "out", home, terms=Terms.of("strict"))
        (passage,) = batch.passages
        assert passage.asset.decision == decision, times
        assert not passage.repeated


def test_the_command_lists_shows_and_tests(
    home: Path, policies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (policies / "strict.toml").write_text(STRICT)
    (policies / "broken.toml").write_text("version = 1\n")
    code, out, _ = _verso(capsys, "policy", "list", "--home", str(home), "--json")
    rows = {row["name"]: row for row in json.loads(out)["policies"]}
    assert code == 0
    assert rows["strict"]["use"] == "general"
    assert rows["strict"]["extends"] == ["general@2"]
    assert "extends no other policy" in rows["broken"]["error"]
    assert rows["medical"]["people"] == {"least": 1, "professional": True, "signed": True}

    _, out, _ = _verso(capsys, "policy", "show", "strict", "--home", str(home), "--json")
    lines = {(line["policy"], line["rule"]): line for line in json.loads(out)["lines"]}
    assert lines["strict@1", "any.pass"] == {
        "rule": "any.pass",
        "says": "hold",
        "policy": "strict@1",
        "number": 5,
        "beneath": None,
    }
    assert lines["general@2", "any.pass"]["beneath"] == "strict@1:any.pass"
    assert lines["general@2", "any.block"]["beneath"] is None

    code, out, _ = _verso(capsys, "policy", "test", "strict", "--home", str(home))
    assert code == 1
    assert "no case reaches line 5: any.pass = hold" in out
    (policies / "strict.cases.toml").write_text(STRICT_CASES)
    code, out, _ = _verso(capsys, "policy", "test", "strict", "--home", str(home))
    assert (code, "1 cases" in out) == (0, True)
    (policies / "strict.cases.toml").write_text(STRICT_CASES.replace('"hold"', '"release"'))
    code, out, _ = _verso(capsys, "policy", "test", str(policies / "strict.toml"), "--home", str(home))
    assert code == 1
    assert "- expected release by any.pass" in out
    assert "+ got      hold by strict:any.pass" in out
    code, out, err = _verso(capsys, "policy", "test", "--home", str(home))
    assert code == 2
    assert "broken.toml" in err
    assert "- expected release by any.pass" in out  # the others were run all the same
    assert "medical@" in out
    code, out, _ = _verso(capsys, "policy", "test", "broken", "game", "--home", str(home), "--json")
    broken, game = json.loads(out)["policies"]
    assert (code, broken["policy"], broken["holds"], game["holds"]) == (2, "broken", False, True)


def test_people_read_the_line_in_their_language(
    home: Path,
    picture: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "zh")
    asked = ("seal", str(picture("one.png")), "--out", str(tmp_path / "out"), "--home", str(home))
    _, out, _ = _verso(capsys, *asked, "--use", "medical")
    assert "用于医疗的每张图片都须由专业人员签字" in out
    assert "策略 medical@2，第 15 行：always = hold" in out
    assert catalogue("zh")["cli.hold"] in out


def test_the_ledger_names_lines_that_are_there(
    home: Path, picture: Callable[..., Path], tmp_path: Path
) -> None:
    (refused_or_held,) = seal_files(
        [picture("a.png")], tmp_path / "out", home, terms=Terms.of("medical")
    ).held
    asset = refused_or_held.asset
    assert asset.lines == ["medical@2:required.memorisation", "medical@2:always"]
    assert prove_entry(home, asset.id)[0] == asset.ledger_index


@pytest.mark.parametrize("use", uses())
def test_no_use_lets_a_picture_go_unmarked(
    use: str, home: Path, picture: Callable[..., Path], tmp_path: Path
) -> None:
    batch = seal_files([picture("one.png")], tmp_path / "out", home, terms=Terms.of(use))
    if use in ("medical", "advertising"):
        assert batch.held
        assert not [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
        return
    (passage,) = batch.released
    assert passage.path is not None
    (report,) = reports([passage.path], home, [], ())
    assert report.outcome is ReportOutcome.TRUSTED
    assert report.ai_generated
    assert report.watermark.found
    assert report.label.found


def test_whoever_is_shown_a_policy_is_told_who_lets_a_held_image_go_and_by_which_command(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = _verso(capsys, "policy", "show", "medical", "--home", str(home))
    assert "signed: yes. This is asked for by: verso review" in out
    monkeypatch.setenv("RECTOVERSO_LANG", "zh")
    _, out, _ = _verso(capsys, "policy", "show", "medical", "--home", str(home))
    assert "须签字：是。由 verso review 执行" in out


def test_a_wrong_use_is_told_before_a_run_is_looked_for(home: Path, tmp_path: Path) -> None:
    from rectoverso.workflow.directions import show_direction
    from rectoverso.workflow.dream import DreamRequest, dream_picture
    from rectoverso.workflow.generate import generate_images
    from rectoverso.workflow.interpolate import interpolate_images
    from rectoverso.workflow.invert import invert_picture

    run, out, terms = tmp_path / "no-run", tmp_path / "out", Terms.of("artt")
    for call in (
        lambda: generate_images(run, out, home, count=1, terms=terms),
        lambda: interpolate_images(run, out, home, seeds=[1, 2], terms=terms),
        lambda: show_direction(run, out, home, name="one", seeds=[1], terms=terms),
        lambda: dream_picture(DreamRequest(run), out, home, terms=terms),
        lambda: invert_picture(run, tmp_path / "no.png", out, home, terms=terms),
    ):
        with pytest.raises(UnknownName, match="artt"):
            call()
