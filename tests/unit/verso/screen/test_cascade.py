"""Every stage looks, names what it found, and a work is found whole or in part."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rectoverso.i18n import LANGUAGES, catalogue, say
from rectoverso.store.rights import Asked, Rights
from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen import known as known_points
from rectoverso.verso.screen.cascade import Cascade
from rectoverso.verso.screen.claims import Doubt
from rectoverso.verso.screen.parts import PartLimit, PartLimits
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.verso.screen.trace import Trace


@pytest.fixture(scope="module")
def big(pictures: Any) -> list[Pixels]:
    """Eight pictures of 300 x 400."""
    return [pictures.photo(60 + number, 300, 400) for number in range(8)]


@pytest.fixture(scope="module")
def known(big: list[Pixels], pictures: Any) -> list[Work]:
    return [pictures.work(pixels, title=f"Work {number}") for number, pixels in enumerate(big)]


@pytest.fixture(scope="module")
def traces(big: list[Pixels], known: list[Work]) -> dict[str, bytes]:
    return {work.id: Trace.of(pixels).to_bytes() for work, pixels in zip(known, big, strict=True)}


def _pasted(pixels: Pixels, pictures: Any) -> Pixels:
    other = pictures.photo(90, 400, 500).copy()
    other[120:270, 180:380] = pictures.scaled(pixels, 150, 200)
    return other


HIDDEN: dict[str, Callable[[Any, Pixels], Pixels]] = {
    "crop": lambda _, pixels: pixels[80:230, 120:320],
    "paste": lambda pictures, pixels: _pasted(pixels, pictures),
    "mirrored crop": lambda _, pixels: np.ascontiguousarray(pixels[60:240, 40:260][:, ::-1]),
    "inverted crop": lambda _, pixels: 255 - pixels[60:240, 40:260],
}


@pytest.mark.parametrize("change", HIDDEN)
def test_a_part_of_a_work_is_found_by_its_points_and_blocked(
    change: str, big: list[Pixels], known: list[Work], traces: dict[str, bytes], pictures: Any
) -> None:
    finding = SimilarityCheck(known, traces=traces).examine(pictures.draft(HIDDEN[change](pictures, big[3])))
    assert finding.outcome is Outcome.BLOCK
    assert finding.evidence["work"]["title"] == "Work 3"
    assert finding.message.facts["found"].key == "screen.similarity.block_part"
    found = finding.evidence["work"]
    assert finding.score == pytest.approx(found["points"] * found["alike"], rel=0.02)
    assert finding.score >= finding.threshold
    fired = [row["stage"] for row in finding.evidence["stages"] if row["found"]]
    assert fired == ["points", "geometry"]
    for language in LANGUAGES:
        assert "Work 3" in say(finding.message, language)


def test_the_points_of_works_are_opened_before_the_first_draft_is_timed(
    big: list[Pixels],
    known: list[Work],
    traces: dict[str, bytes],
    pictures: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = SimilarityCheck(known, traces=traces)
    check.load()
    monkeypatch.setattr("rectoverso.verso.screen.parts.KnownPoints", None)
    assert check.examine(pictures.draft(big[3][80:230, 120:320])).outcome is Outcome.BLOCK


@pytest.mark.parametrize("decoy", ["saved", "mirrored", "inverted", "turned"])
def test_a_work_that_somebody_entered_again_hides_no_other_of_the_same_picture(
    decoy: str, big: list[Pixels], known: list[Work], pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the register were full of such works: all votes for the picture are theirs, and they ask for a credit."""
    monkeypatch.setattr("rectoverso.verso.screen.parts.CANDIDATES", 1)
    monkeypatch.setattr("rectoverso.verso.screen.votes.STRONG", 1e9)
    again = np.ascontiguousarray(DECOYS[decoy](pictures.jpeg(big[3], 85)))
    theirs = dataclasses.replace(pictures.work(again, "Again"), rights=Rights(asked=Asked.CREDIT))
    works = [theirs, known[3]]
    traces = {work.id: Trace.of(pixels).to_bytes() for work, pixels in ((theirs, again), (known[3], big[3]))}
    piece = pictures.jpeg(np.ascontiguousarray(again[60:230, 60:230]), 85)
    finding = SimilarityCheck(works, traces=traces).examine(pictures.draft(piece))
    assert finding.evidence["stages"][2]["works"] == [theirs.id]
    assert finding.outcome is Outcome.BLOCK
    assert finding.evidence["work"]["title"] == "Work 3"


DECOYS: dict[str, Callable[[Pixels], Pixels]] = {
    "saved": lambda pixels: pixels,
    "mirrored": lambda pixels: pixels[:, ::-1],
    "inverted": lambda pixels: 255 - pixels,
    "turned": np.rot90,
}


@pytest.mark.parametrize("height", [64, 32])
def test_a_part_of_a_small_work_is_found_and_is_for_people(height: int, pictures: Any) -> None:
    small = [pictures.photo(60 + number, height, height * 3 // 2) for number in range(4)]
    works = [pictures.work(pixels, title=f"Work {number}") for number, pixels in enumerate(small)]
    traces = {work.id: Trace.of(pixels).to_bytes() for work, pixels in zip(works, small, strict=True)}
    piece = small[2][height // 8 :, height // 4 :]
    finding = SimilarityCheck(works, traces=traces).examine(pictures.draft(piece))
    assert finding.outcome is Outcome.REVIEW
    assert finding.evidence["work"]["title"] == "Work 2"
    assert finding.evidence["work"]["method"] == "points"


def test_of_two_drawings_that_share_all_but_one_part_the_right_one_is_named_first(pictures: Any) -> None:
    """A family of drawings: the same face, with something else in its hand."""
    face = pictures.photo(70, 300, 300)
    family = [face.copy() for _ in range(2)]
    for member, seed in zip(family, (71, 72), strict=True):
        member[180:280, 160:280] = pictures.photo(seed, 100, 120)
    works = [pictures.work(pixels, title=f"Member {number}") for number, pixels in enumerate(family)]
    traces = {work.id: Trace.of(pixels).to_bytes() for work, pixels in zip(works, family, strict=True)}
    for number, member in enumerate(family):
        look = Cascade(works, traces).look(np.ascontiguousarray(member[20:, 10:290]))
        assert look.similar[0].work.title == f"Member {number}"


def test_without_traces_works_are_still_found_whole(
    big: list[Pixels], known: list[Work], pictures: Any
) -> None:
    check = SimilarityCheck(known)
    assert check.examine(pictures.draft(big[1][80:230, 120:320])).outcome is Outcome.PASS
    assert check.examine(pictures.draft(pictures.poor_copy(big[1]))).outcome is Outcome.BLOCK


def test_no_points_are_sought_where_no_work_has_any(
    big: list[Pixels], known: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Points, "sought", lambda _: pytest.fail("sought"))
    assert Cascade(known).look(big[1]).similar[0].work == known[1]


def test_some_works_may_have_traces_and_others_not(
    big: list[Pixels], known: list[Work], traces: dict[str, bytes]
) -> None:
    some = {known[2].id: traces[known[2].id], "gone": traces[known[5].id]}
    look = Cascade(known, some).look(big[2][80:230, 120:320])
    assert look.similar[0].work == known[2]
    assert [stage.compared for stage in look.stages] == [1, 8, 1, 1]


def test_the_very_pixels_are_known_by_their_digest(
    big: list[Pixels], known: list[Work], traces: dict[str, bytes]
) -> None:
    look = Cascade(known, traces).look(big[5])
    assert look.similar[0].plain()["method"] == "exact"
    assert [stage.name for stage in look.stages if known[5].id in stage.found] == [
        *("digest", "hash", "points", "geometry")
    ]
    assert len(look.similar) == 1


def test_strangers_pass_and_the_nearest_is_told(
    known: list[Work], traces: dict[str, bytes], pictures: Any
) -> None:
    check = SimilarityCheck(known, traces=traces)
    for seed in range(200, 210):
        finding = check.examine(pictures.draft(pictures.photo(seed, 300, 400)))
        assert finding.outcome is Outcome.PASS
        assert finding.evidence["work"]["method"] != "points"


def test_a_picture_of_two_works_names_both(
    big: list[Pixels], known: list[Work], traces: dict[str, bytes], pictures: Any
) -> None:
    both = np.concatenate([big[0][:, :250], big[6][:, 100:]], axis=1)
    finding = SimilarityCheck(known, traces=traces).examine(pictures.draft(both))
    found = [finding.evidence["work"], *finding.evidence["also"]]
    assert {work["title"] for work in found} == {"Work 0", "Work 6"}


def test_a_caption_that_two_pictures_share_is_for_people(pictures: Any) -> None:
    """A small busy patch, such as a logo: many points, next to nothing of the work."""
    logo = pictures.photo(300, 44, 60)
    logo = np.clip((logo.astype(int) - 127) * 3 + 127, 0, 255).astype(np.uint8)
    ours, theirs = (pictures.photo(seed, 360, 480).copy() for seed in (301, 302))
    ours[300:344, 400:460] = theirs[20:64, 30:90] = logo
    work = pictures.work(ours)
    finding = SimilarityCheck([work], traces={work.id: Trace.of(ours).to_bytes()}).examine(
        pictures.draft(theirs)
    )
    assert finding.outcome is not Outcome.BLOCK


def test_limits_are_given_in_one_place(
    big: list[Pixels], known: list[Work], traces: dict[str, bytes]
) -> None:
    strict = PartLimits(block=PartLimit(1000, 0, 0.0), review=PartLimit(500, 0, 0.0))
    assert not [
        match
        for match in Cascade(known, traces, strict).look(big[3][80:230, 120:320]).matches
        if match.outcome is not Outcome.PASS
    ]


@pytest.mark.parametrize("spoilt", [b"", b"\0" * 40])
def test_a_damaged_trace_raises_rather_than_lets_a_copy_by(
    spoilt: bytes, big: list[Pixels], known: list[Work], traces: dict[str, bytes], pictures: Any
) -> None:
    check = SimilarityCheck(known, traces=traces | {known[0].id: spoilt})
    with pytest.raises(ValueError, match="not points"):
        check.examine(pictures.draft(big[3]))


def test_many_points_are_quantised_and_the_work_is_still_found(
    big: list[Pixels], known: list[Work], traces: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_points, "BOOK_FROM", 300)
    look = Cascade(known, traces).look(big[4][80:230, 120:320])
    assert look.similar[0].work == known[4]


def test_inverted_pictures_are_found_whole_without_points(
    big: list[Pixels], known: list[Work], pictures: Any
) -> None:
    finding = SimilarityCheck(known).examine(pictures.draft(255 - big[2]))
    assert finding.outcome is Outcome.BLOCK
    assert finding.evidence["work"]["inverted"]
    assert finding.evidence["work"]["title"] == "Work 2"


def test_small_inverted_pictures_are_for_people(pictures: Any) -> None:
    small = pictures.photo(7, 32, 32)
    finding = SimilarityCheck([pictures.work(small)]).examine(pictures.draft(255 - small))
    assert finding.outcome is Outcome.REVIEW


def test_a_work_that_was_withdrawn_from_the_works_is_not_looked_for(
    big: list[Pixels], known: list[Work], traces: dict[str, bytes]
) -> None:
    rest = [work for work in known if work != known[3]]
    look = Cascade(rest, traces).look(big[3][80:230, 120:320])
    assert all(match.outcome is Outcome.PASS for match in look.matches)


def test_two_works_of_the_same_pixels_are_both_named(
    big: list[Pixels], known: list[Work], traces: dict[str, bytes]
) -> None:
    twin = dataclasses.replace(known[0], id="twin", title="The twin")
    look = Cascade([*known, twin], traces | {"twin": traces[known[0].id]}).look(big[0])
    assert {match.work.title for match in look.similar} == {"Work 0", "The twin"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("doubt", [doubt for doubt in Doubt if doubt is not Doubt.STYLE_QUOTA])
def test_every_doubt_has_words_for_a_work_found_whole_and_for_one_found_in_part(
    doubt: Doubt, language: str
) -> None:
    for part in ("", "_part"):
        text = catalogue(language)[f"screen.similarity.doubt_{doubt.value}{part}"]
        assert ("{points}" in text) is bool(part)
