"""The table decides by the strictest rule that speaks, and what is said of it is true."""

from __future__ import annotations

import pytest

from rectoverso.i18n import catalogue
from rectoverso.verso.curate.eyes import Eye, Seen, look
from rectoverso.verso.curate.rules import Action, Reason, Rules, decided
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source
from unit.verso.conftest import photo

HERE = Source("here", "0" * 64)


def signal(kind: SignalKind, says: Says) -> Signal:
    return Signal(kind, says, "words", HERE)


@pytest.mark.parametrize(
    ("says", "action"),
    [
        (Says.RESERVED, Action.DROP),
        (Says.CONSTRAINED, Action.ASK),
        (Says.UNCLEAR, Action.ASK),
        (Says.ALLOWED, Action.KEEP),
    ],
)
def test_what_the_shipped_table_makes_of_signals(says: Says, action: Action) -> None:
    for kind in SignalKind:
        assert decided(Rules.read().of_signals([signal(kind, says)])) is action


def test_the_strictest_decides_and_a_kinds_own_rule_goes_first() -> None:
    rules = Rules.read('kinds.robots_agents = { reserved = "ask" }')
    agents, allowed = signal(SignalKind.ROBOTS_AGENTS, Says.RESERVED), signal(SignalKind.CAWG, Says.ALLOWED)
    assert decided(rules.of_signals([agents, allowed])) is Action.ASK
    assert decided(rules.of_signals([agents, signal(SignalKind.AI_TXT, Says.RESERVED)])) is Action.DROP
    assert decided([]) is Action.KEEP


@pytest.mark.parametrize(
    ("consent", "faces", "action"),
    [
        ("withdrawn", 0, Action.DROP),
        ("No", None, Action.DROP),
        ("yes", 3, Action.KEEP),
        ("", 3, Action.ASK),
        ("see contract", 1, Action.ASK),
        ("", 0, Action.KEEP),
        ("", None, Action.KEEP),
    ],
)
def test_consent_and_faces(consent: str, faces: int | None, action: Action) -> None:
    assert decided(Rules.read().of_consent(consent, faces)) is action


def test_licences_by_name() -> None:
    rules = Rules.read('licences."*-NC-*" = "ask"\nrights.no_licence = "ask"')
    assert decided(rules.of_licences(["CC0-1.0", "cc-by-nc-sa-4.0"])) is Action.ASK
    assert decided(rules.of_licences(["CC0-1.0"])) is Action.KEEP
    assert list(rules.of_licences([])) == [Reason("rights.no_licence", Action.ASK)]


def test_milder_rules_are_named_and_stricter_ones_are_not() -> None:
    shipped = Rules.read()
    assert shipped.milder_than(shipped) == []
    text = 'signals.constrained = "keep"\nsignals.unclear = "drop"\nkinds.cawg = { reserved = "ask", unclear = "drop" }'
    assert Rules.read(text).milder_than(shipped) == ["signals.constrained", "kinds.cawg.reserved"]


def test_every_shipped_rule_has_words() -> None:
    rules = {name for name, _ in Rules.read()._named()}
    assert {f"curate.rule.{name}" for name in rules | {"unreadable"}} <= set(catalogue("en"))


def test_a_table_is_known_by_what_it_says_not_by_how_it_is_written() -> None:
    assert Rules.read("# a remark").digest == Rules.read().digest
    assert Rules.read('copies.near = "ask"').digest != Rules.read().digest


def test_nothing_found_and_not_looked_for_are_two_answers() -> None:
    class Blind:
        def find(self, _: object) -> list[object]:
            return []

    pixels = photo(1, 16)
    assert look(Eye("blind", Blind()), pixels).plain() == {"looked": True, "found": 0, "by": "blind"}
    assert look(None, pixels).plain() == {"looked": False}
    assert (Seen(0, "blind").count, Seen().count) == (0, None)
