"""`verso curate`: pictures that may be trained on, and the papers to show for it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.i18n import catalogue
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.workflow.curate import Curated, CurateRequest


def curate(
    source: Annotated[
        Path,
        typer.Argument(help="A folder or zip of pictures, a CSV table or a Parquet file.", metavar="SOURCE"),
    ],
    out: Annotated[Path, typer.Option("--out", help="The set: a new folder, or one to go on with.")],
    rules: Annotated[
        Path | None, typer.Option("--rules", help="What to decide otherwise than the shipped rules, in TOML.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="The table to-ask.csv, filled in by people.")
    ] = None,
    about: Annotated[
        Path | None, typer.Option("--about", help="What only people know, for the datasheet, in TOML.")
    ] = None,
    processes: Annotated[
        int, typer.Option("--processes", min=0, max=256, help="How many work at once; 0: one for each core.")
    ] = 0,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a training set a lawyer can sign.

    Rights, copies, people and metadata are dealt with; it comes with a manifest and a datasheet.
    """
    from rectoverso.workflow.curate import CurateRequest, curate

    request = CurateRequest(source, out, rules, about, answers, processes)
    with live_progress() as listener:
        curated = curate(request, home, listener)
    if as_json:
        print_json(curated.plain())
    else:
        _print(curated, _again(request, home))


def _words(rule: str) -> Message:
    """What a rule says; those for kinds and licences, which anybody writes, have no words of their own."""
    key = f"curate.rule.{rule}"
    return Message(key if key in catalogue("en") else "curate.rule.other")


def _again(request: CurateRequest, home: Path) -> str:
    """The same command, with the answers of people."""
    from rectoverso.workflow.curate import TO_ASK

    given = {"--rules": request.rules, "--about": request.about}
    options = [part for name, path in given.items() if path for part in (name, str(path))]
    options += [] if home == DEFAULT_HOME else ["--home", str(home)]
    answers = ["--answers", str(request.out / TO_ASK)]
    return shlex.join(["verso", "curate", str(request.source), "--out", str(request.out), *options, *answers])


def _print(curated: Curated, again: str) -> None:
    from rectoverso.workflow.curated import PICTURES

    summary = curated.summary
    tell(
        "curate.done",
        kept=f"{summary.kept:,}",
        total=f"{summary.total:,}",
        dropped=f"{summary.actions['drop']:,}",
        asked=f"{summary.actions['ask']:,}",
        changed=f"{summary.changed:,}",
    )
    for rule, count in sorted(summary.reasons.items(), key=lambda row: (-row[1], row[0])):
        tell("curate.reason", count=f"{count:6,}", words=_words(rule), rule=rule)
    tell("curate.copies", count=f"{summary.copies.total():,}")
    _print_what_else(curated)
    if summary.actions["ask"]:
        tell("curate.asked", command=again)
    tell("curate.manifest", digest=curated.manifest)
    tell("curate.next", pictures=curated.out / PICTURES)


def _print_what_else(curated: Curated) -> None:
    """What was not done, and what came of files that are no pictures."""
    for looked_for in ("faces", "text"):
        if curated.summary.looked_by(looked_for) is None:
            tell(f"curate.{looked_for}_not_looked_for")
    if curated.milder:
        tell("curate.milder", list=", ".join(curated.milder))
    for name in ("passed_over", "astray", "answers_unused"):
        if count := getattr(curated, name):
            tell(f"curate.{name}", count=count)
    if curated.lost:
        tell("curate.lost", columns=", ".join(curated.lost))
    if curated.declared or curated.declarations_left_out:
        tell("curate.declarations", compared=curated.declared, left_out=curated.declarations_left_out)
