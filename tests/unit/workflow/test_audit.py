"""`verso audit`: a run that gives its pictures away is caught, told on a page, and held; an ordinary one is not."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn import scenes
from rectoverso.cli.main import main
from rectoverso.errors import NotComparable
from rectoverso.recto.data.source import open_source
from rectoverso.recto.metrics.score import drawn_batches
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.store.home import Home
from rectoverso.types import Decision, Pixels
from rectoverso.verso.picture import to_png
from rectoverso.workflow.audit import audit_run
from rectoverso.workflow.generate import generate_images
from rectoverso.workflow.hub import shared_files
from rectoverso.workflow.members import AuditRequest
from rectoverso.workflow.standing import AUDIT_FOLDER, AUDIT_RECORD, against

FEW = ("--pictures", "100", "--samples", "200")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pictures and lots will do, and the generator is not followed far."""
    monkeypatch.setattr("rectoverso.verso.audit.exchange.LOTS", 1_999)
    monkeypatch.setattr("rectoverso.workflow.members.FEWEST", 30)
    monkeypatch.setattr("rectoverso.recto.metrics.membership.STEPS", 3)
    monkeypatch.setattr("rectoverso.recto.metrics.membership.POOL", 64)
    monkeypatch.setattr("rectoverso.workflow.replication.MOST", 64)


def folder(path: Path, pictures: list[Pixels]) -> Path:
    """Pictures in the classes that the small run has."""
    for number, pixels in enumerate(pictures):
        file = path / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(to_png(pixels))
    return path


def as_trained_on(run: Path, data: Path) -> None:
    """Let the run say that these are the pictures that it was trained on."""
    config, before = run / "config.toml", RunGenerator(run).maker.data_digest
    after = open_source(str(data), size=(32, 32)).digest
    config.write_text(config.read_text().replace(str(before), after))


@pytest.fixture
def held_out(tmp_path: Path) -> Path:
    return folder(tmp_path / "held-out", list(scenes(2000, 2080)))


@pytest.fixture
def ordinary(run: Path, tmp_path: Path) -> Path:
    """The small run has seen 64 scenes once, and remembers nothing of them."""
    data = folder(tmp_path / "data", list(scenes(0, 80)))
    as_trained_on(run, data)
    return data


@pytest.fixture
def leaking(run: Path, tmp_path: Path) -> tuple[Path, Path]:
    """As if it had learnt by heart: much of what it is said to be trained on is what it draws, and what is held out is
    of the same kind, but it draws none of that when it is asked.
    """
    generator = RunGenerator(run)
    some = open_source(str(folder(tmp_path / "some", list(scenes(0, 2)))), size=(32, 32))
    drawn = np.concatenate([*drawn_batches(generator, some, 240)])
    data = folder(tmp_path / "data", [*drawn[:40], *scenes(0, 60)])
    others = folder(tmp_path / "others", [*drawn[200:], *scenes(2000, 2060)])
    as_trained_on(run, data)
    return data, others


def audited(
    run: Path, data: Path, held_out: Path, home: Path, capsys: Any, *more: str
) -> tuple[int, dict[str, Any]]:
    """The exit code, and what --json prints."""
    asked = ["audit", str(run), "--data", str(data), "--held-out", str(held_out), "--home", str(home), *FEW]
    capsys.readouterr()
    try:
        main([*asked, "--json", *more])
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    return code, json.loads(capsys.readouterr().out)


def kinds(home: Path) -> list[str]:
    opened = Home.open(home)
    with opened.database.read() as tx:
        entries = opened.log.entries(tx, 0, opened.log.size(tx)).values()
    return [json.loads(entry)["kind"] for entry in entries]


def test_an_ordinary_run_passes_and_says_what_that_does_not_prove(
    run: Path, ordinary: Path, held_out: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = audited(run, ordinary, held_out, home, capsys)
    assert (code, told["passed"], told["short"]) == (0, True, [])
    attacks = [one["attack"] for one in told["membership"]["attacks"]]
    assert attacks == ["critic", "inversion", "nearest", "within", "relative"]
    assert told["membership"]["p_value"] >= 0.001
    assert 0 < told["membership"]["would_notice"] < 0.5
    assert told["weak"]
    page = (run / AUDIT_FOLDER / "audit.html").read_text(encoding="utf-8")
    assert "Passed, but little was asked" in page
    assert "no proof of privacy" in page
    assert "no leak was found" not in page
    assert not against(run, told["weights"], Home.open(home))
    assert kinds(home)[-1] == "run_audited"
    for name, words in (("card.md", "Passed: these attacks found no leak"), ("card.zh.md", "未发现泄露")):
        assert (run / name).read_text(encoding="utf-8").count(words) == 1


def test_a_run_that_gives_its_pictures_away_is_caught_and_held(
    run: Path, leaking: tuple[Path, Path], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = audited(run, *leaking, home, capsys)
    assert code == 1
    assert {"replicates", "copies"} <= set(told["short"])
    assert told["kinds"]["p_value"] >= 0.001
    assert kinds(home)[-2:] == ["run_audited", "run_held"]
    for place in (home, home.parent / "another"):  # where it was sealed, and where only its files say so
        (passage,) = generate_images(run, home.parent / "out", place, count=1).passages
        assert passage.asset.decision is Decision.HOLD
    shutil.rmtree(run / AUDIT_FOLDER)
    renamed = run.rename(run.with_name("another-name"))
    (passage,) = generate_images(renamed, home.parent / "out", home, count=1, seed=9).passages
    assert passage.asset.decision is Decision.HOLD
    assert "audit" in " ".join(finding.message.key for finding in passage.findings)


def test_it_is_not_audited_again_until_it_passes(
    run: Path,
    ordinary: Path,
    held_out: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as unlucky:
        unlucky.setattr("rectoverso.verso.audit.audit.LEVEL", 0.999)
        _, told = audited(run, ordinary, held_out, home, capsys)
        assert told["short"] == ["recognises"]
    # More are drawn than fewer are asked about, and the files that were not liked are gone.
    fewer = folder(held_out.with_name("fewer"), list(scenes(2000, 2060)))
    shutil.rmtree(run / AUDIT_FOLDER)
    code, told = audited(run, ordinary, fewer, home, capsys, "--samples", "300")
    assert (code, told["short"]) == (1, ["weaker", "other_pictures"])
    page = (run / AUDIT_FOLDER / "audit.html").read_text(encoding="utf-8")
    assert page.count("it can be told who was trained on (") == 1  # what was said before, with its numbers
    code, told = audited(run, ordinary, held_out, home, capsys, "--samples", "200")
    assert (code, told["passed"], len(told["earlier"])) == (0, True, 2)
    assert not against(run, told["weights"], Home.open(home))
    assert [kind for kind in kinds(home) if kind != "run_audited"][-2:] == ["run_held", "run_cleared"]


def test_a_bar_that_so_few_could_never_show_is_refused_before_anything_is_sealed(
    run: Path, ordinary: Path, held_out: Path, home: Path
) -> None:
    request = AuditRequest(run, str(ordinary), str(held_out), pictures=100, samples=100, most=0.01)
    with pytest.raises(NotComparable, match="lowest bar"):
        audit_run(request, home)
    assert not (run / AUDIT_RECORD).exists()


def test_held_out_pictures_of_another_kind_are_no_audit(
    run: Path, ordinary: Path, home: Path, tmp_path: Path
) -> None:
    """Brighter ones; with them any run would seem to know its members, or could be made to seem not to."""
    brighter = [np.clip(one.astype(int) + 40, 0, 255).astype(np.uint8) for one in scenes(2000, 2080)]
    other = folder(tmp_path / "brighter", brighter)
    request = AuditRequest(run, str(ordinary), str(other), pictures=100, samples=100)
    with pytest.raises(NotComparable, match="another kind"):
        audit_run(request, home)
    assert not (run / AUDIT_RECORD).exists()


def test_the_page_is_whole_in_both_languages_without_scripts_or_network(
    run: Path, leaking: tuple[Path, Path], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, told = audited(run, *leaking, home, capsys)
    for language, name, words in (
        (
            "en",
            "audit.html",
            ("Short of the bar", "does not prove", "No distance to the closest record", "Signature"),
        ),
        ("zh-Hans", "audit.zh.html", ("未达标", "不能证明", "没有“最近记录距离”", "签字")),
    ):
        text = (run / AUDIT_FOLDER / name).read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in text
        assert all(word in text for word in words)
        assert "<script" not in text
        assert oct((run / AUDIT_FOLDER / name).stat().st_mode)[-2:] == "00"
        assert not re.search(r"(src|href)=\"(?!data:|audit)", text)
        assert text.count("data:image/png") >= 16
        assert "{" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        assert told["weights"] in text
    assert (run / AUDIT_FOLDER / "worst.png").read_bytes()[:4] == b"\x89PNG"
    assert not any(name.startswith(AUDIT_FOLDER) for name in shared_files(run))


def test_other_data_or_the_same_pictures_again_are_no_audit(
    run: Path, ordinary: Path, held_out: Path, home: Path
) -> None:
    for data, other in ((held_out, ordinary), (ordinary, ordinary), (ordinary, None)):
        request = AuditRequest(
            run, str(data), None if other is None else str(other), pictures=100, samples=100
        )
        with pytest.raises(NotComparable):
            audit_run(request, home)
    assert not (run / AUDIT_RECORD).exists()
