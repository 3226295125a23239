"""What likeness leads to depends on what is claimed: every case of the rule, and that a poisoner gets nowhere."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import pytest

from rectoverso.i18n import LANGUAGES, say
from rectoverso.store.rights import Asked, Kind, Rights, State
from rectoverso.store.works import Work
from rectoverso.types import Decision, Outcome, Pixels
from rectoverso.verso.policy import Shelf, uses
from rectoverso.verso.screen.claims import (
    OWNER_QUOTA,
    STYLE_QUOTA,
    UNSEEN_OWNER_QUOTA,
    UNSEEN_WORK_QUOTA,
    WORK_QUOTA,
    Doubt,
    NoRefusals,
    Ruling,
    ruling,
    style_ruling,
)
from rectoverso.verso.screen.similarity import MOST_TOLD, SimilarityCheck

PASS, REVIEW, BLOCK = Outcome.PASS, Outcome.REVIEW, Outcome.BLOCK


@dataclass
class Counted:
    """So many refusals of each work, and of each owner."""

    works: dict[str, int] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)

    def of_work(self, work_id: str) -> int:
        return self.works.get(work_id, 0)

    def of_owner(self, owner: str) -> int:
        return self.owners.get(owner, 0)

    def held_for_style(self, owner: str) -> int:
        return self.owners.get(owner, 0)

    def held_unseen(self, work: Work) -> tuple[int, int]:
        return self.works.get(work.id, 0), self.owners.get(work.owner, 0)


def claimed(
    work: Work, *, state: State = State.ASSERTED, common: tuple[str, ...] = (), **rights: Any
) -> Work:
    return dataclasses.replace(work, rights=Rights(**rights), state=state, common=common)


@pytest.mark.parametrize(
    ("claims", "copy", "alike"),
    [
        ({}, Ruling(BLOCK), Ruling(REVIEW)),
        ({"state": State.VERIFIED}, Ruling(BLOCK), Ruling(REVIEW)),
        ({"asked": Asked.REVIEW}, Ruling(REVIEW, Doubt.ASKED), Ruling(REVIEW)),
        ({"asked": Asked.REVIEW, "state": State.VERIFIED}, Ruling(REVIEW, Doubt.ASKED), Ruling(REVIEW)),
        ({"asked": Asked.CREDIT}, Ruling(PASS, Doubt.CREDIT), Ruling(PASS, Doubt.CREDIT)),
        ({"asked": Asked.CREDIT, "kind": Kind.STYLE}, Ruling(PASS, Doubt.CREDIT), Ruling(PASS, Doubt.CREDIT)),
        ({"kind": Kind.STYLE}, Ruling(REVIEW, Doubt.STYLE), Ruling(REVIEW)),
        ({"kind": Kind.STYLE, "state": State.VERIFIED}, Ruling(REVIEW, Doubt.STYLE), Ruling(REVIEW)),
        ({"kind": Kind.HERITAGE}, Ruling(BLOCK), Ruling(REVIEW)),
        ({"kind": Kind.LIKENESS}, Ruling(BLOCK), Ruling(REVIEW)),
        ({"common": ("1",)}, Ruling(REVIEW, Doubt.COMMON), Ruling(REVIEW)),
        ({"common": ("1",), "state": State.VERIFIED}, Ruling(REVIEW, Doubt.COMMON), Ruling(REVIEW)),
        ({"state": State.DISPUTED}, Ruling(REVIEW, Doubt.DISPUTED), Ruling(REVIEW)),
        ({"state": State.WITHDRAWN}, Ruling(REVIEW, Doubt.DISPUTED), Ruling(REVIEW)),
    ],
)
def test_what_is_asked_and_how_sure_it_is_decide_with_the_match(
    works: list[Work], claims: dict[str, Any], copy: Ruling, alike: Ruling
) -> None:
    work = claimed(works[0], **claims)
    assert ruling(BLOCK, work, NoRefusals()) == copy
    assert ruling(REVIEW, work, NoRefusals()) == alike
    assert ruling(PASS, work, NoRefusals()) == Ruling(PASS)


def test_an_unverified_claim_blocks_up_to_its_quota_and_a_verified_one_always(works: list[Work]) -> None:
    work = works[0]
    below = Counted({work.id: WORK_QUOTA - 1}, {work.owner: OWNER_QUOTA - 1})
    above = Counted({work.id: WORK_QUOTA}, {work.owner: 0})
    of_owner = Counted({work.id: 0}, {work.owner: OWNER_QUOTA})
    assert ruling(BLOCK, work, below) == Ruling(BLOCK)
    assert ruling(BLOCK, work, above) == Ruling(REVIEW, Doubt.WORK_QUOTA)
    assert ruling(BLOCK, work, of_owner) == Ruling(REVIEW, Doubt.OWNER_QUOTA)
    assert ruling(BLOCK, works[1], Counted({work.id: WORK_QUOTA})) == Ruling(BLOCK)
    for refusals in (above, of_owner):
        assert ruling(BLOCK, claimed(work, state=State.VERIFIED), refusals) == Ruling(BLOCK)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("asked", Asked)
def test_a_work_that_nobody_has_seen_calls_for_people_at_most_and_up_to_a_quota(
    asked: Asked, state: State, works: list[Work]
) -> None:
    """Whatever is claimed of it: its fingerprints may have been made up to be like everything."""
    work = dataclasses.replace(claimed(works[0], asked=asked, state=state), by_fingerprints=True)
    below = Counted({work.id: UNSEEN_WORK_QUOTA - 1}, {work.owner: UNSEEN_OWNER_QUOTA - 1})
    for alike in (REVIEW, BLOCK):
        outcome = PASS if asked is Asked.CREDIT else REVIEW
        assert ruling(alike, work, below) == Ruling(outcome, Doubt.UNSEEN), "no credit is told either"
        for above in (Counted({work.id: UNSEEN_WORK_QUOTA}), Counted({}, {work.owner: UNSEEN_OWNER_QUOTA})):
            assert ruling(alike, work, above).outcome is PASS
        seen = dataclasses.replace(work, original=work.file_digest)
        assert ruling(alike, seen, below) == ruling(alike, claimed(works[0], asked=asked, state=state), below)
    assert ruling(PASS, work, below) == Ruling(PASS)


def test_works_that_nobody_has_seen_take_nobodys_place_before_people(
    works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    unseen = [
        dataclasses.replace(works[1], id=f"{number:08x}", by_fingerprints=True)
        for number in range(MOST_TOLD + 5)
    ]
    real = claimed(works[1], asked=Asked.REVIEW)
    told = SimilarityCheck([*unseen, real]).examine(pictures.draft(photos[1])).evidence
    assert told["work"]["id"] == real.id
    assert "unseen" not in told["work"]
    assert all(one["unseen"] and one["doubt"] == Doubt.UNSEEN for one in told["also"])


@pytest.mark.parametrize("asked", Asked)
def test_a_finding_tells_rights_and_claim_and_the_policy_decides(
    asked: Asked, works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    rights = {"licence": "CC BY 4.0", "contact": "anna@example.org", "territory": ("DE",), "asked": asked}
    work = claimed(works[3], state=State.VERIFIED, **rights)
    finding = SimilarityCheck([*works[:3], work]).examine(pictures.draft(photos[3]))
    told = finding.evidence["work"]
    assert (told["id"], told["outcome"], told["claim"]) == (work.id, "block", "verified")
    assert told["rights"] == work.rights.plain()
    assert (told["ruling"], told["doubt"]) == {
        Asked.BLOCK: ("block", None),
        Asked.REVIEW: ("review", "asked"),
        Asked.CREDIT: ("pass", "credit"),
    }[asked]
    expected = {Asked.BLOCK: Decision.REFUSE, Asked.REVIEW: Decision.HOLD, Asked.CREDIT: Decision.RELEASE}
    assert Shelf().policy("general").decide([finding]).decision is expected[asked]


def test_a_credit_is_told_with_its_line(works: list[Work], photos: list[Pixels], pictures: Any) -> None:
    work = claimed(works[0], asked=Asked.CREDIT, licence="CC BY 4.0", contact="anna@example.org")
    finding = SimilarityCheck([work]).examine(pictures.draft(photos[0]))
    assert finding.outcome is PASS
    assert finding.evidence["credits"] == [
        {
            "work": work.id,
            "line": "“Work 0”, An owner, CC BY 4.0",
            "contact": "anna@example.org",
            "claim": "asserted",
            "likeness": pytest.approx(1, abs=1e-3),
        }
    ]


def test_a_work_that_asks_for_credit_hides_none_that_asks_to_block(
    works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    """Fifty copies of somebody's picture, entered as if a credit were enough, and all more alike than the work."""
    own = pictures.work(pictures.poor_copy(photos[0]), title="the work")
    decoys = [
        claimed(dataclasses.replace(works[0], id=f"{number:08}"), asked=Asked.CREDIT) for number in range(50)
    ]
    finding = SimilarityCheck([*decoys, own]).examine(pictures.draft(photos[0]))
    assert finding.outcome is BLOCK
    assert finding.evidence["work"]["title"] == "the work"
    assert finding.evidence["similar"] == 51
    assert len(finding.evidence["also"]) == len(finding.evidence["credits"]) == MOST_TOLD


def test_a_hundred_unverified_works_of_one_owner_do_not_refuse_everything(
    works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    """Whoever floods the register with what others draw has people look at it, and no more, once it shows."""
    refused = Counted()
    check = SimilarityCheck(works, refused)
    outcomes = []
    for _ in range(WORK_QUOTA):
        for pixels in photos:
            finding = check.examine(pictures.draft(pixels))
            outcomes.append(finding.outcome)
            if Shelf().policy("general").decide([finding]).decision is Decision.REFUSE:
                blamed = finding.evidence["work"]
                refused.works[blamed["id"]] = refused.of_work(blamed["id"]) + 1
                refused.owners[blamed["owner"]] = refused.of_owner(blamed["owner"]) + 1
    assert outcomes.count(BLOCK) == OWNER_QUOTA
    assert set(outcomes[OWNER_QUOTA:]) == {REVIEW}


@pytest.mark.parametrize("use", uses())
@pytest.mark.parametrize("asked", [Asked.BLOCK, Asked.REVIEW])
def test_no_use_releases_a_copy_unless_a_credit_is_all_that_is_asked(
    use: str, asked: Asked, works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    for state in State:
        check = SimilarityCheck([claimed(works[0], state=state, asked=asked)])
        verdict = Shelf().policy(use).decide([check.examine(pictures.draft(photos[0]))])
        assert verdict.decision is not Decision.RELEASE


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("doubt", [doubt for doubt in Doubt if doubt is not Doubt.STYLE_QUOTA])
def test_every_doubt_has_its_sentence(
    doubt: Doubt, language: str, works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    claims: dict[Doubt, dict[str, Any]] = {
        Doubt.CREDIT: {"asked": Asked.CREDIT},
        Doubt.ASKED: {"asked": Asked.REVIEW},
        Doubt.STYLE: {"kind": Kind.STYLE},
        Doubt.COMMON: {"common": ("1",)},
        Doubt.DISPUTED: {"state": State.DISPUTED},
        Doubt.WORK_QUOTA: {},
        Doubt.OWNER_QUOTA: {},
        Doubt.UNSEEN: {},
        Doubt.UNSEEN_QUOTA: {},
    }
    refused = {
        Doubt.WORK_QUOTA: Counted(works={works[0].id: WORK_QUOTA}),
        Doubt.OWNER_QUOTA: Counted(owners={works[0].owner: OWNER_QUOTA}),
        Doubt.UNSEEN_QUOTA: Counted(owners={works[0].owner: UNSEEN_OWNER_QUOTA}),
    }
    is_unseen = doubt in (Doubt.UNSEEN, Doubt.UNSEEN_QUOTA)
    work = dataclasses.replace(claimed(works[0], **claims[doubt]), by_fingerprints=is_unseen)
    check = SimilarityCheck([work], refused.get(doubt))
    finding = check.examine(pictures.draft(photos[0]))
    assert finding.evidence["work"]["doubt"] == doubt
    text = say(finding.message, language)
    assert "Work 0" in text
    assert "infring" not in text.lower()
    assert "侵权" not in text


def test_a_style_calls_for_people_at_most_and_while_nobody_verified_it_only_up_to_a_quota(
    works: list[Work],
) -> None:
    """Somebody who registers what everybody's pictures look like sends no more than that many to people."""
    asserted = claimed(works[0], kind=Kind.STYLE)
    verified = claimed(works[0], kind=Kind.STYLE, state=State.VERIFIED)
    below = Counted(owners={works[0].owner: STYLE_QUOTA - 1})
    above = Counted(owners={works[0].owner: STYLE_QUOTA})
    for alike in (REVIEW, BLOCK):
        assert style_ruling(alike, asserted, below) == Ruling(REVIEW)
        assert style_ruling(alike, asserted, above) == Ruling(PASS, Doubt.STYLE_QUOTA)
        assert style_ruling(alike, verified, above) == Ruling(REVIEW)
    assert style_ruling(PASS, asserted, above) == Ruling(PASS)
    credit = claimed(works[0], kind=Kind.STYLE, asked=Asked.CREDIT)
    assert style_ruling(REVIEW, credit, above) == Ruling(PASS, Doubt.CREDIT)
