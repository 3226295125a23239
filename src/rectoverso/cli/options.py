"""The options that several commands share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_HOME = Path(".rectoverso")

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", envvar="RECTOVERSO_HOME", help="The working place: database, store, keys, ledger."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
OutOption = Annotated[Path, typer.Option("--out", help="The folder for the results.")]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="Where randomness starts; same seed, same result.")
]
UseOption = Annotated[
    str,
    typer.Option("--use", help="What it is for: general, art, advertising, game, medical or education."),
]
