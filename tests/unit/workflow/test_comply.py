"""Laws through the door and back: sealed under them, verified, held against them, by the command line too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from authority import authority
from rectoverso.cli.main import main
from rectoverso.errors import BadSetting, UnknownName
from rectoverso.store.home import Home
from rectoverso.types import Decision, Maker, Origin, ReportOutcome
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.verso.screen.fingerprint import NUM_BYTES
from rectoverso.workflow.comply import comply, exit_code
from rectoverso.workflow.keys import init_keys, time_stamp_authority
from rectoverso.workflow.labelling import Asked
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.verify import reports

Picture = Callable[..., Path]
MAKER = Maker("A system", "3.1")


def _sealed(file: Path, home: Path, *laws: str, **more: object) -> Path:
    batch = seal_files([file], file.parent / "out", home, asked=Asked.of(laws), maker=MAKER, **more)
    path = batch.passages[0].path
    assert path is not None, batch.passages[0].asset.reasons
    return path


def test_sealed_under_laws_it_meets_them_and_verifies(home: Path, picture: Picture) -> None:
    path = _sealed(picture("one.png"), home, "cn,us-ca")
    found = list(comply([path], ["cn", "us-ca"]))
    assert exit_code(found) == 0
    (report,) = reports([path], home, [])
    assert (report.outcome, report.laws) == (ReportOutcome.TRUSTED, ("cn", "us-ca"))


def test_without_a_law_it_does_not(home: Path, picture: Picture) -> None:
    path = _sealed(picture("one.png"), home)
    assert exit_code(list(comply([path], ["cn"]))) == 1


def test_the_ledger_names_the_laws(home: Path, picture: Picture) -> None:
    _sealed(picture("one.png"), home, "cn")
    opened = Home.open(home)
    (asset,) = opened.assets.all()
    assert opened.keys is not None
    assert open_ledger(opened, opened.keys).entry(asset.ledger_index)["laws"] == ["cn"]


def test_other_laws_are_another_request(home: Path, picture: Picture) -> None:
    file = picture("one.png")
    paths = {
        _sealed(file, home),
        _sealed(file, home, "cn"),
        _sealed(file, home, "cn,eu"),
        _sealed(file, home, "cn"),
    }
    assert len(paths) == 3


def test_a_small_picture_is_known_with_its_strip_and_without(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    path = _sealed(picture("one.png"), home, "cn")
    pixels = open_picture(path.read_bytes(), "the file")
    assert pixels.shape[0] > 96
    (asset,) = Home.open(home).assets.all()
    assert len(asset.fingerprint) == 2 * NUM_BYTES
    for name, shown in {"whole": pixels, "cut": pixels[:96]}.items():
        copy = tmp_path / f"{name}.png"
        copy.write_bytes(to_png(shown))
        (report,) = reports([copy], home, [])
        assert any(row.key == "verify.evidence.near_asset" for row in report.evidence), name
        assert report.outcome in (ReportOutcome.WATERMARK_ONLY, ReportOutcome.REGISTERED_MATCH)


@pytest.mark.parametrize("law", ["cn", "eu"])
def test_a_labelled_picture_cannot_be_passed_off_as_captured(home: Path, picture: Picture, law: str) -> None:
    path = _sealed(picture("one.png"), home, law)
    again = seal_files([path], path.parent / "again", home, origin=Origin.CAPTURED)
    assert again.passages[0].asset.decision is Decision.HOLD


def test_a_photograph_is_not_labelled_as_made_by_ai(home: Path, picture: Picture) -> None:
    with pytest.raises(BadSetting, match="photograph"):
        _sealed(picture("one.png"), home, "cn", origin=Origin.CAPTURED)
    with pytest.raises(UnknownName):
        Asked.of(["cn,xx"])


def test_an_owner_who_is_no_code_has_to_give_one(tmp_path: Path, home: Path, picture: Picture) -> None:
    init_keys(home, "某公司")
    file = picture("one.png")
    with pytest.raises(BadSetting, match="--producer"):
        seal_files([file], tmp_path / "out", home, asked=Asked.of(["cn"]))
    batch = seal_files([file], tmp_path / "out", home, asked=Asked.of(["cn"], "00119111"))
    assert batch.passages[0].asset.decision is Decision.RELEASE


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def test_the_command(
    tmp_path: Path, home: Path, picture: Picture, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    sealed = (
        "seal",
        picture("one.png"),
        "--out",
        out,
        "--home",
        home,
        "--law",
        "cn",
        "--law",
        "eu",
        "--visible",
    )
    assert _run(*sealed, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["released"]
    assert _run("comply", row["path"], "--law", "cn") == 0
    told = capsys.readouterr().out
    assert "cn, China: 7 met, 0 missing, 3 that no tool can tell" in told
    assert _run("comply", row["path"], "--law", "cn,eu", "--json") == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert [law["complies"] for law in file["laws"]] == [True, False]
    missing = [one["id"] for law in file["laws"] for one in law["clauses"] if one["state"] == "missing"]
    assert missing == ["Code 1.1.1, time-stamp"]


def test_what_the_command_cannot_use(
    tmp_path: Path, picture: Picture, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    assert _run("comply", tmp_path / "none.png") == 2
    assert _run("comply", tmp_path / "text.png") == 3
    assert _run("comply", picture("one.png"), "--law", "xx") == 2
    assert _run("comply") == 2
    capsys.readouterr()
    assert _run("comply", "--list", "--json") == 0
    assert [row["law"] for row in json.loads(capsys.readouterr().out)["laws"]] == ["cn", "eu", "us-ca"]


def test_the_command_speaks_chinese(
    picture: Picture, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "zh")
    assert _run("comply", picture("one.png")) == 1
    assert "文件中没有 AIGC 隐式标识" in capsys.readouterr().out
    assert _run("comply", "--list") == 0
    assert "自 2025-09-01 起施行" in capsys.readouterr().out


def test_stamped_by_an_authority_it_meets_the_laws_of_europe(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    with authority(tmp_path) as stamps:
        time_stamp_authority(home, stamps.url)
        path = _sealed(picture("one.png"), home, "cn,eu", media_type="image/avif")
    assert exit_code(list(comply([path], ["cn", "eu"]))) == 0
