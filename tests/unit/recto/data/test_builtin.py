"""The built-in data in any frame."""

from __future__ import annotations

import numpy as np
import pytest

from quick import SCENES, few_scenes
from rectoverso.errors import BadSetting
from rectoverso.recto.data.digits import PAPER
from rectoverso.recto.data.source import open_source


@pytest.mark.parametrize(("size", "part"), [("48x32", np.s_[:, :, 8:40]), ("32x48", np.s_[:, 8:40])])
def test_a_rectangle_holds_the_whole_square_and_more_of_its_ground(size, part):
    wide, square = open_source("digits", size=size), open_source("digits", size=32)
    assert (wide.width, wide.height) == tuple(map(int, size.split("x")))
    np.testing.assert_array_equal(wide.images[part], square.images)
    assert (wide.images[:, 0, 0] == PAPER).all()
    assert wide.labels.tolist() == square.labels.tolist()


def test_masks_are_widened_with_their_pictures():
    wide = open_source("shapes", size="24x16", take=60)
    assert wide.masks.shape == wide.images.shape[:3] == (60, 16, 24)
    assert (wide.masks[:, :, 0] == 0).all()


def test_four_channels_are_opaque():
    found = open_source("digits", size=16, channels=4)
    assert found.channels == 4
    assert (found.images[..., 3] == 255).all()
    assert open_source("digits", size=16, channels="auto").channels == 3


def test_a_part_keeps_every_class_its_captions_and_its_digest():
    with few_scenes():
        whole, part = open_source("shapes", size=16), open_source("shapes", size=16, take=60)
    assert np.bincount(part.labels).tolist() == [10] * 6
    assert len(part.captions) == 60
    assert part.taken_from == len(whole)
    assert part.digest != whole.digest
    by_pixels = dict(zip((image.tobytes() for image in whole.images), whole.captions, strict=True))
    assert all(
        by_pixels[image.tobytes()] == said for image, said in zip(part.images, part.captions, strict=True)
    )


def test_more_scenes_are_drawn_when_more_are_taken():
    with few_scenes():
        whole, more = open_source("shapes", size=8), open_source("shapes", size=8, take=SCENES + 50)
    assert len(more) == len(whole) + 50 == SCENES + 50
    assert more.taken_from is None
    assert np.array_equal(more.images[: len(whole)], whole.images)
    with pytest.raises(BadSetting):
        open_source("shapes", size=8, take=10**6)
