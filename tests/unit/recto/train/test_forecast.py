"""What a training will take: measured without touching it, and near enough to what it then takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from quick import guess
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.nets.progressive import GrowingCritic
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.recipe import Adam, Milestone, Shape
from rectoverso.recto.train import loop
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.forecast import PARTS, Trial, expected_score, measure
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.players import Losses, Phase, Player, Turn
from rectoverso.recto.train.status import Status
from rectoverso.recto.train.step import Stepper
from rectoverso.recto.train.streams import Streams

CPU = torch.device("cpu")
CIFAR = Shape(32, 32, 3, 10)
ROWS = (Milestone(100_000, 8.0), Milestone(400_000, 4.0))


@pytest.fixture(autouse=True, scope="module")
def quick() -> None:
    """Here trainings measure what they will take."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class TimedCast:
    """Two phases of one player on a clock of their own: one of 3 s every turn, one of 8 s every 16th."""

    def __init__(self, clock: Clock) -> None:
        self.clock, module = clock, nn.Linear(1, 1)
        self.module = module
        self.players = (Player("p", module, Adam(0.0, 0.0, 0.0, 0.9)),)
        self.phases = (Phase(("p",), self.always), Phase(("p",), self.seldom, every=16))

    def always(self, turn: Turn) -> Losses:
        self.clock.now += 3.0
        return self._loss(turn)

    def seldom(self, turn: Turn) -> Losses:
        self.clock.now += 8.0
        return self._loss(turn)

    def _loss(self, turn: Turn) -> dict[str, Tensor]:
        del turn
        return {"p": self.module.weight.sum()}

    def published(self) -> dict[str, nn.Module]:
        return {}

    def preview(self, published: dict[str, nn.Module]) -> Tensor:
        raise NotImplementedError


def test_a_phase_counts_by_how_often_its_turn_comes_even_if_it_came_only_while_warming_up(
    tiny: Recipe, unlabelled: Dataset
) -> None:
    clock = Clock()
    trial = Trial(Stepper(tiny, TimedCast(clock), CPU), Feed(unlabelled, tiny, Streams(0)), clock)
    assert trial.run([0.5]) == [3 + 8 / 16]
    assert clock.now == 3 + 8 + 4 * 3


def test_a_phase_costs_nothing_outside_its_part_of_the_run(tiny: Recipe, unlabelled: Dataset) -> None:
    clock = Clock()
    cast = TimedCast(clock)
    cast.phases = (Phase(("p",), cast.always, ends=0.5), Phase(("p",), cast.seldom, begins=0.5))
    trial = Trial(Stepper(tiny, cast, CPU), Feed(unlabelled, tiny, Streams(0)), clock)
    assert trial.run([0.1, 0.4, 0.6]) == [3, 3, 8]


def test_measuring_leaves_torchs_random_state_alone(tiny: Recipe, stripes: Dataset) -> None:
    before = torch.get_rng_state()
    cost = measure(tiny, Feed(stripes, tiny, Streams(1)), Streams(1), CPU)
    assert torch.equal(torch.get_rng_state(), before)
    assert cost.profile.start > 0
    assert cost.profile.parts == (cost.profile.start,), "what does not grow is measured once"
    assert cost.memory_mb > 0


def test_a_run_is_the_same_with_and_without_a_forecast(
    tiny: Recipe, stripes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tiny, stripes, tmp_path / "with", images=48)
    monkeypatch.setattr(loop, "measure", guess)
    train(tiny, stripes, tmp_path / "without", images=48)
    for name in ("generator", "critic"):
        one, other = ((tmp_path / run / "weights" / f"{name}.safetensors") for run in ("with", "without"))
        assert one.read_bytes() == other.read_bytes()
    states = [next((tmp_path / run).glob("state/*/tensors.safetensors")) for run in ("with", "without")]
    assert states[0].read_bytes() == states[1].read_bytes()


def test_the_first_record_says_what_to_expect_and_has_a_picture(
    tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    heard: list[Status] = []
    result = train(tiny, stripes, tmp_path, images=32, listener=heard.append)
    assert heard[0].forecast == result.forecast
    assert all(status.forecast is None for status in heard[1:])
    assert result.forecast is not None
    assert result.forecast.images == 32
    assert result.forecast.score is None  # these are not a preset's own settings
    assert heard[0].sample == "samples/000000000.png"
    assert (tmp_path / heard[0].sample).is_file()
    first = (tmp_path / "status.jsonl").read_text().splitlines()[0]
    assert json.loads(first)["forecast"]["images"] == 32
    assert Status.read(first).forecast == result.forecast


def test_a_time_limit_is_told_in_images(tiny: Recipe, stripes: Dataset, tmp_path: Path) -> None:
    ticks = iter(range(10**9))
    result = train(tiny, stripes, tmp_path, max_seconds=300, clock=lambda: float(next(ticks)))
    assert result.forecast is not None
    assert 0 < result.forecast.images < 2400
    assert result.forecast.seconds < 300


@pytest.mark.parametrize(
    ("images", "score"),
    [
        (100_000, 8.0),
        (200_000, 6.0),
        (400_000, 4.0),
        (90_000, 8.0),
        (450_000, 4.0),
        (50_000, None),
        (10**6, None),
    ],
)
def test_scores_are_expected_between_and_near_what_was_measured(images: int, score: float | None) -> None:
    assert expected_score(ROWS, images, CIFAR) == (None if score is None else pytest.approx(score))


def test_a_single_measurement_speaks_for_its_surroundings() -> None:
    assert expected_score(ROWS[:1], 110_000, CIFAR) == 8.0
    assert expected_score(ROWS[:1], 200_000, CIFAR) is None
    assert expected_score((), 110_000, CIFAR) is None
    assert expected_score(ROWS, 110_000, Shape(64, 64, 3, 10)) is None


def test_a_changed_setting_takes_the_expectation_away_unless_it_is_harmless() -> None:
    preset = recipe("default")
    assert preset.expected
    assert with_settings(preset, ["threads=1", "milestones=4"]).expected == preset.expected
    assert with_settings(preset, [f"batch={preset.batch}"]).expected == preset.expected
    assert with_settings(preset, ["batch=16"]).expected == ()
    assert with_settings(preset, ["size=l"]).expected == ()


def test_what_grows_is_measured_in_each_part_of_the_run(
    stripes: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = with_settings(recipe("progressive"), ["threads=1", "batch=16"])
    judged_px, real = 0.0, GrowingCritic.forward

    def forward(self: GrowingCritic, x: torch.Tensor, label_N: torch.Tensor | None = None) -> torch.Tensor:
        nonlocal judged_px
        judged_px += (self.height_px << self.reached()[0]) ** 2  # a clock that no neighbour can disturb
        return real(self, x, label_N)

    monkeypatch.setattr(GrowingCritic, "forward", forward)
    cost = measure(growing, Feed(stripes, growing, Streams(1)), Streams(1), CPU, lambda: judged_px)
    assert len(cost.profile.parts) == PARTS
    assert cost.profile.start < cost.profile.parts[-1]
    assert cost.profile.ahead(0.0) < cost.profile.ahead(0.9)
