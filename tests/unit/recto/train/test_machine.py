"""What this machine is."""

import torch

from rectoverso.recto.train.machine import seed


def test_what_is_drawn_after_seeding_is_what_torch_itself_would_draw() -> None:
    torch.manual_seed(2**62 + 7)
    expected = torch.rand(5)
    seed(torch.device("cpu"), 2**62 + 7)
    assert torch.equal(torch.rand(5), expected)
