"""What was refused or held for unverified claims is counted once, whoever asks and whatever the policy made of it."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any, cast

from rectoverso.store.home import Home
from rectoverso.verso.registry.refusals import RecordedRefusals


def _near_a_style(ledger_index: int) -> Any:
    work = {"id": "0a", "owner": "Hatcher", "outcome": "review", "ruling": "review", "claim": "asserted"}
    finding = {"check": "style", "evidence": {"work": work | {"typicality": 0.8}}}
    return SimpleNamespace(ledger_index=ledger_index, findings=[finding])


class _Assets:
    """Those held and those refused, given slowly, so that who asks at once meets."""

    def __init__(self, held: list[Any], refused: list[Any]) -> None:
        self._held = held
        self._refused = refused

    def held(self, after: int) -> list[Any]:
        time.sleep(0.05)
        return [asset for asset in self._held if asset.ledger_index > after]

    def refused(self, after: int) -> list[Any]:
        return [asset for asset in self._refused if asset.ledger_index > after]


def _refusals(held: list[Any], refused: list[Any]) -> RecordedRefusals:
    return RecordedRefusals(cast("Home", SimpleNamespace(assets=_Assets(held, refused))))


def test_a_style_that_a_policy_refuses_for_uses_its_quota_up_too() -> None:
    refusals = _refusals([_near_a_style(1)], [_near_a_style(2)])
    assert refusals.held_for_style("Hatcher") == 2
    assert refusals.held_for_style("Hatcher") == 2
    assert refusals.of_owner("Hatcher") == 0


def test_checks_that_ask_at_once_count_nothing_twice() -> None:
    refusals = _refusals([_near_a_style(1), _near_a_style(2)], [])
    askers = [threading.Thread(target=refusals.held_for_style, args=("Hatcher",)) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert refusals.held_for_style("Hatcher") == 2
