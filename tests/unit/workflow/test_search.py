"""A part of a registered work is found through the command, held at the door, and shown to people."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import code_of
from rectoverso.errors import (
    BadSetting,
    FilesUnusable,
    HomeMissing,
    ImageNotFound,
    NothingRegistered,
    RegisterAltered,
)
from rectoverso.store.home import Home
from rectoverso.store.rights import State
from rectoverso.types import Decision, Pixels
from rectoverso.verso.picture import to_png
from rectoverso.verso.review.evidence import best_alignment, drawn
from rectoverso.workflow.bulk import screen_many
from rectoverso.workflow.guard import unsafe_accept
from rectoverso.workflow.registry import add_works, claim_works, remove_works
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.search import search_works
from unit.verso.conftest import decoded, photo

SEED = 5


@pytest.fixture
def original(tmp_path: Path, home: Path) -> Path:
    """The file of a registered work; another work is registered as well."""
    for name, seed in (("harbour.png", SEED), ("another.png", SEED + 1)):
        (tmp_path / name).write_bytes(to_png(photo(seed, 240, 320)))
    add_works([tmp_path / "harbour.png", tmp_path / "another.png"], home, owner="A. Painter")
    return tmp_path / "harbour.png"


@pytest.fixture
def crop(tmp_path: Path) -> Path:
    """A mirrored half of the work, as a JPEG."""
    pixels = np.ascontiguousarray(photo(SEED, 240, 320)[30:210, 40:266][:, ::-1])
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80)
    (tmp_path / "crop.jpg").write_bytes(file.getvalue())
    return tmp_path / "crop.jpg"


def _pixels(file: Path) -> Pixels:
    return decoded(file.read_bytes())


def test_the_door_refuses_a_mirrored_crop_and_its_finding_names_the_stages(
    original: Path, crop: Path, home: Path, tmp_path: Path
) -> None:
    (passage,) = seal_files([crop], tmp_path / "out", home).passages
    assert passage.asset.decision is Decision.REFUSE
    finding = next(row for row in passage.asset.findings if row["check"] == "similarity")
    assert finding["evidence"]["work"]["title"] == original.stem
    assert finding["evidence"]["work"]["transformation"]["changes"] == ["mirrored", "cropped"]
    found = {row["stage"]: row["found"] for row in finding["evidence"]["stages"]}
    assert list(found) == ["digest", "hash", "points", "geometry"]
    assert found["digest"] == 0 < found["geometry"]


@pytest.mark.usefixtures("original")
def test_search_says_how_a_part_was_found_in_words_and_in_json(
    crop: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("registry", "search", str(crop), "--home", str(home)) == 1
    told = capsys.readouterr().out
    assert told.startswith("copy ")
    assert "harbour" in told
    assert "points lie alike" in told
    assert f"verso registry search {crop} --evidence DIR --original FILE" in told
    assert "mirrored, cropped to" in told
    assert "infring" not in told
    assert code_of("registry", "search", str(crop), "--home", str(home), "--json") == 1
    plain = json.loads(capsys.readouterr().out)
    assert [match["method"] for match in plain["matches"]] == ["points"]
    assert plain["matches"][0]["transformation"]["of_work"] == pytest.approx(0.53, abs=0.03)
    assert [row["stage"] for row in plain["stages"]] == ["digest", "hash", "points", "geometry"]
    assert plain["evidence"] == []


def test_evidence_is_two_sheets_and_their_facts(
    original: Path, crop: Path, home: Path, tmp_path: Path
) -> None:
    found = search_works(crop, home, evidence=tmp_path / "shown", original=original)
    sheets = {file.name.partition("-")[2]: file for file in found.evidence}
    assert set(sheets) == {"points.png", "overlay.png", "facts.json"}
    beside, overlay = _pixels(sheets["points.png"]), _pixels(sheets["overlay.png"])
    assert min(*beside.shape[:2], *overlay.shape[:2]) > 300
    facts = json.loads(sheets["facts.json"].read_text(encoding="utf-8"))
    assert facts["said"]["en"].startswith("Similarity found")
    assert facts["said"]["zh"].startswith("发现相似")
    assert facts["points"] == found.matches[0].plain()["points"]


def test_evidence_is_told_in_one_line_and_so_is_that_there_is_none(
    original: Path, crop: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--evidence", str(tmp_path / "shown"), "--original", str(original), "--home", str(home))
    assert code_of("registry", "search", str(crop), *asked) == 1
    (shown,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("Similarity"))
    assert shown.index("points.png") < shown.index("overlay.png") < shown.index("facts.json")
    (tmp_path / "stranger.png").write_bytes(to_png(photo(SEED + 50, 240, 320)))
    assert code_of("registry", "search", str(tmp_path / "stranger.png"), *asked) == 0
    assert "was not written" in capsys.readouterr().out


def test_laid_over_the_picture_the_work_differs_little(
    original: Path, crop: Path, home: Path, tmp_path: Path
) -> None:
    """The third panel of the overlay is the difference on white: laid wrongly it would be dark all over."""
    found = search_works(crop, home, evidence=tmp_path / "shown", original=original)
    overlay = _pixels(next(file for file in found.evidence if file.name.endswith("overlay.png")))
    third = overlay[80:-40, -400:-60]
    assert third.mean() > 225


def test_a_picture_found_by_its_hash_has_evidence_too(original: Path, home: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    Image.open(original).resize((200, 150)).save(small)
    found = search_works(small, home, evidence=tmp_path / "shown", original=original)
    assert found.matches[0].plain()["method"] == "detailed"
    assert len(found.evidence) == 3


def test_evidence_needs_the_original_and_the_original_a_place(
    original: Path, crop: Path, home: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadSetting, match="keeps no pictures"):
        search_works(crop, home, evidence=tmp_path / "shown")
    with pytest.raises(BadSetting, match="Give both"):
        search_works(crop, home, original=original)


@pytest.mark.usefixtures("original")
def test_nobody_is_shown_evidence_about_another_picture(crop: Path, home: Path, tmp_path: Path) -> None:
    for other in (tmp_path / "another.png", crop):
        with pytest.raises(FilesUnusable, match="not the file of a work"):
            search_works(crop, home, evidence=tmp_path / "shown", original=other)
    assert not (tmp_path / "shown").exists()


def test_a_picture_that_is_not_there_is_said_so(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ImageNotFound):
        search_works(tmp_path / "none.png", home)


def test_of_a_stranger_nothing_is_drawn(original: Path, home: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.png"
    stranger.write_bytes(to_png(photo(77, 240, 320)))
    found = search_works(stranger, home, evidence=tmp_path / "shown", original=original)
    assert (list(found.matches), found.evidence) == ([], ())
    assert not (tmp_path / "shown").exists()


def test_a_work_registered_before_traces_is_still_compared_whole(
    original: Path, crop: Path, home: Path
) -> None:
    opened = Home.open(home)
    with opened.database.transaction() as tx:
        for work in list(opened.traces):
            opened.traces.remove(tx, work)
    opened.close()
    with pytest.raises(RegisterAltered):  # nobody but their keeper takes traces away
        search_works(crop, home)
    unsafe_accept(home, "as it was before traces were kept")
    assert list(search_works(crop, home).matches) == []
    assert search_works(original, home).matches[0].work.title == original.stem


def test_looking_where_there_is_no_home_makes_none(crop: Path, tmp_path: Path) -> None:
    with pytest.raises(HomeMissing):
        search_works(crop, tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_where_nothing_is_registered_nothing_is_said_to_be_unlike(
    original: Path, crop: Path, home: Path, tmp_path: Path
) -> None:
    claim_works([original.stem, "another"], home, state=State.WITHDRAWN, reason="x")
    with pytest.raises(NothingRegistered):
        screen_many([crop], home, tmp_path / "table.csv")
    remove_works([original.stem, "another"], home)
    with pytest.raises(NothingRegistered):
        search_works(crop, home)
    assert not (tmp_path / "table.csv").exists()


def test_of_a_whole_picture_it_is_told_what_was_done_to_it(
    original: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.rot90(_pixels(original)[:, ::-1])
    (tmp_path / "turned.png").write_bytes(to_png(np.ascontiguousarray(255 - pixels)))
    assert code_of("registry", "search", tmp_path / "turned.png", "--home", home) == 1
    assert "it seems to have been mirrored, turned by 90°, inverted in its tones" in capsys.readouterr().out
    assert code_of("registry", "search", original, "--home", home) == 1
    assert "it seems" not in capsys.readouterr().out


def test_the_sheet_says_that_the_work_was_inverted_before_it_was_laid() -> None:
    work = photo(SEED, 240, 320)
    laid = best_alignment(work, work)
    assert laid is not None
    widths = []
    for one in (laid, replace(laid, inverted=True)):
        overlay = drawn(work, work, one).overlay
        assert overlay is not None
        widths.append(int((overlay[:40] < 128).any(axis=(0, 2)).sum()))
    same, inverted = widths
    assert inverted > same + 15, "(-A) + B and (-A) - B are wider than A + B and A - B"


def test_a_picture_that_is_like_two_works_names_both(
    original: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two claims to one picture: the graver decides, and whoever reads why hears of the other."""
    again = tmp_path / "again.jpg"
    Image.open(original).save(again, quality=95)
    add_works([again], home, title="Mine", owner="Somebody Else", asked="credit")
    Image.open(original).resize((300, 225)).save(tmp_path / "suspect.png")
    asked = ("seal", tmp_path / "suspect.png", "--out", tmp_path / "out", "--home", home)
    assert code_of(*asked) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("refused")
    assert "“harbour” (A. Painter)" in told[0]
    assert told[1].strip() == "similar, too: “Mine” (Somebody Else)"
