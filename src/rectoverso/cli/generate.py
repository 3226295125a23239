"""`verso generate`: images from a run, through the door."""

from __future__ import annotations

from typing import Annotated

import typer

from rectoverso.cli.options import (
    DEFAULT_HOME,
    AllVisibleOption,
    AnyRunArgument,
    BackOption,
    EditOption,
    FormatOption,
    HomeOption,
    ImageOption,
    JsonOption,
    LabelOption,
    LawOption,
    LayersOption,
    MaskOption,
    MixOption,
    OutOption,
    PolicyOption,
    ProducerOption,
    PromptOption,
    SeedOption,
    StyleOption,
    TerritoryOption,
    TruncationOption,
    UseOption,
)
from rectoverso.cli.output import live_progress, print_json
from rectoverso.cli.passages import exit_code, print_summary


def generate(
    run: AnyRunArgument,
    out: OutOption,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many images.")] = 1,
    seed: SeedOption = 0,
    label: LabelOption = None,
    image: ImageOption = None,
    mask: MaskOption = None,
    prompt: PromptOption = None,
    tell_prompt: Annotated[
        bool, typer.Option("--tell-prompt", help="Write the prompt into the file, for everybody to read.")
    ] = False,
    style: StyleOption = None,
    back: BackOption = False,
    truncation: TruncationOption = None,
    mix: MixOption = None,
    layers: LayersOption = None,
    edit: EditOption = None,
    size: Annotated[
        str | None, typer.Option("--size", help="Pixels a side, or WIDTHxHEIGHT; runs of single only.")
    ] = None,
    use: UseOption = "general",
    policy: PolicyOption = None,
    file_format: FormatOption = None,
    law: LawOption = None,
    visible: AllVisibleOption = False,
    producer: ProducerOption = "",
    territory: TerritoryOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make images; release those that may leave, with their proof."""
    from rectoverso.recto.sample.controls import parse_controls
    from rectoverso.workflow.generate import generate_images
    from rectoverso.workflow.materials import Given
    from rectoverso.workflow.terms import Terms

    given = Given(tuple(image or ()), tuple(mask or ()), tuple(prompt or ()), style, back=back)
    terms = Terms.of(
        use, law, producer, visible=visible, file_format=file_format, policy=policy, territory=territory
    )
    controls = parse_controls(truncation, mix or (), layers, edit or ())
    with live_progress() as listener:
        batch = generate_images(
            run,
            out,
            home,
            count=count,
            seed=seed,
            label=label,
            controls=controls,
            given=given,
            size=size,
            tell_prompt=tell_prompt,
            terms=terms,
            listener=listener,
        )
    if as_json:
        print_json(batch.plain())
    else:
        print_summary(batch, out)
    raise typer.Exit(exit_code(batch))
