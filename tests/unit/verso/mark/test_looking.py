"""A mark is looked for once, and one picture has one p-value wherever it is told."""

from __future__ import annotations

from typing import Any

import pytest

from rectoverso.types import Message
from rectoverso.verso.law import law
from rectoverso.verso.law.lint import Answer, Sight, State, lint, look
from rectoverso.verso.mark import watermark
from rectoverso.verso.mark.watermark import Detection
from rectoverso.verso.verify.verifier import verify_bytes
from unit.verso.conftest import Studio, photo
from unit.verso.law.corpus import Drawn


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each look for the public mark, whether it was taken anyhow."""
    taken, detect = [], watermark.detect

    def counted(*given: Any, anyhow: bool = False, **more: Any) -> Detection:
        taken.append(anyhow)
        return detect(*given, anyhow=anyhow, **more)

    monkeypatch.setattr(watermark, "detect", counted)
    return taken


def of_the_mark(sight: Sight) -> Answer:
    return next(one for one in lint(sight, law("eu")) if one.clause.asks == "watermark")


def test_what_step_2_did_not_find_the_laws_do_not_look_for_again(looks: list[bool]) -> None:
    report = verify_bytes(Drawn(photo(3, 96), {"verso:Laws": "eu"}).file())
    assert looks == [False, True]
    assert report.watermark.found is False
    (row,) = [row for row in report.label.evidence if row.key.endswith("law_missing")]
    assert "Code 1.1.2" in row.facts["missing"]


def test_of_a_file_held_against_laws_alone_it_is_looked_for_once_whatever_they_ask(looks: list[bool]) -> None:
    sight = look(Drawn(photo(3, 96)).file())
    assert looks == []
    assert {of_the_mark(sight).state for _ in range(3)} == {State.MISSING}
    assert looks == [False, True]


def test_one_picture_has_one_p_value(studio: Studio) -> None:
    data = studio.release(photo(5, 64)).data
    told = verify_bytes(data).watermark.p_value
    assert told is not None
    assert 0 < told <= watermark.FOUND_AT
    assert look(data).mark == told
    assert of_the_mark(look(data)).message == Message("law.mark", {"p_value": f"{told:.0e}"})
