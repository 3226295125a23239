"""Training sets and runs of a service: sealed but for the process that works on them, also where that is killed, and
pictures are taken out of them when they are erased.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import stolen
from counter import Counter
from rectoverso.errors import RunExists, RunNotFound
from rectoverso.service.work.turns import take
from rectoverso.store import memory
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job, State
from rectoverso.types import Pixels
from rectoverso.verso.picture import to_png
from rectoverso.workflow import digests, scratch
from rectoverso.workflow.curated import curation_of
from rectoverso.workflow.curating.without import lines_of
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.jobs import keeping
from rectoverso.workflow.jobs.keeping import KeepingRun
from rectoverso.workflow.jobs.kept import (
    PICTURES,
    bring_out,
    demand_data,
    files_of_run,
    open_data,
    run_of,
    set_of,
)
from rectoverso.workflow.jobs.sweep import clear_up, sweep
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.replication import weights_of
from unit.verso.conftest import photo

pytestmark = pytest.mark.usefixtures("quick_trainings")

ANNA, CLASS = "Wilhelmina Ohnesorg", "patients-of-doctor-quill"
TINY = (
    *("batch=8", "nets.latent=8", "nets.generator_width=4", "nets.critic_width=4", "threads=1"),
    *("precision=float32", "milestones=2", "checkpoint_s=0.0001"),
)
TRAIN = {"system": "dcgan", "size": 16, "images": 32, "settings": TINY}
PICTURED = {f"{CLASS}/{number}.png": photo(number, 48) for number in range(5)} | {
    f"{ANNA}/7.png": photo(7, 48),
    f"{ANNA}/portrait-of-jadwiga.png": photo(8, 48),
}


def packed() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, pixels in PICTURED.items():
            archive.writestr(zipfile.ZipInfo(name), to_png(pixels))
    return data.getvalue()


@dataclass
class Served:
    """A service to which a set was sent, and on which a run was trained; ``during`` is a copy of its home as it was in
    the middle of that, as a killed machine leaves it.
    """

    path: Path
    during: Path
    memory: Path
    dataset: str = ""
    secrets: dict[str, bytes] = field(default_factory=dict)

    def open(self) -> Counter:
        return Counter(self.path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("kept")
    told = Served(folder / "home", folder / "during", folder / "memory")
    told.memory.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "MEMORY", told.memory)
        patch.setattr(scratch, "SPARE", 0)
        patch.setattr(keeping, "EVERY_S", 0.0)
        patch.setattr(keeping, "SHARE", 0)
        counter = told.open()
        job = counter.ask("POST", f"/datasets?name={ANNA}&kind=zip", content=packed()).json()
        counter.work_off()
        told.dataset = counter.home.jobs.find(job["id"]).asked["dataset"]  # type: ignore[union-attr]
        _hear(patch, counter.home, told.during)
        train(counter, told.dataset)
        yield told


def _hear(patch: pytest.MonkeyPatch, home: Home, during: Path) -> None:
    """Copy the home once, when a checkpoint was sealed and a later one is written in the open."""
    seal = KeepingRun.seal

    def seals(run: KeepingRun) -> None:
        written = {path.parent.name for path in run.folder.glob("state/*/state.json")}
        kept = {name.split("/")[1] for name in run.kept.names() if name.startswith("state/")}
        if kept and written and kept != written and not during.exists():
            with home.database.transaction():  # so that nobody writes meanwhile
                shutil.copytree(home.path, during, symlinks=True)
        seal(run)

    patch.setattr(KeepingRun, "seal", seals)


def train(counter: Counter, data: str) -> Job:
    asked = counter.ask("POST", "/runs", json={**TRAIN, "data": data, "settings": list(TINY)}).json()
    counter.work_off()
    job = counter.home.jobs.find(asked["id"])
    assert job
    assert job.state is State.DONE, counter.home.jobs.items(job.id)
    return job


def weights(home: Home, job: Job) -> str:
    return str(home.jobs.items(job.id)[0].told["result"]["weights_digest"])


def secrets(pictures: dict[str, Pixels] = PICTURED) -> dict[str, bytes]:
    said = stolen.words(anna=ANNA, folder=CLASS, file="portrait-of-jadwiga", parquet=PICTURES)
    for name, pixels in pictures.items():
        said |= stolen.picture(name, pixels, to_png(pixels)) | {
            f"digest of {name}": digests.of_bytes(to_png(pixels)).encode()
        }
    return said


@pytest.fixture
def home(served: Served, tmp_path: Path) -> Counter:
    return Counter(Path(shutil.copytree(served.path, tmp_path / "home", symlinks=True)))


def runs(home: Home) -> list[Job]:
    return home.jobs.page(9, kind="train")


def plain(home: Home, folder: Path) -> Path:
    """All that a service keeps, as it is."""
    for job in home.jobs.page(9):
        for of in (run_of(job.id), set_of(job.asked.get("dataset", "-"))):
            if (kept := home.folders.find(of)) is not None:
                kept.unseal(folder / of)
    return folder


def last_entry(home: Home) -> bytes:
    with home.database.read() as tx:
        size = home.log.size(tx)
        return home.log.entries(tx, size - 1, size)[size - 1]


def test_neither_at_rest_nor_killed_does_a_home_reveal_what_was_sent_and_learnt(
    served: Served, tmp_path: Path
) -> None:
    samples = plain(Home.open(served.path), tmp_path / "plain")
    (grid, *_) = sorted(samples.glob("runs/*/samples/*.png"), reverse=True)
    seen = secrets() | {f"sample at {at}": grid.read_bytes()[at : at + 16] for at in (60, 200, 400)}
    for path in (served.path, served.during):
        assert stolen.found(stolen.files_of(path), seen) == [], path
    assert {name for name, _, _ in stolen.found(stolen.files_of(samples), seen)} >= {
        *("anna", "folder", "sample at 200"),
        *(f"digest of {name}" for name in PICTURED),
    }, "what is looked for is there once it is opened"


def test_a_killed_training_goes_on_at_what_was_sealed_and_comes_to_the_same(served: Served) -> None:
    stopped = Counter(served.during)
    (left,) = served.during.glob("working/*.lock")
    assert left.with_suffix("").is_symlink()
    clear_up(stopped.home)
    assert not list(served.during.glob("working/*.lock"))
    (job,) = stopped.home.jobs.open()
    kept = stopped.home.folders.find(run_of(job.id))
    assert kept
    assert any(name.startswith("state/") for name in kept.names())
    for turn in stopped.home.jobs.sent(9):
        take(stopped.home, turn)
    assert weights(stopped.home, job) == weights(Home.open(served.path), job)
    assert list(served.memory.iterdir()) == []


def test_an_erased_picture_goes_from_the_set_and_what_learnt_from_it_is_marked(
    home: Counter, served: Served, tmp_path: Path
) -> None:
    name = f"{CLASS}/3.png"
    picture = digests.of_bytes(to_png(PICTURED[name]))
    before = Path(shutil.copytree(home.home.path / "sealed", tmp_path / "copy"))
    (run,) = runs(home.home)
    erased = erase(home.home.path, What.ASSET, picture)
    assert (erased.pictures, erased.sets_lost) == (1, 0)
    assert erased.descent.runs == (weights(home.home, run),)
    assert b'"pictures":1' in last_entry(home.home)
    left = plain(home.home, tmp_path / "plain")
    gone = secrets({name: PICTURED[name]}).keys() - secrets({}).keys()
    wanted = {key: value for key, value in secrets().items() if key in gone}
    assert stolen.found(stolen.files_of(left), wanted) == []
    assert stolen.found(stolen.files_of(left), secrets({"other": PICTURED[f"{CLASS}/2.png"]}))
    files = files_of_run(home.home, run.id)
    assert files
    assert not [one for one in files.names() if one.startswith(("samples/", "state/"))]
    assert files.has("fingerprints.npz")
    assert home.home.folders.find(set_of(served.dataset)), "the set is there"
    shutil.rmtree(home.home.path / "sealed")
    shutil.copytree(before, home.home.path / "sealed")  # a backup of the folder, beside all keys of now
    for of in (set_of(served.dataset), run_of(run.id)):
        kept = home.home.folders.find(of)
        assert kept
        assert not kept.opens()


def test_what_is_trained_afterwards_did_not_learn_from_it(
    home: Counter, served: Served, tmp_path: Path
) -> None:
    erased = erase(home.home.path, What.ASSET, digests.of_bytes(to_png(PICTURED[f"{CLASS}/3.png"])))
    again = home.ask("POST", "/datasets?name=again&kind=zip", content=packed()).json()
    home.work_off()
    item = home.home.jobs.items(again["id"])[0].told["result"]
    assert (item["total"], item["actions"]["keep"]) == (6, 6), "sent again it does not come back"
    first = runs(home.home)[0]
    later = train(home, served.dataset)
    with home.home.database.read() as tx:
        assert home.home.lineage.marked(tx, weights(home.home, first)) == erased.ledger_index
        assert home.home.lineage.marked(tx, weights(home.home, later)) is None
    assert check_ledger(home.home.path).problems == ()
    assert curation_of(open_data(home.home, served.dataset, tmp_path)).notes == (), "its papers bear it out"


def test_with_a_person_go_the_pictures_that_name_them(home: Counter, served: Served, tmp_path: Path) -> None:
    erased = erase(home.home.path, What.PERSON, ANNA)
    assert erased.pictures == 2
    left = plain(home.home, tmp_path / "plain")
    name = f"{ANNA}/7.png"
    assert stolen.found(stolen.files_of(left), stolen.words(anna=ANNA)) == []
    assert (
        stolen.found(stolen.files_of(left), stolen.picture(name, PICTURED[name], to_png(PICTURED[name])))
        == []
    )
    kept = demand_data(home.home, served.dataset)
    assert kept
    assert len(list(lines_of(kept.pieces("curated/manifest.jsonl")))) == 5


def test_what_nobody_has_committed_yet_is_not_swept_meanwhile(home: Counter) -> None:
    with home.home.lock():
        waits = Thread(target=sweep, args=(Home.open(home.home.path),))
        waits.start()
        waits.join(0.2)
        assert waits.is_alive()
    waits.join(60)
    assert not waits.is_alive()


def test_a_set_that_nobody_looked_through_yet_goes_whole(home: Counter) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.png", to_png(photo(99, 48)))
    job = home.ask("POST", "/datasets?name=waits&kind=zip", content=data.getvalue()).json()
    erased = erase(home.home.path, What.ASSET, digests.of_bytes(to_png(photo(99, 48))))
    assert (erased.pictures, erased.sets_lost) == (0, 1)
    home.work_off()
    found = home.home.jobs.items(job["id"])[0]
    assert (found.state, found.told["error"]["code"]) == (State.FAILED, "data_not_found")


def test_a_run_is_brought_out_for_its_owner_without_samples_and_only_where_there_is_nothing(
    home: Counter, tmp_path: Path
) -> None:
    (run,) = runs(home.home)
    bring_out(home.home.path, run.id, tmp_path / "mine")
    assert weights_of(tmp_path / "mine") == weights(home.home, run)
    assert {"run.json", "config.toml", "fingerprints.npz", "card.md"} <= {
        path.name for path in (tmp_path / "mine").iterdir()
    }
    assert not {"samples", "state"} & {path.name for path in (tmp_path / "mine").iterdir()}
    with pytest.raises(RunExists):
        bring_out(home.home.path, run.id, tmp_path / "mine")
    with pytest.raises(RunNotFound):
        bring_out(home.home.path, "../runs", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_what_earlier_versions_left_open_is_sealed(home: Counter, served: Served, tmp_path: Path) -> None:
    (run,) = runs(home.home)
    before = plain(home.home, tmp_path / "plain")
    for kind in ("runs", "datasets"):
        shutil.copytree(before / kind, home.home.path / kind)
    shutil.rmtree(home.home.path / "sealed")
    with home.home.database.transaction() as tx:
        for of in (set_of(served.dataset), run_of(run.id)):
            home.home.folders.destroy(tx, of)
    clear_up(home.home)
    assert stolen.found(stolen.files_of(home.home.path), secrets()) == []
    after = plain(home.home, tmp_path / "after")
    assert {file.relative_to(after) for file in after.rglob("*")} == {
        file.relative_to(before) for file in before.rglob("*")
    }
