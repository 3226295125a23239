"""A style is registered with several pictures; a draft made like them goes to people, who see the ranking."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rectoverso.cli.main import main
from rectoverso.store.home import Home
from rectoverso.store.rights import State
from rectoverso.types import Decision
from rectoverso.verso.picture import to_png
from rectoverso.verso.registry.refusals import RecordedRefusals
from rectoverso.verso.screen.style import LEAST_PICTURES, SPACE
from rectoverso.workflow.incidents import incidents
from rectoverso.workflow.registry import add_works, claim_works, remove_works
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.search import search_works
from rectoverso.workflow.terms import Terms
from unit.verso.conftest import photo
from unit.verso.screen.test_style import hatched

FILES = 14


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home that has a style. Copy it before changing it."""
    folder = tmp_path_factory.mktemp("style")
    files = [folder / f"hatched-{seed}.png" for seed in range(FILES)]
    for seed, file in enumerate(files):
        file.write_bytes(to_png(hatched(seed)))
    add_works(files, folder / "home", owner="Hatcher", kind="style")
    return folder


@pytest.fixture
def style(registered: Path, home: Path) -> None:
    """A style in the home."""
    shutil.copytree(registered / "home", home)


@pytest.fixture(scope="module")
def near(registered: Path) -> Path:
    """A new picture that the search finds to be made like the style."""
    for seed in range(100, 130):
        file = registered / f"new-{seed}.png"
        file.write_bytes(to_png(hatched(seed)))
        if search_works(file, registered / "home").near_styles:
            return file
    raise AssertionError("none of thirty is near")


@pytest.mark.usefixtures("style")
def test_a_draft_made_like_a_style_is_held_by_the_line_for_styles_and_its_owner_sees_it(
    home: Path, near: Path, tmp_path: Path
) -> None:
    (passage,) = seal_files([near], tmp_path / "out", home).passages
    assert passage.asset.decision is Decision.HOLD
    finding = next(row for row in passage.asset.findings if row["check"] == "style")
    assert finding["outcome"] == "review"
    assert finding["evidence"]["ranking"][0]["owner"] == "Hatcher"
    (row,) = [one for one in incidents(home, owner="Hatcher") if one.typicality is not None]
    assert row.decision == "hold"
    assert row.ruling == "review"


@pytest.mark.usefixtures("style")
def test_what_a_style_held_is_counted_until_its_claim_is_verified(
    home: Path, near: Path, tmp_path: Path
) -> None:
    seal_files([near], tmp_path / "out", home)
    opened = Home.open(home)
    assert RecordedRefusals(opened).held_for_style("Hatcher") == 1
    assert RecordedRefusals(opened).held_for_style("Somebody") == 0
    claim_works([], home, state=State.VERIFIED, reason="seen the originals", owner="Hatcher")
    seal_files([near], tmp_path / "out", home)
    assert RecordedRefusals(opened).held_for_style("Hatcher") == 1


@pytest.mark.usefixtures("style")
def test_a_photograph_is_released_beside_a_registered_style(home: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(to_png(photo(3, 160, 200)))
    (passage,) = seal_files([tmp_path / "photo.png"], tmp_path / "out", home).passages
    assert passage.asset.decision is Decision.RELEASE
    assert [row["check"] for row in passage.asset.findings] == ["similarity", "style", "origin"]


@pytest.mark.usefixtures("style")
def test_search_shows_the_ranking_in_words_and_json(
    home: Path, near: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            main(["registry", "search", str(near), "--home", str(home), *words])
        assert ended.value.code == 1
        told = capsys.readouterr().out
        assert "Hatcher" in told
    assert json.loads(told)["styles"][0]["outcome"] == "review"


def test_registering_too_few_says_how_many_it_takes(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.png").write_bytes(to_png(hatched(1)))
    with pytest.raises(SystemExit):
        main(
            [
                "registry",
                "add",
                str(tmp_path / "one.png"),
                "--kind",
                "style",
                "--owner",
                "H",
                "--home",
                str(home),
            ]
        )
    told = capsys.readouterr().out
    assert f"from {LEAST_PICTURES} on" in told


@pytest.mark.usefixtures("style")
def test_what_is_kept_of_a_style_falls_with_its_works(home: Path) -> None:
    kept = Home.open(home).descriptors.of(SPACE)
    assert len(kept) == FILES
    remove_works([next(iter(kept))], home)
    assert len(Home.open(home).descriptors.of(SPACE)) == FILES - 1


def test_of_a_work_of_another_kind_nothing_is_kept_of_how_it_is_made(tmp_path: Path, home: Path) -> None:
    (tmp_path / "one.png").write_bytes(to_png(photo(1, 160, 200)))
    add_works([tmp_path / "one.png"], home)
    assert Home.open(home).descriptors.of(SPACE) == {}


def test_heritage_has_lines_of_its_own_where_pictures_are_for_art(tmp_path: Path, home: Path) -> None:
    """The same as heritage does not leave; once the claim is disputed, a person decides by the line for heritage."""
    file = tmp_path / "mask.png"
    file.write_bytes(to_png(photo(7, 160, 200)))
    (work,) = add_works([file], home, owner="Village Council", kind="heritage").works
    art = Terms.of("art")
    (refused,) = seal_files([file], tmp_path / "out", home, terms=art).passages
    assert refused.asset.decision is Decision.REFUSE
    assert any("kinds.heritage.block" in line for line in refused.asset.lines)
    claim_works([work.id], home, state=State.DISPUTED, reason="somebody else says so")
    (held,) = seal_files([file], tmp_path / "out", home, terms=art).passages
    assert held.asset.decision is Decision.HOLD
    assert any("kinds.heritage.review" in line for line in held.asset.lines)
