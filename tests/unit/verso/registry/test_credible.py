"""Fingerprints that no picture has, or that are near everybody's, are not entered."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rectoverso.errors import FingerprintsDoubtful
from rectoverso.store.rights import Kind, Rights
from rectoverso.store.works import Work
from rectoverso.types import Digest
from rectoverso.verso.registry.credible import LEAST_POINTS, MOST_IN_ONE_PLACE, demand_credible
from rectoverso.verso.registry.fingerprints import Fingerprints
from rectoverso.verso.registry.original import differences
from rectoverso.verso.screen.fingerprint import fingerprints
from rectoverso.verso.screen.gallery import Gallery
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.screen.trace import Trace
from unit.verso.screen.conftest import Pictures

PHOTO = Pictures.photo(4, 200, 260)
SKETCH, POINTS = Sketch.of(PHOTO), Points.kept(PHOTO)
HONEST = Fingerprints(
    "a.fingerprints:2",
    "Night",
    "Anna",
    Rights(contact="anna@example.org"),
    fingerprints(PHOTO),
    SKETCH.to_bytes(),
    Trace.of(PHOTO).to_bytes(),
)


def shaped(change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    return replace(SKETCH, shape=change(SKETCH.shape.copy()).astype(np.float32)).to_bytes()


def put(at: tuple[int, int], value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(shape: np.ndarray) -> np.ndarray:
        shape[at] = value
        return shape

    return change


def waves(*at: tuple[int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """A sketch of nothing but these frequencies."""

    def change(shape: np.ndarray) -> np.ndarray:
        drawn = np.zeros_like(shape)
        for one in at:
            drawn[one] = 1
        return drawn / np.linalg.norm(drawn)

    return change


def pointed(points: Points) -> bytes:
    return bytes(32) + points.to_bytes()


def headed(points: Points, count: int) -> bytes:
    """As many points as it says, though no picture has so many."""
    data = points.to_bytes()
    rows = (data[8:] * (count // len(points) + 1))[: 38 * count]
    return bytes(32) + data[:6] + struct.pack("<H", count) + rows


EVEN = np.full((300, 128), 128**-0.5, np.float32)
AWAY = np.linspace(0, 6, 300, dtype=np.float32)

MADE_UP: dict[str, tuple[dict[str, Any], str]] = {
    "a style": ({"rights": Rights(kind=Kind.STYLE)}, "style"),
    "a sketch cut short": ({"sketch": HONEST.sketch[:-2]}, "this version"),
    "a sketch of another version": ({"sketch": b"\2" + HONEST.sketch[1:]}, "this version"),
    "a sketch like every picture": ({"sketch": shaped(lambda shape: 100 * shape)}, "none that a picture"),
    "a sketch of nothing": ({"sketch": shaped(lambda shape: 0 * shape)}, "none that a picture"),
    "an infinite sketch": ({"sketch": shaped(put((1, 1), np.inf))}, "none that a picture"),
    "a sketch that is no number": ({"sketch": shaped(put((1, 1), np.nan))}, "none that a picture"),
    "a sketch with a mean": ({"sketch": shaped(put((0, 0), 0.01))}, "none that a picture"),
    "a sketch outside its triangle": ({"sketch": shaped(put((15, 15), 0.01))}, "none that a picture"),
    "colours that no picture has": (
        {"sketch": replace(SKETCH, colour=SKETCH.colour + 300).to_bytes()},
        "none that a picture",
    ),
    "a sketch without a side": ({"sketch": replace(SKETCH, side_px=0).to_bytes()}, "none that a picture"),
    "one wave": ({"sketch": shaped(waves((1, 2)))}, "too plain"),
    "stripes": ({"sketch": shaped(waves((0, 3), (0, 5), (0, 7), (0, 9)))}, "too plain"),
    "a hash too few": ({"hashes": HONEST.hashes[:-32]}, "hashes"),
    "points of another version": ({"trace": bytes(32) + b"\1" + HONEST.trace[33:]}, "this version"),
    "points cut short": ({"trace": HONEST.trace[:-1]}, "this version"),
    "no points at all": ({"trace": HONEST.trace[:32]}, "this version"),
    "no frame": ({"trace": HONEST.trace[:34] + bytes(4) + HONEST.trace[38:]}, "this version"),
    "a frame without end": ({"trace": pointed(replace(POINTS, width=60_000))}, "frame"),
    "a frame of nothing": ({"trace": pointed(replace(POINTS, width=9, height=9))}, "frame"),
    "points without end": ({"trace": headed(POINTS, 1_200)}, "frame"),
    "small and large at once": ({"trace": pointed(replace(POINTS, small=True))}, "frame"),
    "few points": ({"trace": pointed(POINTS.first(LEAST_POINTS - 1))}, "fewer than 12"),
    "one point over and over": ({"trace": headed(POINTS.first(1), 300)}, "fewer than 12"),
    "points that are near to all": ({"trace": pointed(replace(POINTS, descriptors=EVEN))}, "fewer than 12"),
    "a third that are near to all": (
        {
            "trace": pointed(
                replace(POINTS, descriptors=np.concatenate([POINTS.descriptors[:200], EVEN[:100]]))
            )
        },
        "not such as pictures have",
    ),
    "points in one place": (
        {"trace": pointed(replace(POINTS, xy=100 + np.stack([AWAY, AWAY], axis=1) / 2))},
        "not such as pictures have",
    ),
    "points all turned alike": (
        {"trace": pointed(replace(POINTS, angle=np.zeros(300, np.float32)))},
        "not such as pictures have",
    ),
}


def test_the_base_of_these_attacks_is_credible() -> None:
    assert len(POINTS) == 300
    demand_credible(HONEST)
    demand_credible(replace(HONEST, hashes=b""))


@pytest.mark.parametrize(("changed", "says"), MADE_UP.values(), ids=MADE_UP.keys())
def test_what_no_picture_leaves_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(FingerprintsDoubtful, match=says):
        demand_credible(replace(HONEST, **changed))


def test_a_long_sketch_would_be_like_every_picture() -> None:
    """Why its length is looked at: this is what the comparison itself would say of it."""
    work = Work(
        "0" * 8, "", "", Digest("0" * 64), b"", MADE_UP["a sketch like every picture"][0]["sketch"], ""
    )
    strangers = [Pictures.photo(number, 80, 100) for number in range(20, 24)]
    assert all(Gallery([work]).similar(one)[0].likeness > 1 for one in strangers)


@pytest.mark.parametrize(
    ("changed", "differ"),
    [
        ({}, ()),
        ({"bits": 8}, ()),
        ({"bits": 9}, ("hashes",)),
        ({"moved": 0.5}, ()),
        ({"moved": 3.0}, ("points",)),
        ({"left": 280}, ()),
        ({"left": 260}, ("points",)),
        ({"blurred": True}, ("sketch", "points")),
    ],
)
def test_an_original_is_known_though_another_machine_rounds_otherwise(
    changed: dict[str, Any], differ: tuple[str, ...]
) -> None:
    bits, moved, left = changed.get("bits", 0), changed.get("moved", 0.0), changed.get("left", 300)
    hashes = np.unpackbits(np.frombuffer(HONEST.hashes, np.uint8))
    hashes[:bits] ^= 1
    points = replace(POINTS, xy=POINTS.xy + np.float32(moved)).first(left)
    sketch = HONEST.sketch
    if "blurred" in changed:
        small = Pictures.scaled(PHOTO, 100, 130)
        points, sketch = Points.kept(small), Sketch.of(small).to_bytes()
    entered = Work("1" * 8, "", "", HONEST.digest, np.packbits(hashes).tobytes(), sketch, "")
    own = replace(entered, fingerprint=HONEST.hashes, small=HONEST.sketch)
    assert differences(entered, pointed(points), own, HONEST.trace) == differ


def test_no_more_points_lie_in_one_place_than_geometry_takes_for_corners() -> None:
    crowd = np.array([(at, 0.1 * at) for at in np.linspace(100, 103, MOST_IN_ONE_PLACE + 1)], np.float32)
    xy = POINTS.xy.copy()
    xy[: len(crowd)] = crowd
    with pytest.raises(FingerprintsDoubtful, match="not such as pictures have"):
        demand_credible(replace(HONEST, trace=pointed(replace(POINTS, xy=xy))))
