"""What the augmentation does to pictures, and how its probability follows the critic."""

import math

import pytest
import torch

from rectoverso.recto.train.augment import (
    UNIFORMS,
    Augment,
    Draw,
    changed,
    colours,
    moved,
    moves,
    recoloured,
    scaling,
    shifting,
    turning,
)


def uniforms(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, UNIFORMS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def picture(*sides: int) -> torch.Tensor:
    return torch.rand(*sides, generator=torch.Generator().manual_seed(1)) * 2 - 1


def column(number: float, count: int = 1) -> torch.Tensor:
    return torch.full((count,), number, dtype=torch.float64)


def test_a_small_probability_leaves_most_pictures_bit_for_bit_in_place() -> None:
    x = picture(400, 3, 8, 8)
    matrix = moves(Draw(uniforms(400), 0.01), 8, 8)
    kept = (moved(x, matrix) == x).flatten(1).all(1).float().mean().item()
    assert 0.9 < kept < 0.99  # eight moves


def test_all_28_numbers_are_used_and_no_more() -> None:
    draw = Draw(uniforms(2), 0.5)
    moves(draw, 8, 8)
    colours(draw)
    assert draw.next == UNIFORMS


@pytest.mark.parametrize(
    ("matrix", "want"),
    [
        (scaling(column(-1), column(1)), lambda x: x.flip(3)),
        (turning(column(math.pi / 2)), lambda x: x.rot90(1, (2, 3))),
        (turning(column(math.pi)), lambda x: x.flip(2, 3)),
        (shifting(column(2), column(0)), lambda x: torch.cat([x[..., 2:], x[..., -2:].flip(3)], 3)),
        (shifting(column(0), column(-1)), lambda x: torch.cat([x[:, :, :1], x[:, :, :-1]], 2)),
    ],
    ids=["flip", "quarter turn", "half turn", "shift right", "shift up"],
)
def test_moves_that_copy_pixels_copy_them(matrix: torch.Tensor, want) -> None:
    x = picture(1, 3, 8, 8)
    assert torch.allclose(moved(x, matrix), want(x), atol=1e-5)


def test_every_move_has_an_inverse_and_moves_undo_each_other_in_distribution() -> None:
    """A picture of unequal corners, changed a hundred thousand times: forward and inverse matrices have the same
    moments.
    """
    matrix = moves(Draw(uniforms(100_000), 0.6), 16, 16)
    assert (torch.linalg.det(matrix).abs() > 0.05).all()
    back = torch.linalg.inv(matrix)
    assert torch.allclose(matrix[:, :2, :2].mean(0), back[:, :2, :2].mean(0), atol=0.02)
    assert torch.allclose(matrix[:, :2, 2].mean(0), back[:, :2, 2].mean(0), atol=0.05)


def test_no_change_is_the_most_likely_single_change_even_at_the_highest_probability() -> None:
    """What the paper calls non-leaking: quarter turns at p = 0.8 leave the upright picture ahead of every other."""
    draw = Draw(uniforms(20_000), 0.8)
    turns = torch.floor(draw.uniform() * 4) * draw.happens()
    shares = torch.bincount(turns.long(), minlength=4) / 20_000
    assert shares[0].item() == pytest.approx(0.4, abs=0.02)
    assert shares[1:].max() < 0.22


def test_rectangles_are_turned_by_half_turns_only() -> None:
    draw = uniforms(500)
    draw[:, 4:] = 1  # only the flip and the turns can happen: a gate of 1 stays shut
    draw[:, [5, 6, 8, 10, 12, 14, 16, 17]] = 0.5
    matrix = moves(Draw(draw, 0.99), 8, 16)
    assert (matrix[:, 0, 1].abs() < 1e-9).all()
    assert (matrix[:, 0, 0] < 0).any()
    assert (matrix[:, 1, 1] < 0).any()


def test_colour_changes_have_inverses_and_keep_greys_grey() -> None:
    matrix = colours(Draw(uniforms(200), 0.8))
    assert (torch.linalg.det(matrix[:, :, :3]).abs() > 1e-4).all()
    grey = recoloured(torch.full((200, 3, 2, 2), 0.3), matrix)
    assert torch.allclose(grey[:, 0], grey[:, 1], atol=1e-4)
    assert torch.allclose(grey[:, 0], grey[:, 2], atol=1e-4)
    assert grey.std() > 0.1


def test_one_channel_gets_what_grey_gets() -> None:
    matrix = colours(Draw(uniforms(5), 0.9))
    x = picture(5, 1, 4, 4)
    assert torch.allclose(
        recoloured(x, matrix), recoloured(x.expand(-1, 3, -1, -1), matrix)[:, :1], atol=1e-5
    )


def test_of_transparent_pictures_only_what_is_seen_changes_its_colour() -> None:
    matrix = colours(Draw(uniforms(5), 0.9))
    rgb = picture(5, 3, 4, 4)
    want = recoloured(rgb, matrix)
    for share in (0.0, 0.3, 1.0):
        alpha = torch.full((5, 1, 4, 4), 2 * share - 1)
        seen = recoloured(torch.cat([(rgb + 1) * share - 1, alpha], 1), matrix)
        assert torch.equal(seen[:, 3:], alpha)
        assert torch.allclose(seen[:, :3], (want + 1) * share - 1, atol=1e-5)


@pytest.mark.parametrize("column_of_gate", range(UNIFORMS))
def test_gradients_reach_the_picture_through_every_change(column_of_gate: int) -> None:
    u = uniforms(4, seed=column_of_gate)
    u[:, column_of_gate] = 0.01  # this one surely happens
    x = picture(4, 3, 8, 8).requires_grad_()
    changed(x, u, 0.7).square().sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert (x.grad.flatten(1).abs().sum(1) > 0).all()


def test_the_probability_rises_while_the_critic_is_sure_and_falls_while_it_is_not() -> None:
    augment = Augment()
    for _ in range(3):
        augment.hear(torch.tensor(1.0), 10, target=0.6, images=1000, most=0.8)
        assert augment.p.item() == 0
    augment.hear(torch.tensor(1.0), 10, target=0.6, images=1000, most=0.8)
    assert augment.p.item() == pytest.approx(0.04)
    for _ in range(200):
        augment.hear(torch.tensor(1.0), 10, target=0.6, images=1000, most=0.8)
    assert augment.p.item() == pytest.approx(0.8)
    for _ in range(4):
        augment.hear(torch.tensor(0.2), 10, target=0.6, images=1000, most=0.8)
    assert augment.p.item() == pytest.approx(0.76)
