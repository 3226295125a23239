"""How a run is doing, in plain words: what its statuses show, and what to change.

Each rule looks at numbers that every run tells (`Status`); a rule whose numbers are missing says nothing.

| symptom | seen by |
| --- | --- |
| not_finite | the samples hold something that is no number |
| collapse | the previews differ from each other far less than real pictures do, and less than they once did |
| critic_won | the critic tells real from generated so surely that little is left to learn from |
| critic_blind | after many turns the critic still rates both alike |
| overfitting | the critic rates pictures it never saw more like generated ones than like those it was trained on |
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from rectoverso.recto.train.status import Status
from rectoverso.types import Message

SYMPTOMS = ("not_finite", "collapse", "critic_won", "critic_blind", "overfitting")
LEAST_RECORDS = 5
SURE = 8.0
"""A margin in logits: the odds are 3,000 to 1."""
BLIND = 0.02
COLLAPSED, FLAT = 0.3, 0.05
"""Variety, as a share of real pictures': low if it has halved, and low whatever it was."""
MEMORISED = 0.5


def symptoms(records: Sequence[Status]) -> tuple[Message, ...]:
    """What is wrong with a run that said this, the gravest first; empty when nothing is."""
    found = (_not_finite(records), _collapse(records), _critic(records), _overfitting(records))
    return tuple(message for message in found if message is not None)


def _not_finite(records: Sequence[Status]) -> Message | None:
    newest = next((record.readings for record in reversed(records) if record.readings), {})
    return Message("health.not_finite", {}) if "not_finite" in newest else None


def _collapse(records: Sequence[Status]) -> Message | None:
    """By the newest sample, which several statuses may name."""
    by_sample = {
        record.sample: record.readings["variety"] for record in records if "variety" in record.readings
    }
    varieties = list(by_sample.values())
    if len(varieties) < 2:
        return None
    now, best = varieties[-1], max(varieties)
    if now < FLAT or (now < COLLAPSED and now < best / 2):
        return Message("health.collapse", {"now": f"{now:.0%}", "best": f"{best:.0%}"})
    return None


def _critic(records: Sequence[Status]) -> Message | None:
    margins = [record.margin for record in records if record.margin is not None]
    if len(margins) < LEAST_RECORDS:
        return None
    margin = median(margins[-max(LEAST_RECORDS, len(margins) // 4) :])
    if margin > SURE:
        return Message("health.critic_won", {"margin": f"{margin:.1f}"})
    if abs(margin) < BLIND:
        return Message("health.critic_blind", {"margin": f"{margin:.3f}"})
    return None


def _overfitting(records: Sequence[Status]) -> Message | None:
    shares = [record.readings["overfitting"] for record in records if "overfitting" in record.readings]
    if not shares or shares[-1] < MEMORISED:
        return None
    return Message("health.overfitting", {"share": f"{min(shares[-1], 1.0):.0%}"})
