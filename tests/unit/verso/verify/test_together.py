"""A batch of pictures says together what none of them says alone, and nothing where there is nothing to say."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rectoverso.types import AssetId, Report, ReportOutcome, WatermarkReading
from rectoverso.verso.mark import watermark
from rectoverso.verso.verify.together import leaning_together, together
from rectoverso.verso.verify.verifier import verify_bytes
from unit.verso.conftest import encoded, photo

_RNG = np.random.default_rng(7)


def _report(p_value: float | None, *, found: bool = False, prints: str | None = None) -> Report:
    """Of a picture like no other, if its ``prints`` are not given."""
    reading = WatermarkReading(found=found, p_value=p_value)
    prints = _RNG.bytes(32).hex() if prints is None else prints
    return Report("a.png", ReportOutcome.NOTHING_FOUND, watermark=reading, prints=prints)


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


def test_versions_of_one_picture_speak_with_one_voice() -> None:
    """A mark is read in no unmarked picture more often because somebody gives it a dozen times."""
    picture = photo(3, 96)
    versions = [encoded(picture, "JPEG", quality=quality) for quality in range(70, 90, 4)]
    versions += [encoded(np.ascontiguousarray(one), "PNG") for one in (picture[:, ::-1], np.rot90(picture))]
    told = [verify_bytes(one) for one in versions]
    assert together(told) is None
    with_another = together([*told, verify_bytes(encoded(photo(4, 96), "PNG"))])
    assert with_another is not None
    assert with_another.count == 2


def test_the_best_of_several_versions_pays_for_all() -> None:
    same = _RNG.bytes(32).hex()
    alone = together([_report(1e-4, prints=same), _report(1e-3)])
    best_of_4 = together([_report(1e-4, prints=same), *[_report(0.5, prints=same)] * 3, _report(1e-3)])
    alike = together([_report(4e-4), _report(1e-3)])
    assert best_of_4 == alike != alone


def test_what_cannot_be_told_apart_is_one() -> None:
    for prints in ("", "no hash", "00ff"):
        assert together([_report(1e-4, prints=prints), _report(1e-4, prints="")]) is None


def test_alike_by_way_of_a_third_is_alike() -> None:
    steps = [bytes([255] * n + [0] * (32 - n)).hex() for n in (0, 8, 16)]
    assert together([_report(1e-4, prints=one) for one in (steps[0], steps[2])]) is not None
    assert together([_report(1e-4, prints=one) for one in (steps[0], steps[2], steps[1])]) is None


def test_pictures_that_say_nothing_weaken_the_answer() -> None:
    few, many = (
        together([_report(1e-3), _report(2e-3), *(_report(1.0) for _ in range(rest))]) for rest in (0, 20)
    )
    assert few is not None
    assert many is not None
    assert many.count == 22
    assert many.p_value > few.p_value


@pytest.mark.parametrize("reports", [[], [_report(1e-3)], [_report(None), _report(1e-3)]])
def test_fewer_than_two_are_no_batch(reports: list[Report]) -> None:
    assert together(reports) is None


def test_one_alone_loads_nothing_that_detects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rectoverso.verso.mark.watermark", None)
    assert together([_report(0.5)]) is None
    assert leaning_together([_report(0.5)]) is None


def test_found_ones_have_spoken_for_themselves() -> None:
    assert together([_report(1e-9, found=True), _report(0.5)]) is None


def test_together_is_as_rare_by_chance_as_it_says() -> None:
    rng = np.random.default_rng(0)
    answers = [together([_report(p) for p in rng.uniform(size=8)]) for _ in range(4000)]
    low = np.mean([answer is not None and answer.p_value < 0.01 for answer in answers])
    assert 0.006 < low < 0.014
