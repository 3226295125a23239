"""The frequency domain gives what the plain layers give: pictures, gradients and gradients of gradients."""

import pytest
import torch
from torch import Tensor, nn

from rectoverso.recto.nets.fourier import FourierConv2d, FourierConvTranspose2d, frequencies
from rectoverso.recto.nets.layers import SameConv2d, SameConvTranspose2d

LAYERS = {
    "transposed, stride 1": (
        SameConvTranspose2d(6, 4, 5, 1),
        FourierConvTranspose2d(6, 4, 1, 8),
        (3, 6, 8, 8),
    ),
    "transposed, stride 2": (
        SameConvTranspose2d(6, 4, 5, 2),
        FourierConvTranspose2d(6, 4, 2, 8),
        (3, 6, 8, 8),
    ),
    "convolution": (SameConv2d(6, 4, 5, 2), FourierConv2d(6, 4, 16), (3, 6, 16, 16)),
    "another side": (SameConv2d(2, 3, 5, 2), FourierConv2d(2, 3, 10), (2, 2, 10, 10)),
}


@pytest.fixture(params=LAYERS)
def layers(request: pytest.FixtureRequest) -> tuple[nn.Module, nn.Module, Tensor]:
    """The plain layer, its twin with the same weights, and pictures."""
    plain, fast, shape = LAYERS[request.param]
    torch.manual_seed(0)
    plain.reset_parameters()  # made when this file was read, from whatever numbers came before
    fast.load_state_dict(plain.state_dict())
    return plain, fast, torch.randn(shape).contiguous(memory_format=torch.channels_last).requires_grad_()


Layers = tuple[nn.Module, nn.Module, Tensor]


def test_pictures_and_gradients_are_those_of_the_plain_layer(layers: Layers) -> None:
    plain, fast, x = layers
    torch.testing.assert_close(fast(x), plain(x), atol=1e-5, rtol=0)
    weights = torch.randn_like(plain(x))
    slopes = [
        torch.autograd.grad((layer(x) * weights).sum(), (x, *layer.parameters())) for layer in (plain, fast)
    ]
    for expected, actual in zip(*slopes, strict=True):
        torch.testing.assert_close(actual, expected, atol=1e-4, rtol=1e-5)


def test_it_can_be_differentiated_twice(layers: Layers) -> None:
    plain, fast, x = layers
    second = []
    for layer in (plain, fast):
        (slope,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
        second.append(torch.autograd.grad(slope.square().sum(), layer.get_parameter("weight"))[0])
    torch.testing.assert_close(second[1], second[0], atol=1e-3, rtol=1e-4)


def test_in_bfloat16_it_is_as_near_to_the_truth_as_the_plain_layer(layers: Layers) -> None:
    plain, fast, x = layers
    truth = plain(x)
    with torch.autocast("cpu", torch.bfloat16):
        errors = [(layer(x.bfloat16()).float() - truth).norm() / truth.norm() for layer in (plain, fast)]
    assert errors[1] < 2.5 * errors[0]
    assert errors[1] < 0.02


def test_pictures_and_their_gradients_lie_in_memory_as_their_neighbours_want_them(layers: Layers) -> None:
    _, fast, x = layers
    seen = []
    x.register_hook(lambda slope: seen.append(slope.is_contiguous(memory_format=torch.channels_last)))
    y = fast(x)
    y.sum().backward()
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert seen == [True]


def test_when_evaluating_it_is_the_plain_layer_to_the_last_bit(layers: Layers) -> None:
    plain, fast, x = layers
    assert torch.equal(fast.eval()(x), plain(x))
    fast.train()


def test_each_frequency_stands_for_its_opposite() -> None:
    chosen = frequencies(10)
    mirrored = {(-a % 10, -b % 10) for a, b in chosen}
    assert len(chosen) == 52
    assert len(mirrored | set(chosen)) == 100
