"""The discrete autoencoder: its sides, what its divergence says, and what the temperature does."""

from __future__ import annotations

import math

import pytest
import torch

from rectoverso.recto.nets.codes import CodeBook, Grid, divergence, gumbels
from rectoverso.recto.systems.recipe import Shape


def book(shape: Shape, codes: int = 8) -> CodeBook:
    torch.manual_seed(0)
    return CodeBook(shape, Grid(shape, 8), codes=codes, width=8)


@pytest.mark.parametrize(
    ("shape", "sides"),
    [(Shape(32, 32, 3, 0), (8, 8)), (Shape(64, 96, 4, 0), (8, 12)), (Shape(16, 16, 1, 0), (8, 8))],
)
def test_pictures_come_back_at_their_sides_through_a_grid(shape: Shape, sides: tuple[int, int]) -> None:
    codes = book(shape)
    x_NCHW = torch.rand(2, shape.channels, shape.height_px, shape.width_px)
    assert codes.codes(x_NCHW).shape == (2, sides[0] * sides[1])
    again_NCHW, logit_NKYX = codes.relaxed(x_NCHW, 1.0)
    assert again_NCHW.shape == x_NCHW.shape
    assert logit_NKYX.shape == (2, 8, *sides)
    assert codes.decoder(codes.codes(x_NCHW)).shape == x_NCHW.shape


def test_sides_that_cannot_be_halved_to_the_grid_do_not_fit() -> None:
    assert Grid(Shape(40, 64, 3, 0), 8).fits
    assert not Grid(Shape(33, 33, 3, 0), 8).fits


def test_the_divergence_is_the_mean_over_places_of_what_a_hand_computes() -> None:
    q = torch.tensor([[0.5, 0.25, 0.25, 0.0], [0.25] * 4])
    by_hand = (0.5 * math.log(4 * 0.5) + 2 * 0.25 * math.log(4 * 0.25) + 0.0) / 2
    logit_NKYX = torch.log(q + 1e-30).T[None, :, None]
    assert divergence(logit_NKYX).item() == pytest.approx(by_hand, abs=1e-6)
    assert divergence(logit_NKYX.repeat(3, 1, 5, 1)).item() == pytest.approx(by_hand, abs=1e-6), "no sum"


def test_the_divergence_of_sure_codes_is_the_logarithm_of_their_number() -> None:
    logit_NKYX = 100.0 * torch.eye(8)[None, :, :, None]
    assert divergence(logit_NKYX).item() == pytest.approx(math.log(8), abs=1e-5)


def test_gumbel_noise_has_its_mean_and_variance_and_follows_torchs_seed() -> None:
    torch.manual_seed(1)
    one = gumbels(torch.empty(200, 500))
    assert one.mean().item() == pytest.approx(0.5772, abs=0.02)
    assert one.var().item() == pytest.approx(math.pi**2 / 6, abs=0.05)
    torch.manual_seed(1)
    assert torch.equal(one, gumbels(torch.empty(200, 500)))


def test_a_cold_relaxed_code_is_a_whole_one() -> None:
    """Whatever the noise chooses, the picture is then one that whole codes make."""
    codes = book(Shape(16, 16, 3, 0))
    x_NCHW = torch.rand(1, 3, 16, 16) * 2 - 1
    torch.manual_seed(2)
    again_NCHW, logit_NKYX = codes.relaxed(x_NCHW, 1e-6)
    torch.manual_seed(2)
    code_NG = (logit_NKYX + gumbels(logit_NKYX)).argmax(1).flatten(1)
    assert torch.allclose(again_NCHW, codes.decoder(code_NG), atol=1e-5)
