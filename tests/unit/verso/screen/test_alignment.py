"""A copy lies in a picture by a homography that many points follow; a stranger by none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.alignment import Alignment, Transformation, aligned, moved
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.votes import WAYS, looked_at


def _best(picture: Pixels, work: Pixels) -> Alignment | None:
    return _nearest(Points.sought(picture), _kept(work))


def _kept(work: Pixels) -> Points:
    return Points.from_bytes(Points.kept(work).to_bytes())


def _nearest(sought: Points, kept: Points) -> Alignment | None:
    found = []
    for mirrored, inverted in WAYS:
        seen = looked_at(sought, mirrored=mirrored, inverted=inverted)
        found.append(aligned(seen, kept, mirrored=mirrored, inverted=inverted))
    return max((one for one in found if one), key=lambda one: one.inliers, default=None)


@pytest.fixture(scope="module")
def work(pictures: Any) -> Pixels:
    return pictures.photo(40, 300, 400)


def _seen(picture: Pixels, work: Pixels) -> Transformation:
    found = _best(picture, work)
    assert found is not None
    assert found.inliers >= 20
    return Transformation.of(found)


def test_the_picture_itself_is_unchanged(work: Pixels) -> None:
    seen = _seen(work, work)
    assert seen.changes() == []
    assert seen.scale == pytest.approx(1, abs=0.02)
    assert (seen.of_work, seen.of_picture) == pytest.approx((1, 1), abs=0.02)


def test_a_crop_is_told_with_its_share(work: Pixels) -> None:
    seen = _seen(work[60:210, 100:300], work)
    assert seen.changes() == ["cropped"]
    assert seen.of_work == pytest.approx(0.25, abs=0.02)
    assert seen.scale == pytest.approx(2, abs=0.05)


def test_a_turn_is_told_in_degrees_anticlockwise(work: Pixels) -> None:
    turned = np.asarray(Image.fromarray(work).rotate(25, Image.Resampling.BICUBIC, expand=True))
    seen = _seen(turned, work)
    assert "turned" in seen.changes()
    assert seen.turned == pytest.approx(25, abs=1)


def test_a_mirrored_copy_that_is_turned_after_it_is_told_so(work: Pixels) -> None:
    image = Image.fromarray(np.ascontiguousarray(work[:, ::-1])).rotate(30, Image.Resampling.BICUBIC)
    seen = _seen(np.asarray(image), work)
    assert seen.mirrored
    assert seen.turned == pytest.approx(30, abs=1)


def test_inverted_tones_are_told(work: Pixels) -> None:
    assert _seen(255 - work, work).changes() == ["inverted"]
    both = _seen(np.ascontiguousarray(255 - work[:, ::-1]), work)
    assert both.changes() == ["mirrored", "inverted"]


def test_a_paste_is_told_with_the_share_it_fills(work: Pixels, pictures: Any) -> None:
    picture = pictures.photo(41, 400, 500).copy()
    picture[150:300, 200:400] = pictures.scaled(work, 150, 200)
    seen = _seen(picture, work)
    assert seen.changes() == ["pasted"]
    assert seen.of_picture == pytest.approx(150 * 200 / (400 * 500), abs=0.02)


def test_a_stretch_is_told(work: Pixels, pictures: Any) -> None:
    seen = _seen(pictures.scaled(work, 300, 280), work)
    assert seen.changes() == ["stretched"]
    assert seen.stretched == pytest.approx(400 / 280, abs=0.05)


def test_the_homography_takes_the_work_to_where_it_lies(work: Pixels, pictures: Any) -> None:
    picture = pictures.photo(42, 400, 500).copy()
    picture[100:250, 50:250] = pictures.scaled(work[:, ::-1], 150, 200)
    found = _best(picture, work)
    assert found is not None
    corner = moved(found.homography, [[found.work_frame[1], 0]])[0]  # top right goes to the top left
    assert np.allclose(corner * 500 / found.picture_frame[1], [50, 100], atol=3)
    assert np.abs(moved(found.homography, found.pairs[:, 0]) - found.pairs[:, 1]).max() < 8


def test_strangers_share_too_few_points_for_review(photos: list[Pixels]) -> None:
    works = [_kept(other) for other in photos[6:]]
    for one in photos[:6]:
        sought = Points.sought(one)
        for kept in works:
            found = _nearest(sought, kept)
            assert found is None or found.inliers < 8


def test_a_periodic_picture_and_none_at_all_do_not_crash(work: Pixels) -> None:
    tiles = np.tile(np.kron(np.eye(2, dtype=np.uint8) * 255, np.ones((16, 16), np.uint8)), (8, 8))
    board = np.repeat(tiles[..., None], 3, axis=2)
    _best(board, board)
    assert _best(board, work) is None or _best(board, work).inliers < 8  # type: ignore[union-attr]
    assert _best(np.zeros((200, 200, 3), np.uint8), work) is None
