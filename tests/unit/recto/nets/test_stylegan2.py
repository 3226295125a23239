"""Demodulation, resampling and the contract of styled generators."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rectoverso.recto.nets.resampling import larger_smoothly
from rectoverso.recto.nets.style_layers import EqualSkip2d, PixelNoise, StyledGenerator, Styling
from rectoverso.recto.nets.stylegan import StyleganCritic, StyleganGenerator
from rectoverso.recto.nets.stylegan2 import ModulatedConv2d, Stylegan2Critic, Stylegan2Generator
from rectoverso.recto.systems.recipe import Shape

GENERATORS = [StyleganGenerator, Stylegan2Generator]
CRITICS = [StyleganCritic, Stylegan2Critic]
SIDES = {"styling": Styling(8), "latent": 8, "depth": 2, "rate": 0.1, "width": 4, "widest": 8}


def generator(kind: type[StyledGenerator], shape: Shape) -> StyledGenerator:
    torch.manual_seed(0)
    return kind(shape, **SIDES)  # type: ignore[arg-type]


def test_demodulation_is_the_division_of_the_scaled_weights_by_their_norm() -> None:
    torch.manual_seed(0)
    conv = ModulatedConv2d(6, 5, Styling(4))
    x, w = torch.randn(3, 6, 8, 8), 2 * torch.randn(3, 4)
    y, d = conv(x, w)
    for image in range(3):
        s = conv.affine(w)[image]
        scaled = conv.weight * conv.scale * s[:, None, None]  # equation 1
        demodulated = scaled / scaled.square().sum((1, 2, 3), keepdim=True).add(1e-8).sqrt()  # equation 3
        want = F.conv2d(x[image : image + 1], demodulated, padding=1)
        assert torch.allclose((y * d[:, :, None, None])[image : image + 1], want, atol=1e-5)


@pytest.mark.parametrize("strength", [0.01, 1.0, 30.0])
def test_demodulated_outputs_have_unit_variance_whatever_the_style(strength: float) -> None:
    torch.manual_seed(0)
    conv = ModulatedConv2d(32, 16, Styling(4))
    nn.init.constant_(conv.affine.bias, strength)
    y, d = conv(torch.randn(8, 32, 32, 32), strength * torch.randn(8, 4))
    inner = (y * d[:, :, None, None])[:, :, 1:-1, 1:-1]
    assert inner.var().item() == pytest.approx(1, abs=0.05)


def test_doubling_is_nearest_neighbours_then_the_convolution_then_the_blur() -> None:
    torch.manual_seed(0)
    conv = ModulatedConv2d(3, 2, Styling(4), up=True)
    x = torch.randn(1, 3, 8, 8)
    y, _ = conv(x, torch.zeros(1, 4))  # affine's bias alone: s = 1
    plain = F.conv2d(F.interpolate(x, scale_factor=2), conv.weight * conv.scale, padding=1)
    row = torch.tensor([0.25, 0.5, 0.25])
    want = F.conv2d(plain, torch.outer(row, row).expand(2, 1, 3, 3), padding=1, groups=2)
    assert torch.allclose(y, want, atol=1e-5)


def test_the_skip_is_the_blur_then_the_convolution_then_the_mean_of_four() -> None:
    torch.manual_seed(0)
    x, row = torch.randn(1, 3, 8, 8), torch.tensor([0.25, 0.5, 0.25])
    blurred = F.conv2d(x, torch.outer(row, row).expand(3, 1, 3, 3), padding=1, groups=3)
    skip = EqualSkip2d(3, 2)
    want = F.avg_pool2d(F.conv2d(blurred, skip.weight * skip.scale), 2)
    assert torch.allclose(skip(x), want, atol=1e-5)


def test_a_plain_colour_stays_itself_when_the_picture_is_doubled() -> None:
    colour = torch.tensor([0.5, -1.0, 0.25])[None, :, None, None]
    assert torch.allclose(larger_smoothly(colour.expand(1, 3, 4, 6)), colour.expand(1, 3, 8, 12))


@pytest.mark.parametrize("kind", range(2))
@pytest.mark.parametrize("sides", [(16, 16), (32, 32), (24, 48)])
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 2), (4, 7)])
def test_they_make_and_judge_any_sides_channels_and_classes(
    kind: int, sides: tuple[int, int], channels: int, classes: int
) -> None:
    label = torch.tensor([0, classes - 1]) if classes else None
    shape = Shape(*sides, channels, classes)
    picture = generator(GENERATORS[kind], shape)(torch.randn(2, 8), label)
    assert picture.shape == (2, channels, *sides)
    assert CRITICS[kind](shape, width=4, widest=8)(picture, label).shape == (2,)


@pytest.mark.parametrize("kind", GENERATORS)
def test_latents_to_styles_to_pictures_is_the_way_of_the_whole(kind: type[StyledGenerator]) -> None:
    net = generator(kind, Shape(16, 16, 3, 2)).eval()
    z, label = torch.randn(2, 8), torch.tensor([0, 1])
    w = net.mapping(z, label)
    assert w.shape == (2, *net.w_mean_W.shape)
    picture = net.synthesis(w[:, None].repeat(1, net.styles, 1))
    assert torch.equal(picture, net(z, label))
    assert not torch.equal(picture, net(z, 1 - label))  # the class changes the picture


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_style_layer_has_its_say(kind: type[StyledGenerator]) -> None:
    net = generator(kind, Shape(16, 16, 3, 0)).eval()
    w = net.spread(net.mapping(torch.randn(1, 8))).clone()
    first = net.synthesis(w)
    for layer in range(net.styles):
        other = w.clone()
        other[:, layer] += 1
        assert (net.synthesis(other) - first).abs().max() > 1e-4, layer


@pytest.mark.parametrize("kind", GENERATORS)
def test_noise_differs_between_pictures_in_training_and_is_fixed_afterwards(
    kind: type[StyledGenerator],
) -> None:
    net = generator(kind, Shape(16, 16, 3, 0))
    for layer in net.modules():
        if isinstance(layer, PixelNoise):
            nn.init.constant_(layer.strength, 10)
    z = torch.randn(1, 8).expand(2, -1)
    one, other = net(z)
    assert not torch.allclose(one, other, atol=1e-3)
    one, other = net.eval()(z)
    assert torch.allclose(one, other, atol=1e-5)
    assert torch.equal(net(z), net(z))


def test_truncation_goes_from_the_mean_style_to_the_style_itself() -> None:
    net = generator(Stylegan2Generator, Shape(16, 16, 3, 0))
    z = torch.randn(64, 8)
    net.measure_mean(z, None)
    assert torch.allclose(net.w_mean_W, net.mapping(z).mean(0))
    w = net.spread(net.mapping(z))
    assert torch.equal(net.truncated(w, 1.0), w)
    assert torch.equal(net.truncated(w, 0.0), net.w_mean_W.expand_as(w))
    assert torch.allclose(net.truncated(w, 0.5), (w + net.w_mean_W) / 2, atol=1e-6)
