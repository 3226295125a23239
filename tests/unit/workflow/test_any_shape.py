"""Transparent rectangles all the way: from the pictures of a training to released files that verify."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rectoverso.errors import BadSetting, RunMismatch
from rectoverso.types import Decision, Pixels, ReportOutcome
from rectoverso.verso.picture import read_picture, to_png
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.workflow.generate import generate_images
from rectoverso.workflow.registry import add_works
from rectoverso.workflow.replication import fingerprints_of
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.sheet import PAPER, compose
from rectoverso.workflow.train import DECODED, TrainRequest, train_run
from rectoverso.workflow.verify import reports

pytestmark = pytest.mark.usefixtures("quick_trainings")

TINY = (
    "batch=8",
    "nets.latent=8",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "threads=1",
    "milestones=1",
)


def badge(number: int, width: int = 96, height: int = 64) -> Pixels:
    """A striped blob of its own place, size and colour, with a soft edge, on nothing."""
    draw = np.random.default_rng(number)
    y, x = np.mgrid[0:height, 0:width]
    middle = draw.uniform(0.35, 0.65, 2) * (height, width)
    radius = height * draw.uniform(0.3, 0.45)
    wave = np.sin(x / draw.uniform(4, 9) + y / draw.uniform(4, 9))
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., :3] = 120 + 50 * wave[..., None] * draw.uniform(0.3, 1, 3) + draw.uniform(-40, 40, 3)
    picture[..., 3] = np.clip(128 + 60 * (radius - np.hypot(y - middle[0], x - middle[1])), 0, 255)
    return np.where(picture[..., 3:] > 0, picture, np.uint8(0))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 80 badges in ``badges``, a run on them in ``run``, and its home."""
    folder = tmp_path_factory.mktemp("any-shape")
    (folder / "badges").mkdir()
    for number in range(80):
        (folder / "badges" / f"{number:02}.png").write_bytes(to_png(badge(number)))
    request = TrainRequest(
        "dcgan", str(folder / "badges"), folder / "run", size="48x32", images=64, settings=TINY, take=72
    )
    train_run(request, folder / "home")
    return folder


def test_the_run_says_what_it_was_trained_on(place: Path) -> None:
    told = json.loads((place / "run" / "run.json").read_text())["data"]
    assert (told["width"], told["height"], told["channels"]) == (48, 32, 4)
    assert (told["images"], told["taken_from"]) == (72, 80)
    card = (place / "run" / "card.md").read_text()
    assert "48 x 32" in card
    assert "RGBA" in card
    assert "72 of 80" in card
    assert not (place / "run" / DECODED).exists()


def test_to_go_on_with_another_part_is_refused(place: Path) -> None:
    request = TrainRequest(
        "dcgan",
        str(place / "badges"),
        place / "run",
        size="48x32",
        images=64,
        settings=TINY,
        take=71,
        resume=True,
    )
    with pytest.raises(RunMismatch, match="--take"):
        train_run(request, place / "home")


def test_a_size_that_the_networks_cannot_make_is_refused_before_anything_is_made(place: Path) -> None:
    request = TrainRequest("dcgan", str(place / "badges"), place / "odd", size="50x33", settings=TINY)
    with pytest.raises(BadSetting, match="50x33"):
        train_run(request, place / "home")
    assert not (place / "odd" / "config.toml").exists()


def test_generated_transparent_rectangles_are_released_and_verified(place: Path) -> None:
    batch = generate_images(place / "run", place / "out", place / "home", count=4)
    assert [passage.asset.decision for passage in batch.passages] == [Decision.RELEASE] * 4
    paths = [passage.path for passage in batch.passages if passage.path]
    for path in paths:
        _, pixels = read_picture(path)
        assert pixels.shape == (32, 48, 4)
    assert batch.sheet is not None
    assert read_picture(batch.sheet)[1].shape[2] == 3, "on paper"
    for report in reports([*paths, batch.sheet], place / "home", []):
        assert report.outcome is ReportOutcome.TRUSTED
        assert report.watermark.found
        assert report.ledger.found


def test_a_training_picture_is_found_among_the_fingerprints_also_when_it_lies_on_white(place: Path) -> None:
    from rectoverso.recto.data.source import open_source

    known = open_source(place / "badges", size="48x32", channels=4, take=72).images
    prints = Fingerprints.load(fingerprints_of(place / "run"))
    shown = known[..., 3:] / 255
    on_white = np.rint(255 + (known[..., :3] - 255.0) * shown).astype(np.uint8)
    hiding = np.where(known[..., 3:] > 0, known, np.array([90, 0, 90, 0], np.uint8))
    for pictures in (known, on_white, hiding):
        for index in (3, 40, 71):
            found = prints.neighbourhood.nearest(pictures[index][None])
            assert int(found.index[0]) == index
            assert float(found.ratio[0]) < 0.05


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_sealed_transparent_rectangle_keeps_its_alpha_and_is_trusted(
    tmp_path: Path, home: Path, kind: str
) -> None:
    picture = badge(500, 120, 80)
    file = tmp_path / f"badge.{kind.lower()}"
    Image.fromarray(picture).save(file, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    batch = seal_files([file], tmp_path / "out", home)
    path = batch.passages[0].path
    assert path is not None
    _, pixels = read_picture(path)
    assert np.array_equal(pixels[..., 3], picture[..., 3])
    assert not pixels[picture[..., 3] == 0].any()
    (report,) = reports([path], home, [])
    assert report.outcome is ReportOutcome.TRUSTED


def test_a_released_badge_flattened_to_jpeg_is_still_told_by_its_watermark(
    tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "badge.png"
    file.write_bytes(to_png(badge(501)))
    (passage,) = seal_files([file], tmp_path / "out", home).passages
    assert passage.path is not None
    image = Image.open(passage.path)
    flat = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=85)
    (tmp_path / "flat.jpg").write_bytes(out.getvalue())
    (report,) = reports([tmp_path / "flat.jpg"], home, [])
    assert report.outcome is ReportOutcome.WATERMARK_ONLY
    assert report.watermark.asset == passage.asset.id


def test_a_registered_badge_is_refused_whatever_colour_it_hides(tmp_path: Path, home: Path) -> None:
    work = badge(502, 160, 120)
    (tmp_path / "work.png").write_bytes(to_png(work))
    add_works([tmp_path / "work.png"], home, title="Badge", owner="Anna")
    copies = {
        "hiding": np.where(work[..., 3:] > 0, work, np.array([250, 0, 250, 0], np.uint8)),
        "mirrored": np.ascontiguousarray(work[:, ::-1]),
    }
    for name, pixels in copies.items():
        (tmp_path / f"{name}.png").write_bytes(to_png(pixels))
    batch = seal_files([tmp_path / f"{name}.png" for name in copies], tmp_path / "out", home)
    assert [passage.asset.decision for passage in batch.passages] == [Decision.REFUSE] * 2


def test_a_sheet_lets_its_paper_show_through() -> None:
    picture = np.zeros((8, 12, 4), np.uint8)
    picture[:, 6:] = [10, 20, 30, 255]
    picture[:, 3:6] = [0, 0, 0, 51]
    sheet = compose([picture] * 3)
    assert sheet.shape == (2 * 12 + 4, 2 * 16 + 4, 3)
    assert sheet[5, 5].tolist() == [PAPER] * 3
    assert sheet[5, 8].tolist() == [195] * 3
    assert sheet[5, 12].tolist() == [10, 20, 30]
