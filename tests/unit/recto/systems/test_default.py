"""Pictures without classes get some from `default`, and its gamma follows the number of pixels."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from rectoverso.errors import RunMismatch
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.systems.recipe import Penalty, Shape
from rectoverso.recto.train.feed import shape_of
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.players import Losses, Turn
from rectoverso.recto.train.streams import Streams
from unit.recto.conftest import TINY, striped

UNNAMED = dataclasses.replace(striped(96), labels=None, classes=())


def test_pictures_without_classes_are_sorted_into_groups(tmp_path: Path) -> None:
    made = with_settings(recipe("default"), [*TINY, "groups=2"])
    train(made, UNNAMED, tmp_path / "a", images=32)
    assert RunFolder(tmp_path / "a").read_config()["data"]["classes"] == ["group-0", "group-1"]
    generator = RunGenerator(tmp_path / "a")
    assert generator.classes == ("group-0", "group-1")
    assert "sorted into 2 groups" in (tmp_path / "a" / "card.md").read_text()


def test_a_run_in_groups_goes_on_where_it_stopped(tmp_path: Path) -> None:
    made = with_settings(recipe("default"), [*TINY, "groups=2"])
    whole = train(made, UNNAMED, tmp_path / "whole", images=64)
    train(made, UNNAMED, tmp_path / "cut", images=64, max_seconds=0)
    assert train(made, UNNAMED, tmp_path / "cut", resume=True).images == whole.images
    weights = [(tmp_path / name / "weights/generator.safetensors").read_bytes() for name in ("whole", "cut")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("setting", ["groups=0", "labels=false"])
def test_nobody_is_grouped_who_does_not_want_it(setting: str) -> None:
    assert with_settings(recipe("default"), ["groups=2", setting]).prepared(UNNAMED) is UNNAMED


def test_what_networks_must_know_is_known_before_pictures_are_sorted() -> None:
    made = with_settings(recipe("default"), ["groups=2"])
    assert shape_of(UNNAMED, made).classes == shape_of(made.prepared(UNNAMED), made).classes == 2
    alone = dataclasses.replace(UNNAMED, labels=np.zeros(96, np.int64), classes=("pics",))
    assert shape_of(alone, made).classes == shape_of(made.prepared(alone), made).classes == 2


def test_a_run_does_not_go_on_with_other_groups(tmp_path: Path) -> None:
    """As a machine that adds in another order might find them."""
    made = with_settings(recipe("default"), [*TINY, "groups=2"])
    train(made, UNNAMED, tmp_path, images=64, max_seconds=0)
    config = tmp_path / "config.toml"
    (line,) = (line for line in config.read_text().splitlines() if line.startswith('labels = "'))
    config.write_text(config.read_text().replace(line, 'labels = "0"'))
    with pytest.raises(RunMismatch, match="classes of the pictures"):
        train(made, UNNAMED, tmp_path, resume=True)


def test_few_pictures_are_not_grouped() -> None:
    assert recipe("default").prepared(UNNAMED) is UNNAMED


def test_classes_that_are_there_are_those_of_the_run() -> None:
    made = with_settings(recipe("default"), ["groups=2"])
    assert made.prepared(striped(96)).classes == ("across", "down")


def test_other_systems_leave_the_data_as_it_is() -> None:
    assert recipe("dcgan").prepared(UNNAMED) is UNNAMED
    assert recipe("dcgan").groups_in(10_000) == 0


def test_gamma_grows_with_the_number_of_pixels() -> None:
    penalty = recipe("default").penalty  # type: ignore[attr-defined]
    assert penalty.scale(Shape(32, 32, 3, 0)) == 1
    assert penalty.scale(Shape(64, 64, 3, 0)) == 4
    assert penalty.scale(Shape(32, 64, 3, 0)) == 2
    assert Penalty("gradient", gamma=1).scale(Shape(64, 64, 3, 0)) == 1
    assert Penalty("between", gamma=10, at_px=32).scale(Shape(64, 64, 3, 0)) == 1


@pytest.mark.parametrize("system", ["default", "stylegan2"])
def test_the_players_pay_by_the_number_of_pixels(system: str) -> None:
    """At 16 pixels a side a gamma that is meant for 32 weighs a quarter."""
    paid = [losses(system, at_px)["penalty"].item() for at_px in (0, 16, 32)]
    assert paid[0] == paid[1] > 0
    assert paid[2] == pytest.approx(paid[0] / 4, rel=1e-5)


def losses(system: str, at_px: int) -> Losses:
    """What the players of a tiny system lose in a first turn in which the penalty is due."""
    torch.manual_seed(0)
    small = [setting for setting in TINY if "latent" not in setting]
    made = with_settings(recipe(system), [*small, f"penalty.at_px={at_px}"])
    cast = made.cast(Shape(16, 16, 3, 0), Streams(0))
    image_NCHW = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    turn = Turn(image_NCHW, None, 0, 0.0, Streams(0))
    found: Losses = {}
    for phase in cast.phases:
        found |= phase.losses(turn)
    return found


def test_the_critic_of_larger_pictures_begins_at_as_many_squares() -> None:
    nets = recipe("default").nets  # type: ignore[attr-defined]
    at_32, at_64 = (nets.critic(Shape(side, side, 3, 0)) for side in (32, 64))
    assert at_32.first.stride == at_64.first.stride == (1, 1)
    assert len(at_64.stages) == len(at_32.stages) + 1
    assert at_64(torch.zeros(2, 3, 64, 64)).shape == (2,)
