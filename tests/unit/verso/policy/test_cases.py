"""Packs are run against their cases: what comes out otherwise is told, and what no case reaches."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from rectoverso.errors import PolicyUnusable
from rectoverso.verso.policy import Shelf, Trial, run_cases, shipped_cases, uses
from rectoverso.verso.policy.pack import Pack
from rectoverso.verso.policy.policy import Policy
from rectoverso.verso.policy.rules import CHECKS
from rectoverso.verso.screen.memorisation import MemorisationCheck
from rectoverso.verso.screen.origin import OriginCheck
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.verso.screen.style import StyleCheck

FLIPPED = {"release": "hold", "hold": "refuse", "refuse": "hold"}


@pytest.mark.parametrize("use", uses())
def test_every_pack_that_ships_does_what_its_cases_say(use: str) -> None:
    trial = run_cases(Shelf().policy(use), shipped_cases(use), "cases")
    assert trial.failed == ()
    assert trial.unreached == ()
    assert trial.holds
    assert trial.count >= 6


@pytest.mark.parametrize("use", uses())
def test_a_line_whose_decision_is_changed_fails_a_case_unless_a_stricter_one_covers_it(use: str) -> None:
    """The cases can fail: change any decision of a pack, and one of them comes out otherwise."""
    (shipped,) = Shelf().policy(use).packs
    text = resources.files("rectoverso.verso.policy").joinpath("packs", f"{use}.toml").read_text()
    lines = text.split("\n")
    covered = {"advertising": {"any.pass"}, "medical": {"any.pass"}}.get(use, set())
    for line in shipped.lines():
        if line.rule.startswith(("people", "required")) or line.rule in covered:
            continue
        changed = list(lines)
        new = FLIPPED[line.decision.value]
        changed[line.number - 1] = changed[line.number - 1].replace(f'"{line.decision.value}"', f'"{new}"')
        other = Policy((Pack.read(use, "\n".join(changed).encode()),))
        assert run_cases(other, shipped_cases(use), "cases").failed, line.rule


def _trial(tmp_path: Path, rules: str, cases: str) -> Trial:
    file = tmp_path / "acme.toml"
    file.write_text(f'version = 1\nextends = "advertising"\n{rules}')
    return run_cases(Shelf().at(file), cases.encode(), "acme.cases.toml")


CASE = """
[[cases]]
name = "near a character"
findings = { similarity = { outcome = "review", kind = "character" } }
decision = "refuse"
line = "kinds.character.review"
"""


def test_only_the_packs_own_lines_have_to_be_reached(tmp_path: Path) -> None:
    trial = _trial(tmp_path, '[kinds.character]\nreview = "refuse"\n', CASE)
    assert trial.holds
    assert trial.count == 1


def test_a_line_that_no_case_reaches_is_named(tmp_path: Path) -> None:
    rules = 'required = ["memorisation"]\n[kinds.character]\nreview = "refuse"\nblock = "refuse"\n[people]\nleast = 2\n'
    trial = _trial(tmp_path, rules, CASE + "people = { signed = false }\n")
    assert trial.failed == ()
    assert [(line.rule, line.number) for line in trial.unreached] == [
        ("kinds.character.block", 6),
        ("people.least", 8),
    ]
    assert not trial.holds


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        (('decision = "refuse"', 'decision = "hold"'), "refuse"),
        (("kinds.character.review", "any.review"), "refuse"),
        (("kinds.character.review", "advertising:kinds.character.review"), "refuse"),
        (('"review"', '"pass"'), "hold"),
        (("\nline =", "\npeople = { least = 2 }\nline ="), "refuse"),
    ],
    ids=["decision", "line", "pack-of-the-line", "findings", "people"],
)
def test_a_case_that_comes_out_otherwise_says_what_came(
    tmp_path: Path, change: tuple[str, str], decision: str
) -> None:
    trial = _trial(tmp_path, '[kinds.character]\nreview = "refuse"\n', CASE.replace(*change))
    (failed,) = trial.failed
    assert failed.number == 1
    assert failed.decision == decision
    assert failed.lines
    assert not trial.holds


def test_the_pack_of_a_line_can_be_named(tmp_path: Path) -> None:
    case = CASE.replace("kinds.character.review", "acme:kinds.character.review")
    assert _trial(tmp_path, '[kinds.character]\nreview = "refuse"\n', case).holds


@pytest.mark.parametrize(
    "text",
    ["[[case]]", CASE.replace('"refuse"', '"shrug"'), CASE.replace("name", "title"), "not toml", "cases = 3"],
)
def test_cases_that_cannot_be_read_are_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(PolicyUnusable, match=r"acme\.cases\.toml"):
        _trial(tmp_path, "", text)


def test_a_misspelt_kind_is_refused_though_the_case_misspells_it_too(tmp_path: Path) -> None:
    wrong = CASE.replace("character", "charakter")
    with pytest.raises(PolicyUnusable, match=r"kinds\.charakter"):
        _trial(tmp_path, '[kinds.charakter]\nreview = "refuse"\n', wrong)
    with pytest.raises(PolicyUnusable, match=r"kind is charakter, and has to be one of exact, character"):
        _trial(tmp_path, '[kinds.character]\nreview = "refuse"\n', wrong)


def test_a_line_about_a_check_that_nobody_asks_is_told_though_a_case_reaches_it(tmp_path: Path) -> None:
    rules = 'required = ["memory", "similarity"]\n[checks.similarty]\nreview = "refuse"\n'
    case = CASE.replace('similarity = { outcome = "review", kind = "character" }', 'similarty = "review"')
    trial = _trial(tmp_path, rules, case.replace("kinds.character", "checks.similarty"))
    assert trial.holds
    assert [(line.number, check) for line, check in trial.unheard] == [(3, "memory"), (5, "similarty")]


def test_the_checks_that_policies_know_are_those_that_the_door_asks() -> None:
    asked = {SimilarityCheck.name, StyleCheck.name, OriginCheck.name, MemorisationCheck.name}
    assert asked == CHECKS
