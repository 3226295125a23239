"""Which pictures an audit asks about follows from the pictures: nobody draws another lot by asking again."""

from __future__ import annotations

import numpy as np
import pytest

from drawn import scenes
from rectoverso.verso.audit.attack import Attack
from rectoverso.workflow.members import Asked, Images, Side, asked_of
from rectoverso.workflow.progress import silent

ALL = scenes(0, 500)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rectoverso.workflow.members.FEWEST", 30)


def asked(trained: Images, others: Images, pictures: int = 80) -> Asked:
    sides = (Side(name, name, images, None) for name, images in (("data", trained), ("others", others)))
    return asked_of(*sides, pictures, silent, lot="weights")


def shown(found: Asked) -> set[tuple[bytes, bool]]:
    return {
        (image.tobytes(), bool(side)) for image, side in zip(found.images, found.is_member_N, strict=True)
    }


def test_other_names_and_another_order_draw_no_other_lot() -> None:
    shuffled = np.random.default_rng(3).permutation(200)
    first, second = asked(ALL[:300], ALL[300:]), asked(ALL[:300][::-1], ALL[300:][shuffled])
    assert shown(first) == shown(second)
    assert len(shown(first)) == 160


def test_more_pictures_are_the_same_ones_and_more() -> None:
    few_, more = (shown(asked(ALL[:300], ALL[300:], pictures)) for pictures in (60, 80))
    assert len(few_ & more) >= 0.95 * len(few_)  # the bound on versions moves a little


def test_the_order_that_attacks_see_tells_no_side() -> None:
    """Nor is it the one in which equal scores fall: an attack that says nothing then would seem to know."""
    found = asked(ALL[:300], ALL[300:])
    for told in (np.zeros(160), np.arange(160.0), -np.arange(160.0)):
        assert abs(Attack.of("any", told, found.is_member_N).area - 0.5) < 0.14


def test_the_reference_is_none_of_those_that_are_asked_about() -> None:
    found = asked(ALL[:300], ALL[300:])
    reference = {image.tobytes() for image in found.reference}
    assert len(reference) >= 40
    assert not reference & {image for image, _ in shown(found)}
