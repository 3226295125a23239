"""Captions as casts see them: pictures that are moved, words that are nearby."""

from __future__ import annotations

import pytest
import torch

from rectoverso.recto.data.shapes import shapes
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.systems.captioned import NEAR, Captions, moved
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.streams import Streams

SIDE = 16


@pytest.fixture(scope="module")
def feed() -> Feed:
    return Feed(shapes(SIDE, 48), with_settings(recipe("textgan"), ["batch=8"]), Streams(0))


def test_pictures_are_moved_by_whole_pixels_and_the_same_for_every_player(feed: Feed) -> None:
    turn = feed.turn(0, 0.6)
    moved_NCHW = moved(turn, 2)
    assert moved_NCHW is moved(turn, 2)
    for moved_CHW, image_CHW in zip(moved_NCHW, turn.image_NCHW, strict=True):
        inner = moved_CHW[:, 2:-2, 2:-2]
        cuts = [image_CHW[:, y : y + 12, x : x + 12] for y in range(5) for x in range(5)]
        assert any(torch.equal(inner, cut) for cut in cuts)


def test_pictures_that_may_not_move_stay(feed: Feed) -> None:
    turn = feed.turn(8, 0.6)
    assert moved(turn, 0) is turn.image_NCHW


def test_texts_nearby_differ_from_their_own_in_at_most_a_word(feed: Feed) -> None:
    turn = feed.turn(0, 0.0)
    captions = Captions(feed.shape.merges, 16, Streams(0))
    word_NT = captions.words(turn)
    assert captions.words(turn) is word_NT
    near_MT = captions.near(turn, word_NT)
    assert near_MT.shape == (NEAR * 8, 16)
    changed_M = (near_MT != word_NT.repeat(NEAR, 1)).sum(1)
    assert changed_M.max() == 1
    assert torch.equal(captions.near(feed.turn(0, 0.0), word_NT), near_MT)
