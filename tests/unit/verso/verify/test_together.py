"""A batch of pictures says together what none of them says alone, and nothing where there is nothing to say."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.types import AssetId, Report, ReportOutcome, WatermarkReading
from rectoverso.verso.mark import watermark
from rectoverso.verso.verify.together import together
from rectoverso.verso.verify.verifier import verify_bytes
from unit.verso.conftest import encoded, photo


def _report(p_value: float | None, *, found: bool = False) -> Report:
    reading = WatermarkReading(found=found, p_value=p_value)
    return Report("a.png", ReportOutcome.NOTHING_FOUND, watermark=reading)


def test_small_pictures_saved_badly_are_found_together_and_unmarked_ones_are_not() -> None:
    assets = [AssetId(f"{number:012x}") for number in range(12)]
    pictures = [photo(number, 32) for number in range(12)]
    marked = [watermark.embed(picture, asset) for picture, asset in zip(pictures, assets, strict=True)]
    told = [verify_bytes(encoded(one, "JPEG", quality=50)) for one in marked]
    assert not any(one.watermark.found for one in told)
    assert any(one.watermark.code == "inconclusive" for one in told)
    answer = together(told)
    assert answer is not None
    assert answer.found

    unmarked = together([verify_bytes(encoded(one, "JPEG", quality=50)) for one in pictures])
    assert unmarked is not None
    assert not unmarked.found


def test_a_copy_says_nothing_new() -> None:
    assert together([_report(1e-3), _report(1e-3)]) is None
    twice, thrice = (together([_report(1e-3), *[_report(2e-3)] * times]) for times in (1, 2))
    assert twice == thrice


def test_pictures_that_say_nothing_weaken_the_answer() -> None:
    few, many = (together([_report(1e-3), _report(2e-3), *[_report(1.0)] * rest]) for rest in (0, 20))
    assert few is not None
    assert many is not None
    assert many.count == 22
    assert many.p_value > few.p_value


@pytest.mark.parametrize("reports", [[], [_report(1e-3)], [_report(None), _report(1e-3)]])
def test_fewer_than_two_are_no_batch(reports: list[Report]) -> None:
    assert together(reports) is None


def test_found_ones_have_spoken_for_themselves() -> None:
    assert together([_report(1e-9, found=True), _report(0.5)]) is None


def test_together_is_as_rare_by_chance_as_it_says() -> None:
    rng = np.random.default_rng(0)
    answers = [together([_report(p) for p in rng.uniform(size=8)]) for _ in range(4000)]
    low = np.mean([answer is not None and answer.p_value < 0.01 for answer in answers])
    assert 0.006 < low < 0.014
