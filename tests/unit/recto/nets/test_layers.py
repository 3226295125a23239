"""Each layer against a slow reference that can be checked by eye."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rectoverso.recto.nets.layers import (
    ClassBatchNorm2d,
    Dropout,
    SameConv2d,
    SameConvTranspose2d,
    SubpixelConv2d,
    SubpixelConvTranspose2d,
    UpConv2d,
    same_padding,
)


def keras_transposed(x_IHW: np.ndarray, w_IOKK: np.ndarray, stride: int) -> np.ndarray:
    """Conv2DTranspose(padding="same") by definition: every input pixel stamps the kernel, then the crop."""
    _, height, width = x_IHW.shape
    _, outputs, kernel, _ = w_IOKK.shape
    full = np.zeros((outputs, stride * (height - 1) + kernel, stride * (width - 1) + kernel))
    for y in range(height):
        for x in range(width):
            stamp = np.einsum("i,iokl->okl", x_IHW[:, y, x], w_IOKK)
            full[:, y * stride : y * stride + kernel, x * stride : x * stride + kernel] += stamp
    before = max(kernel - stride, 0) // 2
    return full[:, before : before + stride * height, before : before + stride * width]


def keras_conv(x_IHW: np.ndarray, w_OIKK: np.ndarray, stride: int) -> np.ndarray:
    """Conv2D(padding="same") by its definition, for sides that are multiples of the stride."""
    kernel = w_OIKK.shape[2]
    total = max(kernel - stride, 0)
    padded = np.pad(x_IHW, ((0, 0), *[(total // 2, total - total // 2)] * 2))
    side = x_IHW.shape[1] // stride
    out = np.zeros((len(w_OIKK), side, side))
    for y in range(side):
        for x in range(side):
            window = padded[:, y * stride : y * stride + kernel, x * stride : x * stride + kernel]
            out[:, y, x] = np.einsum("ikl,oikl->o", window, w_OIKK)
    return out


@pytest.mark.parametrize("stride", [1, 2])
def test_a_transposed_convolution_crops_as_keras_does(stride: int) -> None:
    layer = SameConvTranspose2d(3, 4, 5, stride).double()
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    expected = [keras_transposed(image.numpy(), layer.weight.detach().numpy(), stride) for image in x]
    np.testing.assert_allclose(layer(x).detach().numpy(), np.stack(expected), atol=1e-12)


def test_torchs_own_padding_would_shift_the_picture_by_one_pixel() -> None:
    layer = SameConvTranspose2d(1, 1, 5, 2)
    x = torch.randn(1, 1, 4, 4)
    shifted = F.conv_transpose2d(x, layer.weight, stride=2, padding=2, output_padding=1)
    torch.testing.assert_close(layer(x)[:, :, 1:, 1:], shifted[:, :, :-1, :-1])
    assert not torch.allclose(layer(x), shifted)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_pads_as_keras_does(stride: int) -> None:
    layer = SameConv2d(3, 4, 5, stride).double()
    assert layer.bias is not None
    x = torch.randn(1, 3, 8, 8, dtype=torch.float64)
    expected = keras_conv(x[0].numpy(), layer.weight.detach().numpy(), stride)
    expected += layer.bias.detach().numpy()[:, None, None]
    np.testing.assert_allclose(layer(x)[0].detach().numpy(), expected, atol=1e-12)


def test_same_padding_puts_the_odd_pixel_after() -> None:
    assert [same_padding(5, 2), same_padding(5, 1), same_padding(4, 2)] == [(1, 2), (2, 2), (1, 1)]


def test_the_subpixel_form_is_the_plain_transposed_convolution_and_so_are_its_gradients() -> None:
    plain, fast = SameConvTranspose2d(6, 3, 5, 2), SubpixelConvTranspose2d(6, 3)
    fast.load_state_dict(plain.state_dict())
    x, weights = torch.randn(2, 6, 8, 8), torch.randn(2, 3, 16, 16)
    for layer in (plain, fast):
        (layer(x) * weights).sum().backward()
    torch.testing.assert_close(fast(x), plain(x), atol=1e-5, rtol=0)
    torch.testing.assert_close(fast.weight.grad, plain.weight.grad, atol=1e-4, rtol=1e-5)


def test_the_subpixel_form_is_the_plain_convolution_and_so_are_its_gradients() -> None:
    plain, fast = SameConv2d(3, 6, 5, 2), SubpixelConv2d(3, 6)
    fast.load_state_dict(plain.state_dict())
    x, weights = torch.randn(2, 3, 16, 16, requires_grad=True), torch.randn(2, 6, 8, 8)
    slopes = [torch.autograd.grad((layer(x) * weights).sum(), (x, layer.weight)) for layer in (plain, fast)]
    torch.testing.assert_close(fast(x), plain(x), atol=1e-5, rtol=0)
    for expected, actual in zip(*slopes, strict=True):
        torch.testing.assert_close(actual, expected, atol=1e-4, rtol=1e-5)


def test_the_folded_form_is_doubling_and_a_3x3_convolution_and_so_are_its_gradients() -> None:
    layer = UpConv2d(5, 7)
    x, weights = torch.randn(2, 5, 6, 6), torch.randn(2, 7, 12, 12)
    plain = F.conv2d(F.interpolate(x, scale_factor=2), layer.weight, padding=1)
    torch.testing.assert_close(layer(x), plain, atol=1e-5, rtol=0)
    (expected,) = torch.autograd.grad((plain * weights).sum(), layer.weight)
    (actual,) = torch.autograd.grad((layer(x) * weights).sum(), layer.weight)
    torch.testing.assert_close(actual, expected, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_dropout_drops_its_share_and_keeps_the_mean(memory: torch.memory_format) -> None:
    torch.manual_seed(0)
    x = torch.ones(8, 16, 32, 32).contiguous(memory_format=memory)
    y = Dropout(0.3)(x)
    assert (y == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert y.mean().item() == pytest.approx(1, abs=0.01)
    assert y.unique().tolist() == [0, pytest.approx(1 / 0.7, rel=1e-4)]


def test_dropout_is_repeated_by_torchs_seed_and_absent_when_evaluating() -> None:
    layer, x = Dropout(0.5), torch.randn(3, 7)
    draws = []
    for _ in range(2):
        torch.manual_seed(5)
        draws.append(layer(x))
    assert torch.equal(*draws)
    assert torch.equal(layer.eval()(x), x)


def test_dropout_works_on_a_picture_whose_memory_has_holes() -> None:
    x = torch.ones(2, 4, 6, 6)[:, :, 1:, 1:]
    assert Dropout(0.5)(x).shape == x.shape


def test_class_batch_norm_starts_as_batch_norm_and_then_follows_the_class() -> None:
    x, label = torch.randn(6, 4, 3, 3), torch.tensor([0, 1, 0, 1, 0, 1])
    layer = ClassBatchNorm2d(4, 2)
    torch.testing.assert_close(layer(x, label), nn.BatchNorm2d(4)(x))
    assert layer.of_class is not None
    with torch.no_grad():
        layer.of_class.weight[1, 4:] = 3.0  # the bias of class 1
    y = layer(x, label)
    torch.testing.assert_close(y[label == 1], nn.BatchNorm2d(4)(x)[label == 1] + 3)
    torch.testing.assert_close(y[label == 0], nn.BatchNorm2d(4)(x)[label == 0])


def test_a_latent_that_has_something_to_say_sets_gain_and_bias_of_its_own_picture() -> None:
    layer = ClassBatchNorm2d(4, 2, latent=3)
    x, z, label = torch.randn(2, 4, 5, 5), torch.randn(2, 3), torch.tensor([0, 1])
    plain = layer(x, label, z)
    assert torch.allclose(plain, torch.nn.functional.batch_norm(x, None, None, training=True), atol=1e-5)
    torch.nn.init.normal_(layer.of_latent.weight)
    gain, bias = (z @ layer.of_latent.weight.T).chunk(2, 1)
    want = plain * (1 + gain[:, :, None, None]) + bias[:, :, None, None]
    assert torch.allclose(layer(x, label, z), want, atol=1e-5)
