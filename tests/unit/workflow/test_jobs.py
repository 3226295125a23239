"""Orders are looked at before they are kept, zips are unpacked to pictures and nothing else, seeds are a job's own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from pydantic import ValidationError

from rectoverso.errors import (
    BadSetting,
    DataNotFound,
    FilesUnusable,
    KeyReused,
    RunNotFound,
    UnknownName,
    UploadNotFound,
)
from rectoverso.store.home import Home
from rectoverso.workflow.jobs import bundle
from rectoverso.workflow.jobs.asked import GenerateAsked, SealAsked, TrainAsked, asked_of
from rectoverso.workflow.jobs.kept import placed
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.jobs.runs import facts_of
from rectoverso.workflow.jobs.work import failure, seed_of
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.shipped import SHIPPED


@pytest.fixture
def opened(home: Path) -> Home:
    open_keys(Home.open(home))
    return Home.open(home)


def packed(path: Path, *names: str, content: bytes = b"x" * 100) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def test_a_zip_gives_its_pictures_by_class_under_names_of_ours(tmp_path: Path) -> None:
    names = (
        "data/cats/a.png",
        "data/dogs/a.JPG",
        "../../up.png",
        "/etc/abs.png",
        "data/c:at/b.webp",
        "data/~4/c.png",
    )
    hidden = ("__MACOSX/cats/a.png", "data/.hidden/a.png", "data/cats/notes.txt", "data/cats/")
    folder = bundle.unpack(packed(tmp_path / "s.zip", *names, *hidden), tmp_path / "source")
    made = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))
    assert made == [
        "cats/000000.png",
        "dogs/000001.jpg",
        "etc/000002.png",
        "~3/000003.webp",
        "~4/000004.png",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"s.zip", "source"}
    assert bundle.unpack(tmp_path / "gone.zip", folder) == folder, "what is there is not unpacked again"


@pytest.mark.parametrize("limit", ["MOST_PICTURES", "MOST_BYTES"])
def test_a_zip_that_grows_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(bundle, limit, 1)
    with pytest.raises(FilesUnusable, match="200,000"):
        bundle.unpack(packed(tmp_path / "s.zip", "a/1.png", "a/2.png"), tmp_path / "source")
    assert {path.name for path in tmp_path.iterdir()} == {"s.zip"}


def test_what_is_no_zip_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "s.zip").write_bytes(b"PK\3\4 no zip")
    with pytest.raises(FilesUnusable, match="no zip"):
        bundle.unpack(tmp_path / "s.zip", tmp_path / "source")
    whole = packed(tmp_path / "t.zip", "a/1.png", content=bytes(range(256)) * 40).read_bytes()
    (tmp_path / "t.zip").write_bytes(whole[:60] + b"\xff" * 20 + whole[80:])
    with pytest.raises(FilesUnusable):
        bundle.unpack(tmp_path / "t.zip", tmp_path / "source")


def test_what_there_is_none_of_is_told_before_anything_is_kept(opened: Home) -> None:
    for asked, error in (
        (GenerateAsked(run="nothing"), RunNotFound),
        (GenerateAsked(run="demo", use="war"), UnknownName),
        (GenerateAsked(run="demo", territory="Atlantis"), BadSetting),
        (TrainAsked(system="gan", data="nothing"), DataNotFound),
        (GenerateAsked(run="demo", image="0" * 64), UploadNotFound),
        (SealAsked(files=({"digest": "0" * 64, "name": "a"},)), UploadNotFound),
        (SealAsked(files=({"digest": "0" * 64, "name": "a"},), origin="captured", law=("eu",)), BadSetting),
    ):
        with pytest.raises(error):
            order(opened, "anna", asked)
    assert opened.jobs.page(1) == []


def test_of_one_token_there_is_one_job(opened: Home) -> None:
    asked = GenerateAsked(run="demo", count=17)
    job, is_new = order(opened, "anna", asked, token="t")
    assert (is_new, sum(job.counts.values()), asked_of(job.asked)) == (True, 2, asked)
    assert order(opened, "anna", asked, token="t") == (job, False)
    with pytest.raises(KeyReused):
        order(opened, "anna", GenerateAsked(run="demo"), token="t")


def test_each_job_draws_other_pictures_unless_it_says_which(opened: Home) -> None:
    asked = GenerateAsked(run="demo")
    first, second = (order(opened, "anna", asked)[0] for _ in range(2))
    assert seed_of(first, asked) != seed_of(second, asked)
    assert seed_of(first, asked) == seed_of(first, asked)
    assert seed_of(first, GenerateAsked(run="demo", seed=7)) == 7


def test_a_setting_names_runs_of_this_home_and_no_path(opened: Home) -> None:
    for setting in ("perception.network=../run", "perception.network=/run", "a.b=~/x", "a b=c", "a"):
        with pytest.raises(ValidationError):
            TrainAsked(system="gan", data="digits", settings=(setting,))
    assert placed("nets.width=1e-3", Path) == "nets.width=1e-3"
    assert placed("perception.network=demo", lambda _: SHIPPED) == f"perception.network={SHIPPED}"
    asked = TrainAsked(system="gan", data="digits", settings=("perception.network=nothing",))
    with pytest.raises(RunNotFound):
        order(opened, "anna", asked)


@pytest.mark.parametrize("name", ["../run", "a/b", "", ".", "A", "a" * 65, "hf:org", "/etc"])
def test_no_name_is_a_path(name: str) -> None:
    with pytest.raises(ValidationError):
        GenerateAsked(run=name)
    with pytest.raises(ValidationError):
        TrainAsked(system="gan", data=name)


def test_what_a_run_wants_is_known_without_loading_it(opened: Home) -> None:
    facts = facts_of(opened, "demo")
    assert (facts.size, facts.classes[:3], facts.reads) == ("32x32", ("0", "1", "2"), False)


def test_a_failure_does_not_say_where_the_home_is(opened: Home) -> None:
    told = failure(opened, RunNotFound(path=opened.path / "runs" / "x", reason=""))
    assert told["error"]["code"] == "run_not_found"
    assert all("runs/x" in text and str(opened.path) not in text for text in told["error"]["detail"].values())
