"""`verso seal`: images made elsewhere, through the same door."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, FormatOption, HomeOption, JsonOption, OutOption, UseOption
from rectoverso.cli.output import live_progress, print_json
from rectoverso.cli.passages import exit_code, print_summary
from rectoverso.types import Origin


def seal(
    files: Annotated[list[Path], typer.Argument(help="Image files, or folders of them.", metavar="FILE...")],
    out: OutOption,
    origin: Annotated[Origin, typer.Option("--origin", help="Where the images came from.")] = Origin.AI,
    use: UseOption = "general",
    file_format: FormatOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Screen, mark, sign and log images made elsewhere."""
    from rectoverso.workflow.seal import seal_files

    with live_progress() as listener:
        kind = f"image/{file_format}" if file_format else None
        batch = seal_files(files, out, home, origin=origin, use=use, media_type=kind, listener=listener)
    if as_json:
        print_json(batch.plain())
    else:
        print_summary(batch, out)
    raise typer.Exit(exit_code(batch))
