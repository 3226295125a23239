"""`verso evaluate` from a run and data to numbers that are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rectoverso.cli.main import main
from rectoverso.errors import NotComparable, UnknownName, WeightsMissing
from rectoverso.i18n import explain
from rectoverso.recto.data.source import Dataset, open_source
from rectoverso.recto.metrics import proxy_training
from rectoverso.recto.metrics.quick import quick_score
from rectoverso.recto.metrics.score import score_run
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.status import Status
from rectoverso.workflow.evaluate import EvaluateRequest, evaluate_run
from rectoverso.workflow.progress import Progress
from rectoverso.workflow.train import TrainRequest, train_run

pytestmark = pytest.mark.usefixtures("quick_trainings", "short_lessons")

TINY = (
    "batch=8",
    "nets.latent=8",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "precision=float32",
    "threads=1",
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Thirty-two small pictures of two classes, dark and light."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for place in range(32):
        name = ("dark", "light")[place % 2]
        (folder / name).mkdir(exist_ok=True)
        pixels = rng.integers(0, 100, (16, 16, 3)) + 150 * (place % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{place}.png")
    return str(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: str) -> Path:
    place = tmp_path_factory.mktemp("runs") / "run"
    train(with_settings(recipe("dcgan", "default"), TINY), open_source(data, size=16), place, images=8)
    return place


def test_a_run_is_measured_and_the_numbers_are_kept(run: Path, data: str, tmp_path: Path) -> None:
    heard: list[Progress] = []
    request = EvaluateRequest(run=run, data=data, samples=24)
    evaluated = evaluate_run(request, tmp_path / "home", heard.append)
    assert json.loads((run / "scores.json").read_text()) == evaluated.plain()
    assert {progress.stage.key for progress in heard} >= {"progress.learning_features", "progress.measuring"}
    assert len(list((tmp_path / "home" / "features").glob("proxy-*.safetensors"))) == 1
    heard.clear()
    assert evaluate_run(request, tmp_path / "home", heard.append) == evaluated
    assert "progress.learning_features" not in {progress.stage.key for progress in heard}


def test_json_is_one_object_with_protocol_digests_and_intervals(
    run: Path, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["evaluate", str(run), "--data", data, "--samples", "24", "--home", str(tmp_path), "--json"])
    assert not left.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["samples"] == 24
    assert told["data"]["digest"] == open_source(data, size=16).digest
    assert {"proxy-FID", "proxy-KID", "proxy-precision", "proxy-coverage", "proxy-IS", "proxy-PPL-z"} <= set(
        told["scores"]
    )
    assert set(told["scores"]["proxy-FID"]) == {"value", "low", "high", "interval"}


def test_a_part_of_the_data_is_the_part_that_training_takes(
    run: Path, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["evaluate", str(run), "--data", data, "--take", "16", "--samples", "16"]
    with pytest.raises(SystemExit) as left:
        main([*asked, "--home", str(tmp_path), "--json"])
    assert not left.value.code
    told = json.loads(capsys.readouterr().out)["data"]
    assert told["digest"] == open_source(data, size=16, take=16).digest
    assert told["digest"] != open_source(data, size=16).digest


@pytest.mark.parametrize(
    ("language", "words"), [("en", "compare with no paper"), ("zh", "不能与任何论文比较")]
)
def test_people_are_told_that_proxy_numbers_compare_with_no_paper(
    language: str,
    words: str,
    run: Path,
    data: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", language)
    with pytest.raises(SystemExit):
        main(["evaluate", str(run), "--data", data, "--samples", "24", "--home", str(tmp_path)])
    out = capsys.readouterr().out
    assert "proxy-FID" in out
    assert words in out


def test_too_few_samples_are_told_in_words(run: Path, data: str, tmp_path: Path) -> None:
    with pytest.raises(NotComparable, match="5 pictures") as caught:
        evaluate_run(EvaluateRequest(run=run, data=data, samples=5), tmp_path)
    assert "5 张" in explain(caught.value, "zh")


def test_features_that_do_not_exist_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="proxy, inception"):
        evaluate_run(EvaluateRequest(run=tmp_path, data="nowhere", features="vgg"), tmp_path)


def test_inception_without_weights_is_refused_and_nothing_is_downloaded(
    run: Path, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECTOVERSO_INCEPTION", str(tmp_path / "none.pth"))
    with pytest.raises(WeightsMissing, match="nothing is downloaded"):
        evaluate_run(EvaluateRequest(run=run, data=data, features="inception", samples=24), tmp_path)


def test_a_training_after_an_evaluation_scores_its_milestones(run: Path, data: str, tmp_path: Path) -> None:
    """By features that are there already; a training never teaches any."""
    home = tmp_path / "home"
    settings = (*TINY, "milestones=2")
    before = TrainRequest("dcgan", data, tmp_path / "before", size=16, images=16, settings=settings)
    train_run(before, home)
    assert not (home / "features").exists()
    evaluate_run(EvaluateRequest(run, data, samples=16), home)
    names = {path.name.partition(".")[2] for path in (home / "features").iterdir()}
    assert names == {"safetensors", "gaussian"}
    heard: list[Status] = []
    after = TrainRequest("dcgan", data, tmp_path / "after", size=16, images=16, settings=settings)
    train_run(after, home, on_status=heard.append)
    assert "proxy-FID-1000" in heard[-1].readings
    weights = [tmp_path / name / "weights" / "generator.safetensors" for name in ("before", "after")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_the_quick_score_is_the_distance_of_the_first_thousand(run: Path, data: str, tmp_path: Path) -> None:
    """The same latents and labels as in an evaluation, against all pictures, from a kept Gaussian or a new one."""
    dataset = open_source(data, size=16)
    features = proxy_training.proxy_features(dataset, tmp_path)
    generator = RunGenerator(run)
    scores = [quick_score(dataset, generator.recipe, tmp_path) for _ in range(2)]
    assert scores[0] is not None
    assert scores[1] is not None
    (value,) = scores[0](generator.module).values()
    assert scores[1](generator.module) == {"proxy-FID-1000": value}
    whole = score_run(generator, dataset, features, samples=1000)
    assert value == pytest.approx(whole.value("proxy-FID"))
    other = Dataset("other", 255 - dataset.images, dataset.labels, dataset.classes)
    assert quick_score(other, generator.recipe, tmp_path) is None
