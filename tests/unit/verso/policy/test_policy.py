"""Findings become a verdict by rules that are written down, and every doubt is a hold."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest

from rectoverso.errors import PolicyUnusable, UnknownName
from rectoverso.i18n import LANGUAGES, catalogue, say
from rectoverso.types import Decision, Finding, Message, Outcome
from rectoverso.verso.policy import Policy, Shelf, uses
from rectoverso.verso.policy.pack import Pack

USES = ("general", "advertising", "art", "education", "game", "medical")
SEEN = Message("screen.similarity.review", {"percent": 91, "title": "A work", "owner": "An owner"})


def policy(use: str) -> Policy:
    return Shelf().policy(use)


def finding(check: str, outcome: Any, **evidence: Any) -> Finding:
    return Finding(check, outcome, SEEN, evidence=evidence)


def findings(similarity: Outcome, memorisation: Outcome = Outcome.PASS) -> list[Finding]:
    return [finding("similarity", similarity), finding("memorisation", memorisation)]


def test_there_is_a_pack_for_every_use() -> None:
    assert uses() == USES


@pytest.mark.parametrize(
    ("use", "similarity", "memorisation", "decision"),
    [
        ("general", Outcome.PASS, Outcome.PASS, Decision.RELEASE),
        ("general", Outcome.REVIEW, Outcome.PASS, Decision.HOLD),
        ("general", Outcome.BLOCK, Outcome.PASS, Decision.REFUSE),
        ("general", Outcome.PASS, Outcome.REVIEW, Decision.HOLD),
        ("general", Outcome.PASS, Outcome.BLOCK, Decision.REFUSE),
        ("general", Outcome.REVIEW, Outcome.BLOCK, Decision.REFUSE),
        ("art", Outcome.PASS, Outcome.PASS, Decision.RELEASE),
        ("art", Outcome.BLOCK, Outcome.PASS, Decision.REFUSE),
        ("art", Outcome.PASS, Outcome.BLOCK, Decision.HOLD),
        ("game", Outcome.PASS, Outcome.PASS, Decision.RELEASE),
        ("game", Outcome.BLOCK, Outcome.BLOCK, Decision.REFUSE),
        ("game", Outcome.PASS, Outcome.BLOCK, Decision.HOLD),
        ("education", Outcome.PASS, Outcome.PASS, Decision.RELEASE),
        ("education", Outcome.BLOCK, Outcome.BLOCK, Decision.HOLD),
        ("advertising", Outcome.PASS, Outcome.PASS, Decision.HOLD),
        ("advertising", Outcome.BLOCK, Outcome.PASS, Decision.REFUSE),
        ("medical", Outcome.PASS, Outcome.PASS, Decision.HOLD),
        ("medical", Outcome.REVIEW, Outcome.PASS, Decision.HOLD),
        ("medical", Outcome.BLOCK, Outcome.PASS, Decision.REFUSE),
    ],
)
def test_the_strictest_line_wins(
    use: str, similarity: Outcome, memorisation: Outcome, decision: Decision
) -> None:
    assert policy(use).decide(findings(similarity, memorisation)).decision is decision


@pytest.mark.parametrize("use", USES)
def test_an_alarm_never_ends_in_a_release(use: str) -> None:
    rules = policy(use)
    for outcome in (Outcome.REVIEW, Outcome.BLOCK):
        for check in ("similarity", "memorisation", "a_check_of_next_year"):
            verdict = rules.decide([*findings(Outcome.PASS), finding(check, outcome)])
            assert verdict.decision is not Decision.RELEASE


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("given", [[], [finding("memorisation", Outcome.PASS)]], ids=["nothing", "another"])
def test_without_the_required_check_it_holds_and_names_it(use: str, given: list[Finding]) -> None:
    verdict = policy(use).decide(given)
    assert verdict.decision is Decision.HOLD
    missing = next(reason for reason in verdict.reasons if reason.key == "policy.missing_check")
    assert missing.facts["check"] == "similarity"
    assert missing.facts["code"] == f"{use}@2:required.similarity"


def test_an_outcome_that_no_rule_knows_holds() -> None:
    verdict = policy("general").decide([*findings(Outcome.PASS), finding("odd", "probably fine")])
    assert verdict.decision is Decision.HOLD
    assert [reason.key for reason in verdict.reasons] == ["policy.unknown_outcome"]


def test_a_release_names_the_line_that_let_it_go() -> None:
    (reason,) = policy("general").decide(findings(Outcome.PASS)).reasons
    assert reason.key == "policy.line.release"
    assert reason.facts["code"] == "general@2:any.pass"
    assert "line 6: any.pass = release" in say(reason)


def test_every_alarm_gives_what_was_seen_and_the_line_that_decided() -> None:
    verdict = policy("art").decide(findings(Outcome.REVIEW, Outcome.BLOCK))
    lines = [
        (reason.facts["rule"], reason.facts["number"]) for reason in verdict.reasons if "rule" in reason.facts
    ]
    assert lines == [("any.review", 7), ("checks.memorisation.block", 11)]
    assert SEEN in verdict.reasons
    assert "第 11 行：checks.memorisation.block = hold" in say(verdict.reasons[-1], "zh")


@pytest.mark.parametrize("use", USES)
def test_the_lines_that_are_named_are_there(use: str) -> None:
    """What stands on the line of the file is the rule, as whoever opens the file reads it."""
    (pack,) = policy(use).packs
    written = (
        resources.files("rectoverso.verso.policy").joinpath("packs", f"{use}.toml").read_text().split("\n")
    )
    assert pack.lines()
    for line in pack.lines():
        name = line.rule.removeprefix("checks.").removeprefix("kinds.").split(".")
        last = {"always": "decision", "required": "required"}.get(name[0], name[-1])
        assert re.match(rf"{last}\b", written[line.number - 1])


WORKS = [
    {"kind": "heritage"},
    {"work": {"kind": "heritage", "title": "A mask"}},
    {"work": {"title": "A mask", "rights": {"kind": "heritage"}}},
]


@pytest.mark.parametrize("evidence", WORKS, ids=["plain", "of-the-work", "of-its-rights"])
def test_the_kind_of_the_work_that_was_found_has_lines_of_its_own(evidence: dict[str, Any]) -> None:
    alarm = [finding("similarity", Outcome.REVIEW, **evidence)]
    assert "kinds.heritage.review" in {
        reason.facts.get("rule") for reason in policy("art").decide(alarm).reasons
    }
    assert "any.review" in {reason.facts.get("rule") for reason in policy("game").decide(alarm).reasons}
    nothing = [finding("similarity", Outcome.PASS, **evidence)]
    assert policy("art").decide(nothing).decision is Decision.RELEASE


@pytest.mark.parametrize("use", USES)
def test_a_claim_to_a_style_is_heard_and_never_refuses(use: str) -> None:
    for outcome in (Outcome.REVIEW, Outcome.BLOCK):
        asked = [finding("similarity", outcome, kind="style"), finding("memorisation", Outcome.PASS)]
        assert policy(use).decide(asked).decision is Decision.HOLD


def test_medicine_wants_a_professional_who_signs_and_nobody_else_does() -> None:
    wanted = {use: policy(use).people for use in USES}
    assert [use for use, people in wanted.items() if people.professional or people.signed] == ["medical"]
    assert wanted["medical"].professional
    assert wanted["medical"].signed


@pytest.mark.parametrize("use", ["medical", "advertising"])
def test_a_hold_that_no_finding_caused_says_why(use: str) -> None:
    (reason,) = policy(use).decide(findings(Outcome.PASS)).reasons
    assert reason.facts["code"] == f"{use}@2:always"
    assert "for every image" in say(reason) or "at every image" in say(reason)
    assert "每张图片" in say(reason, "zh")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("use", USES)
def test_every_reason_has_words(use: str, language: str) -> None:
    rules = policy(use)
    worst = [
        *findings(Outcome.REVIEW, Outcome.BLOCK),
        finding("similarity", Outcome.BLOCK),
        finding("odd", "probably fine"),
    ]
    reasons = [*rules.decide(worst).reasons, *rules.decide([]).reasons]
    assert all(say(reason, language) for reason in reasons)
    assert f"policy.line.{Decision.HOLD.value}" in catalogue(language)


@pytest.mark.parametrize("use", USES)
def test_a_verdict_names_the_exact_rules(use: str) -> None:
    verdict = policy(use).decide(findings(Outcome.PASS))
    assert verdict.policy == policy(use).reference
    assert re.fullmatch(rf"{use}@2#[0-9a-f]{{8}}", verdict.policy)


def test_other_rules_have_another_name() -> None:
    assert len({policy(use).digest for use in USES}) == len(USES)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("medcal", "one of these: medical"),
        ("Art", "one of these: art"),
        ("../general", "Known: general"),
        ("", "Known: general"),
    ],
)
def test_an_unknown_use_is_answered_with_the_known_ones(asked: str, answer: str) -> None:
    with pytest.raises(UnknownName, match=answer):
        policy(asked)


RULES = """version = 1
required = ["similarity"]

[any]
pass = "release"
review = "hold"
block = "refuse"
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ('review = "hold"', 'review = "release"'),
            "Line 6 lets go what a check gives an alarm of: any.review",
        ),
        (("[any]", '[checks.similarity]\nblock = "release"\n[any]'), "checks.similarity.block"),
        (("[any]", '[kinds.style]\nblock = "release"\n[any]'), "kinds.style.block"),
        (('block = "refuse"', ""), "every outcome"),
        (('required = ["similarity"]', ""), "requires a check"),
        (('block = "refuse"', 'block = "shrug"'), "line 7, any.block"),
        (("version = 1", "version = 0"), "line 1, version"),
        (("version = 1", "version = 1\nextra = true"), "line 2, extra"),
        (("[any]", '[kinds.style]\npass = "hold"\n[any]'), "line 5, kinds.style"),
        (("[any]", '[checks."a:b"]\nblock = "hold"\n[any]'), "checks.a:b"),
        (("[any]", '[always]\ndecision = "release"\nsays = {en = "x", zh = "x"}\n[any]'), "always.decision"),
        (("[any]", '[always]\ndecision = "hold"\nsays = {en = "x"}\n[any]'), "always.says.zh"),
        (("[any]", "[any"), "not TOML"),
    ],
)
def test_rules_that_would_ignore_an_alarm_or_say_nothing_of_it_are_refused(
    change: tuple[str, str], told: str
) -> None:
    assert Policy((Pack.read("own", RULES.encode()),)).reference.startswith("own@1#")
    with pytest.raises(PolicyUnusable, match=re.escape(told)):
        Pack.read("own", RULES.replace(*change).encode())


@pytest.mark.parametrize("name", ["Own", "own pack", "a:b", "a@1", "../x", "", "a" * 33])
def test_a_name_that_would_confuse_a_record_is_refused(name: str) -> None:
    with pytest.raises(PolicyUnusable, match="name of its file"):
        Pack.read(name, RULES.encode())
