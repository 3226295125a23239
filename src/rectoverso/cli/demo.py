"""`verso demo`: the whole story on built-in images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import JsonOption
from rectoverso.cli.output import live_progress, print_json, tell


def demo(
    out: Annotated[Path, typer.Option("--out", help="The folder for everything the demo makes.")] = Path(
        "verso-demo"
    ),
    seconds: Annotated[float, typer.Option("--seconds", min=5, help="How long to train.")] = 80.0,
    as_json: JsonOption = False,
) -> None:
    """The whole story on built-in images, in under three minutes. It trains, screens, marks, signs, logs, verifies."""
    from rectoverso.workflow.demo import run_demo

    with live_progress() as listener:
        told = run_demo(out, train_seconds=seconds, listener=listener)
    if as_json:
        print_json(told.plain())
        return
    tell("cli.demo_done", seconds=f"{told.seconds:.0f}", folder=told.folder, page=told.page)
    tell("cli.demo_next", folder=told.folder, file=told.released_file)
