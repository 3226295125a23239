"""`verso dream`: what a network trained here looks for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import (
    DEFAULT_HOME,
    AllVisibleOption,
    FormatOption,
    HomeOption,
    JsonOption,
    LawOption,
    PolicyOption,
    ProducerOption,
    SeedOption,
    UseOption,
)
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.cli.passages import exit_code, print_summary


def dream(
    network: Annotated[
        Path, typer.Argument(help="A run, whose critic is meant, or a file of features.", metavar="RUN")
    ],
    out: Annotated[Path | None, typer.Option("--out", help="The folder for the released file.")] = None,
    list_layers: Annotated[
        bool, typer.Option("--list", help="Only list the layers, with their channels.")
    ] = False,
    image: Annotated[
        Path | None, typer.Option("--image", help="A photograph to begin with; else noise.")
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="A layer, by name; else the last.")] = None,
    channel: Annotated[
        int | None, typer.Option("--channel", min=0, help="One channel of it; else all of it.")
    ] = None,
    octaves: Annotated[int, typer.Option("--octaves", min=1, max=16, help="Sizes, small to large.")] = 4,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps at each size.")] = 20,
    strength: Annotated[
        float, typer.Option("--strength", min=0.01, max=100, help="How long steps are; 1 suits most.")
    ] = 1.0,
    size: Annotated[
        str | None,
        typer.Option("--size", help="Pixels a side, or WIDTHxHEIGHT; else the photograph's or 256."),
    ] = None,
    seed: SeedOption = 0,
    use: UseOption = "general",
    policy: PolicyOption = None,
    file_format: FormatOption = None,
    law: LawOption = None,
    visible: AllVisibleOption = False,
    producer: ProducerOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a picture of what a layer of a network looks for. From noise or a photograph; released if it may leave."""
    from rectoverso.recto.sample.controls import bad_control
    from rectoverso.workflow.dream import DreamRequest, dream_picture
    from rectoverso.workflow.terms import Terms

    if list_layers:
        _list(network, as_json=as_json)
        return
    if out is None:
        raise bad_control("out", "dream_needs_out")
    request = DreamRequest(network, image, layer, channel, octaves, steps, seed, size, strength)
    terms = Terms.of(use, law, producer, visible=visible, file_format=file_format, policy=policy)
    with live_progress() as listener:
        dreamed = dream_picture(request, out, home, terms=terms, listener=listener)
    if as_json:
        print_json(dreamed.plain())
    else:
        tell("cli.dreamt", layer=dreamed.layer, before=f"{dreamed.before:.3g}", after=f"{dreamed.after:.3g}")
        print_summary(dreamed.batch, out)
    raise typer.Exit(exit_code(dreamed.batch))


def _list(network: Path, *, as_json: bool) -> None:
    from rectoverso.workflow.dream import layers_of

    layers = layers_of(network)
    if as_json:
        rows = [
            {"name": one.name, "channels": one.channels, "height": one.height, "width": one.width}
            for one in layers
        ]
        print_json({"layers": rows})
        return
    for one in layers:
        tell("cli.layer", name=one.name, channels=one.channels, sides=f"{one.width}x{one.height}")
