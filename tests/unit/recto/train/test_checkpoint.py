"""A checkpoint holds everything, and a kill while it is written loses nothing."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from rectoverso.errors import RunDamaged
from rectoverso.recto.systems.recipe import Adam, Averaging
from rectoverso.recto.train import checkpoint
from rectoverso.recto.train.checkpoint import NUMBERS, TENSORS, Place
from rectoverso.recto.train.players import Player


def player(seed: int) -> Player:
    torch.manual_seed(seed)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(memory_format=torch.channels_last)
    return Player("painter", module, Adam(1e-2, 1e-2, 0.5, 0.9), Averaging(100, 1.0))


def move(one: Player) -> None:
    one.optimiser.zero_grad()
    torch.autograd.backward(one.module(torch.ones(2, 3, 5, 5)).square().sum())
    one.step(0.0)
    one.follow(8, 8)


def test_a_player_comes_back_with_weights_buffers_average_and_moments(tmp_path: Path) -> None:
    before, after = player(0), player(1)
    move(before)
    place = Place(images=8, total=80, seconds=1.5)
    checkpoint.save(tmp_path, [before], place)
    assert checkpoint.load(tmp_path, [after]) == place
    move(before)
    move(after)
    mine, its = checkpoint.gather([before]), checkpoint.gather([after])
    assert mine.keys() == its.keys()
    assert {name.split(".")[1] for name in mine} == {"module", "average", "optimiser"}
    assert all(torch.equal(mine[name], its[name]) for name in mine)


def test_moments_are_laid_out_as_their_parameters(tmp_path: Path) -> None:
    one, other = player(0), player(1)
    move(one)
    checkpoint.save(tmp_path, [one], Place(8, None, 0.0))
    checkpoint.load(tmp_path, [other])
    for parameter in other.module.parameters():
        assert other.optimiser.state[parameter]["exp_avg"].stride() == parameter.stride()


def test_a_new_checkpoint_replaces_the_old_and_what_a_kill_left(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, [player(0)], Place(8, 80, 0.0))
    (tmp_path / ".writing-000000000016").mkdir()
    assert checkpoint.load(tmp_path, [player(1)]) == Place(8, 80, 0.0)
    checkpoint.save(tmp_path, [player(0)], Place(16, 80, 0.0))
    assert [path.name for path in tmp_path.iterdir()] == ["000000000016-0"]


def test_a_damaged_checkpoint_is_said_and_nothing_is_removed(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, [player(0)], Place(8, 80, 0.0))
    tensors = tmp_path / "000000000008-0" / TENSORS
    tensors.write_bytes(tensors.read_bytes()[:-1] + b"\xff")
    with pytest.raises(RunDamaged):
        checkpoint.load(tmp_path, [player(1)])
    assert tensors.exists()


def test_an_older_whole_checkpoint_stands_in_for_a_damaged_one(tmp_path: Path) -> None:
    """Two are there when a kill came between the new one's rename and the old one's removal."""
    checkpoint.save(tmp_path, [player(0)], Place(8, 80, 0.0))
    (tmp_path / "000000000016-0").mkdir()
    assert checkpoint.load(tmp_path, [player(1)]) == Place(8, 80, 0.0)


def test_saving_again_at_the_same_image_never_leaves_a_moment_without_a_checkpoint(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, [player(0)], Place(8, 80, 0.0))
    checkpoint.save(tmp_path, [player(0)], Place(8, 80, 1.0))
    assert [path.name for path in tmp_path.iterdir()] == ["000000000008-1"]
    assert checkpoint.load(tmp_path, [player(1)]) == Place(8, 80, 1.0)


def test_nothing_there_is_nothing_loaded(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path / "missing", [player(0)]) is None


def test_it_is_safetensors_and_json_and_nothing_else(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, [player(0)], Place(8, None, 2.0))
    folder = tmp_path / "000000000008-0"
    assert sorted(path.name for path in folder.iterdir()) == sorted([NUMBERS, TENSORS])
    assert json.loads((folder / NUMBERS).read_text())["images"] == 8


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
def test_the_learning_rate_follows_progress_and_needs_no_saving(progress: float) -> None:
    one = Player("painter", nn.Linear(1, 1), Adam(1.0, 0.5, 0.0, 0.9))
    torch.autograd.backward(one.module(torch.ones(1, 1)).sum())
    one.step(progress)
    assert one.optimiser.param_groups[0]["lr"] == pytest.approx(1 - 0.5 * progress)
