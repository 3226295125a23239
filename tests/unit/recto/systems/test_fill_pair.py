"""What EdgeConnect is shown in a turn, and where its critics look."""

from __future__ import annotations

import pytest
import torch

from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.systems.fill_pair import FillPair, at_holes, margin
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams

TINY = (
    "nets.generator_width=8",
    "nets.edge_width=8",
    "nets.blocks=1",
    "nets.piece_px=16",
    "nets.critic_downs=1",
)


def pair(side: int) -> tuple[FillPair, Turn]:
    asked = with_settings(recipe("edgeconnect"), [*TINY, "nets.critic_width=8"])
    torch.manual_seed(0)
    cast = asked.cast(Shape(side, side, 3, 0), Streams(0))
    assert isinstance(cast, FillPair)
    x_NCHW = torch.rand(4, 3, side, side, generator=torch.Generator().manual_seed(3)) * 2 - 1
    return cast, Turn(x_NCHW, None, 0, 0.0, Streams(0))


@pytest.mark.parametrize(("side", "views"), [(16, 1), (24, 1), (32, 2), (50, 2)])
def test_large_pictures_are_seen_whole_and_then_in_part(side: int, views: int) -> None:
    cast, turn = pair(side)
    view, made = cast.made(turn)
    assert view.x_NCHW.shape == (4 * views, 3, 16, 16)
    assert made.whole_NCHW.shape == view.x_NCHW.shape
    known = view.hole_N1HW.expand_as(view.x_NCHW) == 0
    of_piece = known[-4:]
    assert torch.equal(made.whole_NCHW[-4:][of_piece], view.x_NCHW[-4:][of_piece])


def test_a_piece_is_where_its_hole_is() -> None:
    """The hole of the piece is cut out of the same place as the piece."""
    cast, turn = pair(64)
    _, piece = cast.cut_out(turn)
    assert piece is not None
    ones = cast.piece_of(turn, torch.arange(32.0).expand(4, 1, 32, 32))
    assert torch.equal(ones[:, :, :, 1:] - ones[:, :, :, :-1], torch.ones(4, 1, 16, 15))
    assert piece.hole_N1HW.shape == (4, 1, 16, 16)


def test_what_a_hole_hides_shows_nowhere_outside_of_it() -> None:
    """As in use: else a network that fills at half the sides reads the hidden pixels from those at the rim."""
    cast, turn = pair(32)
    whole, _ = cast.cut_out(turn)
    hidden = cast.holes(turn, turn.image_NCHW)
    other = torch.where(hidden > 0, -turn.image_NCHW, turn.image_NCHW)
    told = cast.cut_out(Turn(other, None, 0, 0.0, Streams(0)))[0]
    around = whole.hole_N1HW.expand_as(whole.x_NCHW) == 0
    assert torch.equal(told.x_NCHW[around], whole.x_NCHW[around])
    assert not torch.equal(told.x_NCHW, whole.x_NCHW)


def test_critics_are_asked_where_holes_are_and_each_picture_counts_alike() -> None:
    real, fake = torch.ones(3, 1, 4, 4), torch.zeros(3, 1, 4, 4)
    fake[:, :, 2:] = 9.0  # no hole there
    hole = torch.zeros(3, 1, 8, 8)
    hole[0, :, :1, :1] = 1
    hole[1, :, :4] = 1
    assert at_holes(margin, real, fake, hole).item() == pytest.approx(2 / 3)
    whole = at_holes(margin, real, fake, hole)
    parts = sum(at_holes(margin, real[n : n + 1], fake[n : n + 1], hole[n : n + 1]) for n in range(3)) / 3
    assert whole.item() == pytest.approx(float(parts))


def test_critics_join_at_their_share_of_a_run() -> None:
    cast, turn = pair(32)
    assert set(cast.generator_losses(turn)) == {"edges", "near"}
    late = Turn(turn.image_NCHW, None, 0, 0.5, Streams(0))
    assert {"generator", "edge_generator"} <= set(cast.generator_losses(late))
    assert [phase.is_due(0, share) for phase in cast.phases[1:] for share in (0.0, 0.5)] == [False, True]
