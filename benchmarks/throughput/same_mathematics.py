"""Whether both frameworks compute the same: one set of weights, one set of inputs, two sets of outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rectoverso.recto.nets.dcgan import KERAS_EPSILON, ArticleCritic, ArticleGenerator
from throughput.keras_side import Worker

TOLERANCE = 1e-4
COUNT = 16


def check(worker: Worker, folder: Path) -> dict[str, object]:
    """The largest differences of pictures and of logits, in float32, and whether they pass."""
    torch.manual_seed(5)
    generator, critic = ArticleGenerator(32, 3), ArticleCritic(32, 3)
    for net in (generator, critic):
        _stir(net)
    noise, pictures = torch.randn(COUNT, 100), torch.rand(COUNT, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        made = generator.train()(noise).permute(0, 2, 3, 1).numpy()
        logits = critic.eval()(pictures).numpy()
    given, out = folder / "weights.npz", folder / "outputs.npz"
    arrays = _as_keras(generator, "generator") | _as_keras(critic, "critic")
    np.savez(given, noise=noise.numpy(), pictures=pictures.permute(0, 2, 3, 1).numpy(), **arrays)
    answer = worker.ask("check", weights=str(given), out=str(out), epsilon=KERAS_EPSILON)
    theirs = np.load(out)
    differences = {
        "pictures": float(np.abs(theirs["made"] - made).max()),
        "logits": float(np.abs(theirs["logits"][:, 0] - logits).max()),
    }
    return {
        "differences": differences,
        "parameters": answer["parameters"],
        "same": max(differences.values()) <= TOLERANCE,
    }


def _stir(net: nn.Module) -> None:
    """Move gains and biases away from 1 and 0, so that one that is left out or swapped shows."""
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.2)


def _as_keras(net: nn.Module, prefix: str) -> dict[str, NDArray[np.float32]]:
    """The weights in Keras' order and layout: dense (I, O), convolution (K, K, I, O), transposed (K, K, O, I)."""
    arrays: list[NDArray[np.float32]] = []
    for layer in _in_order(net):
        weight = layer.weight.detach().numpy()
        if isinstance(layer, nn.Linear):
            arrays.append(weight.T)
        elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            arrays.append(weight.transpose(2, 3, 1, 0))
        else:
            arrays.append(weight)
        if layer.bias is not None:
            arrays.append(layer.bias.detach().numpy())
    return {f"{prefix}/{number}": array for number, array in enumerate(arrays)}


def _in_order(net: nn.Module) -> list[nn.Module]:
    """The layers with weights in the order in which a picture meets them."""
    met: list[nn.Module] = []
    layers = [layer for layer in net.modules() if isinstance(getattr(layer, "weight", None), nn.Parameter)]
    hooks = [layer.register_forward_hook(lambda layer, *_: met.append(layer)) for layer in layers]
    training = net.training
    with torch.no_grad():
        net.eval()(torch.zeros(2, 100) if isinstance(net, ArticleGenerator) else torch.zeros(2, 3, 32, 32))
    net.train(training)
    for hook in hooks:
        hook.remove()
    return met
