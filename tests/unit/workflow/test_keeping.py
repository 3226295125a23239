"""A curation of a service that is killed or stopped goes on with what it has seen, which is sealed as all it has is."""

from __future__ import annotations

import io
import os
import shutil
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest

import stolen
from rectoverso.errors import MemoryShort
from rectoverso.service.work.turns import take
from rectoverso.store.home import Home
from rectoverso.store.jobs import State, Turn
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.workflow import curate, digests, scratch
from rectoverso.workflow.curated import MANIFEST
from rectoverso.workflow.curating import look
from rectoverso.workflow.curating.look import Looker
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.jobs import keeping
from rectoverso.workflow.jobs.asked import CurateAsked
from rectoverso.workflow.jobs.keeping import LOOKED
from rectoverso.workflow.jobs.kept import CURATED, TOLD, set_of
from rectoverso.workflow.jobs.work import do
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.progress import Progress, silent
from unit.verso.conftest import photo
from unit.workflow.curating.sets import examined_here

DATASET, PICTURES, KILLED_AT = "0123456789abcdef", 7, 6
ASKED = CurateAsked(name="anna", dataset=DATASET, suffix=".zip")


@pytest.fixture(autouse=True)
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "examined", examined_here)
    monkeypatch.setattr(look, "opened", open_picture)
    monkeypatch.setattr(curate, "EYES", {})
    monkeypatch.setattr(curate, "LOOKED_AT_ONCE", 2)
    monkeypatch.setattr(keeping, "EVERY_S", 0.0)
    monkeypatch.setattr(keeping, "SHARE", 0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pictures that this process looks at."""
    seen, look_at = list[str](), Looker.look

    def looked(looker: Looker, offer: Any) -> Any:
        seen.append(offer.source)
        return look_at(looker, offer)

    monkeypatch.setattr(Looker, "look", looked)
    return seen


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home to which a set was sent."""
    home = Home.open(tmp_path_factory.mktemp("keeping") / "home")
    open_keys(home)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(PICTURES):
            archive.writestr(f"class/{number}.png", to_png(photo(number, 48)))
    home.folders.made(set_of(DATASET)).write("source.zip", data.getvalue())
    home.jobs.add("curate", "anna", ASKED.model_dump(mode="json"), 1, "2026-01-01")
    home.close()
    return home.path


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    return Home.open(Path(shutil.copytree(template, tmp_path / "home")))


def work(home: Home, listener: Any = silent) -> dict[str, Any]:
    (turn,) = home.jobs.unsent(1)
    job = home.jobs.find(turn.job)
    assert job
    return do(home, job, 0, listener)


def killed(home: Home) -> None:
    """Begin, and be killed at the sixth picture."""
    process = os.fork()
    if process == 0:
        look_at, count = Looker.look, iter(range(KILLED_AT))

        def looked(looker: Looker, offer: Any) -> Any:
            if next(count) == KILLED_AT - 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return look_at(looker, offer)

        Looker.look = looked  # type: ignore[method-assign]
        work(Home.open(home.path))
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(process, 0)[1])


def made(home: Home) -> dict[str, bytes]:
    kept = home.folders.find(set_of(DATASET))
    assert kept
    return {name: kept.read(name) for name in kept.names()}


def test_killed_it_looks_at_the_others_alone_and_makes_the_same(
    home: Home, template: Path, tmp_path: Path, looks: list[str]
) -> None:
    whole = Home.open(Path(shutil.copytree(template, tmp_path / "whole")))
    told = work(whole)
    assert len(looks) == PICTURES
    killed(home)
    secret = stolen.picture("seen", photo(0, 48), to_png(photo(0, 48))) | stolen.words(name="class/0")
    assert stolen.found(stolen.files_of(home.path / "sealed"), secret) == []
    looks.clear()
    assert work(home) == told
    assert len(looks) == PICTURES - (KILLED_AT - 2), "four of five were on the disk"
    assert made(home) == made(whole)
    assert set(made(home)) == {TOLD, *(name for name in made(home) if name.startswith(f"{CURATED}/"))}


def test_stopped_and_tried_again_it_goes_on(home: Home, looks: list[str]) -> None:
    def stops(progress: Progress) -> None:
        if progress.done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(home, stops)
    assert work(home)["total"] == PICTURES
    assert len(looks) == PICTURES


def test_what_cannot_be_opened_any_more_is_looked_at_again(home: Home, looks: list[str]) -> None:
    killed(home)
    kept = home.folders.find(set_of(DATASET))
    assert kept
    kept._file(LOOKED).write_bytes(b"damaged")
    assert work(home)["total"] == PICTURES
    assert len(looks) == PICTURES


def test_without_memory_to_open_it_in_the_order_says_so_and_what_was_sent_stays(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "free_bytes", lambda: 0)
    monkeypatch.delenv(scratch.ALLOWED)
    (turn,) = home.jobs.unsent(1)
    take(home, turn)
    (item,) = home.jobs.items(turn.job)
    assert (item.state, item.told["error"]["code"]) == (State.FAILED, "memory_short")
    assert not home.working_path.exists()
    assert set(made(home)) == {"source.zip"}


def test_tiny_pictures_are_not_opened_where_what_is_known_of_them_has_no_room(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of each takes as much memory as that of a large one."""
    sent = home.folders.find(set_of(DATASET))
    assert sent
    monkeypatch.setattr(scratch, "free_bytes", lambda: scratch.LEAST_SPARE + 4 * sent.size + 100_000)
    monkeypatch.delenv(scratch.ALLOWED)
    with pytest.raises(MemoryShort):
        work(home)
    monkeypatch.setattr(scratch, "free_bytes", lambda: scratch.LEAST_SPARE + 4 * sent.size + 200_000)
    assert work(home)["total"] == PICTURES


def test_erased_meanwhile_what_was_seen_goes_with_what_was_sent(home: Home) -> None:
    killed(home)
    home.folders.made(set_of(DATASET)).write(
        f"{CURATED}/{MANIFEST}", b"{}\n"
    )  # killed while it seals its papers
    erased = erase(home.path, What.ASSET, digests.of_bytes(to_png(photo(0, 48))))
    assert erased.sets_lost == 1
    assert home.folders.find(set_of(DATASET)) is None
    assert list((home.path / "sealed").iterdir()) == []


def test_killed_between_its_end_and_that_of_what_was_sent_nothing_of_an_erased_picture_stays(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (turn,) = home.jobs.unsent(1)
    with monkeypatch.context() as patch:
        patch.setattr(keeping.SealedFolder, "remove", lambda *_: None)
        told = work(home)
    assert home.jobs.end(Turn(turn.job, 0, 1, "curate", "anna"), State.DONE, {"result": told})
    assert {"source.zip", LOOKED} <= set(made(home))
    erase(home.path, What.ASSET, digests.of_bytes(to_png(photo(0, 48))))
    assert not {"source.zip", LOOKED} & set(made(home))
