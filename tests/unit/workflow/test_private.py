"""A private run, as `verso train` makes it: what is kept where, and what the ledger says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quick import few_norm_images, forecasts, guess
from rectoverso.errors import BadSetting
from rectoverso.recto.data.digits import digits
from rectoverso.recto.data.shapes import SCENES
from rectoverso.store.home import Home
from rectoverso.workflow.replication import fingerprints_of, record_of
from rectoverso.workflow.train import PUBLISHED, Trained, TrainRequest, train_run

SMALL = (
    "batch=8",
    "nets.latent=8",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "threads=1",
    "milestones=1",
)
BUDGET = "epsilon=10,delta=1e-5"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Path]:
    place = tmp_path_factory.mktemp("private")
    request = TrainRequest(
        "dcgan",
        "digits",
        place / "run",
        "private",
        size=16,
        take=64,
        images=48,
        settings=SMALL,
        private=f"{BUDGET},pictures=60",
    )
    with few_norm_images(), forecasts(by=guess):
        return train_run(request, place / "home"), place


def test_fingerprints_lie_where_nothing_is_given_out_and_are_compared_with(
    trained: tuple[Trained, Path],
) -> None:
    result, _ = trained
    assert result.privacy is not None
    assert 9.9 < result.privacy["epsilon"] <= 10
    assert fingerprints_of(result.run) == result.run / "private" / "fingerprints.npz"
    assert fingerprints_of(result.run).is_file()
    assert (result.run / "private").stat().st_mode & 0o077 == 0
    assert record_of(result.run) == result.run / "private" / "replication.json"
    assert not (result.run / "replication.json").exists()


def test_the_ledger_names_the_data_by_a_keyed_digest(trained: tuple[Trained, Path]) -> None:
    result, place = trained
    home = Home.open(place / "home")
    with home.database.read() as tx:
        entries = home.log.entries(tx, 0, home.log.size(tx)).values()
    (entry,) = (entry for entry in entries if b'"run_trained"' in entry)
    assert str(result.data_digest).encode() not in entry
    config = (result.run / "config.toml").read_text()
    assert str(result.data_digest) not in config
    assert b'"epsilon"' in entry
    assert b'"data_images":60' in entry.replace(b" ", b"")


@pytest.mark.parametrize(
    "asked",
    ["epsilon=1", "delta=1e-5", "epsilon=1,delta=1e-5,images=3", "1", "epsilon=1,delta=1e-5,epsilon=x"],
)
def test_a_budget_that_is_none_is_refused(asked: str, tmp_path: Path) -> None:
    request = TrainRequest("dcgan", "digits", tmp_path / "run", "private", private=asked)
    with pytest.raises(BadSetting):
        train_run(request, tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_how_many_pictures_built_in_data_have_is_published() -> None:
    assert {"digits": len(digits(8)), "shapes": SCENES} == PUBLISHED


def test_the_record_is_json_that_says_what_is_not_told(trained: tuple[Trained, Path]) -> None:
    report = json.loads((trained[0].run / "run.json").read_text())
    assert report["data"]["veiled"] is True
    assert report["privacy"]["labels_protected"] is True
