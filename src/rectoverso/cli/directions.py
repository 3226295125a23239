"""`verso directions`: the ways in which a run's pictures change most, named and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import (
    DEFAULT_HOME,
    AllVisibleOption,
    FormatOption,
    HomeOption,
    JsonOption,
    LabelOption,
    LawOption,
    PolicyOption,
    ProducerOption,
    RunArgument,
    UseOption,
)
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.cli.passages import exit_code, print_summary

if TYPE_CHECKING:
    from rectoverso.recto.sample.directions import Directions


def directions(
    run: RunArgument,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="How many to find; else those kept, or 8.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", metavar="OLD=NEW", help="Call one anew; may be repeated.")
    ] = None,
    show: Annotated[
        str | None, typer.Option("--show", help="Make images along this one; needs --out.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The folder for the images.")] = None,
    seeds: Annotated[str, typer.Option("--seeds", help="The seeds to show, with commas.")] = "0,1,2,3",
    amount: Annotated[float, typer.Option("--amount", min=0.01, help="How far to go to both sides.")] = 3.0,
    label: LabelOption = None,
    use: UseOption = "general",
    policy: PolicyOption = None,
    file_format: FormatOption = None,
    law: LawOption = None,
    visible: AllVisibleOption = False,
    producer: ProducerOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Find the directions in which a run's images change most. Names them, or shows what one does."""
    from rectoverso.recto.sample.controls import bad_control, parse_seeds
    from rectoverso.workflow.directions import run_directions, show_direction
    from rectoverso.workflow.terms import Terms

    if show is not None and out is None:
        raise bad_control("show", "show_needs_out")
    found = run_directions(run, count=count, names=name or ())
    if show is None or out is None:
        _print(found, run, as_json=as_json)
        return
    terms = Terms.of(use, law, producer, visible=visible, file_format=file_format, policy=policy)
    with live_progress() as listener:
        batch = show_direction(
            run,
            out,
            home,
            name=show,
            seeds=parse_seeds(seeds),
            amount=amount,
            label=label,
            terms=terms,
            listener=listener,
        )
    if as_json:
        print_json(_plain(found) | batch.plain())
    else:
        print_summary(batch, out)
    raise typer.Exit(exit_code(batch))


def _plain(found: Directions) -> dict[str, object]:
    rows = [{"name": one.name, "strength": one.strength, "digest": one.digest} for one in found.all]
    return {"space": found.space, "directions": rows}


def _print(found: Directions, run: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(_plain(found))
        return
    for number, one in enumerate(found.all):
        tell("cli.direction", number=number, name=one.name, strength=f"{one.strength:.3g}")
    tell("cli.directions_next", run=run, name=found.all[0].name)
