"""The built-in scenes."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.recto.data.shapes import COLOURS, SHAPES, scene, shapes

SCENES = [scene(index, 32) for index in range(300)]
PAIRS = [one for one in SCENES if len(one.things) == 2]


def place(one, thing) -> np.ndarray:
    """Row and column of an object's middle, by its own pixels."""
    number = 1 + SHAPES.index(thing.shape)
    return np.argwhere(one.mask == number).mean(axis=0)


def test_a_scene_is_decided_by_its_seed_and_index_alone():
    again = scene(17, 32)
    np.testing.assert_array_equal(again.image, SCENES[17].image)
    assert again.caption == SCENES[17].caption
    assert shapes(32, count=20).digest == shapes(32, count=20).digest
    assert shapes(32, count=20).digest != shapes(32, count=20, seed=1).digest
    np.testing.assert_array_equal(shapes(32, count=20).images[17], again.image)


@pytest.mark.parametrize(
    ("words", "axis", "sign"), [("left of", 1, 1), ("right of", 1, -1), ("above", 0, 1), ("below", 0, -1)]
)
def test_what_the_caption_says_is_true_in_the_mask(words, axis, sign):
    said = [one for one in PAIRS if words in one.caption and one.things[0].shape != one.things[1].shape]
    assert len(said) > 10
    for one in said:
        main, other = (place(one, thing) for thing in one.things)
        assert sign * (other - main)[axis] > 8, one.caption


def test_the_caption_names_colour_and_shape_of_each_object():
    for one in SCENES:
        for thing in one.things:
            assert f"{thing.colour} {thing.shape}" in one.caption
        assert one.caption.startswith(("a ", "an "))
        assert "a orange" not in one.caption


def test_the_mask_holds_the_objects_and_nothing_else():
    for one in SCENES:
        expected = {0} | {1 + SHAPES.index(thing.shape) for thing in one.things}
        assert set(np.unique(one.mask)) == expected


def test_the_pixels_inside_an_object_have_its_colour():
    for one in SCENES[:60]:
        thing = one.things[0]
        own = one.image[one.mask == 1 + SHAPES.index(thing.shape)].astype(int)
        if len(one.things) == 1 or one.things[0].shape != one.things[1].shape:
            assert np.abs(np.median(own, axis=0) - COLOURS[thing.colour]).max() <= 2


def test_the_class_is_the_shape_of_the_main_object():
    found = shapes(32, count=300)
    assert [SHAPES[label] for label in found.labels] == [one.things[0].shape for one in SCENES]
    assert np.bincount(found.labels).min() > 20, "no class is rare"
    assert found.captions[5] == SCENES[5].caption
    assert found.masks.shape == (300, 32, 32)


def test_objects_stand_whole_in_the_picture():
    for one in SCENES:
        edge = np.concatenate([one.mask[0], one.mask[-1], one.mask[:, 0], one.mask[:, -1]])
        assert not edge.any()


def test_edges_are_smooth():
    """Around a circle lie pixels that are neither its colour nor the ground's."""
    circle = next(one for one in SCENES if one.caption == f"a {one.things[0].colour} circle")
    inside = np.abs(circle.image.astype(int) - COLOURS[circle.things[0].colour]).max(axis=-1)
    outside = np.abs(circle.image.astype(int) - circle.image[0, 0]).max(axis=-1)
    assert ((inside > 20) & (outside > 20)).sum() > 20


def test_the_composition_does_not_depend_on_the_size():
    for one in SCENES[:20]:
        assert scene(SCENES.index(one), 64).caption == one.caption
