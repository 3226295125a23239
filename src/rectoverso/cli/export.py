"""`verso export`: a run's generator for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import AnyRunArgument, JsonOption
from rectoverso.cli.output import print_json, tell


def export(
    run: AnyRunArgument,
    onnx: Annotated[Path, typer.Option("--onnx", help="The ONNX file to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write a run's generator as ONNX, checked against torch. Its pictures carry no proof until sealed."""
    from rectoverso.workflow.export import export_run

    exported = export_run(run, onnx)
    if as_json:
        print_json(exported.plain())
        return
    tell("cli.exported", file=exported.file, difference=f"{exported.difference:.1e}")
    tell("cli.exported_notice")
