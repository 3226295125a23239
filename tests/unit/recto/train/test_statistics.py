"""Batch norm's statistics, measured again."""

import pytest
import torch
from torch import nn

from rectoverso.recto.train.statistics import remeasure


def test_remeasured_statistics_are_those_of_the_batches_and_of_nothing_before() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2, momentum=0.01))
    batches = [torch.randn(512, 3) for _ in range(8)]
    for _ in range(5):
        module(torch.randn(64, 3) * 50 + 7)
    remeasure(module, [lambda x=x: module(x) for x in batches])
    features = module[0](torch.cat(batches)).detach()
    norm = module[1]
    torch.testing.assert_close(norm.running_mean, features.mean(0), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(norm.running_var, features.var(0), atol=1e-2, rtol=1e-2)


def test_it_leaves_eval_mode_and_the_momentum_as_it_was() -> None:
    module = nn.BatchNorm1d(2, momentum=0.01)
    remeasure(module, [lambda: module(torch.randn(4, 2))])
    assert not module.training
    assert module.momentum == 0.01


def test_a_network_without_batch_norms_is_not_run() -> None:
    module = nn.Linear(2, 2)
    remeasure(module, [lambda: pytest.fail("run")])
    assert not module.training
