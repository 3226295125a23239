"""`verso credit`: whom to name with pictures that a run drew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import AnyRunArgument, JsonOption
from rectoverso.cli.output import print_json, tell

if TYPE_CHECKING:
    from rectoverso.workflow.credit import Credited, Named


def credit(
    run: AnyRunArgument,
    files: Annotated[
        list[Path], typer.Argument(help="Pictures that it drew, or folders of them.", metavar="FILE...")
    ],
    catalogue: Annotated[
        Path | None,
        typer.Option("--catalogue", metavar="CSV", help="Whose the training pictures are, a picture a line."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Name the training pictures that these are nearest to. Only where they are nearer than new pictures are."""
    from rectoverso.workflow.credit import credit_files

    credited = credit_files(run, files, catalogue=catalogue)
    if as_json:
        print_json(credited.plain())
    else:
        _tell(credited)


def _tell(credited: Credited) -> None:
    for path, _, names in credited.pictures:
        tell("credit.near" if names else "credit.nobody", file=path)
        for rank, named in enumerate(names, 1):
            tell("credit.row", rank=rank, **_facts(named))
    if len(credited.pictures) > 1 and credited.works:
        tell("credit.together", count=len(credited.pictures))
        for named, pictures in credited.works:
            tell("credit.work", pictures=pictures, **_facts(named))
    tell("credit.meaning", count=f"{credited.compared_with:,}", strangers=f"{credited.strangers:,}")


def _facts(named: Named) -> dict[str, str]:
    return {
        "line": named.line or f"#{named.near.training_image}",
        "times": f"{named.near.times:.1f}",
        "one_in": f"{1 / named.near.chance:,.0f}",
    }
