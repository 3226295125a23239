"""`verso generate`: images from a run, through the door."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption, OutOption, SeedOption, UseOption
from rectoverso.cli.output import live_progress, print_json
from rectoverso.cli.passages import exit_code, print_summary


def generate(
    run: Annotated[Path, typer.Argument(help="The run to draw from.")],
    out: OutOption,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many images.")] = 1,
    seed: SeedOption = 0,
    label: Annotated[
        str | None, typer.Option("--label", help="A class, by name; else one from each seed.")
    ] = None,
    use: UseOption = "general",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make images and release those that may leave, each with its proof."""
    from rectoverso.workflow.generate import generate_images

    with live_progress() as listener:
        batch = generate_images(
            run, out, home, count=count, seed=seed, label=label, use=use, listener=listener
        )
    if as_json:
        print_json(batch.plain())
    else:
        print_summary(batch, out)
    raise typer.Exit(exit_code(batch))
