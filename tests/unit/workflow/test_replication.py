"""A run that brings its training pictures back: its batches say so, its card does, and its pictures go to people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from drawn import scenes
from rectoverso.cli.main import main
from rectoverso.recto.metrics.score import drawn_batches
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.store.home import Home
from rectoverso.types import Decision
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.workflow.generate import generate_images
from rectoverso.workflow.replication import FIRST_SEED, RECORD, probe, tell_on_cards
from rectoverso.workflow.standing import AUDIT_RECORD, REPLICATION, against

OTHERS = scenes(1000, 1300)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few pictures are drawn of a run."""
    monkeypatch.setattr("rectoverso.workflow.replication.MOST", 64)


def _trained_on(run: Path, seeds: range) -> Fingerprints:
    """As if the run had been trained on other scenes and on what it draws from these seeds."""
    replicas = [RunGenerator(run).sample([seed]) for seed in seeds]
    prints = Fingerprints.of(np.concatenate([OTHERS, *(np.stack(list(one)) for one in replicas)]))
    (run / "fingerprints.npz").unlink()
    prints.save(run / "fingerprints.npz")
    return prints


def _weights(run: Path) -> str:
    return str(RunGenerator(run).maker.digest)


def _is_held(run: Path, weights: str, home: Path) -> bool:
    return REPLICATION in against(run, weights, Home.open(home))


def test_a_batch_of_replicas_is_told_with_its_bound(
    run: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _trained_on(run, range(8))
    (run / RECORD).unlink(missing_ok=True)
    batch = generate_images(run, tmp_path / "out", home, count=8)
    told = batch.plain()["replication"]
    assert told["compared"] == 8
    assert told["suspects"] == [passage.asset.id for passage in batch.passages]
    assert told["replicates"]
    assert told["at_most"] == 1.0
    assert not batch.released
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["generate", str(run), "-n", "8", "--out", str(tmp_path / "out"), "--home", str(home)])
    assert "All 8 together" in capsys.readouterr().out


def test_a_run_that_replicates_is_known_by_its_card_and_every_picture_is_held(
    run: Path, home: Path, tmp_path: Path
) -> None:
    (run / RECORD).unlink(missing_ok=True)
    prints = _trained_on(run, range(FIRST_SEED, FIRST_SEED + 12))
    found = probe(run, prints)
    assert found is not None
    assert found.replicates
    assert len(found.suspects) >= 12
    assert _is_held(run, _weights(run), home)
    for name, words in (("card.md", "This run replicates"), ("card.zh.md", "会重现训练图片")):
        assert words in (run / name).read_text(encoding="utf-8")
    (passage,) = generate_images(run, tmp_path / "out", home, count=1, seed=7).passages
    assert passage.asset.decision is not Decision.RELEASE
    record = json.loads((run / RECORD).read_text())
    assert record["weights"] == _weights(run)
    assert record["replicates"] is True


def test_an_ordinary_run_says_its_bound_once(run: Path, home: Path) -> None:
    (run / "fingerprints.npz").unlink()
    prints = Fingerprints.of(OTHERS)
    for _ in range(2):
        found = probe(run, prints)
        assert found is not None
        assert not found.suspects
        card = (run / "card.md").read_text()
        assert card.count("## Training pictures that come back") == 1
        assert "This run replicates" not in card
        assert "at most" in card
    assert not _is_held(run, _weights(run), home)


@pytest.mark.parametrize(("name", "answer"), [(RECORD, "replicates"), (AUDIT_RECORD, "passed")])
def test_a_record_is_of_its_weights_and_what_cannot_be_read_goes_to_people(
    run: Path, home: Path, name: str, answer: str
) -> None:
    weights, opened = _weights(run), Home.open(home)
    (run / RECORD).unlink()
    (run / name).parent.mkdir(exist_ok=True)
    bad = {"weights": weights, "compared": 7, answer: name == RECORD}
    (run / name).write_text(json.dumps(bad))
    assert list(against(run, weights, opened).values()) == [7]
    assert not against(run, "0" * 64, opened)
    for text in (
        "{",
        "[]",
        json.dumps({"weights": weights}),
        json.dumps(bad | {answer: None, "compared": "-"}),
    ):
        (run / name).write_text(text)
        assert against(run, weights, opened)
    (run / name).write_text(json.dumps(bad | {answer: name != RECORD}))
    assert not against(run, weights, opened)


@pytest.mark.usefixtures("quick_trainings")
def test_pictures_that_were_held_out_are_the_strangers(tmp_path: Path) -> None:
    from rectoverso.workflow.train import TrainRequest, train_run

    settings = ("batch=8", "nets.latent=8", "nets.generator_width=8", "nets.critic_width=4", "held_out=500")
    request = TrainRequest(
        "dcgan", "shapes", tmp_path / "run", size=32, images=8, take=1000, settings=(*settings, "threads=1")
    )
    train_run(request, tmp_path / "home")
    prints = Fingerprints.load(tmp_path / "run" / "fingerprints.npz")
    assert len(prints.features) == 500
    assert 0 < len(prints.strangers) <= 500
    assert Home.open(tmp_path / "home").log is not None
    card = (tmp_path / "run" / "card.md").read_text()
    assert "Training pictures that come back" in card
    assert "by captions" not in card, "its data has some, and it was drawn from seeds"


@pytest.mark.usefixtures("quick_trainings")
def test_a_run_of_captions_is_asked_by_those_of_its_own_pictures(tmp_path: Path) -> None:
    from rectoverso.recto.data.shapes import shapes
    from rectoverso.workflow.train import TrainRequest, train_run

    run, home = tmp_path / "run", tmp_path / "home"
    small = ("batch=8", "nets.codes=16", "nets.code_width=8", "nets.words=300", "nets.prior_width=32")
    more = ("nets.prior_blocks=1", "nets.scorer_width=16", "nets.scorer_blocks=1", "drawing.candidates=2")
    settings = (*small, *more, "stage=0.5", "threads=1")
    train_run(TrainRequest("dalle", "shapes", run, size=16, images=16, take=400, settings=settings), home)
    assert json.loads((run / RECORD).read_text())["compared"] == 64
    assert "by captions of the training pictures" in (run / "card.md").read_text()
    assert "用训练图片自己的描述文字" in (run / "card.zh.md").read_text()
    data = shapes(16, 400)
    drawn = np.concatenate(list(drawn_batches(RunGenerator(run), data, 12)))
    replicas = Fingerprints.of(np.concatenate([OTHERS[:, ::2, ::2], drawn]))
    found = probe(run, replicas, data=data)
    assert found is not None
    assert len(found.suspects) >= 12
    assert probe(run, replicas) is None


def test_a_section_of_a_card_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("# A run\n\n## Limits\n\n- some\n")
    marked = dict.fromkeys(("key", "images", "psnr", "found", "p_of_ten", "before"), "1")
    audit = dict.fromkeys(("date", "p_value", "pictures", "held_out", "drawn", "noticed"), "2")
    tell_on_cards(tmp_path, "card.audit", "card.audit_short", facts=audit)
    tell_on_cards(tmp_path, "card.ingrained", facts=marked)
    before = (tmp_path / "card.md").read_text()
    tell_on_cards(tmp_path, "card.audit", "card.audit_passed", facts=audit)
    card = (tmp_path / "card.md").read_text()
    headings = [line for line in card.splitlines() if line.startswith("#")]
    assert headings == ["# A run", "## Limits", "## Ingrained mark", "## Privacy audit"]
    assert "Short of the bar" in before
    assert "Short of the bar" not in card
    assert card.count("Passed: these attacks found no leak") == 1
