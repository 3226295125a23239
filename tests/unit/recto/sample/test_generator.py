"""Pictures from a run."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rectoverso.errors import BadSetting, RunNotFound, UnknownName
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.storage import OnDisk
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import Recipe
from rectoverso.recto.train.loop import train


def test_a_picture_is_the_same_alone_and_among_64(run: Path) -> None:
    generator = RunGenerator(run)
    together = list(generator.sample(range(64)))
    for seed in (0, 17, 63):
        (alone,) = RunGenerator(run).sample([seed])
        np.testing.assert_array_equal(alone, together[seed])


def test_seeds_give_different_pictures_and_draw_their_class(run: Path) -> None:
    generator = RunGenerator(run)
    pictures = [picture.tobytes() for picture in generator.sample(range(16))]
    assert len(set(pictures)) == 16
    by_class = [{p.tobytes() for p in generator.sample(range(16), label)} for label in (0, 1)]
    assert set(pictures) <= by_class[0] | by_class[1]
    assert set(pictures) & by_class[0]
    assert set(pictures) & by_class[1]


def test_pictures_are_bytes_of_the_runs_size(run: Path) -> None:
    (picture,) = RunGenerator(run).sample([1])
    assert (picture.shape, picture.dtype) == ((16, 16, 3), np.uint8)
    assert RunGenerator(run).size == (16, 16)


def test_the_maker_is_the_recipe_and_the_weights(run: Path) -> None:
    maker = RunGenerator(run).maker
    weights = (run / "weights" / "generator.safetensors").read_bytes()
    assert (maker.name, maker.digest) == ("dcgan/default", hashlib.sha256(weights).hexdigest())


def test_classes_go_by_name_or_number(run: Path) -> None:
    generator = RunGenerator(run)
    assert generator.classes == ("across", "down")
    assert [generator.class_index(label) for label in (None, "down", "1")] == [None, 1, 1]
    for wrong in ("dwn", "2"):
        with pytest.raises(UnknownName):
            generator.class_index(wrong)


def test_a_run_without_labels_has_no_classes(tiny: Recipe, unlabelled: Dataset, tmp_path: Path) -> None:
    train(tiny, unlabelled, tmp_path, images=8)
    generator = RunGenerator(tmp_path)
    assert generator.classes == ()
    assert len(list(generator.sample([1, 2]))) == 2
    with pytest.raises(BadSetting, match="no classes"):
        generator.class_index("0")


@pytest.mark.parametrize("loss", ["config.toml", "weights/generator.safetensors"])
def test_a_run_that_lacks_a_part_is_no_run(loss: str, run: Path) -> None:
    (run / loss).unlink()
    with pytest.raises(RunNotFound):
        RunGenerator(run)


@pytest.mark.parametrize("damage", [b"", b"\x00" * 64, b"\xff" * 64])
def test_damaged_weights_are_told_in_words(damage: bytes, run: Path) -> None:
    (run / "weights" / "generator.safetensors").write_bytes(damage)
    with pytest.raises(RunNotFound, match="do not fit"):
        RunGenerator(run)


def test_weights_of_another_network_are_told_in_words(run: Path) -> None:
    config = run / "config.toml"
    config.write_text(config.read_text().replace("latent = 8", "latent = 9"))
    with pytest.raises(RunNotFound, match="do not fit"):
        RunGenerator(run)


@pytest.fixture
def badges() -> Dataset:
    """Discs of two colours on nothing, 24 x 16 RGBA; what is invisible hides green."""
    y, x = np.mgrid[0:16, 0:24]
    images = np.zeros((48, 16, 24, 4), np.uint8)
    images[..., 1] = 255
    for number, image in enumerate(images):
        image[np.hypot(y - 8, x - 12) < 4 + number % 3] = ((200, 30, 30, 255), (30, 30, 200, 255))[number % 2]
    return Dataset("badges", images)


def test_a_run_on_transparent_rectangles_gives_transparent_rectangles(
    tiny: Recipe, badges: Dataset, tmp_path: Path
) -> None:
    train(tiny, badges, tmp_path / "run", images=64)
    generator = RunGenerator(tmp_path / "run")
    assert generator.size == (24, 16)
    pictures = np.stack(list(generator.sample(range(8))))
    assert pictures.shape == (8, 16, 24, 4)
    assert (pictures[pictures[..., 3] == 0] == 0).all()
    with Image.open(max((tmp_path / "run" / "samples").iterdir())) as sheet:
        assert sheet.mode == "RGBA"
        assert sheet.size == (8 * 26 + 2, 8 * 18 + 2)


def test_neither_a_hidden_colour_nor_a_file_under_the_pictures_changes_the_weights(
    tiny: Recipe, badges: Dataset, tmp_path: Path
) -> None:
    shown = np.where(badges.images[..., 3:] > 0, badges.images, np.uint8(0))
    assert not np.array_equal(shown, badges.images)
    place = OnDisk(shown.shape, tmp_path / "a.npy")
    place.put(0, shown)
    weights = []
    for name, data in (("hiding", badges), ("mapped", Dataset("badges", place.finish()))):
        train(tiny, data, tmp_path / name, images=32)
        weights.append((tmp_path / name / "weights" / "generator.safetensors").read_bytes())
    assert weights[0] == weights[1]
