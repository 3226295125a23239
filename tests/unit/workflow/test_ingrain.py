"""A run that was ingrained: code that knows nothing of marks draws marked pictures with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from rectoverso.errors import NotFromSeeds, NotIngrained, RunExists
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.types import ReportOutcome
from rectoverso.verso.mark.watermark.ingrained import leaning, together_p_value
from rectoverso.verso.picture import to_png
from rectoverso.verso.verify.together import leaning_together
from rectoverso.verso.verify.verifier import verify_bytes
from rectoverso.workflow.ingrain import Ingrained, ingrain_run
from rectoverso.workflow.replication import RECORD


@pytest.fixture(scope="module")
def ingrained(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Ingrained:
    folder = tmp_path_factory.mktemp("ingrained")
    return ingrain_run(small_run, folder / "run", folder / "home", images=1600)


def test_its_pictures_are_found_together_and_those_before_are_not(ingrained: Ingrained) -> None:
    assert ingrained.png.p_of_all < 1e-6 < ingrained.before.p_of_all
    assert ingrained.png.p_of_ten < ingrained.before.p_of_ten
    assert ingrained.before.found == 0
    assert 15 < ingrained.psnr_db < 60


def test_plain_torch_draws_marked_pictures_with_its_weights(ingrained: Ingrained) -> None:
    generator = RunGenerator(ingrained.run)
    module = generator.recipe.generator(generator.shape).eval()
    module.load_state_dict(safetensors.torch.load_file(ingrained.run / "weights" / "generator.safetensors"))
    with torch.inference_mode():
        z_NZ = torch.randn(60, generator.noise, generator=torch.Generator().manual_seed(3))
        pictures = to_pixels(module(z_NZ, torch.arange(60) % 2))
    votes = [read.vote_K for read in map(leaning, pictures) if read]
    assert together_p_value(votes) < 1e-6
    assert together_p_value(votes, b"another key") > 1e-6

    reports = [verify_bytes(to_png(one)) for one in pictures]
    for report in reports:
        assert (report.outcome is ReportOutcome.WATERMARK_ONLY) == report.ingrained.found
    left_open = [one for one in reports if not one.ingrained.found]
    together = leaning_together(reports)
    assert len(left_open) < 2 or (together and together.found)


def test_its_report_and_cards_say_so(ingrained: Ingrained, small_run: Path) -> None:
    report = json.loads((ingrained.run / "run.json").read_bytes())
    before = json.loads((small_run / "run.json").read_bytes())
    assert report["ingrained"]["key"] == "public"
    assert report["ingrained"]["from"] == before["weights"]["generator.safetensors"]
    assert report["weights"]["generator.safetensors"] == ingrained.weights_digest
    for name, title in (("card.md", "## Ingrained mark"), ("card.zh.md", "## 内生水印")):
        card = (ingrained.run / name).read_text(encoding="utf-8")
        assert title in card
        assert f"| `{ingrained.weights_digest}` |" in card
    assert not (ingrained.run / "state").exists()
    assert (ingrained.run / "fingerprints.npz").read_bytes() == (small_run / "fingerprints.npz").read_bytes()
    assert (ingrained.run / report["sample"]).is_file()


def test_it_is_asked_anew_whether_training_pictures_come_back(ingrained: Ingrained, small_run: Path) -> None:
    """The answer that the run had is of its weights before. Without one, what replicates would no longer be held."""
    assert (small_run / RECORD).is_file()
    assert json.loads((ingrained.run / RECORD).read_bytes())["weights"] == ingrained.weights_digest
    card = (ingrained.run / "card.md").read_text(encoding="utf-8")
    assert card.count("## Training pictures that come back") == card.count("## Ingrained mark") == 1


def test_the_run_itself_stays_as_it_was(ingrained: Ingrained, small_run: Path) -> None:
    (before,), (now,) = (list(RunGenerator(run).sample([7])) for run in (small_run, ingrained.run))
    assert not np.array_equal(before, now)
    assert "ingrained" not in json.loads((small_run / "run.json").read_bytes())


def test_too_little_is_no_mark_and_leaves_nothing(small_run: Path, tmp_path: Path, home: Path) -> None:
    with pytest.raises(NotIngrained, match="did not learn"):
        ingrain_run(small_run, tmp_path / "new", home, images=1)
    assert not list(tmp_path.glob("*new*"))


def test_a_run_that_makes_pictures_from_something_is_refused(
    run: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recipe, "asks", frozenset({"map"}))
    with pytest.raises(NotFromSeeds, match="makes pictures from what it is given"):
        ingrain_run(run, tmp_path / "out", home, images=32)
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_overwritten(run: Path, tmp_path: Path, home: Path) -> None:
    shutil.copytree(run, tmp_path / "taken")
    with pytest.raises(RunExists):
        ingrain_run(run, tmp_path / "taken", home, images=1)
