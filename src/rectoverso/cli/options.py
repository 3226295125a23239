"""The options that several commands share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.api import DEFAULT_HOME as DEFAULT_HOME_NAME

DEFAULT_HOME = Path(DEFAULT_HOME_NAME)
MAX_SEED = 2**53 - 1
"""The largest whole number that JSON keeps exactly everywhere."""


def found_run(run: Path) -> Path:
    """The run, or the shipped one where ``demo`` is asked for."""
    from rectoverso.workflow.shipped import run_at

    return run_at(run)


HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", envvar="RECTOVERSO_HOME", help="The working place: database, store, keys, ledger."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
OutOption = Annotated[Path, typer.Option("--out", help="The folder for the results.")]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, max=MAX_SEED, help="Where randomness starts; same seed, same result.")
]
UseOption = Annotated[
    str,
    typer.Option("--use", help="What it is for: general, art, advertising, game, medical or education."),
]
RunArgument = Annotated[Path, typer.Argument(help="The run to draw from.")]
AnyRunArgument = Annotated[
    Path,
    typer.Argument(
        help="The run to draw from, or demo: one that comes with the package.", callback=found_run
    ),
]
LabelOption = Annotated[
    str | None, typer.Option("--label", help="A class, by name; else one from each seed.")
]
TruncationOption = Annotated[
    float | None,
    typer.Option("--truncation", help="Trade variety for likeliness; smaller is nearer to the mean."),
]
MixOption = Annotated[
    list[str] | None,
    typer.Option("--mix", metavar="SEED@A-B", help="In layers A to B, another seed's styles; repeatable."),
]
LayersOption = Annotated[
    str | None,
    typer.Option("--layers", metavar="A-B", help="Layers of the controls that do not name their own."),
]
EditOption = Annotated[
    list[str] | None,
    typer.Option("--edit", metavar="NAME=AMOUNT", help="A step along a direction of the run; repeatable."),
]
