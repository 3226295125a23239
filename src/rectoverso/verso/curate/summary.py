"""What a curation came to, in numbers: what its datasheet, its Croissant file and its entry in the ledger say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rectoverso.verso.curate.rules import Action

MOST_NAMES = 50
"""Different licences, owners' hosts or classes that are counted by name; the rest are counted together."""
OTHERS = "..."
REDRAWN = "redrawn"
"""Among the kinds of metadata: that the picture was written anew as it is seen."""


def counter() -> Counter[str]:
    return Counter()


@dataclass(slots=True)
class Summary:
    """``actions``: of all pictures. ``reasons``: rules by the pictures that they were a reason for. ``signals``: kind
    and what it says. Of the kept ones: ``licences`` ("" for none known), ``consents``, ``labels``, ``hosts``,
    ``removed`` (kinds of metadata). ``seen``: who looked for faces and text, and in how many pictures some were found.
    """

    actions: Counter[str] = field(default_factory=counter)
    reasons: Counter[str] = field(default_factory=counter)
    signals: Counter[str] = field(default_factory=counter)
    copies: Counter[str] = field(default_factory=counter)
    licences: Counter[str] = field(default_factory=counter)
    consents: Counter[str] = field(default_factory=counter)
    labels: Counter[str] = field(default_factory=counter)
    hosts: Counter[str] = field(default_factory=counter)
    removed: Counter[str] = field(default_factory=counter)
    seen: Counter[str] = field(default_factory=counter)
    changed: int = 0
    answered: int = 0
    captioned: int = 0
    bytes: int = 0

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]]) -> Summary:
        """From the lines of a manifest."""
        summary = cls()
        for line in lines:
            summary.add(line)
        return summary

    @property
    def total(self) -> int:
        return self.actions.total()

    @property
    def kept(self) -> int:
        return self.actions[Action.KEEP]

    def add(self, line: Mapping[str, Any]) -> None:
        """One line of the manifest more."""
        self.actions[line["action"]] += 1
        self.reasons.update({reason["rule"] for reason in line["reasons"]})
        self.signals.update({f"{signal['kind']}.{signal['says']}" for signal in line["signals"]})
        self.answered += "answer" in line
        if "copy" in line:
            self.copies[line["copy"]["how"]] += 1
        for about in ("faces", "text") if "size" in line else ():  # what cannot be opened nobody can look at
            self._look(about, line[about])
        if line["action"] == Action.KEEP:
            self._keep(line)

    def looked_by(self, about: str) -> str | None:
        """What looked for ``faces`` or ``text`` in all pictures that could be opened; None where nothing did."""
        names = [name for key in self.seen if (name := key.partition("=")[2]) and key.startswith(f"{about}=")]
        return names[0] if len(names) == 1 and not self.seen[f"{about}="] else None

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        names = (
            "actions",
            "reasons",
            "signals",
            "copies",
            "licences",
            "consents",
            "labels",
            "hosts",
            "removed",
            "seen",
        )
        told = {name: dict(sorted(getattr(self, name).items())) for name in names}
        counts = {name: getattr(self, name) for name in ("changed", "answered", "captioned", "bytes")}
        return {"total": self.total, **told, **counts}

    def _look(self, about: str, seen: Mapping[str, Any]) -> None:
        self.seen[f"{about}={seen.get('by', '')}"] += 1
        self.seen[f"{about}.found"] += bool(seen.get("found"))

    def _keep(self, line: Mapping[str, Any]) -> None:
        rights, written = line["rights"], line["written"]
        _count(self.licences, next(iter(licences_of(line)), ""))
        _count(self.consents, rights.get("consent", ""))
        _count(self.labels, rights.get("label", ""))
        _count(self.hosts, rights.get("host", ""))
        self.removed.update(written["removed"])
        self.changed += bool(written["removed"])
        self.captioned += "caption" in rights
        self.bytes += written["bytes"]


def licences_of(record: Mapping[str, Any]) -> list[str]:
    """The licences that are stated beside a picture and in its file, that beside it first."""
    stated = (record["rights"].get("licence"), record.get("in_file", {}).get("licence"))
    return record.get("licences") or list(filter(None, stated))[:1]


def _count(counts: Counter[str], name: str) -> None:
    counts[name if name in counts or len(counts) < MOST_NAMES else OTHERS] += 1
