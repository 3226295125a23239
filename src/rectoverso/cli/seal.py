"""`verso seal`: images made elsewhere, through the same door."""

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
    OutOption,
    PolicyOption,
    ProducerOption,
    TerritoryOption,
    UseOption,
)
from rectoverso.cli.output import live_progress, print_json
from rectoverso.cli.passages import exit_code, print_summary
from rectoverso.types import Maker, Origin


def seal(
    files: Annotated[list[Path], typer.Argument(help="Image files, or folders of them.", metavar="FILE...")],
    out: OutOption,
    origin: Annotated[Origin, typer.Option("--origin", help="Where the images came from.")] = Origin.AI,
    use: UseOption = "general",
    policy: PolicyOption = None,
    file_format: FormatOption = None,
    law: LawOption = None,
    visible: AllVisibleOption = False,
    producer: ProducerOption = "",
    territory: TerritoryOption = "",
    maker: Annotated[
        str, typer.Option("--maker", help="The system that made them, where it is known.", show_default=False)
    ] = "",
    maker_version: Annotated[
        str, typer.Option("--maker-version", help="That system's version.", show_default=False)
    ] = "",
    unsafe_origin: Annotated[
        bool,
        typer.Option(
            "--unsafe-origin",
            help="Made by AI, although the files say that a camera took them. The ledger tells.",
        ),
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Screen, mark, sign and log images made elsewhere."""
    from rectoverso.workflow.seal import seal_files
    from rectoverso.workflow.terms import Terms

    terms = Terms.of(
        use, law, producer, visible=visible, file_format=file_format, policy=policy, territory=territory
    )
    made_by = Maker(maker, maker_version)
    with live_progress() as listener:
        batch = seal_files(
            files,
            out,
            home,
            origin=origin,
            maker=made_by,
            unsafe_origin=unsafe_origin,
            terms=terms,
            listener=listener,
        )
    if as_json:
        print_json(batch.plain())
    else:
        print_summary(batch, out)
    raise typer.Exit(exit_code(batch))
