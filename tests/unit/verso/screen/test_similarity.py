"""A copy of a registered work is found and named; an honest picture is left alone."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rectoverso.i18n import LANGUAGES, say
from rectoverso.store.rights import Kind, Rights
from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen.gallery import Gallery
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.verso.screen.symmetry import SYMMETRIES, turned


def test_a_copy_scaled_to_70_percent_and_saved_as_jpeg_60_is_always_blocked_and_named(
    works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    check = SimilarityCheck(works)
    for work, pixels in zip(works, photos, strict=True):
        finding = check.examine(pictures.draft(pictures.poor_copy(pixels)))
        assert finding.outcome is Outcome.BLOCK
        assert finding.evidence["work"]["id"] == work.id
        assert finding.evidence["work"]["title"] == work.title


@pytest.mark.parametrize("symmetry", range(8))
def test_a_turned_or_mirrored_copy_is_found_and_its_turn_is_told(
    symmetry: int, works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    finding = SimilarityCheck(works).examine(pictures.draft(turned(photos[4], symmetry)))
    assert finding.outcome is Outcome.BLOCK
    assert finding.evidence["work"]["title"] == "Work 4"
    assert finding.evidence["work"]["symmetry"] == SYMMETRIES[symmetry]


CHANGES: dict[str, Callable[[Any, Pixels], Pixels]] = {
    "jpeg-30": lambda pictures, pixels: pictures.jpeg(pixels, 30),
    "64-px": lambda pictures, pixels: pictures.scaled(pixels, 51, 64),
    "32-px": lambda pictures, pixels: pictures.scaled(pixels, 32, 32),
    "grey": lambda _, pixels: pixels.mean(axis=2, keepdims=True).astype(np.uint8),
    "darker": lambda _, pixels: (pixels * 0.7).astype(np.uint8),
    "cut-by-2-percent": lambda _, pixels: pixels[3:-3, 4:-4],
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_usual_changes_do_not_hide_a_copy(
    change: str, works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    check = SimilarityCheck(works)
    findings = [check.examine(pictures.draft(CHANGES[change](pictures, pixels))) for pixels in photos]
    assert all(finding.outcome is not Outcome.PASS for finding in findings)
    assert [finding.evidence["work"]["title"] for finding in findings] == [work.title for work in works]


@pytest.mark.parametrize("size", [(160, 200), (64, 64), (32, 32)])
def test_unrelated_pictures_pass_at_every_size(
    size: tuple[int, int], works: list[Work], pictures: Any
) -> None:
    check = SimilarityCheck(works)
    findings = [check.examine(pictures.draft(pictures.photo(seed, *size))) for seed in range(100, 160)]
    assert {finding.outcome for finding in findings} == {Outcome.PASS}


def test_small_pictures_are_protected_as_well(pictures: Any) -> None:
    small = [pictures.photo(seed, 32, 32) for seed in range(12)]
    check = SimilarityCheck([pictures.work(pixels, title=str(n)) for n, pixels in enumerate(small)])
    copies = [check.examine(pictures.draft(pictures.jpeg(pixels, 80))) for pixels in small]
    assert all(finding.outcome is Outcome.BLOCK for finding in copies)
    others = [check.examine(pictures.draft(pictures.photo(seed, 32, 32))) for seed in range(50, 100)]
    assert all(finding.outcome is Outcome.PASS for finding in others)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_flat_picture_resembles_no_work(value: int, works: list[Work], pictures: Any) -> None:
    finding = SimilarityCheck(works).examine(pictures.draft(np.full((120, 120, 3), value, np.uint8)))
    assert finding.outcome is Outcome.PASS


def test_the_same_shapes_in_other_colours_are_for_people_to_judge(pictures: Any) -> None:
    y, x = np.mgrid[:128, :128]
    shape = (np.hypot(y - 50, x - 70) < 30) | (abs(y - 100) + abs(x - 30) < 18)
    red, blue = np.full((2, 128, 128, 3), 255, np.uint8)
    red[shape], blue[shape] = (200, 60, 60), (60, 90, 235)
    check = SimilarityCheck([pictures.work(red)])
    assert check.examine(pictures.draft(red)).outcome is Outcome.BLOCK
    finding = check.examine(pictures.draft(blue))
    assert finding.outcome is Outcome.REVIEW
    assert finding.evidence["work"]["colours_agree"] is False


def test_a_finding_states_its_score_threshold_and_rate(
    works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    finding = SimilarityCheck(works).examine(pictures.draft(photos[0]))
    assert finding.score is not None
    assert finding.threshold is not None
    assert finding.score >= finding.threshold
    assert finding.false_positive_rate is not None
    assert 0 < finding.false_positive_rate < 0.05


def test_with_no_works_registered_it_passes_and_says_so(photos: list[Pixels], pictures: Any) -> None:
    finding = SimilarityCheck([]).examine(pictures.draft(photos[0]))
    assert finding.outcome is Outcome.PASS
    assert finding.message.key == "screen.similarity.nothing_registered"


def test_a_damaged_row_raises_rather_than_lets_a_copy_by(
    works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    damaged = dataclasses.replace(works[0], small=b"")
    with pytest.raises(ValueError, match="not a sketch"):
        SimilarityCheck([damaged]).examine(pictures.draft(photos[0]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", [0, 500])
def test_the_words_never_speak_of_infringement(
    language: str, seed: int, works: list[Work], pictures: Any
) -> None:
    text = say(SimilarityCheck(works).examine(pictures.draft(pictures.photo(seed))).message, language)
    assert text
    assert "infring" not in text.lower()
    assert "侵权" not in text


def test_matches_are_ranked_and_limited(works: list[Work], photos: list[Pixels]) -> None:
    matches = Gallery(works).compared(photos[7], at_least=3)[:3]
    assert len(matches) == 3
    assert matches[0].work.title == "Work 7"
    assert matches[0].likeness > matches[1].likeness >= matches[2].likeness
    assert matches[1].outcome is Outcome.PASS


@pytest.mark.skipif("RECTOVERSO_TEST_DATA" not in os.environ, reason="needs RECTOVERSO_TEST_DATA")
def test_on_photographs_every_poor_copy_is_blocked_and_no_other_picture_is_even_reviewed(
    pictures: Any,
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = Path(os.environ["RECTOVERSO_TEST_DATA"]) / "bsds500" / "train.parquet"
    rows = parquet.read_table(path, columns=["image"])["image"].to_pylist()[:60]
    photographs = [np.asarray(Image.open(io.BytesIO(row["bytes"])).convert("RGB")) for row in rows]
    check = SimilarityCheck(
        [pictures.work(pixels, title=str(n)) for n, pixels in enumerate(photographs[:30])]
    )
    copies = [check.examine(pictures.draft(pictures.poor_copy(pixels))) for pixels in photographs[:30]]
    assert [finding.evidence["work"]["title"] for finding in copies] == [str(n) for n in range(30)]
    assert all(finding.outcome is Outcome.BLOCK for finding in copies)
    assert all(check.examine(pictures.draft(p)).outcome is Outcome.PASS for p in photographs[30:])


def test_a_kind_that_a_policy_speaks_to_is_not_lost_among_many(photos: list[Pixels], pictures: Any) -> None:
    """Whatever number of works of another kind was found before it."""
    same = [dataclasses.replace(pictures.work(photos[0]), id=f"{number:08x}") for number in range(30)]
    heritage = dataclasses.replace(same[0], id="f" * 8, rights=Rights(kind=Kind.HERITAGE))
    for works in ([*same, heritage], [heritage, *same]):
        finding = SimilarityCheck(works).examine(pictures.draft(photos[0]))
        told = [finding.evidence["work"], *finding.evidence["also"]]
        assert "heritage" in {work["rights"]["kind"] for work in told}
        assert len(told) <= 22
