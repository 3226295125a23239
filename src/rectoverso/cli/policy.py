"""`verso policy`: the rules by which images leave, read and tested."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import note, print_json, tell
from rectoverso.i18n import explain, preferred_language, say
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.verso.policy import Failed, Trial

app = typer.Typer(help="The rules by which images leave: list, show, test.", no_args_is_help=True)


@app.command("list")
def list_(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List the policies that ship and those of this home."""
    from rectoverso.workflow.policies import list_policies

    rows = list_policies(home)
    if as_json:
        print_json({"policies": [row.plain() for row in rows]})
        return
    for row in rows:
        if row.policy is None:
            why = explain(row.error, preferred_language()) if row.error else ""
            tell("policy.show.broken", name=row.name, why=why)
            continue
        file = row.policy.packs[-1].file or Message("policy.show.ships")
        tell("policy.show.listed", policy=row.policy.reference, use=row.policy.use, file=file)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A policy, by name, or its file.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show every line of a policy. Also of those that it extends, and where each comes from."""
    from rectoverso.workflow.policies import find_policy, lines_of, plain

    policy = find_policy(name, home)
    if as_json:
        print_json(plain(policy))
        return
    tell("policy.show.head", policy=policy.reference, use=policy.use)
    for pack in reversed(policy.packs[:-1]):
        tell("policy.show.base", policy=f"{pack.name}@{pack.rules.version}")
    for shown in lines_of(policy):
        if shown.beneath is None:
            tell("policy.show.row", **shown.line.facts())
        else:
            tell("policy.show.beneath", **shown.line.facts(), over=shown.beneath.code)
    people = policy.people
    professional, signed = (_yes_or_no(one) for one in (people.professional, people.signed))
    tell("policy.show.people", least=people.least, professional=professional, signed=signed)


@app.command("test")
def try_(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Policies, by name, or their files; else all.", metavar="NAME..."),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Run policies against the cases beside them. Exit 1 if one comes out otherwise or a line is never reached."""
    from rectoverso.workflow.policies import cases_of, try_policies

    tried = list(try_policies(names or [], home))
    if as_json:
        print_json({"policies": [one.plain() for one in tried]})
    for one in tried:
        if one.error is not None:
            note("policy.show.broken", name=one.name, why=explain(one.error, preferred_language()))
        elif one.trial is not None and not as_json:
            _print(one.trial, cases_of(one.trial.policy)[1])
    if any(one.error for one in tried):
        raise typer.Exit(2)
    raise typer.Exit(0 if all(one.holds for one in tried) else 1)


def _yes_or_no(value: bool) -> Message:
    return Message(f"policy.show.{'yes' if value else 'no'}")


def _print(trial: Trial, file: str) -> None:
    from rectoverso.verso.policy.rules import CHECKS

    facts = {"policy": trial.policy.reference, "count": trial.count}
    for line, check in trial.unheard:
        tell("policy.test.unheard", **line.facts(), check=check, known=", ".join(sorted(CHECKS)))
    if trial.holds:
        tell("policy.test.holds", **facts)
        return
    counts = {"failed": len(trial.failed), "unreached": len(trial.unreached)}
    tell(f"policy.test.{'fails' if trial.count else 'none'}", **facts, **counts, file=Path(file))
    for failed in trial.failed:
        _print_failed(failed)
    for line in trial.unreached:
        tell("policy.test.unreached", **line.facts())


def _print_failed(failed: Failed) -> None:
    case = failed.case
    stated = case.people.model_fields_set if case.people else set()
    really = {name: value for name, value in failed.people.model_dump().items() if name in stated}
    wanted = case.people.model_dump(exclude_unset=True) if case.people else {}
    tell("policy.test.case", number=failed.number, name=case.name)
    tell("policy.test.expected", decision=_with(case.decision.value, wanted), line=case.line)
    lines = ", ".join(f"{line.pack}:{line.rule}" for line in failed.lines)
    tell("policy.test.got", decision=_with(failed.decision.value, really), lines=lines)


def _with(decision: str, people: dict[str, object]) -> str:
    """The decision, with who may let it go where the case says."""
    if not people:
        return decision
    told = ", ".join(f"{name} {value}".lower() for name, value in people.items())
    return say(Message("policy.test.people", {"decision": decision, "people": told}), preferred_language())
