"""What is known against a run is sealed in the home: no file that is deleted or changed opens the door again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn import scenes
from rectoverso.errors import RegisterAltered, RunHeld
from rectoverso.i18n import explain
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.store.home import Home
from rectoverso.types import Decision
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.workflow.generate import generate_images
from rectoverso.workflow.hub import push_run
from rectoverso.workflow.ingrain import ingrain_run
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.replication import FIRST_SEED, RECORD, probe, weights_of
from rectoverso.workflow.standing import AUDIT, AUDIT_FOLDER, REPLICATION, against, note

OTHERS = scenes(1000, 1300)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few pictures are drawn of a run."""
    monkeypatch.setattr("rectoverso.workflow.replication.MOST", 64)


def held(run: Path, home: Path, seed: int = 7) -> bool:
    (passage,) = generate_images(run, home.parent / "out", home, count=1, seed=seed).passages
    return passage.asset.decision is Decision.HOLD


def found(run: Path, home: Path, cause: str, pictures: int, *, fails: bool = True) -> bool:
    opened = Home.open(home)
    return note(opened, open_keys(opened), str(weights_of(run)), cause, fails=fails, pictures=pictures)


def kinds(home: Path) -> list[str]:
    opened = Home.open(home)
    with opened.database.read() as tx:
        entries = opened.log.entries(tx, 0, opened.log.size(tx)).values()
    return [json.loads(entry)["kind"] for entry in entries]


def ordinary(run: Path) -> None:
    """As if it had been trained on other scenes."""
    (run / "fingerprints.npz").unlink()
    Fingerprints.of(OTHERS).save(run / "fingerprints.npz")
    probe(run, Fingerprints.of(OTHERS))


def replicating(run: Path) -> Fingerprints:
    """As if it had been trained on other scenes and on what it draws when it is asked."""
    replicas = np.stack([*RunGenerator(run).sample(range(FIRST_SEED, FIRST_SEED + 12))])
    prints = Fingerprints.of(np.concatenate([OTHERS, replicas]))
    (run / "fingerprints.npz").unlink()
    prints.save(run / "fingerprints.npz")
    return prints


def test_what_was_sealed_stands_without_the_runs_own_files(run: Path, home: Path) -> None:
    ordinary(run)
    assert not held(run, home)
    for cause in (REPLICATION, AUDIT):
        assert found(run, home, cause, 64)
        shutil.rmtree(run / AUDIT_FOLDER, ignore_errors=True)
        (run / RECORD).unlink(missing_ok=True)
        assert held(run, home)  # also the very picture that left before
        assert against(run, weights_of(run), Home.open(home)) == {cause: 64}
        assert not found(run, home, cause, 64, fails=False)
        assert not held(run, home)
    assert [kind for kind in kinds(home) if kind.startswith("run_")] == ["run_held", "run_cleared"] * 2


def test_only_a_test_of_as_many_pictures_clears_it(run: Path, home: Path) -> None:
    assert found(run, home, AUDIT, 500)
    assert found(run, home, AUDIT, 499, fails=False)
    assert found(run, home, AUDIT, 100)
    assert found(run, home, AUDIT, 499, fails=False)
    assert not found(run, home, AUDIT, 500, fails=False)
    assert not found(run, home, REPLICATION, 64, fails=False)
    assert kinds(home).count("run_held") == kinds(home).count("run_cleared") == 1


def test_a_record_that_is_gone_or_of_other_weights_is_asked_for_again_wherever_the_run_goes(
    run: Path, home: Path, tmp_path: Path
) -> None:
    prints = replicating(run)
    probe(run, prints)
    (run / RECORD).unlink()
    assert held(run, home)
    assert json.loads((run / RECORD).read_text())["replicates"]
    (run / RECORD).write_text(json.dumps({"weights": "0" * 64, "replicates": False, "compared": 9}))
    assert held(run, tmp_path / "another")
    # Where it was found, and sealed, no word of the file counts.
    (run / RECORD).write_text(json.dumps({"weights": weights_of(run), "replicates": False, "compared": 9}))
    assert held(run, home)


def test_a_run_that_cannot_be_written_to_is_asked_each_time(
    run: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    replicating(run)
    (run / RECORD).unlink()
    monkeypatch.setattr("rectoverso.workflow.standing.keep", refuse)
    assert held(run, home)
    assert not (run / RECORD).exists()


@pytest.mark.parametrize("change", ["DELETE FROM seals", "put back"])
def test_a_seal_that_is_taken_away_or_put_back_stops_the_door(run: Path, home: Path, change: str) -> None:
    found(run, home, REPLICATION, 8)
    with sqlite3.connect(Home.open(home).database_path) as raw:
        raw.execute("CREATE TABLE old AS SELECT * FROM seals")
    found(run, home, AUDIT, 64)
    with sqlite3.connect(Home.open(home).database_path) as raw:
        raw.execute("DELETE FROM seals")
        if change == "put back":
            raw.execute("INSERT INTO seals SELECT * FROM old")
    with pytest.raises(RegisterAltered):
        held(run, home)


def test_what_an_audit_found_goes_over_to_weights_made_of_these(
    run: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marking a run, or training it a little further, is no way out."""
    monkeypatch.setattr("rectoverso.workflow.ingrain._check_learnt", lambda *_: None)
    monkeypatch.setattr("rectoverso.workflow.ingrain._check", lambda *_: None)
    found(run, home, AUDIT, 640)
    marked = tmp_path / "marked"
    ingrain_run(run, marked, home, images=16)
    assert weights_of(marked) != weights_of(run)
    assert against(marked, weights_of(marked), Home.open(home))[AUDIT] == 640


@pytest.mark.parametrize("by", ["file", "home", "nobody"])
def test_a_run_that_is_held_is_not_shared(run: Path, home: Path, by: str) -> None:
    """By what its files say, by what the home knows when they say nothing, and by asking where nobody does."""
    hub = Sent()
    if by == "home":
        assert found(run, home, AUDIT, 1000, fails=True)
    else:
        probe(run, replicating(run))
    if by == "nobody":
        (run / RECORD).unlink()
    with pytest.raises(RunHeld, match="no door is in between") as told:
        push_run(run, "studio/run", home if by == "home" else None, hub=hub)
    assert told.value.exit_code == 1
    assert "verso audit" in explain(told.value, "zh")
    assert hub.files == {}
    if by == "home":
        push_run(run, "studio/run", None, hub=hub)
        assert hub.files, "whose home knows nothing shares it"


@dataclass
class Sent:
    """A hub that only takes."""

    files: dict[str, object] = field(default_factory=dict)

    def create(self, repository: str, *, private: bool) -> None: ...

    def send(self, repository: str, files: dict[str, Any], message: str) -> str:  # noqa: ARG002
        self.files = files
        return repository

    list = fetch = create
