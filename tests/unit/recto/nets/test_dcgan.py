"""The article's networks have the article's sizes."""

import pytest
import torch
from torch import nn

from rectoverso.recto.nets.dcgan import ArticleCritic, ArticleGenerator


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_at_32_pixels_they_have_keras_parameter_counts() -> None:
    dense, norms = 100 * 8 * 8 * 256, 2 * (8 * 8 * 256 + 128 + 64)
    convolutions = 25 * (256 * 128 + 128 * 64 + 64 * 3)
    assert parameters(ArticleGenerator(32, 3)) == dense + norms + convolutions
    critic = 25 * 3 * 64 + 64 + 25 * 64 * 128 + 128 + 8 * 8 * 128 + 1
    assert parameters(ArticleCritic(32, 3)) == critic


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_they_make_and_judge_any_side_and_number_of_channels(size: int, channels: int) -> None:
    picture = ArticleGenerator(size, channels, latent=8, width=4)(torch.randn(2, 8))
    assert picture.shape == (2, channels, size, size)
    assert ArticleCritic(size, channels, width=4)(picture).shape == (2,)


def test_weights_start_as_keras_starts_them() -> None:
    generator, critic = ArticleGenerator(32, 3), ArticleCritic(32, 3)
    limit = (6 / (100 + 8 * 8 * 256)) ** 0.5
    assert generator.dense.weight.abs().max().item() == pytest.approx(limit, rel=0.01)
    first = critic.stages[0]
    assert isinstance(first, nn.Conv2d)
    assert first.weight.abs().max().item() == pytest.approx((6 / (25 * (3 + 64))) ** 0.5, rel=0.01)
    assert critic.logit.bias.abs().max() == 0


def test_batch_norm_has_keras_epsilon_and_momentum() -> None:
    norms = [
        part
        for part in ArticleGenerator(32, 3).modules()
        if isinstance(part, nn.modules.batchnorm._BatchNorm)
    ]
    assert [(norm.eps, norm.momentum) for norm in norms] == [(1e-3, 0.01)] * 3
