"""The datasheet of a curated set, in words: what was measured, what people answered, and what nobody did.

Source: T. Gebru et al., "Datasheets for Datasets", Communications of the ACM 64(12), 2021: its seven parts, and of its
questions those that a set of pictures raises, in our words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rectoverso.i18n import printable, say
from rectoverso.types import Message
from rectoverso.verso.curate.about import About
from rectoverso.verso.curate.consent import Consent, consent_of
from rectoverso.verso.curate.rules import Action
from rectoverso.verso.curate.summary import REDRAWN, Summary

NAMES = {"en": "datasheet.md", "zh": "datasheet.zh.md"}
PARTS: Mapping[str, tuple[str, ...]] = {
    "motivation": ("purpose", "makers", "funding"),
    "composition": (
        "instances",
        "sample",
        "labels",
        "redundancy",
        "self_contained",
        "offensive",
        "people",
        "sensitive",
    ),
    "collection": ("acquired", "collectors", "timeframe", "review", "consent", "withdrawal"),
    "preprocessing": ("done", "raw", "software"),
    "uses": ("used", "unsuitable", "impact"),
    "distribution": ("licence", "reservations", "restrictions"),
    "maintenance": ("contact", "updates", "removal"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """When, with what and from what the set was made. ``milder``: rules that are less strict than those shipped."""

    name: str
    date: str
    version: str
    manifest: str
    rules: str
    agents: str
    milder: tuple[str, ...] = ()


def datasheet(summary: Summary, made: Made, about: About, language: str) -> str:
    """The datasheet as Markdown."""
    lines = [say(Message("datasheet.head", _head(summary, made, about)), language)]
    for part, names in PARTS.items():
        lines.append(f"## {say(Message(f'datasheet.parts.{part}'), language)}\n")
        for name in names:
            lines.append(f"**{say(Message(f'datasheet.questions.{name}'), language)}** (`{name}`)\n")
            told = answered(name, summary, made, about, language)
            lines.append((told or say(Message("datasheet.unanswered"), language)) + "\n")
    return "\n".join(lines)


def answered(name: str, summary: Summary, made: Made, about: About, language: str) -> str:
    """What was measured and what people said, in this order; "" where it is neither."""
    told = [say(message, language) for message in measured(name, summary, made)]
    if words := about.answer(name, language):
        told.append(words)
    return "\n".join(told)


def measured(name: str, summary: Summary, made: Made) -> Iterator[Message]:
    """What the program itself can answer to a question."""
    yield from _ANSWERS[name](summary, made) if name in _ANSWERS else ()


def _instances(summary: Summary, _: Made) -> Iterator[Message]:
    facts = {
        "count": f"{summary.kept:,}",
        "megabytes": f"{summary.bytes / 1e6:,.1f}",
        "captioned": f"{summary.captioned:,}",
    }
    yield Message("datasheet.facts.instances", facts)


def _sample(summary: Summary, _: Made) -> Iterator[Message]:
    facts = {action.value: f"{summary.actions[action]:,}" for action in Action} | {
        "total": f"{summary.total:,}"
    }
    yield Message("datasheet.facts.sample", facts)
    if summary.reasons:
        yield Message("datasheet.facts.reasons", {"list": _listed(summary.reasons)})


def _labels(summary: Summary, _: Made) -> Iterator[Message]:
    named = Counter({name: count for name, count in summary.labels.items() if name})
    if named:
        yield Message("datasheet.facts.labels", {"list": _listed(named), "without": summary.labels[""]})
    else:
        yield Message("datasheet.facts.no_labels")


def _redundancy(summary: Summary, _: Made) -> Iterator[Message]:
    counts = {how: summary.copies[how] for how in ("pixels", "hash", "shapes", "chain")}
    yield Message("datasheet.facts.copies", {"total": summary.copies.total(), **counts})


def _self_contained(_: Summary, __: Made) -> Iterator[Message]:
    yield Message("datasheet.facts.self_contained")


def _people(summary: Summary, _: Made) -> Iterator[Message]:
    yield _looked("faces", summary)


def _sensitive(summary: Summary, _: Made) -> Iterator[Message]:
    yield _looked("text", summary)
    if removed := Counter({kind: count for kind, count in summary.removed.items() if kind != REDRAWN}):
        yield Message("datasheet.facts.removed", {"list": _listed(removed)})


def _acquired(summary: Summary, _: Made) -> Iterator[Message]:
    named = Counter({name: count for name, count in summary.hosts.items() if name})
    if named:
        yield Message("datasheet.facts.hosts", {"list": _listed(named), "without": summary.hosts[""]})
    else:
        yield Message("datasheet.facts.no_hosts")


def _consent(summary: Summary, _: Made) -> Iterator[Message]:
    given = sum(
        count for name, count in summary.consents.items() if name and consent_of(name) is Consent.GIVEN
    )
    unknown = summary.kept - given
    yield Message("datasheet.facts.consent", {"given": f"{given:,}", "unknown": f"{unknown:,}"})


def _done(summary: Summary, made: Made) -> Iterator[Message]:
    yield Message(
        "datasheet.facts.done", {"changed": f"{summary.changed:,}", "redrawn": summary.removed[REDRAWN]}
    )
    yield Message("datasheet.facts.rules", {"rules": made.rules})
    if made.milder:
        yield Message("datasheet.facts.milder", {"list": ", ".join(f"`{name}`" for name in made.milder)})
    if summary.answered:
        yield Message("datasheet.facts.answered", {"count": summary.answered})


def _software(_: Summary, made: Made) -> Iterator[Message]:
    yield Message("datasheet.facts.software", {"version": made.version, "agents": made.agents})


def _licence(summary: Summary, _: Made) -> Iterator[Message]:
    named = Counter({name: count for name, count in summary.licences.items() if name})
    if named:
        yield Message("datasheet.facts.licences", {"list": _listed(named)})
    yield Message(
        "datasheet.facts.no_licence", {"count": f"{summary.licences['']:,}", "total": f"{summary.kept:,}"}
    )


def _reservations(summary: Summary, _: Made) -> Iterator[Message]:
    if summary.signals:
        yield Message("datasheet.facts.signals", {"list": _listed(summary.signals)})
    else:
        yield Message("datasheet.facts.no_signals")


_ANSWERS = {
    "instances": _instances,
    "sample": _sample,
    "labels": _labels,
    "redundancy": _redundancy,
    "self_contained": _self_contained,
    "people": _people,
    "sensitive": _sensitive,
    "acquired": _acquired,
    "consent": _consent,
    "done": _done,
    "software": _software,
    "licence": _licence,
    "reservations": _reservations,
}


def _looked(about: str, summary: Summary) -> Message:
    by = summary.looked_by(about)
    if by is None:
        return Message(f"datasheet.facts.{about}_not_looked_for")
    return Message(f"datasheet.facts.{about}", {"by": printable(by), "count": summary.seen[f"{about}.found"]})


def _head(summary: Summary, made: Made, about: About) -> dict[str, Any]:
    return {
        "name": _plain(about.name or made.name),
        "description": _plain(about.description),
        "kept": f"{summary.kept:,}",
        "total": f"{summary.total:,}",
        "date": made.date,
        "manifest": made.manifest,
    }


def _listed(counts: Counter[str]) -> str:
    """Names with their counts, the most frequent first."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return ", ".join(f"{_plain(name)} ({count:,})" for name, count in rows)


def _plain(words: str) -> str:
    """Words that strangers wrote, as Markdown shows them and does nothing else with them."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]<>#|!" else letter for letter in printable(words))
