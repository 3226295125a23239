"""What the distance between pictures sees."""

import torch

from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.sample.eye import pyramid
from rectoverso.recto.sample.painter import Painter


def test_the_pyramid_sees_a_flat_shift_at_every_scale_and_fine_noise_at_few(plain: Painter) -> None:
    target = to_tensor(plain.picture(1)[None])
    checker = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2.0 - 1
    flat, fine = (pyramid(target + 0.1 * shift, target).item() for shift in (torch.ones(16, 16), checker))
    assert abs(flat - 0.01) < 1e-6
    assert abs(fine - 0.01 / 3) < 1e-6  # 16, 8 and 4 pixels; halving averages the checker away
