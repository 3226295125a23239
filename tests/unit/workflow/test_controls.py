"""What was asked with controls is decided once, and everything that leaves has passed the door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from command import code_of
from rectoverso.errors import AnimationUnsealed, BadSetting
from rectoverso.recto.sample.controls import Controls, Edit, Layers, Mix, parse_controls
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.store.home import Home
from rectoverso.types import Draft, Finding, Message, Outcome
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.workflow import digests
from rectoverso.workflow.directions import run_directions, show_direction
from rectoverso.workflow.drawing import draft_of_seed, open_generator, request_of
from rectoverso.workflow.generate import generate_images
from rectoverso.workflow.interpolate import animate, interpolate_images
from rectoverso.workflow.invert import fitted, invert_picture
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.verify import reports


def test_a_request_without_controls_is_what_it_was_before_there_were_any(small_run: Path) -> None:
    generator = open_generator(small_run)
    before = digests.of_facts(maker=generator.maker.digest, seed="3", label=None)
    assert request_of(generator, Controls(), seed="3", label=None) == before
    assert request_of(generator, Controls(truncation=0.7), seed="3", label=None) != before


def test_only_what_nobody_steered_is_called_autonomous(run: Path) -> None:
    run_directions(run, count=2)
    generator = open_generator(run)
    (pixels,) = generator.sample([3])

    def oversight(label: int | None = None, **typed: Any) -> str | None:
        return draft_of_seed(generator, 3, label, parse_controls(**typed), pixels).oversight

    assert oversight() == oversight(edits=["0=0"]) == "fully_autonomous"
    assert oversight(edits=["0=1"]) is None
    assert oversight(truncation=0.5) is None
    assert oversight(label=1) is None


def test_each_control_is_a_new_request_and_the_same_ones_are_decided_once(run: Path, home: Path) -> None:
    run_directions(run, count=3)
    asked = [
        {},
        {"truncation": 0.5},
        {"truncation": 0.6},
        {"edits": ["0=1"]},
        {"edits": ["0=2"]},
        {"edits": ["1=1"]},
    ]

    def decide(controls: dict) -> tuple[str, bool]:
        (passage,) = generate_images(
            run, home.parent / "out", home, count=1, seed=5, controls=parse_controls(**controls)
        ).passages
        return passage.asset.id, passage.repeated

    first = [decide(controls) for controls in asked]
    assert not any(repeated for _, repeated in first)
    assert len({asset for asset, _ in first}) == len(asked)
    assert [decide(controls) for controls in asked] == [(asset, True) for asset, _ in first]
    assert decide({"edits": ["0=0"]}) == (first[0][0], True)
    named = run_directions(run, names=["0=thickness"])
    assert named.all[0].name == "thickness"
    assert decide({"edits": ["thickness=1"]}) == (first[3][0], True)


def test_controls_that_the_run_lacks_are_refused_before_a_home_is_made(run: Path, home: Path) -> None:
    for controls in (
        Controls(mixes=(Mix(1, Layers(0, 1)),)),
        Controls(edits=(Edit("0", 1.0),)),
        Controls(truncation=0.0),
    ):
        with pytest.raises(BadSetting):
            generate_images(run, home.parent / "out", home, count=1, controls=controls)
    assert not home.exists()


def test_other_weights_make_kept_directions_unusable(run: Path) -> None:
    run_directions(run)
    kept = json.loads((run / "directions.json").read_text())
    (run / "directions.json").write_text(json.dumps(kept | {"weights": "0" * 64}))
    with pytest.raises(BadSetting, match="earlier weights"):
        RunGenerator(run).painter.check(Controls(edits=(Edit("0", 1.0),)))


def test_more_directions_keep_the_names_that_were_given(run: Path) -> None:
    run_directions(run, count=2, names=["1=slant"])
    assert [one.name for one in run_directions(run, count=4).all] == [
        "direction-0",
        "slant",
        "direction-2",
        "direction-3",
    ]
    assert len(run_directions(run).all) == 4


def test_what_lies_between_seeds_is_released_one_by_one_and_its_sheet_is_trusted(
    run: Path, home: Path
) -> None:
    out = home.parent / "out"
    batch = interpolate_images(run, out, home, seeds=[1, 2, 3], steps=3, label="b")
    assert len(batch.passages) == 6
    released = [passage.path for passage in batch.released]
    assert len(released) >= 2
    assert batch.sheet is not None
    with Image.open(batch.sheet) as sheet:
        assert sheet.size == (3 * 36 + 4, 2 * 36 + 4)
    checked = reports([path for path in (*released, batch.sheet) if path], home, [])
    assert {report.outcome.value for report in checked} == {"trusted"}
    again = interpolate_images(run, out, home, seeds=[1, 2, 3], steps=3, label="b")
    assert all(passage.repeated for passage in again.passages)
    assert again.sheet == batch.sheet
    assert check_ledger(home).counts["released"] == len(released) + 1


def test_a_way_of_one_step_is_refused_before_a_home_is_made(run: Path, home: Path) -> None:
    with pytest.raises(BadSetting, match="--steps"):
        interpolate_images(run, home.parent / "out", home, seeds=[1, 2], steps=1)
    with pytest.raises(BadSetting, match="--frames"):
        animate(run, run / "way.gif", seeds=[1, 2], frames=1)
    assert not home.exists()


def test_kept_directions_of_another_width_are_told_and_can_be_found_again(run: Path) -> None:
    run_directions(run, count=2)
    kept = run / "directions.json"
    facts = json.loads(kept.read_text())
    facts["directions"][1]["vector"].append(0.0)
    kept.write_text(json.dumps(facts))
    with pytest.raises(BadSetting, match=r"directions\.json"):
        run_directions(run)
    kept.unlink()
    run_directions(run, count=2)


def test_a_picture_that_was_not_released_is_blank_on_the_sheet(
    run: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks hold what looks like the second place of the way."""
    plain = SimilarityCheck.examine

    def wary(self: SimilarityCheck, draft: Draft) -> Finding:
        if draft.source == "between-1-and-2-at-0500":
            return Finding("similarity", Outcome.REVIEW, Message("release.parts_passed", {"count": 1}))
        return plain(self, draft)

    monkeypatch.setattr(SimilarityCheck, "examine", wary)
    batch = interpolate_images(run, home.parent / "out", home, seeds=[1, 2], steps=3)
    assert [passage.asset.decision.value for passage in batch.passages][1] == "hold"
    assert batch.sheet is not None
    pixels = open_picture(batch.sheet.read_bytes(), "sheet")
    places = [pixels[4:36, 4 + 36 * column : 36 + 36 * column].astype(int) for column in range(3)]
    assert abs(places[1] - 244).max() < 12  # paper, and its watermark
    assert abs(places[0] - 244).max() > 60


def test_an_animation_stays_in_the_run_and_nowhere_else(run: Path, tmp_path: Path) -> None:
    animate(run, run / "animations" / "way.gif", seeds=[1, 2], frames=5)
    with Image.open(run / "animations" / "way.gif") as image:
        assert image.n_frames == 5
    (run / "link").symlink_to(tmp_path)
    for outside in (tmp_path / "way.gif", run / ".." / "way.gif", run / "link" / "way.gif"):
        with pytest.raises(AnimationUnsealed):
            animate(run, outside, seeds=[1, 2])
    assert not list(tmp_path.glob("*.gif"))


def test_the_command_refuses_an_animation_outside_before_anything_leaves(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["interpolate", run, "--out", tmp_path / "out", "--seeds", "1,2", "--home", tmp_path / "home"]
    assert code_of(*command, "--animation", tmp_path / "way.gif", "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "animation_unsealed"
    assert not (tmp_path / "out").exists()


def test_a_direction_is_shown_by_the_images_that_an_edit_gives(run: Path, home: Path) -> None:
    run_directions(run, count=2)
    out = home.parent / "out"
    batch = show_direction(run, out, home, name="1", seeds=[0, 7], amount=2.0)
    assert len(batch.passages) == 10
    edited = generate_images(run, out, home, count=1, seed=7, controls=parse_controls(edits=["1=-2"]))
    plain = generate_images(run, out, home, count=1, seed=7)
    assert edited.passages[0].asset.id == batch.passages[5].asset.id
    assert plain.passages[0].asset.id == batch.passages[7].asset.id


def test_an_inverted_picture_is_found_decided_and_its_source_stays_where_it_is(run: Path, home: Path) -> None:
    generator = RunGenerator(run)
    assert generator.critic() is not None
    run_directions(run, count=2)
    (target,) = generator.sample([21])
    file = home.parent / "mine.png"
    file.write_bytes(to_png(target))
    out = home.parent / "out"

    def projected(controls: Controls = Controls(), tune: int = 0) -> tuple:  # noqa: B008
        told = invert_picture(run, file, out, home, steps=25, starts=1, tune=tune, controls=controls)
        return told, told.batch.passages[0]

    told, passage = projected()
    assert told.psnr_db > 20
    kept = json.loads(told.code.read_text())
    assert (len(kept["latent"]), kept["weights"]) == (8, generator.maker.digest)
    assert told.code.parent == run / "inversions"
    again, repeated = projected()
    assert (repeated.repeated, repeated.asset.id, again.psnr_db) == (True, passage.asset.id, told.psnr_db)
    _, edited = projected(Controls(edits=(Edit("0", 2.0),)))
    assert edited.asset.id != passage.asset.id
    weights = (run / "weights" / "generator.safetensors").read_bytes()
    tuned, nearer = projected(tune=30)
    assert tuned.psnr_db_before == told.psnr_db != tuned.psnr_db
    assert nearer.asset.id not in (passage.asset.id, edited.asset.id)
    assert tuned.weights.parent == run / "inversions"
    assert (run / "weights" / "generator.safetensors").read_bytes() == weights != tuned.weights.read_bytes()
    assert file.read_bytes() == to_png(target)
    assert all(path.name.startswith("inverted-mine") for path in out.iterdir())


def test_a_picture_is_fitted_on_white_and_from_its_centre() -> None:
    wide = np.zeros((20, 60, 4), np.uint8)
    wide[:, 20:40] = (200, 10, 10, 255)
    assert (fitted(wide, (10, 10), 3) == (200, 10, 10)).all()
    wide[:] = 0
    assert (fitted(wide, (5, 10), 1) == 255).all()
    assert fitted(wide, (5, 10), 1).shape == (10, 5, 1)
    assert (fitted(wide, (5, 10), 4) == 0).all()


def test_commands_answer_with_json(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("directions", run, "--count", 3, "--name", "2=slant", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["space"], [row["name"] for row in told["directions"]][2]) == ("z", "slant")
    home = tmp_path / "home"
    common = ["--out", tmp_path / "out", "--home", home, "--json"]
    code_of("generate", run, "--truncation", 0.6, "--edit", "slant=1.5", *common)
    told = json.loads(capsys.readouterr().out)
    assert sum(len(told[decision]) for decision in ("released", "held", "refused")) == 1
    assert code_of("generate", run, "--mix", "3@0-1", *common) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "bad_setting"
    assert code_of("directions", run, "--show", "slant") == 2
    assert Home.open(home).assets is not None
