"""Registered styles rank a picture by how it is made, and never do more than call for people."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from rectoverso.i18n import LANGUAGES, say
from rectoverso.store.rights import Asked, Kind, Rights
from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen.claims import STYLE_QUOTA, NoRefusals
from rectoverso.verso.screen.manner import NUM_NUMBERS, SLICES, apart, manner_of
from rectoverso.verso.screen.screening import load
from rectoverso.verso.screen.style import LEAST_PICTURES, StyleCheck, Styles, from_bytes, to_bytes


def hatched(seed: int, side: int = 96) -> Pixels:
    """Grey strokes all one way, of some subject."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side]
    subject = np.hypot(y - rng.integers(20, 76), x - rng.integers(20, 76)) < rng.integers(15, 35)
    strokes = np.sin((x + y) * (1.3 if rng.random() < 0.5 else 1.4)) > np.where(subject, -0.3, 0.6)
    grey = np.where(strokes, 60, 245).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def flat(seed: int, side: int = 96) -> Pixels:
    """Bright shapes of one colour each."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side]
    pixels = np.full((side, side, 3), (250, 240, 200), np.uint8)
    for _ in range(4):
        inside = np.hypot(y - rng.integers(0, side), x - rng.integers(0, side)) < rng.integers(8, 30)
        pixels[inside] = rng.choice([(230, 40, 60), (30, 120, 220), (250, 190, 30)], axis=0)
    return pixels


def registered(pictures: Any, draw: Any, owner: str, count: int = 14, **rights: Any) -> dict[Work, bytes]:
    """So many pictures of one style as works, and what is kept of how each is made."""
    found = {}
    for seed in range(count):
        pixels = draw(seed)
        work = pictures.work(pixels, f"{owner} {seed}", owner)
        said = Rights(**({"kind": Kind.STYLE} | rights))
        manner = manner_of(pixels)
        assert manner is not None
        found[dataclasses.replace(work, id=f"{owner[0]}{seed:07d}", rights=said)] = to_bytes(manner)
    return found


@pytest.fixture(scope="module")
def both(pictures: Any) -> dict[Work, bytes]:
    return registered(pictures, hatched, "Hatcher") | registered(pictures, flat, "Painter")


def check_of(works: dict[Work, bytes]) -> StyleCheck:
    return StyleCheck(list(works), {work.id: manner for work, manner in works.items()})


def test_unseen_pictures_of_a_style_rank_it_first(both: dict[Work, bytes]) -> None:
    styles = Styles(list(both), {work.id: manner for work, manner in both.items()})
    for draw, owner in ((hatched, "Hatcher"), (flat, "Painter")):
        for seed in range(100, 110):
            ranked = styles.ranked(draw(seed))
            assert ranked is not None
            assert ranked[0].work.owner == owner
            assert ranked[0].distance < ranked[1].distance


def test_a_style_calls_for_people_and_never_blocks_even_a_picture_that_was_registered(
    both: dict[Work, bytes], pictures: Any
) -> None:
    check = check_of(both)
    findings = [check.examine(pictures.draft(hatched(seed))) for seed in range(14)]
    assert {finding.outcome for finding in findings} <= {Outcome.PASS, Outcome.REVIEW}
    assert sum(finding.outcome is Outcome.REVIEW for finding in findings) >= 7
    one = next(finding for finding in findings if finding.outcome is Outcome.REVIEW)
    assert one.evidence["work"]["rights"]["kind"] == "style"
    assert one.evidence["work"]["ruling"] == "review"
    assert [row["owner"] for row in one.evidence["ranking"]] == ["Hatcher", "Painter"]


def test_styles_are_made_ready_before_the_first_draft_is_timed(
    both: dict[Work, bytes], pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = check_of(both)
    load([check])
    monkeypatch.setattr("rectoverso.verso.screen.style.Styles", None)
    assert check.examine(pictures.draft(hatched(1))).evidence["compared_with"] == 2


def test_pictures_made_otherwise_pass(both: dict[Work, bytes], photos: list[Pixels], pictures: Any) -> None:
    check = check_of(both)
    findings = [check.examine(pictures.draft(pixels)) for pixels in photos]
    assert {finding.outcome for finding in findings} == {Outcome.PASS}


def test_the_words_call_it_a_ranking_in_every_language(both: dict[Work, bytes], pictures: Any) -> None:
    draft = next(
        pictures.draft(hatched(seed))
        for seed in range(14)
        if check_of(both).examine(pictures.draft(hatched(seed))).outcome is Outcome.REVIEW
    )
    message = check_of(both).examine(draft).message
    told = {language: say(message, language) for language in LANGUAGES}
    assert "Hatcher" in told["en"]
    assert "proves nothing" in told["en"]
    assert "不证明什么" in told["zh"]
    assert "infring" not in told["en"]


def test_an_owner_who_asks_for_credit_is_named_and_the_picture_passes(pictures: Any) -> None:
    check = check_of(registered(pictures, hatched, "Hatcher", asked=Asked.CREDIT))
    findings = [check.examine(pictures.draft(hatched(seed))) for seed in range(14)]
    assert {finding.outcome for finding in findings} == {Outcome.PASS}
    credited = [finding.evidence["credits"] for finding in findings if "credits" in finding.evidence]
    assert credited
    assert "Hatcher" in credited[0][0]["line"]


def test_a_style_that_wants_only_credit_hides_none_that_wants_people(pictures: Any) -> None:
    works = registered(pictures, hatched, "Hatcher", asked=Asked.CREDIT) | registered(
        pictures, hatched, "Other"
    )
    check = check_of(works)
    outcomes = [check.examine(pictures.draft(hatched(seed))).outcome for seed in range(14)]
    assert outcomes.count(Outcome.REVIEW) >= 7


def test_a_style_that_nobody_verified_is_only_told_once_it_held_too_many(pictures: Any) -> None:
    works = registered(pictures, hatched, "Hatcher")

    class UsedUp(NoRefusals):
        def held_for_style(self, owner: str) -> int:
            return STYLE_QUOTA if owner == "Hatcher" else 0

    check = StyleCheck(list(works), {work.id: manner for work, manner in works.items()}, UsedUp())
    findings = [check.examine(pictures.draft(hatched(seed))) for seed in range(14)]
    assert {finding.outcome for finding in findings} == {Outcome.PASS}
    told = [finding for finding in findings if finding.message.key == "style.style_quota"]
    assert len(told) >= 7
    assert told[0].evidence["work"]["doubt"] == "style_quota"
    assert all("only told" in say(finding.message) for finding in told)


def test_too_few_pictures_are_not_compared(pictures: Any) -> None:
    check = check_of(registered(pictures, hatched, "Hatcher", count=LEAST_PICTURES - 1))
    finding = check.examine(pictures.draft(hatched(0)))
    assert finding.outcome is Outcome.PASS
    assert finding.evidence["compared_with"] == 0


def test_works_of_other_kinds_stand_for_no_style(pictures: Any) -> None:
    check = check_of(registered(pictures, hatched, "Hatcher", kind=Kind.EXACT))
    assert check.examine(pictures.draft(hatched(0))).evidence["compared_with"] == 0


def test_a_picture_too_small_says_so(both: dict[Work, bytes], pictures: Any) -> None:
    finding = check_of(both).examine(pictures.draft(hatched(0)[:20, :20]))
    assert finding.outcome is Outcome.PASS
    assert finding.message.key == "style.too_small"


def test_what_is_kept_comes_back_and_anything_else_is_refused() -> None:
    manner = manner_of(flat(3))
    assert manner is not None
    assert len(manner) == NUM_NUMBERS
    assert np.allclose(from_bytes(to_bytes(manner)), manner, atol=1e-3)
    with pytest.raises(ValueError, match="manner"):
        from_bytes(to_bytes(manner)[:-2])


def test_each_block_holds_shares_and_distances_lie_between_0_and_1() -> None:
    rows = [manner_of(draw(seed)) for draw in (hatched, flat) for seed in range(3)]
    stacked = np.stack([row for row in rows if row is not None])
    for block in SLICES:
        sums = (stacked[:, block] ** 2).sum(axis=1)
        assert np.allclose(sums, np.round(sums), atol=1e-3)
        assert (sums >= 1 - 1e-3).all()
    distances = apart(stacked[0], stacked)
    assert np.allclose(distances[0], 0, atol=1e-4)
    assert (distances <= 1 + 1e-4).all()


@pytest.mark.parametrize("picture", ["black", "white", "one line", "grey", "with alpha"])
def test_odd_pictures_have_numbers_too(picture: str) -> None:
    made = {
        "black": np.zeros((64, 64, 3), np.uint8),
        "white": np.full((64, 64, 3), 255, np.uint8),
        "one line": np.zeros((32, 2000, 3), np.uint8),
        "grey": np.full((64, 64, 1), 90, np.uint8),
        "with alpha": np.zeros((64, 64, 4), np.uint8),
    }
    manner = manner_of(made[picture])
    assert manner is not None
    assert np.isfinite(manner).all()


def test_a_mirrored_picture_is_made_alike() -> None:
    one, other = manner_of(flat(1)), manner_of(np.ascontiguousarray(flat(1)[:, ::-1]))
    assert one is not None
    assert other is not None
    assert float(apart(one, other[None]).mean()) < 0.03
