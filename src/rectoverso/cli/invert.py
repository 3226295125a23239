"""`verso invert`: the picture of a run that is nearest to a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import (
    DEFAULT_HOME,
    AllVisibleOption,
    EditOption,
    FormatOption,
    HomeOption,
    JsonOption,
    LabelOption,
    LawOption,
    LayersOption,
    OutOption,
    PolicyOption,
    ProducerOption,
    RunArgument,
    SeedOption,
    UseOption,
)
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.cli.passages import exit_code, print_summary


def invert(
    run: RunArgument,
    file: Annotated[Path, typer.Argument(help="The picture to find again.", metavar="FILE")],
    out: OutOption,
    label: LabelOption = None,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps of the search.")] = 200,
    starts: Annotated[int, typer.Option("--starts", min=1, max=64, help="Places to begin at.")] = 4,
    tune: Annotated[
        int,
        typer.Option("--tune", min=0, help="Steps that the weights then go as well, for this picture alone."),
    ] = 0,
    seed: SeedOption = 0,
    edit: EditOption = None,
    layers: LayersOption = None,
    use: UseOption = "general",
    policy: PolicyOption = None,
    file_format: FormatOption = None,
    law: LawOption = None,
    visible: AllVisibleOption = False,
    producer: ProducerOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Find what a run must be asked for to draw a picture. Releases what it draws, if that may leave."""
    from rectoverso.recto.sample.controls import parse_controls
    from rectoverso.workflow.invert import invert_picture
    from rectoverso.workflow.terms import Terms

    terms = Terms.of(use, law, producer, visible=visible, file_format=file_format, policy=policy)
    with live_progress() as listener:
        projected = invert_picture(
            run,
            file,
            out,
            home,
            label=label,
            seed=seed,
            steps=steps,
            starts=starts,
            tune=tune,
            controls=parse_controls(None, (), layers, edit or ()),
            terms=terms,
            listener=listener,
        )
    if as_json:
        print_json(projected.plain())
    else:
        psnr, ssim = f"{projected.psnr_db:.1f}", f"{projected.ssim:.3f}"
        tell("cli.inverted", psnr=psnr, ssim=ssim, path=projected.code)
        if projected.weights:
            before = f"{projected.psnr_db_before:.1f}"
            tell("cli.tuned", before=before, path=projected.weights)
        print_summary(projected.batch, out)
    raise typer.Exit(exit_code(projected.batch))
