"""Self-attention: nothing at the start, and then a look at the whole picture."""

import torch

from rectoverso.recto.nets.attention import SelfAttention


def test_at_gamma_zero_it_is_the_identity() -> None:
    x = torch.randn(2, 16, 8, 6)
    assert torch.equal(SelfAttention(16)(x), x)


def test_with_gamma_every_pixel_may_look_at_every_other() -> None:
    layer, x = SelfAttention(16), torch.randn(1, 16, 8, 6, requires_grad=True)
    with torch.no_grad():
        layer.gamma.fill_(1.0)
    layer(x)[0, :, 0, 0].sum().backward()
    assert x.grad is not None
    reached = x.grad[0].abs().sum(0) > 0
    assert reached[4:, 3:].any()


def test_gamma_learns_from_the_start() -> None:
    layer = SelfAttention(16)
    layer(torch.randn(1, 16, 4, 4)).square().sum().backward()
    assert layer.gamma.grad is not None
    assert layer.gamma.grad.abs() > 0
