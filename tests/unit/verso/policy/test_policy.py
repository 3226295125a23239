"""Findings become a verdict by rules that are written down, and every doubt is a hold."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from rectoverso.errors import UnknownName
from rectoverso.i18n import LANGUAGES, catalogue, say
from rectoverso.types import Decision, Finding, Message, Outcome
from rectoverso.verso.policy import Pack, Policy, policy, uses

USES = ("general", "advertising", "art", "education", "game", "medical")
SEEN = Message("screen.similarity.review", {"percent": 91, "title": "A work", "owner": "An owner"})


def finding(check: str, outcome: Any) -> Finding:
    return Finding(check, outcome, SEEN)


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


def test_an_outcome_that_no_rule_knows_holds() -> None:
    verdict = policy("general").decide([*findings(Outcome.PASS), finding("odd", "probably fine")])
    assert verdict.decision is Decision.HOLD
    assert [reason.key for reason in verdict.reasons] == ["policy.unknown_outcome"]


def test_a_plain_release_needs_no_reason() -> None:
    assert policy("general").decide(findings(Outcome.PASS)).reasons == ()


def test_every_alarm_gives_what_was_seen_and_the_line_that_decided() -> None:
    verdict = policy("art").decide(findings(Outcome.REVIEW, Outcome.BLOCK))
    assert [reason.facts.get("line") for reason in verdict.reasons if "line" in reason.facts] == [
        "any.review",
        "checks.memorisation.block",
    ]
    assert SEEN in verdict.reasons


@pytest.mark.parametrize("use", ["medical", "advertising"])
def test_a_hold_that_no_finding_caused_says_why(use: str) -> None:
    (reason,) = policy(use).decide(findings(Outcome.PASS)).reasons
    assert reason.key == f"policy.always.{use}"


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
    assert re.fullmatch(rf"{use}@1#[0-9a-f]{{8}}", verdict.policy)


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


RULES = {"pass": "release", "review": "hold", "block": "refuse"}


@pytest.mark.parametrize(
    "change",
    [
        {"any": RULES | {"review": "release"}},
        {"checks": {"similarity": {"block": "release"}}},
        {"any": {"pass": "release", "review": "hold"}},
        {"any": RULES | {"block": "shrug"}},
        {"version": 0},
        {"extra": True},
    ],
    ids=[
        "release-on-review",
        "release-on-block",
        "no-block",
        "unknown-decision",
        "no-version",
        "unknown-line",
    ],
)
def test_rules_that_would_ignore_an_alarm_or_say_nothing_of_it_are_refused(change: dict[str, Any]) -> None:
    rules: dict[str, Any] = {"use": "own", "version": 1, "required": ["similarity"], "any": RULES}
    assert Policy(Pack.model_validate(rules), "0" * 64).reference == "own@1#00000000"
    with pytest.raises(ValidationError):
        Pack.model_validate(rules | change)
