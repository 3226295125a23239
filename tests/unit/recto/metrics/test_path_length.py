"""Path length of generators whose paths have a known length."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rectoverso.recto.metrics.path_length import path_length, slerp, space_of
from rectoverso.types import Digest


class Pixels:
    """Features that are the pixels themselves."""

    name, digest, width, classes, continuous = "pixels", Digest("0" * 64), 12, 0, True
    published: frozenset[str] = frozenset()

    def embed(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor | None]:
        return x_NCHW.flatten(1), None


class Linear(nn.Module):
    """Latents of 12 numbers as pictures, so many times as large."""

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        gain = 2.0 if label_N is None else (1 + label_N)[:, None]
        return (gain * z_NZ).view(-1, 3, 2, 2)


class Mapped(nn.Module):
    def mapping(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        assert label_N is None
        return 3 * z_NZ

    def synthesis(self, w_NZ: Tensor) -> Tensor:
        return w_NZ.view(-1, 3, 2, 2)

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        return self.synthesis(self.mapping(z_NZ, label_N))


def opposite(pairs: int) -> Tensor:
    """Latents of length 5 and, in the second half, others of length 5 at a right angle to them."""
    a = torch.zeros(pairs, 12)
    b = torch.zeros(pairs, 12)
    a[:, 0], b[:, 1] = 5, 5
    return torch.cat([a, b])


def test_in_z_it_is_the_arc() -> None:
    """A quarter of a circle of radius 5, drawn twice as large: speed 2 * 5 * pi / 2, squared."""
    path = path_length(Linear(), opposite(150), None, Pixels())
    assert path.space == "z"
    assert path.estimate.value == pytest.approx((2 * 5 * math.pi / 2) ** 2, rel=1e-2)


def test_in_w_it_is_the_straight_line() -> None:
    path = path_length(Mapped(), opposite(150), None, Pixels())
    assert path.space == space_of(Mapped()) == "w"
    assert path.estimate.value == pytest.approx(2 * 15**2, rel=1e-2)


def test_each_path_keeps_the_label_of_its_start() -> None:
    labels = torch.cat([torch.full((150,), 2), torch.zeros(150, dtype=torch.int64)])
    path = path_length(Linear(), opposite(150), labels, Pixels())
    assert path.estimate.value == pytest.approx((3 * 5 * math.pi / 2) ** 2, rel=1e-2)


def test_the_longest_and_shortest_hundredth_are_left_out() -> None:
    noise = opposite(200)
    noise[:2] *= 1000
    assert path_length(Linear(), noise, None, Pixels()).estimate.value == pytest.approx(246.7, rel=1e-2)


def test_slerp_ends_at_its_ends_and_keeps_to_the_circle() -> None:
    rng = np.random.default_rng(0)
    a, b = (torch.from_numpy(rng.normal(size=(5, 8))) for _ in range(2))
    for t, end in ((0.0, a), (1.0, b)):
        torch.testing.assert_close(slerp(a, b, torch.full((5,), t, dtype=torch.float64)), end)
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (a, b))
    middle = slerp(a, b, torch.full((5,), 0.5, dtype=torch.float64))
    torch.testing.assert_close(middle.norm(dim=1), torch.ones(5, dtype=torch.float64))
    torch.testing.assert_close((middle * a).sum(1), (middle * b).sum(1))


def test_slerp_of_a_latent_with_itself_stays_there() -> None:
    a = torch.randn(3, 8, dtype=torch.float64)
    torch.testing.assert_close(
        slerp(a, a.clone(), torch.tensor([0.0, 0.3, 1.0]).double()), a, rtol=1e-6, atol=1e-9
    )
