"""The verdict: what is short of the bar, and what is not shown to keep it."""

from __future__ import annotations

import numpy as np
import pytest

from drawn import scenes
from rectoverso.verso.audit.audit import Audit, Membership, least_bar, thinned
from rectoverso.verso.audit.extraction import extraction
from rectoverso.verso.screen.memorisation import Fingerprints

IS_MEMBER = np.arange(400) < 200
TRAINED = scenes(0, 300)
NEW = scenes(1000, 1100)


@pytest.fixture(autouse=True)
def fewer_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rectoverso.verso.audit.exchange.LOTS", 1_999)


def _membership(known: int = 0, most: float | None = None) -> Membership:
    draw = np.random.default_rng(4)
    scores = {name: draw.normal(size=400) for name in ("critic", "nearest")}
    scores["critic"][:known] += 9
    return Membership.of(scores, IS_MEMBER, most)


@pytest.fixture(scope="module")
def prints() -> Fingerprints:
    return Fingerprints.of(TRAINED)


def test_an_ordinary_run_passes(prints: Fingerprints) -> None:
    audit = Audit(_membership(), extraction(NEW, prints))
    assert audit.short == ()
    assert audit.compared == 200
    assert audit.plain()["passed"]
    assert audit.plain()["weak"]  # two hundred pictures, and a hundred drawn: that is little
    assert len(audit.extraction.nearest) == 8


def test_one_that_knows_its_members_or_brings_them_back_does_not(prints: Fingerprints) -> None:
    repeats = extraction(np.concatenate([np.repeat(TRAINED[[7, 9]], [6, 3], axis=0), NEW]), prints)
    audit = Audit(_membership(known=30), repeats)
    assert audit.short == ("replicates", "copies", "recognises")
    assert audit.membership.best.name == "critic"
    # Those that came back, by how often they did, and each with what was drawn.
    assert [(one.training_image, one.count) for one in repeats.clusters[:2]] == [(7, 6), (9, 3)]
    assert {one.training_image for one in repeats.nearest[:2]} == {7, 9}


def test_one_picture_learnt_by_heart_among_many_is_found_though_the_run_does_not_replicate() -> None:
    """Seven in two thousand come back as one training picture: far from a hundredth, and no membership is asked."""
    prints = Fingerprints.of(TRAINED)
    new = scenes(2000, 2400)
    noise = np.random.default_rng(0).normal(0, 3, (4, *TRAINED[7].shape))
    canary = np.clip(TRAINED[7] + noise, 0, 255).astype(np.uint8)
    for drawn, returns in ((np.concatenate([canary, new]), True), (new, False)):
        audit = Audit(_membership(), extraction(drawn, prints))
        assert not audit.extraction.replication.replicates
        assert audit.short == (("copies",) if returns else ())
    assert audit.extraction.copies.found < 2


def test_others_that_look_more_like_members_than_members_do_are_no_audit() -> None:
    """As pictures that the run itself has drawn would, given as held out."""
    draw = np.random.default_rng(5)
    even, chosen = draw.normal(size=400), draw.normal(size=400) - IS_MEMBER
    assert not Membership.of({"critic": even, "nearest": draw.normal(size=400)}, IS_MEMBER).is_reversed
    assert Membership.of({"critic": chosen, "nearest": draw.normal(size=400)}, IS_MEMBER).is_reversed


@pytest.mark.parametrize("count", [100, 1000])
def test_the_lowest_bar_that_can_be_shown_is_one_that_guessing_keeps_and_no_lower(count: int) -> None:
    least = least_bar(count, count, attacks=2)
    is_member = np.arange(2 * count) < count
    even = np.concatenate([np.linspace(1, 0, count), np.linspace(1, 0, count)])
    scores = dict.fromkeys(("critic", "nearest"), even + 1e-09 * ~is_member)  # as by chance
    assert Membership.of(scores, is_member, least + 1e-9).is_shown
    assert not Membership.of(scores, is_member, 0.8 * least).is_shown


def test_a_bar_has_to_be_shown_to_be_kept() -> None:
    """Two hundred members cannot show one in a hundred, whatever was found."""
    assert _membership(most=0.2).is_shown
    assert not _membership(most=0.01).is_shown
    assert not _membership(known=60, most=0.2).is_shown


def test_a_curve_is_kept_whole_where_it_counts() -> None:
    false, true = thinned(_membership().attacks[0])
    assert false[:5] == pytest.approx([0.005, 0.01, 0.015, 0.02, 0.025])
    assert (false[-1], true[-1]) == (1.0, 1.0)
