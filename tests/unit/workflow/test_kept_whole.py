"""Runs and training sets of a service that are erased whole: nothing opens them any more, what descends from them is
named and marked, and nobody loses one that is at work.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import stolen
from command import code_of
from killing import killed_at_lines
from rectoverso.errors import DataNotFound, NothingToErase, RunNotFound, StillInUse
from rectoverso.store import snapshot
from rectoverso.store.address import FILE, SQLITE, VARIABLE
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job, State
from rectoverso.store.postgres import PostgresDatabase
from rectoverso.store.sqlite import SqliteDatabase
from rectoverso.types import Digest, Draft, Finding, Maker, Message, Outcome
from rectoverso.verso.policy import Shelf
from rectoverso.workflow import digests, kept_whole
from rectoverso.workflow import erase as erasing
from rectoverso.workflow.attributions import ATTRIBUTIONS
from rectoverso.workflow.backup.make import back_up
from rectoverso.workflow.backup.restore import RestoreRequest, restore
from rectoverso.workflow.erase import What, erase, erase_in
from rectoverso.workflow.jobs.kept import demand_data, demand_run, run_of, set_of
from rectoverso.workflow.keys import init_keys, open_keys
from rectoverso.workflow.ledgers import check_ledger, open_ledger
from rectoverso.workflow.receipts import check_receipt
from rectoverso.workflow.release import Door, release
from rectoverso.workflow.scratch import scratch
from rectoverso.workflow.verify import reports
from stores import ON_BOTH, Server
from unit.verso.conftest import photo

DATASET, TITLE = "0123456789abcdef", "portrait-of-jadwiga"
PICTURE, MANIFEST, MADE_OF_IT = (digests.of_bytes(name) for name in (b"a picture", b"a manifest", b"marked"))
WEIGHTS_FILE = b"weights that nobody else may have" * 9
WEIGHTS = digests.of_bytes(WEIGHTS_FILE)
SECRETS = {"weights": WEIGHTS_FILE[:33]} | stolen.words(title=TITLE, named="Wilhelmina Ohnesorg")
LINE = {"picture": 0, "digest": PICTURE, "source": "a/7.png", "rights": {"title": TITLE}}
SET = {
    "curated/manifest.jsonl": b"{}\n" + json.dumps(LINE).encode() + b"\n",
    "curated/pictures.parquet": b"rows",
    "told.json": b"{}",
}
RUN = {
    "run.json": b"{}",
    "config.toml": b"",
    "fingerprints.npz": b"prints",
    "weights/generator.safetensors": WEIGHTS_FILE,
    "samples/000000032.png": b"a sample",
    "state/1/state.json": b"{}",
    ATTRIBUTIONS: json.dumps([{"title": TITLE, "owner": "A"}, {"title": "other", "owner": "B"}]).encode(),
}


class Passes:
    name = "similarity"

    def examine(self, _draft: Draft) -> Finding:
        return Finding(self.name, Outcome.PASS, Message("screen.similarity.pass"))


@dataclass
class Kept:
    """A home with a set, a run that learnt from it, and what that released; ``train`` and ``look`` made them."""

    path: Path
    train: str = ""
    look: str = ""

    def open(self) -> Home:
        return Home.open(self.path)


def ended(home: Home, kind: str, asked: dict[str, Any], result: dict[str, Any]) -> str:
    job, _ = home.jobs.add(kind, "anna", {"kind": kind, **asked}, 1, "2026-01-01")
    (turn,) = [turn for turn in home.jobs.unsent(9) if turn.job == job.id]
    assert home.jobs.end(turn, State.DONE, {"result": result})
    return job.id


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("whole")
    kept = Kept(folder / "home")
    init_keys(kept.path)
    home = kept.open()
    name = "Wilhelmina Ohnesorg"
    kept.look = ended(home, "curate", {"name": name, "dataset": DATASET}, {"manifest": MANIFEST})
    asked = {"system": "dcgan", "data": DATASET, "settings": []}
    kept.train = ended(home, "train", asked, {"weights_digest": WEIGHTS})
    for of, files in ((set_of(DATASET), SET), (run_of(kept.train), RUN)):
        for file, data in files.items():
            home.folders.made(of).write(file, data)
    ledger = open_ledger(home, open_keys(home))
    with home.database.transaction() as tx:
        home.lineage.keep(tx, MANIFEST, [PICTURE])
        ledger.append(tx, "run_trained", {"run": WEIGHTS, "manifests": [MANIFEST]})
        ledger.append(tx, "run_ingrained", {"run": MADE_OF_IT, "from": WEIGHTS})
    door = Door(home, open_keys(home), lambda _works: [Passes()], Shelf().policy("general"))
    drafts = [
        Draft(photo(seed, 64), digests.of_facts(seed=seed), Maker("run", "1", weights), seed=seed)
        for seed, weights in ((1, WEIGHTS), (2, MADE_OF_IT), (3, digests.of_bytes(b"another run")))
    ]
    assert len(list(release(drafts, door, folder / "out"))) == 3
    home.close()
    return kept


@pytest.fixture(scope="module")
def records(template: Kept, postgres: Server) -> str:
    """The name of a server's database with the same records."""
    name = postgres.database()
    file = SqliteDatabase(template.path / SQLITE)
    server = PostgresDatabase(sa.make_url(postgres.url(name)), home=template.path)
    snapshot.put(file, server)
    file.close()
    server.close()
    return name


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def kept(kind: str, template: Kept, tmp_path: Path, request: pytest.FixtureRequest) -> Kept:
    copied = Path(shutil.copytree(template.path.parent, tmp_path / "kept")) / "home"
    if kind == "postgres":
        server: Server = request.getfixturevalue("postgres")
        for file in copied.glob(f"{SQLITE}*"):
            file.unlink()
        name = server.database(request.getfixturevalue("records"))
        (copied / FILE).write_text(server.url(name))
    return Kept(copied, template.train, template.look)


@pytest.fixture
def home(kept: Kept) -> Iterator[Home]:
    opened = kept.open()
    yield opened
    opened.close()


def descends(kept: Kept) -> list[bool]:
    """Of each released picture whether verification says that its run descends from what was erased."""
    files = sorted((kept.path.parent / "out").glob("*.png"), key=lambda file: file.stat().st_mtime_ns)
    evidence = [
        {row.key for row in report.ledger.evidence}
        for report in reports(files, kept.path, [])
        if report.ledger
    ]
    return sorted("verify.evidence.descends" in keys for keys in evidence)


def entries(home: Home) -> list[dict[str, Any]]:
    with home.database.read() as tx:
        found = [json.loads(body) for body in home.log.entries(tx, 0, home.log.size(tx)).values()]
    return [entry for entry in found if entry["kind"] == "erased"]


def everything(kept: Kept) -> list[tuple[str, bytes]]:
    """What somebody with all the keys gets to see of what a service keeps, and what lies in the home."""
    home = kept.open()
    found = list(stolen.files_of(kept.path))
    for of in (set_of(DATASET), run_of(kept.train)):
        if (folder := home.folders.find(of)) is not None:
            found += [(name, name.encode() + folder.read(name)) for name in folder.names()]
    with home.database.read() as tx:
        jobs = home.jobs.all(tx)
        found += [(job.id, repr((job, home.jobs.told(tx, job.id))).encode()) for job in jobs]
    home.close()
    return found


@ON_BOTH
def test_an_erased_run_opens_for_nobody_and_what_descends_from_it_is_named(
    kept: Kept, home: Home, tmp_path: Path
) -> None:
    before = Path(shutil.copytree(home.path / "sealed", tmp_path / "copy"))
    assert stolen.found(everything(kept), SECRETS)
    erased = erase(kept.path, What.RUN, kept.train)
    assert (erased.keys, erased.jobs) == (2, 1)
    assert erased.descent.runs == tuple(sorted({WEIGHTS, MADE_OF_IT}))
    assert len(erased.descent.releases) == 2
    assert descends(kept) == [False, True, True]
    with pytest.raises(RunNotFound):
        demand_run(home, kept.train)
    assert home.jobs.find(kept.train) is None
    assert stolen.found(everything(kept), {"weights": SECRETS["weights"]}) == []
    assert demand_data(home, DATASET), "the set is another matter"
    shutil.rmtree(home.path / "sealed")
    shutil.copytree(before, home.path / "sealed")  # a backup of the folder, beside all keys of now
    assert home.folders.find(run_of(kept.train)) is None
    assert check_ledger(kept.path).problems == ()


@ON_BOTH
def test_an_erased_set_opens_for_nobody_and_the_run_that_learnt_from_it_stays_without_what_shows_it(
    kept: Kept, home: Home
) -> None:
    erased = erase(kept.path, What.DATASET, DATASET.upper())
    assert (erased.descent.sets, erased.jobs) == ((MANIFEST,), 1)
    assert erased.descent.runs == tuple(sorted({WEIGHTS, MADE_OF_IT}))
    assert descends(kept) == [False, True, True]
    with pytest.raises(DataNotFound):
        demand_data(home, DATASET)
    run = home.folders.find(run_of(kept.train))
    assert run
    assert set(run.names()) == {name for name in RUN if not name.startswith(("samples/", "state/"))}
    assert [row["title"] for row in json.loads(run.read(ATTRIBUTIONS))] == ["", "other"]
    assert stolen.found(everything(kept), {"title": SECRETS["title"], "named": SECRETS["named"]}) == []
    assert check_ledger(kept.path).problems == ()


@ON_BOTH
def test_what_was_erased_whole_does_not_come_back_from_a_backup(
    kept: Kept, kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipts are those of the home it was erased in, also where the records are put on another server."""
    back_up(kept.path, tmp_path / "backup", None)
    for what, name in ((What.RUN, kept.train), (What.DATASET, DATASET)):
        erase(kept.path, what, name).receipt.write(tmp_path / f"{what}.json")
    receipts = sorted(tmp_path.glob("*.json"))
    if kind == "postgres":
        server: Server = request.getfixturevalue("postgres")
        monkeypatch.setenv(VARIABLE, server.url(server.database()))
    asked = RestoreRequest(tmp_path / "backup", keys=kept.path / "keys", erased=receipts)
    restored = restore(kept.path.with_name("again"), asked)
    assert (restored.erased, restored.problems) == (2, ())
    again = Kept(kept.path.with_name("again"), kept.train, kept.look)
    assert stolen.found(everything(again), SECRETS) == []
    assert descends(again) == [False, True, True]
    assert check_ledger(again.path).problems == ()
    assert erase(again.path, What.RUN, kept.train).repeated


def test_who_asks_for_a_picture_of_an_erased_set_is_still_told_what_learnt_from_it(kept: Kept) -> None:
    erase(kept.path, What.DATASET, DATASET)
    assert erase(kept.path, What.ASSET, PICTURE).descent.runs == tuple(sorted({WEIGHTS, MADE_OF_IT}))


@ON_BOTH
def test_the_receipt_holds_and_is_given_again(kept: Kept, tmp_path: Path) -> None:
    first, again = (erase(kept.path, What.RUN, kept.train) for _ in range(2))
    assert (again.repeated, again.receipt) == (True, first.receipt)
    first.receipt.write(tmp_path / "receipt.json")
    assert (tmp_path / "receipt.json").stat().st_mode & 0o077 == 0  # it says whom it is about
    read = check_receipt(tmp_path / "receipt.json", [], kept.path)
    assert (read.holds, read.subject) == (True, f"run {kept.train}")


def test_the_command_says_what_it_did_and_what_it_did_not_do(
    kept: Kept, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = home.jobs.add("generate", "anna", {"kind": "generate", "run": kept.train}, 1, "2026-01-01")[0]
    command = ("erase", "--run", kept.train, "--home", kept.path, "--receipt", tmp_path / "r.json")
    assert code_of(*command) == 3
    assert job.id in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()
    home.jobs.cancel(job.id)
    assert code_of(*command, "--dataset", DATASET) == 2
    capsys.readouterr()
    assert code_of(*command, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["jobs"], WEIGHTS in told["runs"], len(told["releases"])) == (1, True, 2)
    assert code_of("ledger", "check", "--receipt", tmp_path / "r.json", "--home", kept.path) == 0


@pytest.mark.parametrize(
    ("kind", "asked", "what"),
    [
        ("train", {"data": "shapes", "data_b": DATASET}, What.DATASET),
        ("train", {"data": "shapes", "settings": ["perception.network={run}"]}, What.RUN),
        ("generate", {"run": "{run}"}, What.RUN),
        ("curate", {"dataset": DATASET}, What.DATASET),
    ],
)
def test_as_long_as_an_order_works_with_it_it_is_not_erased(
    kept: Kept, home: Home, kind: str, asked: dict[str, Any], what: What
) -> None:
    told = json.loads(json.dumps(asked).replace("{run}", kept.train))
    job: Job = home.jobs.add(kind, "anna", {"kind": kind, "name": "x", **told}, 1, "2026-01-01")[0]
    name = kept.train if what is What.RUN else DATASET
    with pytest.raises(StillInUse, match=job.id):
        erase(kept.path, what, name)
    assert entries(home) == []
    home.jobs.cancel(job.id)
    assert erase(kept.path, what, name).descent.runs


def test_of_a_backup_from_the_midst_of_a_training_it_goes_too(kept: Kept, home: Home) -> None:
    """Nobody works on what is put back."""
    home.jobs.add("generate", "anna", {"kind": "generate", "run": kept.train}, 1, "2026-01-01")
    assert erase_in(home, What.RUN, kept.train, is_served=False).descent.runs
    with pytest.raises(RunNotFound):
        demand_run(home, kept.train)


def test_what_a_killed_worker_left_in_the_open_goes_with_it(kept: Kept, home: Home) -> None:
    process = os.fork()
    if process == 0:
        with scratch(home, kept.train) as folder:
            (folder / "weights").write_bytes(WEIGHTS_FILE)
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(process, 0)
    assert list(home.working_path.glob("*/weights"))
    erase(kept.path, What.RUN, kept.train)
    assert list(home.working_path.glob("*/weights")) == []


@pytest.mark.parametrize("name", ["demo", "digits", "../runs", "f" * 16])
def test_what_the_service_does_not_keep_is_not_erased(kept: Kept, name: str) -> None:
    for what in (What.RUN, What.DATASET):
        with pytest.raises(NothingToErase):
            erase(kept.path, what, name)


@pytest.mark.parametrize(
    ("what", "every"),
    [
        (What.RUN, 24),
        pytest.param(What.RUN, 2, marks=pytest.mark.slow),
        pytest.param(What.DATASET, 2, marks=pytest.mark.slow),
    ],
)
def test_killed_anywhere_and_started_again_it_ends_once(
    kept: Kept, tmp_path: Path, what: What, every: int
) -> None:
    """At one in so many of its lines; in between it is there as it was, or gone."""
    name = kept.train if what is What.RUN else DATASET
    tried = Kept(tmp_path / "tried" / "home", kept.train, kept.look)
    of = run_of(name) if what is What.RUN else set_of(name)
    done = []
    watched = (erasing.erase_in, erasing._erase, kept_whole.destroy)
    for _ in killed_at_lines(lambda: erase(_fresh(kept, tried), what, name), *watched, every=every):
        home = tried.open()
        found = home.folders.find(of)
        is_there = found is not None and set(found.names()) == set(RUN if what is What.RUN else SET)
        assert is_there is (entries(home) == [])
        home.close()
        done.append(erase(tried.path, what, name))
        home = tried.open()
        assert len(entries(home)) == 1
        assert home.folders.find(of) is None
        assert len([path for path in (home.path / "sealed").iterdir() if path.is_dir()]) == 1
        home.close()
    assert len(done) > 2
    assert {one.repeated for one in done} == {False, True}
    assert check_ledger(tried.path).problems == ()


def _fresh(kept: Kept, tried: Kept) -> Path:
    shutil.rmtree(tried.path.parent, ignore_errors=True)
    shutil.copytree(kept.path.parent, tried.path.parent)
    return tried.path


def test_the_digest_of_unfinished_weights_is_known_too(kept: Kept, home: Home) -> None:
    """Of a training that was cancelled, and had drawn."""
    job, _ = home.jobs.add("train", "anna", {"kind": "train", "data": "shapes"}, 1, "2026-01-01")
    home.jobs.cancel(job.id)
    home.folders.made(run_of(job.id)).write("weights/generator.safetensors", WEIGHTS_FILE)
    assert Digest(WEIGHTS) in erase(kept.path, What.RUN, job.id).descent.runs
