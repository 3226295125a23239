"""The policies of a home and those that ship: listed, shown with the source of each line, run against their cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import PolicyLoosens, PolicyUnusable, RectoversoError
from rectoverso.store.home import Home
from rectoverso.verso.policy import CASES, Line, Policy, Shelf, Trial, run_cases, shipped_cases, strictest
from rectoverso.verso.policy.wrong import unusable


@dataclass(frozen=True, slots=True)
class Listed:
    """One name: its policy, or why it cannot be used."""

    name: str
    policy: Policy | None
    error: RectoversoError | None = None

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        if self.policy is None:
            return {"name": self.name, "error": str(self.error)}
        return {"name": self.name, **heading(self.policy)}


@dataclass(frozen=True, slots=True)
class Tried:
    """One policy run against its cases, or why it cannot be used."""

    name: str
    trial: Trial | None
    error: RectoversoError | None = None

    @property
    def holds(self) -> bool:
        return self.trial is not None and self.trial.holds

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        if self.trial is None:
            return {"policy": self.name, "holds": False, "error": str(self.error)}
        return trial_plain(self.trial)


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a policy, and the line of what it extends that makes it idle, if one does."""

    line: Line
    beneath: Line | None


def list_policies(home_path: Path) -> list[Listed]:
    """Every policy that `--use` can name here; one that cannot be used is told, not raised."""
    shelf = _shelf(home_path)
    return [_listed(shelf, name) for name in shelf.names()]


def policy_names(home_path: Path) -> tuple[str, ...]:
    """What `--use` can name here; whether it can be used is not asked."""
    return _shelf(home_path).names()


def find_policy(name: str, home_path: Path) -> Policy:
    """The policy of that name, or in that file. Raises UnknownName, PolicyUnusable, PolicyLoosens."""
    shelf = _shelf(home_path)
    return shelf.at(Path(name)) if name.endswith(".toml") else shelf.policy(name)


def lines_of(policy: Policy) -> Iterator[Shown]:
    """All lines, those of the outermost base first, each with the one that decides in its place, if one does."""
    for line in (line for pack in policy.packs for line in pack.lines()):
        answers = line.rule.startswith(("any.", "checks.", "kinds."))
        decides = strictest(policy.there(line.rule)) if answers else line
        yield Shown(line, None if decides == line else decides)


def heading(policy: Policy) -> dict[str, Any]:
    """What a policy is, as `--json` prints it."""
    return {
        "policy": policy.reference,
        "use": policy.use,
        "file": policy.packs[-1].file,
        "extends": [f"{pack.name}@{pack.rules.version}" for pack in reversed(policy.packs[:-1])],
        "people": policy.people.model_dump(),
    }


def plain(policy: Policy) -> dict[str, Any]:
    """A whole policy, as `--json` prints it."""
    rows = [_row(shown) for shown in lines_of(policy)]
    return {**heading(policy), "lines": rows}


def try_policies(names: list[str], home_path: Path) -> Iterator[Tried]:
    """Run policies, all of them where none is named, against the cases beside them. One that cannot be used is told,
    and the others are run all the same.

    A policy without cases has lines that no case reaches. Raises UnknownName.
    """
    for name in names or _shelf(home_path).names():
        try:
            policy = find_policy(name, home_path)
            yield Tried(name, run_cases(policy, *cases_of(policy)))
        except (PolicyUnusable, PolicyLoosens) as error:
            yield Tried(name, None, error)


def cases_of(policy: Policy) -> tuple[bytes, str]:
    """The cases beside a policy, none where there is no such file, and where they are."""
    pack = policy.packs[-1]
    if pack.file is None:
        return shipped_cases(pack.name), f"{pack.name}{CASES}"
    file = Path(pack.file).with_name(f"{pack.name}{CASES}")
    try:
        return (file.read_bytes() if file.is_file() else b""), str(file)
    except OSError as error:
        raise unusable(str(file), "file", system=error.strerror or error) from error


def trial_plain(trial: Trial) -> dict[str, Any]:
    """As `--json` prints it."""
    return {
        "policy": trial.policy.reference,
        "file": trial.policy.packs[-1].file,
        "cases": trial.count,
        "holds": trial.holds,
        "failed": [
            {
                "case": failed.number,
                "name": failed.case.name,
                "expected": failed.case.expected(),
                "got": {
                    "decision": failed.decision.value,
                    "lines": [line.code for line in failed.lines],
                    "people": failed.people.model_dump(),
                },
            }
            for failed in trial.failed
        ],
        "unreached": [{"line": line.code, "number": line.number} for line in trial.unreached],
        "unheard": [{"line": line.code, "number": line.number} for line, _ in trial.unheard],
    }


def _shelf(home_path: Path) -> Shelf:
    return Shelf(Home(home_path).policies_path)


def _listed(shelf: Shelf, name: str) -> Listed:
    try:
        return Listed(name, shelf.policy(name))
    except RectoversoError as error:
        return Listed(name, None, error)


def _row(shown: Shown) -> dict[str, Any]:
    line = shown.line
    return {
        "rule": line.rule,
        "says": line.says or line.decision.value,
        "policy": f"{line.pack}@{line.version}",
        "number": line.number,
        "beneath": shown.beneath.code if shown.beneath else None,
    }
