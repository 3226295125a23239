"""Pictures without classes get some from `default`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rectoverso.errors import RunMismatch
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.systems.default import DefaultRecipe
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.feed import shape_of
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.loop import train
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


def test_gamma_grows_with_the_pixels_where_there_are_classes() -> None:
    """Of pictures without classes, which are few, more of it made worse ones."""
    default = recipe("default")
    assert isinstance(default, DefaultRecipe)
    assert default.fitted(Shape(32, 32, 3, 64)).penalty == default.penalty
    assert default.fitted(Shape(16, 16, 3, 64)).penalty == default.penalty
    assert default.fitted(Shape(64, 64, 4, 0)).penalty == default.penalty
    larger = default.fitted(Shape(64, 64, 4, 64)).penalty
    assert (larger.gamma, larger.gamma_end) == (4 * default.penalty.gamma, 4 * default.penalty.gamma_end)
    still = with_settings(default, ["gamma_px=0"])
    assert isinstance(still, DefaultRecipe)
    assert still.fitted(Shape(64, 64, 4, 64)).penalty == default.penalty
