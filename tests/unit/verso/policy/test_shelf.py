"""An organisation's own packs: found, made stricter than what they extend, and never less strict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from rectoverso.errors import PolicyLoosens, PolicyUnusable, UnknownName
from rectoverso.i18n import explain
from rectoverso.types import Decision, Digest, Draft, Finding, Maker, Message, Outcome
from rectoverso.verso.policy import Policy, Shelf, uses
from rectoverso.verso.policy.pack import SEVERITY
from rectoverso.verso.screen.screening import screen

SEEN = Message("screen.no_checks")
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def one(name: str, text: str) -> Path:
        path = tmp_path / "policies" / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return one


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "policies")


ACME = """# Acme's own
version = 3
extends = "advertising"
required = ["memorisation"]

[any]
review = "refuse"

[kinds.character]
review = "hold"

[people]
least = 2
"""


def _deciding(policy: Policy, *findings: Finding) -> tuple[Decision, set[str]]:
    verdict = policy.decide(findings)
    codes = {(reason.facts.get("code"), reason.facts.get("decision")) for reason in verdict.reasons}
    return verdict.decision, {str(code) for code, decision in codes if decision == verdict.decision.value}


def test_a_pack_of_the_home_is_found_by_its_name_and_is_for_the_use_that_it_extends(
    write: Write, shelf: Shelf
) -> None:
    write("acme", ACME)
    policy = shelf.policy("acme")
    assert shelf.names() == ("general", "acme", "advertising", "art", "education", "game", "medical")
    assert (policy.name, policy.use) == ("acme", "advertising")
    assert policy.reference.startswith("acme@3#")
    seen = [Finding("similarity", Outcome.REVIEW, SEEN), Finding("memorisation", Outcome.PASS, SEEN)]
    assert _deciding(policy, *seen) == (Decision.REFUSE, {"acme@3:any.review"})
    calm = [Finding("similarity", Outcome.PASS, SEEN), Finding("memorisation", Outcome.PASS, SEEN)]
    assert _deciding(policy, *calm) == (Decision.HOLD, {"advertising@2:always"})
    assert _deciding(policy, calm[0]) == (
        Decision.HOLD,
        {"advertising@2:always", "acme@3:required.memorisation"},
    )
    assert policy.people.least == 2


def test_what_a_general_line_makes_stricter_a_special_one_of_the_base_cannot_soften(
    write: Write, shelf: Shelf
) -> None:
    """education holds what equals a registered work by a line of its own; whoever extends it and refuses, refuses."""
    write("school", 'version = 1\nextends = "education"\n[any]\nblock = "refuse"\n')
    alarm = Finding("similarity", Outcome.BLOCK, SEEN)
    assert _deciding(shelf.policy("school"), alarm) == (Decision.REFUSE, {"school@1:any.block"})


def test_of_several_works_each_has_its_lines(write: Write, shelf: Shelf) -> None:
    """What was found beside the gravest work is judged by its own kind, and by what it led to."""
    write("mask", 'version = 1\nextends = "art"\n[kinds.heritage]\nreview = "refuse"\n')
    work = {"title": "A poster", "rights": {"kind": "exact"}}
    for ruled, decision in (("review", Decision.REFUSE), ("pass", Decision.HOLD)):
        also = [{"title": "A mask", "ruling": ruled, "rights": {"kind": "heritage"}}]
        seen = Finding("similarity", Outcome.REVIEW, SEEN, evidence={"work": work, "also": also})
        assert _deciding(shelf.policy("mask"), seen)[0] is decision


def test_a_file_under_the_name_of_a_use_is_what_that_use_means_here(write: Write, shelf: Shelf) -> None:
    write("art", 'version = 1\nextends = "art"\n[any]\npass = "hold"\n')
    write("murals", 'version = 1\nextends = "art"\n')
    for name in ("art", "murals"):
        assert shelf.policy(name).use == "art"
        assert _deciding(shelf.policy(name), Finding("similarity", Outcome.PASS, SEEN))[0] is Decision.HOLD
    assert Shelf().policy("art").reference != shelf.policy("art").reference


def test_a_file_anywhere_extends_what_the_home_has(write: Write, shelf: Shelf, tmp_path: Path) -> None:
    write("acme", ACME)
    file = tmp_path / "spring.toml"
    file.write_text(
        'version = 1\nextends = "acme"\n[always]\ndecision = "refuse"\nsays = {en = "No.", zh = "不。"}\n'
    )
    policy = shelf.at(file)
    assert [pack.name for pack in policy.packs] == ["advertising", "acme", "spring"]
    assert _deciding(policy) == (Decision.REFUSE, {"spring@1:always"})
    with pytest.raises(PolicyUnusable, match="extends acme, which there is not"):
        Shelf().at(file)


def test_other_rules_of_a_base_are_another_policy(write: Write, shelf: Shelf) -> None:
    write("acme", ACME)
    write("spring", 'version = 1\nextends = "acme"\n')
    before = shelf.policy("spring").reference
    write("acme", ACME.replace("least = 2", "least = 3"))
    assert shelf.policy("spring").reference != before


LOOSER = {
    "any": ("general", '[any]\nblock = "hold"\n', 4, "any.block = hold", "any.block = refuse in its line 8"),
    "a pass": (
        "acme",
        '[any]\nreview = "hold"\n',
        4,
        "any.review = hold",
        "any.review = refuse in its line 7",
    ),
    "a check": (
        "game",
        '[checks.similarity]\nblock = "hold"\n',
        4,
        "checks.similarity.block",
        "any.block = refuse",
    ),
    "a kind": (
        "art",
        '[kinds.heritage]\nblock = "hold"\n',
        4,
        "kinds.heritage.block",
        "kinds.heritage.block = refuse",
    ),
    "dotted": ("general", 'any.block = "hold"\n', 3, "any.block", "any.block = refuse"),
    "always": (
        "closed",
        '[always]\ndecision = "hold"\nsays = {en = "a", zh = "b"}\n',
        4,
        "always = hold",
        "always = refuse",
    ),
    "fewer people": (
        "acme",
        "[people]\nleast = 1\n",
        4,
        "people.least = 1",
        "people.least = 2 in its line 13",
    ),
    "nobody's name": (
        "medical",
        "[people]\nsigned = false\n",
        4,
        "people.signed = false",
        "people.signed = true",
    ),
    "nobody's profession": (
        "medical",
        "[people]\nprofessional = false\n",
        4,
        "people.professional",
        "= true",
    ),
}


@pytest.mark.parametrize("way", LOOSER)
def test_a_pack_that_loosens_is_refused_with_the_line_that_does_it(
    way: str, write: Write, shelf: Shelf
) -> None:
    base, text, number, line, said = LOOSER[way]
    write("acme", ACME)
    write(
        "closed",
        'version = 1\nextends = "game"\nalways = {decision = "refuse", says = {en = "a", zh = "b"}}\n',
    )
    write("lax", f'version = 1\nextends = "{base}"\n{text}')
    with pytest.raises(PolicyLoosens) as caught:
        shelf.policy("lax")
    assert caught.value.facts["number"] == number
    assert line in str(caught.value)
    assert said in str(caught.value)
    assert f"第 {number} 行" in explain(caught.value, "zh")


@pytest.mark.parametrize("base", uses())
def test_no_pack_that_is_accepted_decides_less_than_what_it_extends(
    base: str, write: Write, shelf: Shelf
) -> None:
    """Every single line that can be written into an extension: it is refused, or nothing is decided less strictly."""
    tables = [
        "any",
        "checks.similarity",
        "checks.memorisation",
        "kinds.style",
        "kinds.heritage",
        "kinds.logo",
    ]
    kinds = [None, "style", "heritage", "logo"]
    findings = [
        Finding(check, outcome, SEEN, evidence={"kind": kind})
        for check, outcome, kind in product(("similarity", "memorisation", "new"), Outcome, kinds)
    ]
    shipped, accepted = shelf.policy(base), 0
    for table, outcome, decision in product(tables, ("pass", "review", "block"), Decision):
        file = write("own", f'version = 1\nextends = "{base}"\n[{table}]\n{outcome} = "{decision.value}"\n')
        try:
            policy = shelf.at(file)
        except (PolicyLoosens, PolicyUnusable):
            continue
        accepted += 1
        for finding in findings:
            before, after = shipped.decide([finding]).decision, policy.decide([finding]).decision
            assert SEVERITY[after] >= SEVERITY[before]
    assert accepted >= 6


BROKEN = {
    "no base": ("own", "version = 1\n", "extends no other policy"),
    "no such base": (
        "own",
        'version = 1\nextends = "advertizing"\n',
        "extends advertizing, which there is not",
    ),
    "an alarm let go": ("own", 'version = 1\nextends = "art"\nany.block = "release"\n', "Line 3 lets go"),
    "a circle": ("ring", 'version = 1\nextends = "own"\n', "in a circle: ring, own, ring"),
    "itself": ("own", 'version = 1\nextends = "own"\n', "extends own, which there is not"),
    "another use's name": ("game", 'version = 1\nextends = "medical"\n', "game is the name of a use"),
    "no rules": ("own", "version = 1\nextends = 7\n", "line 2, extends"),
    "bytes": ("own", "\x00", "not TOML"),
    "a novel": ("own", "# and then\n" * 1001, "more than 1000 lines"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_file_that_is_no_policy_is_told_with_what_to_do(way: str, write: Write, shelf: Shelf) -> None:
    name, text, told = BROKEN[way]
    write("own", 'version = 1\nextends = "ring"\n')
    write(name, text)
    with pytest.raises(PolicyUnusable, match=told) as caught:
        shelf.policy(name)
    assert caught.value.exit_code == 2
    assert explain(caught.value, "zh") != str(caught.value)


def test_what_is_not_there_is_told(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(PolicyUnusable, match="cannot be read"):
        shelf.at(tmp_path / "missing.toml")
    for name in ("../policies/acme", "acme.toml", "/etc/passwd", ""):
        with pytest.raises(UnknownName):
            shelf.policy(name)


def test_what_a_check_could_not_answer_for_is_held_and_not_refused(write: Write, shelf: Shelf) -> None:
    """A failure of this program is no finding: a refused draft would be thrown away because of it."""
    write("acme", ACME)
    (failed,) = screen(Draft(np.zeros((8, 8, 3), np.uint8), Digest("a" * 64), Maker("a", "1")), [Broken()])
    seen = Finding("memorisation", Outcome.PASS, SEEN)
    assert _deciding(shelf.policy("acme"), failed, seen)[0] is Decision.HOLD
    assert "acme@3:unanswered" in _deciding(shelf.policy("acme"), failed, seen)[1]
    blocked = replace(seen, outcome=Outcome.BLOCK)
    assert _deciding(shelf.policy("acme"), failed, blocked)[0] is Decision.REFUSE


class Broken:
    name = "similarity"

    def examine(self, draft: Draft) -> Finding:
        raise RuntimeError(draft.request)
