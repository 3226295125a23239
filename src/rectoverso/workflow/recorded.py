"""What a decision was made on, as it is recorded: findings and reasons, to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rectoverso.store.assets import Asset
from rectoverso.types import Decision, Finding, Message, Outcome
from rectoverso.verso.screen.origin import UNSAFE

ACCIDENTS = frozenset(
    {
        "screen.late",
        "screen.failed",
        "release.marking_crashed",
        "mark.signing_failed",
        "mark.time_stamp_failed",
    }
)
"""Reasons that say nothing of the image: a hold for one of them is decided again when it is asked for again."""


def recorded(asset: Asset) -> list[Finding]:
    """The findings that a decision was made on."""
    return [
        Finding(**{**found, "outcome": Outcome(found["outcome"]), "message": Message(**found["message"])})
        for found in asset.findings
    ]


def alarms(findings: Iterable[Finding]) -> set[tuple[str, str, str]]:
    """What of findings people decide on: the checks that do not pass, how grave each is, and of which work."""
    return {
        (finding.check, finding.outcome.value, str((finding.evidence.get("work") or {}).get("id", "")))
        for finding in findings
        if finding.outcome is not Outcome.PASS
    }


def set_aside(asset: Asset) -> list[str]:
    """The checks whose word whoever asked set aside."""
    return [found["check"] for found in asset.findings if found["evidence"].get(UNSAFE)]


def was_accident(asset: Asset) -> bool:
    """Whether it is held for a reason that says nothing of it."""
    keys = {reason["key"] for reason in asset.reasons}
    return asset.decision is Decision.HOLD and not keys.isdisjoint(ACCIDENTS)


def plain(value: Finding | Message) -> dict[str, Any]:
    """A value as JSON keeps it; a number of some library's own becomes a plain one."""
    text = json.dumps(asdict(value), default=lambda odd: odd.item() if hasattr(odd, "item") else str(odd))
    loaded: dict[str, Any] = json.loads(text)
    return loaded
