"""Transformer blocks: what a place may see, and that what is kept changes nothing."""

from __future__ import annotations

import torch

from rectoverso.recto.nets.transformer import Memory, Transformer, attended, heads_of


def test_a_causal_place_sees_nothing_behind_it() -> None:
    torch.manual_seed(0)
    net, x_NSD = Transformer(16, 2, causal=True), torch.randn(2, 6, 16)
    changed_NSD = x_NSD.clone()
    changed_NSD[:, 4:] += 1
    assert torch.equal(net(x_NSD)[:, :4], net(changed_NSD)[:, :4])
    assert not torch.equal(net(x_NSD)[:, 4:], net(changed_NSD)[:, 4:])


def test_other_places_see_everything() -> None:
    torch.manual_seed(0)
    net, x_NSD = Transformer(16, 1, causal=False), torch.randn(1, 4, 16)
    changed_NSD = x_NSD.clone()
    changed_NSD[:, 3] += 1
    assert not torch.equal(net(x_NSD)[:, 0], net(changed_NSD)[:, 0])


def test_what_is_kept_gives_what_is_computed_anew() -> None:
    torch.manual_seed(0)
    net, x_NSD, memory = Transformer(64, 2, causal=True), torch.randn(2, 7, 64), Memory(7)
    steps = [net(x_NSD[:, :3], memory)] + [net(x_NSD[:, place : place + 1], memory) for place in range(3, 7)]
    assert torch.allclose(torch.cat(steps, 1), net(x_NSD), atol=1e-5)


def test_a_repeated_memory_is_that_of_each_sequence() -> None:
    torch.manual_seed(0)
    net, x_NSD, memory = Transformer(16, 1, causal=True), torch.randn(2, 3, 16), Memory(3)
    net(x_NSD[:, :2], memory)
    last_NSD = net(x_NSD[:, 2:].repeat_interleave(2, 0), memory.repeated(2))
    assert torch.allclose(last_NSD[::2], net(x_NSD)[:, 2:], atol=1e-5)


def test_bfloat16_looks_as_float32_does() -> None:
    torch.manual_seed(0)
    parts = [torch.randn(2, 2, 5, 8) for _ in range(3)]
    half = [part.to(torch.bfloat16) for part in parts]
    for causal in (True, False):
        exact = attended(parts[0], parts[1], parts[2], causal=causal)
        assert torch.allclose(attended(half[0], half[1], half[2], causal=causal).float(), exact, atol=0.05)


def test_heads_share_any_width() -> None:
    assert [heads_of(width) for width in (8, 48, 96, 100, 192)] == [1, 1, 3, 2, 6]
