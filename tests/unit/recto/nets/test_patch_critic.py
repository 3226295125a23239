"""What a critic of patches can see: instance norms hide how bright a picture is."""

from __future__ import annotations

import pytest
import torch

from rectoverso.recto.nets.patch_critic import PatchCritic


def told_apart(*, instance: bool) -> float:
    """How far the logits of a dark picture are from those of a light one, away from the edges."""
    torch.manual_seed(0)
    critic = PatchCritic(3, width=8, downs=2, spectral=True, instance=instance).eval()
    grain_NCHW = 0.1 * torch.randn(1, 3, 64, 64)
    dark, light = (critic(grain_NCHW + level)[..., 5:-5, 5:-5] for level in (-0.5, 0.5))
    return ((dark - light).abs().mean() / light.std()).item()


def test_only_without_instance_norms_does_it_see_how_bright_a_picture_is() -> None:
    assert told_apart(instance=False) > 3 * told_apart(instance=True)


@pytest.mark.parametrize(("downs", "sees"), [(1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_so_many_pixels_a_side(downs: int, sees: int) -> None:
    torch.manual_seed(0)
    critic = PatchCritic(1, width=4, downs=downs, instance=False).eval()
    x_NCHW = torch.zeros(1, 1, 128, 128, requires_grad=True)
    logits = critic(x_NCHW)
    place = logits.shape[-1] // 2
    logits[0, 0, place, place].backward()
    assert x_NCHW.grad is not None
    rows = x_NCHW.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert int(rows[-1] - rows[0]) + 1 == sees
