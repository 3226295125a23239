"""Naive use of Opacus: the article's networks, its objective and its batch, one step of each player a turn.

What somebody would write who follows Opacus' own example and changes nothing else: the critic's optimiser made private
for a budget, the critic shown real and generated pictures in two passes. Dropout stays, for Opacus allows it; the
critic is told no classes. Its divisor follows how many pictures there are (its issues 571 and 819), and its noise is
not from a cryptographic generator: torchcsprng has no build for this torch.

Shapes: N pictures, Z latent, C channels, H height, W width.
"""

from __future__ import annotations

import warnings

import torch
import torch.nn.functional as F
from opacus import PrivacyEngine
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_pixels, to_tensor
from rectoverso.recto.systems import recipe
from rectoverso.recto.systems.recipe import Shape


def trained(data: Dataset, *, epsilon: float, delta: float, images: int) -> tuple[Tensor, float]:
    """Generated pictures (N, H, W, C) uint8 of one class's generator for each class in turn, and the epsilon spent."""
    warnings.filterwarnings("ignore", module="opacus")
    torch.manual_seed(0)
    asked = recipe("dcgan", "article")
    shape = Shape(data.height, data.width, data.channels, 0)
    generator, critic = asked.generator(shape), asked.nets.critic(shape)  # type: ignore[attr-defined]
    move_g, move_c = (
        torch.optim.Adam(net.parameters(), 1e-4, betas=(0.5, 0.999)) for net in (generator, critic)
    )
    loader: DataLoader[tuple[Tensor, ...]] = DataLoader(
        TensorDataset(to_tensor(data.images)), batch_size=asked.batch
    )
    epochs = max(1, round(images / len(data)))
    engine = PrivacyEngine()
    critic, move_c, loader = engine.make_private_with_epsilon(
        module=critic,
        optimizer=move_c,
        data_loader=loader,
        target_epsilon=epsilon,
        target_delta=delta,
        epochs=epochs,
        max_grad_norm=1.0,
        grad_sample_mode="functorch",
    )
    for _ in range(epochs):
        for (real_NCHW,) in loader:
            fake_NCHW = generator(torch.randn(asked.batch, asked.latent))
            move_c.zero_grad()
            loss = F.softplus(critic(fake_NCHW.detach())).mean()
            if len(real_NCHW):
                loss = loss + F.softplus(-critic(real_NCHW)).mean()
            loss.backward()
            move_c.step()
            move_g.zero_grad()
            critic.disable_hooks()
            F.softplus(-critic(fake_NCHW)).mean().backward()
            critic.enable_hooks()
            move_g.step()
    with torch.no_grad():
        drawn = torch.cat([generator.eval()(torch.randn(100, asked.latent)) for _ in range(30)])
    return torch.from_numpy(to_pixels(drawn)), engine.get_epsilon(delta)
