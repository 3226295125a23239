"""EdgeConnect's networks fill from coarse to fine, and nothing but the hole."""

from __future__ import annotations

import pytest
import torch

from rectoverso.recto.nets.edgeconnect import EdgeConnectGenerator
from rectoverso.recto.nets.given import Given
from rectoverso.recto.systems.recipe import Shape


def generator() -> EdgeConnectGenerator:
    torch.manual_seed(0)
    made = EdgeConnectGenerator(
        Shape(64, 64, 3, 0), width=8, edge_width=8, downs=1, blocks=1, patch=2, coarsest_px=16
    )
    torch.nn.init.normal_(made.fill.last.weight, std=0.1)
    return made


@pytest.mark.parametrize(
    ("sides", "seen"),
    [
        ((64, 64), [(16, 16), (32, 32), (64, 64)]),
        ((32, 48), [(16, 24), (32, 48)]),
        ((28, 28), [(28, 28)]),
        ((36, 36), [(36, 36)]),  # 18 is no multiple of 4
    ],
)
def test_pictures_are_seen_at_ever_larger_sides(sides: tuple[int, int], seen: list[tuple[int, int]]) -> None:
    x_NCHW, hole_N1HW = torch.zeros(1, 3, *sides), torch.zeros(1, 1, *sides)
    assert [tuple(x.shape[2:]) for x, _ in generator().from_coarse(x_NCHW, hole_N1HW)] == seen


def test_what_a_hole_hides_changes_nothing_and_the_rest_is_untouched() -> None:
    x_NCHW = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    hole_N1HW = torch.zeros(1, 1, 64, 64)
    hole_N1HW[..., 10:41, 20:51] = 1
    other_NCHW = torch.where(hole_N1HW > 0, -x_NCHW, x_NCHW)
    net = generator()
    with torch.no_grad():
        first, second = (net(torch.zeros(1, 0), Given(x, hole_N1HW=hole_N1HW)) for x in (x_NCHW, other_NCHW))
    assert torch.equal(first, second)
    assert torch.equal(first[hole_N1HW.expand_as(first) == 0], x_NCHW[hole_N1HW.expand_as(first) == 0])
    assert first[hole_N1HW.expand_as(first) > 0].std() > 0
