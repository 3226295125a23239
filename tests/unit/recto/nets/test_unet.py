"""U-nets: their sides, that they begin with nothing to add, and that all of one learns."""

from __future__ import annotations

import pytest
import torch

from rectoverso.recto.nets.unet import UNet

PICTURE_NCHW = torch.rand(2, 4, 16, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(
    ("patch", "downs", "smooth"), [(1, 0, False), (1, 2, False), (2, 1, False), (1, 2, True)]
)
def test_it_begins_with_nothing_to_add_and_all_of_it_learns(patch: int, downs: int, smooth: bool) -> None:
    torch.manual_seed(1)
    net = UNet(4, 3, width=8, downs=downs, blocks=2, patch=patch, smooth=smooth)
    made_NCHW = net(PICTURE_NCHW)
    assert made_NCHW.shape == (2, 3, 16, 24)
    assert not made_NCHW.any()
    before = {name: weight.detach().clone() for name, weight in net.named_parameters()}
    adam = torch.optim.Adam(net.parameters(), 0.01)
    losses = []
    for _ in range(30):
        loss = (net(PICTURE_NCHW) - PICTURE_NCHW[:, :3].flip(3)).abs().mean()
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert all(not torch.equal(before[name], weight) for name, weight in net.named_parameters())


def test_colours_pass_by_the_norms() -> None:
    """Two pictures of one colour each come out as different as they came in, once the last convolution is open."""
    net = UNet(3, 3, width=8, downs=1, blocks=1)
    torch.nn.init.normal_(net.last.weight)
    dark, light = (net(torch.full((1, 3, 8, 8), level)) for level in (-0.5, 0.5))
    assert (dark - light).abs().mean() > 0.1
