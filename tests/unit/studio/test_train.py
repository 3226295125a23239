"""From data to a training: what is known before it begins, and what is shown while it goes on, to whom."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from benched import LOOKED, looked_at, training
from rectoverso.i18n import catalogue
from rectoverso.store.people import Role
from rectoverso.studio.curves import MOST_POINTS, chart, thinned
from rectoverso.studio.training import MOST_RECORDS, _records
from rectoverso.verso.mark import label
from rectoverso.verso.mark.visible import INSIDE_FROM_PX
from rectoverso.workflow.jobs.asked import TrainAsked
from rectoverso.workflow.jobs.kept import PlainFiles, files_of_run, set_of
from rectoverso.workflow.jobs.pace import pace_of
from rectoverso.workflow.preview import MOST_PX, preview
from visitor import Visitors

MAKER, ADMIN = Role.MAKER, Role.ADMIN
EN = catalogue("en")


@pytest.fixture(scope="module")
def house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    visitors = Visitors(Path(shutil.copytree(template, tmp_path_factory.mktemp("train") / "home")))
    visitors.hire(MAKER, ADMIN)
    return visitors


def test_a_zip_is_taken_by_its_bytes_and_looked_through(house: Visitors) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("cats/1.png", b"x")
    send = {"file": ("pets.parquet", packed.getvalue(), "application/zip")}
    answer = house.browser(MAKER).post("/train", data={"name": "pets"}, files=send)
    job = house.home.jobs.find(answer.headers["location"].rpartition("/")[2])
    assert job is not None
    assert (job.asked["name"], job.asked["suffix"]) == ("pets", ".zip")
    kept = house.home.folders.find(set_of(job.asked["dataset"]))
    assert kept
    assert kept.read("source.zip") == packed.getvalue()
    text = house.get(answer.headers["location"], MAKER).text
    assert f'data-events="/api/v1/jobs/{job.id}/events"' in text
    stopped = house.browser(MAKER).post(f"/train/{job.id}/cancel")
    assert stopped.headers["location"] == f"/train/data/{job.id}"


@pytest.mark.parametrize("file", [("a.zip", b"no zip"), ("a.zip", b"")])
def test_what_is_no_set_is_told(house: Visitors, file: tuple[str, bytes]) -> None:
    answer = house.browser(MAKER).post("/train", data={"name": "x"}, files={"file": file})
    assert answer.status_code in (400, 422)
    assert 'role="alert"' in answer.text
    assert not list((house.home.path / "sealed").glob(".*"))


def test_what_data_is_like_is_said_before_anything_begins(house: Visitors) -> None:
    job = looked_at(house.home, house.ids[MAKER])
    for place in (f"/train/data/{job.id}", f"/train/ready?data={LOOKED['dataset']}"):
        text = house.get(place, MAKER).text
        assert "3 of 5 pictures" in text
        assert "found in 1 pictures" in text
        assert EN["curate.rule.signals.reserved"] in text
        assert EN["curate.rule.other"] in text
        assert "of 2 kept pictures no licence is known" in text
    assert "&lt;b&gt;cats" in text
    assert "<b>cats" not in text


def test_what_a_system_needs_and_data_lacks_is_said(house: Visitors) -> None:
    def missing(method: str, data: str) -> list[str]:
        text = house.get(f"/train/ready?method={method}/default&data={data}", MAKER).text
        return [need for need in ("other", "masks", "captions") if EN[f"studio_train.missing.{need}"] in text]

    assert missing("spade", "digits") == ["masks"]
    assert missing("textgan", "digits") == ["captions"]
    assert missing("cyclegan", "shapes") == ["other"]
    assert missing("spade", "shapes") == missing("dcgan", "digits") == []


@pytest.mark.parametrize(
    "query",
    [
        "method=none/x",
        "method=dcgan/none",
        "data=none",
        "size=4",
        "images=x",
        "minutes=x",
        "minutes=-1",
        "data=../x",
    ],
)
def test_what_is_chosen_wrong_is_told(house: Visitors, query: str) -> None:
    answer = house.get(f"/train/ready?{query}", MAKER)
    assert 400 <= answer.status_code < 500
    assert 'role="alert"' in answer.text
    form = dict([query.split("=")])
    assert house.browser(MAKER).post("/train/start", data=form).status_code in (303, 400, 404, 422)


def test_a_training_begins_as_it_was_chosen(house: Visitors) -> None:
    form = {
        "method": "dcgan/default",
        "data": "digits",
        "size": "16",
        "images": "",
        "minutes": "0.5",
        "seed": "3",
    }
    answer = house.browser(MAKER).post("/train/start", data=form)
    job = house.home.jobs.find(answer.headers["location"].rpartition("/")[2])
    assert job is not None
    asked = TrainAsked(system="dcgan", data="digits", size=16, max_seconds=30, seed=3)
    assert job.asked == asked.model_dump(mode="json")
    assert house.get(answer.headers["location"], MAKER).status_code == 200, "before it has a folder"


def test_how_a_training_gets_on(house: Visitors) -> None:
    job = training(house.home, house.ids[MAKER])
    for place in (f"/train/{job.id}", f"/train/{job.id}/part"):
        text = house.get(place, MAKER).text
        assert text.count('<svg class="chart"') == 3
        assert "generator 11" in text, "the newest loss stands at the end of its line"
        assert EN["health.short.critic_won"] in text
        assert f"<dd>{EN['studio_train.built_in.digits']}</dd>" in text, "data has the name that people know"
        assert "3 min for 8,000 images" in text
        assert f"/train/{job.id}/samples/000000800.png" in text
        assert 'data-names="000000000 000000800"' in text
    assert 'samples/000000000.png" alt' in house.get(f"/train/{job.id}?sample=0", MAKER).text
    assert pace_of(house.home, TrainAsked(system="dcgan", data="digits", size=32, images=500)).seconds == 10  # type: ignore[union-attr]
    assert pace_of(house.home, TrainAsked(system="dcgan", data="digits", size=64)) is None


def test_a_sample_is_shown_as_a_draft_and_to_nobody_else(house: Visitors) -> None:
    mine, theirs = training(house.home, house.ids[MAKER]), training(house.home, "somebody")
    answer = house.get(f"/train/{mine.id}/samples/000000800.png", MAKER)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "draft" in answer.headers["content-disposition"]
    files = files_of_run(house.home, mine.id)
    assert files
    shown, made = (
        Image.open(io.BytesIO(data)) for data in (answer.content, files.read("samples/000000800.png"))
    )
    assert shown.height > made.height, "words stand below it"
    told = label.read(answer.content)
    assert told is not None
    assert told.ai_generated is True
    assert "draft" in (told.tool or "")
    for place in (
        f"{theirs.id}/samples/000000800.png",
        f"{theirs.id}",
        f"{theirs.id}/part",
        f"{mine.id}/samples/000000001.png",
    ):
        assert house.get(f"/train/{place}", MAKER).status_code == 404, place
    assert house.get(f"/train/{theirs.id}/samples/000000800.png", ADMIN).status_code == 200
    for name in ("..%2Fconfig", "config.toml", "000000800"):
        assert house.get(f"/train/{mine.id}/samples/{name}", MAKER).status_code in (404, 422)


def test_a_large_grid_is_shown_small(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    Image.new("RGB", (2000, 1000), (90, 120, 60)).save(tmp_path / "samples" / "000000001.png")
    shown = Image.open(io.BytesIO(preview(PlainFiles(tmp_path), "000000001")))
    assert shown.size == (MOST_PX, MOST_PX // 2)
    assert MOST_PX // 2 > INSIDE_FROM_PX, "the words lie in the picture"
    assert len(set(shown.crop((0, 300, MOST_PX, MOST_PX // 2)).get_flattened_data())) > 10


def test_curves_of_any_numbers_are_drawn() -> None:
    long = [(float(number), number * 0.5) for number in range(10_000)]
    assert len(thinned(long)) <= MOST_POINTS
    assert thinned(long)[-1][0] == 9999
    flat = [(0.0, 2.0), (5.0, 2.0)]
    wild = [(0.0, float("nan")), (1.0, float("inf")), (2.0, -3e30), (3.0, 5e-30)]
    drawn = chart({"<flat>": flat, "wild": wild, "one": [(1.0, 1.0)]}, 'a "title"', "images")
    assert "&lt;flat&gt;" in drawn
    assert "&#34;title&#34;" in drawn
    assert drawn.count("<polyline") == 2
    assert not re.search(r"nan|inf(?!o)", drawn)
    assert chart({"one": [(1.0, 1.0)]}, "", "") == ""


def test_of_many_records_some_are_read(tmp_path: Path) -> None:
    file = tmp_path / "status.jsonl"
    file.write_text("".join(f'{{"images": {number}, "more": "{"x" * 400}"}}\n' for number in range(6000)))
    found = [record["images"] for record in _records(PlainFiles(tmp_path))]
    assert len(found) <= MOST_RECORDS + 1
    assert (found[0], found[-1]) == (0, 5999)
