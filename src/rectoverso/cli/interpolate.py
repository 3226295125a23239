"""`verso interpolate`: the pictures between seeds, through the door."""

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
    MixOption,
    OutOption,
    PolicyOption,
    ProducerOption,
    RunArgument,
    TruncationOption,
    UseOption,
)
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.cli.passages import exit_code, print_summary


def interpolate(
    run: RunArgument,
    out: OutOption,
    seeds: Annotated[str, typer.Option("--seeds", help="Two or more seeds, with commas: 1,5,9.")],
    steps: Annotated[
        int, typer.Option("--steps", min=2, help="Images from each seed to the next, ends included.")
    ] = 8,
    animation: Annotated[
        Path | None,
        typer.Option("--animation", help="A GIF, WebP or MP4 as well, inside the run's folder."),
    ] = None,
    frames: Annotated[
        int, typer.Option("--frames", min=2, help="Frames of the animation from each seed to the next.")
    ] = 24,
    label: LabelOption = None,
    truncation: TruncationOption = None,
    mix: MixOption = None,
    layers: LayersOption = None,
    edit: EditOption = None,
    use: UseOption = "general",
    policy: PolicyOption = None,
    file_format: FormatOption = None,
    law: LawOption = None,
    visible: AllVisibleOption = False,
    producer: ProducerOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make the images between seeds. Releases those that may leave, with a sheet of them."""
    from rectoverso.recto.sample.controls import parse_controls, parse_seeds
    from rectoverso.workflow.interpolate import animate, interpolate_images
    from rectoverso.workflow.terms import Terms

    controls, way = parse_controls(truncation, mix or (), layers, edit or ()), parse_seeds(seeds)
    if animation:  # first: a name outside the run is refused before any work
        animate(run, animation, seeds=way, frames=frames, label=label, controls=controls)
    terms = Terms.of(use, law, producer, visible=visible, file_format=file_format, policy=policy)
    with live_progress() as listener:
        batch = interpolate_images(
            run,
            out,
            home,
            seeds=way,
            steps=steps,
            label=label,
            controls=controls,
            terms=terms,
            listener=listener,
        )
    if as_json:
        print_json(batch.plain() | {"animation": str(animation) if animation else None})
    else:
        print_summary(batch, out)
        if animation:
            tell("cli.animation", path=animation)
    raise typer.Exit(exit_code(batch))
