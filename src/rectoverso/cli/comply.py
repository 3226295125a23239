"""`verso comply`: does this file say what a law on labels asks, clause by clause?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rectoverso.cli.options import JsonOption, LawOption
from rectoverso.cli.output import print_json, tell
from rectoverso.i18n import explain, preferred_language, printable, say
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.workflow.comply import Compliance, Held

SIGNS = {"met": "✓", "missing": "✗", "cannot_tell": "?"}


def comply(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Image files, or folders of them.", metavar="FILE...")
    ] = None,
    law: LawOption = None,
    list_: Annotated[bool, typer.Option("--list", help="List the laws there are instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Hold anybody's files against laws on labels, by the clause. Works offline, without torch."""
    from rectoverso.workflow.comply import comply as hold
    from rectoverso.workflow.comply import exit_code, listed, plain

    language = preferred_language()
    if list_:
        _print_list(listed(language), as_json=as_json)
        return
    found = []
    for one in hold(files or [], law or ()):
        found.append(one)
        if not as_json:
            _print(one, language)
    if as_json:
        print_json({"files": [plain(one, language) for one in found]})
    elif len(found) > 1:
        _tell_laws(found)
    raise typer.Exit(exit_code(found))


def _print(one: Compliance, language: str) -> None:
    print(printable(str(one.path)))
    if one.error:
        print(f"  {printable(explain(one.error, language))}\n")
    for held in one.held:
        _print_held(held, language)


def _print_held(held: Held, language: str) -> None:
    facts = {"law": held.law.law, "place": held.law.place.within(language)}
    counts = {state: sum(answer.state == state for answer in held.answers) for state in SIGNS}
    print(f"  {say(Message('law.heading', facts | counts), language)}")
    for answer in held.answers:
        print(f"  {SIGNS[answer.state]} {answer.clause.id}: {answer.clause.says.within(language)}")
        print(f"      {printable(say(answer.message, language))}")
    print()


def _tell_laws(found: Sequence[Compliance]) -> None:
    """Of each law, in how many files nothing is missing, since nobody reads the clauses of a whole folder."""
    answers = [held for one in found for held in one.held]
    for law in dict.fromkeys(held.law.law for held in answers):
        of_law = [held for held in answers if held.law.law == law]
        tell("law.tally", law=law, met=sum(held.complies for held in of_law), count=len(of_law))


def _print_list(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"laws": rows})
        return
    for row in rows:
        tell("law.row", **row | {"layers": ", ".join(row["layers_text"])})
        later = [say(Message("law.later", stage), preferred_language()) for stage in row["later"]]
        for text in (*later, row["source"], row["note"]):
            print(f"    {text}")
