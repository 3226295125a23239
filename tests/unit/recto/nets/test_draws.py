"""Which option a number chooses."""

from __future__ import annotations

import pytest
import torch

from rectoverso.recto.nets.draws import Sampling, chances, drawn, uniforms

LOGIT_1K = torch.log(torch.tensor([[0.1, 0.6, 0.3]]))


@pytest.mark.parametrize(
    ("number", "option"), [(0.0, 1), (0.59, 1), (0.61, 2), (0.89, 2), (0.91, 0), (1.0, 0)]
)
def test_the_likeliest_lie_lowest(number: float, option: int) -> None:
    assert drawn(LOGIT_1K, torch.tensor([number]), Sampling()).item() == option


def test_options_come_as_often_as_is_likely() -> None:
    number_N = (torch.arange(1000) + 0.5) / 1000
    counts = drawn(LOGIT_1K.expand(1000, -1), number_N, Sampling()).bincount()
    assert counts.tolist() == [100, 600, 300]


@pytest.mark.parametrize("sampling", [Sampling(top_k=2), Sampling(top_p=0.7), Sampling(top_k=2, top_p=0.95)])
def test_the_unlikely_can_be_left_out(sampling: Sampling) -> None:
    chance_NK, order_NK = chances(LOGIT_1K, sampling)
    assert order_NK[0].tolist() == [1, 2, 0]
    assert chance_NK[0].tolist() == pytest.approx([2 / 3, 1 / 3, 0.0], abs=1e-6)


@pytest.mark.parametrize("sampling", [Sampling(temperature=1e-6), Sampling(top_k=1), Sampling(top_p=0.0)])
def test_the_likeliest_can_be_all_that_is_left(sampling: Sampling) -> None:
    assert drawn(LOGIT_1K, torch.tensor([0.999]), sampling).item() == 1


def test_normal_numbers_become_even_ones() -> None:
    torch.manual_seed(0)
    u = uniforms(torch.randn(10_000))
    assert 0 < u.min() < u.max() < 1
    assert u.mean().item() == pytest.approx(0.5, abs=0.01)
    assert u.var().item() == pytest.approx(1 / 12, abs=0.005)
