"""Layers are found in any network, by name, and looked into at any depth."""

import pytest
import torch
from torch import nn

from rectoverso.errors import BadSetting, UnknownName
from rectoverso.recto.nets.patch_critic import PatchCritic
from rectoverso.recto.nets.plain import PlainCritic
from rectoverso.recto.sample.watched import Layer, Watched
from rectoverso.recto.systems import recipe
from rectoverso.recto.systems.recipe import Shape


def plain() -> Watched:
    torch.manual_seed(1)
    critic = PlainCritic(Shape(16, 16, 3, 2), width=4)
    return Watched(critic, lambda x: critic(x, torch.zeros(len(x), dtype=torch.int64)), 3, (16, 16))


def test_layers_are_listed_in_order_with_channels_and_sides() -> None:
    assert plain().layers == (
        Layer("first", 4, 16, 16),
        Layer("stages.0", 8, 8, 8),
        Layer("stages.1", 16, 4, 4),
    )


def test_what_a_layer_sees_is_its_output_and_leaves_nothing_behind() -> None:
    network = plain()
    x = torch.randn(5, 3, 16, 16, requires_grad=True)
    seen = network.seen(network.layer("stages.0"), x)
    assert isinstance(network.module, PlainCritic)
    hidden = nn.functional.leaky_relu(network.module.first(x), 0.2)
    torch.testing.assert_close(seen, network.module.stages[0](hidden))
    seen.sum().backward()
    assert x.grad is not None
    assert not any(module._forward_hooks for module in network.module.modules())
    assert all(p.grad is None for p in network.module.parameters())


def test_weights_that_are_made_of_weights_are_no_layers() -> None:
    critic = PatchCritic(3, width=4, downs=2, spectral=True)
    names = [layer.name for layer in Watched(critic, critic, 3, (16, 16)).layers]
    assert names == ["convs.0", "convs.1", "convs.2", "last"]


@pytest.mark.parametrize("system", ["dcgan", "default", "biggan", "stylegan", "stylegan2", "progressive"])
def test_every_system_that_keeps_its_critic_has_layers(system: str) -> None:
    shape = Shape(32, 32, 3, 2)
    critic = recipe(system).at_size("xs").nets.critic(shape)  # type: ignore[attr-defined]
    network = Watched(critic, lambda x: critic(x, torch.zeros(len(x), dtype=torch.int64)), 3, (32, 32))
    assert len(network.layers) > 2
    for layer in network.layers:
        seen = network.seen(layer, torch.zeros(3, 3, 32, 32))
        assert seen.shape == (3, layer.channels, layer.height, layer.width)


def test_what_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"stages\.0"):
        plain().layer("stage.0")
    with pytest.raises(BadSetting, match="0 to 15"):
        plain().layer("stages.1", 16)
    assert plain().layer(None).name == "stages.1"
