"""`single`: one picture, scale after scale, and the same run however often it is cut."""

from pathlib import Path

import numpy as np
import pytest
import torch

from classics import assert_resumes_exactly
from rectoverso.errors import BadSetting, DataUnusable
from rectoverso.recto.data.frame import Frame
from rectoverso.recto.data.shapes import scene
from rectoverso.recto.data.source import open_source
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.systems.single_pair import ScalePlayer, SinglePair
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.step import Stepper
from rectoverso.recto.train.streams import Streams
from rectoverso.verso.picture import to_png

SMALL = ("nets.width=6", "precision=float32", "threads=1", "longest_px=40")


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One picture of stripes of three colours, wider than high."""
    rows = np.arange(60)[:, None] // 10 % 3
    colours = np.array([[220, 40, 40], [40, 200, 60], [30, 60, 220]], np.uint8)
    path = tmp_path_factory.mktemp("single") / "photo.png"
    path.write_bytes(to_png(np.broadcast_to(colours[rows], (60, 80, 3)).copy()))
    return path


def small(*settings: str) -> Recipe:
    return with_settings(recipe("single"), [*SMALL, *settings])


def opened(photo: Path, one: Recipe) -> object:
    return open_source(photo, fewest=one.least_pictures, longest_px=one.natural_px)


def test_the_data_is_one_picture_in_its_own_aspect(photo: Path, tmp_path: Path) -> None:
    dataset = open_source(photo, fewest=1, longest_px=40)
    assert (len(dataset), dataset.width, dataset.height) == (1, 40, 30)
    assert dataset.name == "photo"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.png").write_bytes(photo.read_bytes())
    assert len(open_source(tmp_path / "folder", fewest=1)) == 1
    with pytest.raises(DataUnusable, match="single file"):
        open_source(photo)
    with pytest.raises(DataUnusable, match="at least 2"):
        open_source(tmp_path / "folder")


def test_more_than_one_picture_is_refused(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.png").write_bytes(to_png(scene(number, size=32).image))
    with pytest.raises(BadSetting, match="learns from 1 picture"):
        train(small(), open_source(tmp_path, fewest=1), tmp_path / "run", images=4)


def test_sides_that_hold_no_patches_are_refused() -> None:
    recipe("single").check(Shape(16, 200, 3, 0))
    with pytest.raises(BadSetting, match="12x40"):
        recipe("single").check(Shape(40, 12, 3, 0))
    with pytest.raises(BadSetting, match="no effect"):
        small("penalty.kind=gradient").check(Shape(32, 32, 3, 0))


def test_a_resumed_run_equals_an_uninterrupted_one(photo: Path, tmp_path: Path) -> None:
    assert_resumes_exactly(small(), opened(photo, small()), tmp_path)  # type: ignore[arg-type]


def test_only_the_scale_whose_turn_it_is_moves(photo: Path) -> None:
    one = small()
    feed, streams = Feed(opened(photo, one), one, Streams(0)), Streams(0)  # type: ignore[arg-type]
    torch.manual_seed(0)
    pair = SinglePair(one, feed.shape, streams)  # type: ignore[arg-type]
    stepper = Stepper(one, pair, torch.device("cpu"))
    assert len(pair.generator.scales) == 3
    for scale, progress in enumerate((0.1, 0.5, 0.9)):
        before = [p.detach().clone() for p in pair.generator.parameters()]
        turn = feed.turn(2 * scale, progress)
        assert pair.scale(turn) == scale
        for phase in pair.phases:
            total, values = stepper.losses(phase, turn)
            stepper.move(phase, total, progress)
            assert all(np.isfinite(list(values.values())))
        parts = [i for i, part in enumerate(pair.generator.parts) for _ in part.parameters()]
        now = list(pair.generator.parameters())
        moved = {
            part for part, a, b in zip(parts, before, now, strict=True) if not torch.equal(a, b.detach())
        }
        assert moved == {scale}
        assert pair.generator.begun_S.sum() == scale
    assert (pair.generator.amplitude_S > 0).all()


def test_the_rate_falls_within_every_scale() -> None:
    player = ScalePlayer("g", torch.nn.Linear(1, 1), recipe("single").generator_adam)  # type: ignore[attr-defined]
    player.scales = 4
    rates = []
    for progress in (0.0, 0.24, 0.25, 0.49):
        player.step(progress)
        rates.append(player.optimiser.param_groups[0]["lr"])
    assert rates[0] == rates[2] > 10 * rates[1]


@pytest.fixture(scope="module")
def run(photo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    train(small(), opened(photo, small()), folder, images=360)  # type: ignore[arg-type]
    return folder


def test_it_learns_the_colours_of_the_picture_and_draws_the_picture_itself(run: Path, photo: Path) -> None:
    generator = RunGenerator(run)
    assert generator.critic() is None
    (drawn,) = generator.sample([1])
    real = opened(photo, small()).images[0].astype(float)  # type: ignore[attr-defined]
    assert drawn.shape == real.shape == (30, 40, 3)
    assert np.abs(drawn.mean((0, 1)) - real.mean((0, 1))).max() < 40
    with torch.no_grad():
        itself = generator.module.itself(2)[0].permute(1, 2, 0).numpy()  # type: ignore[operator]
    assert np.mean((itself * 127.5 + 127.5 - real) ** 2) < 0.25 * real.var()


def test_other_seeds_are_other_pictures_and_any_size_is_drawn(run: Path) -> None:
    generator = RunGenerator(run)
    one, other = generator.sample([1, 2])
    assert (one != other).any()
    wide = generator.at_size(Frame(100, 44))
    (picture,) = wide.sample([1])
    assert picture.shape == (44, 100, 3)
    np.testing.assert_array_equal(next(iter(generator.sample([1]))), one)
    same = generator.at_size(Frame(40, 30))
    np.testing.assert_array_equal(next(iter(same.sample([1]))), one)
