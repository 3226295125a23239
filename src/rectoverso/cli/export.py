"""`verso export`: a run's generator for other programs, or a run of a service for its owner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, AnyRunArgument, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell
from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.types import Message


def export(
    run: AnyRunArgument,
    onnx: Annotated[Path | None, typer.Option("--onnx", help="The ONNX file to write.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A new folder for a run that a service trained, by its id.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write a run's generator as ONNX, checked against torch. Its pictures carry no proof until sealed.

    With --out instead: bring a run that the service of this home trained into a folder of yours.
    """
    if (onnx is None) == (out is None):
        reason, advice = (Phrase(Message(f"cli.export_one_{part}")) for part in ("reason", "advice"))
        raise BadSetting(setting="--onnx, --out", reason=reason, advice=advice)
    if out is not None:
        _bring(str(run), out, home, as_json=as_json)
    elif onnx is not None:
        _write(run, onnx, as_json=as_json)


def _bring(run: str, out: Path, home: Path, *, as_json: bool) -> None:
    from rectoverso.workflow.jobs.kept import bring_out

    bring_out(home, run, out)
    if as_json:
        print_json({"run": str(out)})
        return
    tell("cli.brought_out", run=out)


def _write(run: Path, onnx: Path, *, as_json: bool) -> None:
    from rectoverso.workflow.export import export_run

    exported = export_run(run, onnx)
    if as_json:
        print_json(exported.plain())
        return
    tell("cli.exported", file=exported.file, difference=f"{exported.difference:.1e}")
    tell("cli.exported_notice")
