"""Filling at any size: what is outside of the hole comes back byte for byte."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rectoverso.errors import BadSetting
from rectoverso.recto.data.frame import Frame
from rectoverso.recto.nets.given import Given
from rectoverso.recto.sample.inpaint import filled, window_around

FRAME = Frame(32, 32)
NOISE = torch.zeros(1, 0)


class Painter(nn.Module):
    """Paints everything white, also where it should not; remembers what it was given."""

    def forward(self, noise_NZ: Tensor, given: Given) -> Tensor:
        del noise_NZ
        self.given = given
        return torch.ones_like(given.picture)


@pytest.mark.parametrize("sides", [(32, 32), (20, 50), (200, 333), (31, 17)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_only_the_hole_changes(sides: tuple[int, int], channels: int) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 200, (*sides, channels), dtype=np.uint8)
    hole = np.zeros(sides, np.uint8)
    hole[4:9, 5:14] = 255
    result = filled(Painter(), NOISE, image, hole, FRAME)
    assert result.shape == image.shape
    assert (result[hole == 0] == image[hole == 0]).all()
    assert (result[hole > 0][:, : min(channels, 3)] > 240).all()
    if channels == 4:
        assert (result[..., 3] == image[..., 3]).all()


def test_a_small_hole_is_filled_at_the_pictures_own_resolution() -> None:
    image = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    hole = np.zeros((100, 100), np.uint8)
    hole[50:60, 70:80] = 255
    painter = Painter()
    filled(painter, NOISE, image, hole, FRAME)
    assert painter.given.hole.sum() == 100
    assert painter.given.picture.shape == (1, 3, 32, 32)


def test_a_hole_as_large_as_the_picture_is_seen_whole() -> None:
    whole = np.ones((100, 60), bool)
    rows, columns = window_around(whole, FRAME)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (100, 60)


def test_nothing_to_fill_is_nothing_done() -> None:
    image = np.full((40, 40, 3), 7, np.uint8)
    assert (filled(Painter(), NOISE, image, np.zeros((40, 40), np.uint8), FRAME) == image).all()


def test_a_mask_of_other_sides_is_refused() -> None:
    with pytest.raises(BadSetting, match=r"40x30.*41x30"):
        filled(Painter(), NOISE, np.zeros((30, 40, 3), np.uint8), np.zeros((30, 41), np.uint8), FRAME)


@pytest.mark.parametrize("sides", [(200, 333), (64, 64), (40, 20)])
def test_nothing_of_what_the_hole_hides_is_seen(sides: tuple[int, int]) -> None:
    around = np.random.default_rng(0).integers(0, 255, (*sides, 3), dtype=np.uint8)
    hole, painter, seen = np.zeros(sides, np.uint8), Painter(), list[Tensor]()
    hole[sides[0] // 4 : -sides[0] // 4, 5:15] = 255
    for hidden in (0, 255):
        filled(painter, NOISE, np.where(hole[..., None] > 0, np.uint8(hidden), around), hole, FRAME)
        seen.append(painter.given.picture * (1 - painter.given.hole))
    assert torch.equal(*seen)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("given", [1, 3, 4])
def test_a_network_is_given_pictures_of_its_own_channels(channels: int, given: int) -> None:
    image = np.full((50, 50, given), 90, np.uint8)
    hole = np.zeros((50, 50), np.uint8)
    hole[20:30, 20:30] = 255
    painter = Painter()
    result = filled(painter, NOISE, image, hole, FRAME, channels)
    assert painter.given.picture.shape == (1, channels, 32, 32)
    assert result.shape == image.shape
    assert (result[hole > 0][:, : min(given, 3)] > 240).all()
