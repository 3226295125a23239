"""Spectral norm: the largest singular value is 1, and what it is found with is kept."""

import pytest
import torch

from rectoverso.recto.nets.spectral import SpectralConv2d, SpectralEmbedding, SpectralLinear


def largest(weight: torch.Tensor) -> float:
    return float(torch.linalg.svdvals(weight.detach().flatten(1))[0])


@pytest.mark.parametrize(
    "layer", [SpectralConv2d(6, 9), SpectralConv2d(5, 4, 1), SpectralLinear(20, 7), SpectralEmbedding(4, 9)]
)
def test_the_weight_in_use_has_a_largest_singular_value_of_one(layer: SpectralConv2d) -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        layer.weight.copy_(3 * torch.randn_like(layer.weight))
        for _ in range(50):
            layer.normed()
    assert largest(layer.weight) > 3
    assert largest(layer.normed()) == pytest.approx(1, rel=0.01)


def test_it_follows_a_weight_that_moves_a_step_at_a_time() -> None:
    torch.manual_seed(0)
    layer = SpectralConv2d(8, 8)
    for _ in range(30):
        with torch.no_grad():
            layer.weight.add_(0.05 * torch.randn_like(layer.weight))
        used = layer.normed()
    assert largest(used) == pytest.approx(1, rel=0.1)


def test_only_training_moves_the_method_and_its_vector_is_saved() -> None:
    layer, x = SpectralLinear(6, 5), torch.randn(2, 6)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(5, 6))
    assert "left_O" in layer.state_dict()
    layer.eval()
    before = layer.left_O.clone()
    layer(x)
    assert torch.equal(layer.left_O, before)
    layer.train()
    layer(x)
    assert not torch.equal(layer.left_O, before)


def test_the_gradient_has_no_part_along_the_weight_itself() -> None:
    layer = SpectralLinear(6, 5)  # scaling a weight changes nothing, so neither does a step in its direction
    for _ in range(100):
        layer.normed()
    layer(torch.randn(3, 6)).square().sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.abs().max() > 0.01
    assert (layer.weight.grad * layer.weight).sum().abs() < 1e-4
