"""`verso ingrain`: a generator that marks what it draws, whatever code draws with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.api import INGRAIN_IMAGES
from rectoverso.cli.options import DEFAULT_HOME, AnyRunArgument, HomeOption, JsonOption, SeedOption
from rectoverso.cli.output import live_progress, print_json, tell


def ingrain(
    run: AnyRunArgument,
    out: Annotated[Path, typer.Option("--out", help="The new folder for the run that marks.")],
    images: Annotated[
        int, typer.Option("--images", min=1, help="How many pictures it learns from.")
    ] = INGRAIN_IMAGES,
    seed: SeedOption = 0,
    data: Annotated[
        str | None, typer.Option("--data", help="Evaluate both runs against this, for what it costs.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=12, help="How many pictures for that.")] = 10_000,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Teach a run's generator to mark what it draws itself. Other programs draw marked pictures with it too."""
    from rectoverso.workflow.ingrain import ingrain_run

    with live_progress() as listener:
        done = ingrain_run(
            run, out, home, images=images, seed=seed, data=data, samples=samples, listener=listener
        )
    if as_json:
        print_json(done.plain())
        return
    tell(
        "cli.ingrained",
        run=done.run,
        found=f"{done.png.found:.0%}",
        jpeg=f"{done.jpeg_75.found:.0%}",
        p_of_ten=f"{done.png.p_of_ten:.0e}",
        jpeg_of_ten=f"{done.jpeg_75.p_of_ten:.0e}",
        psnr=f"{done.psnr_db:.1f}",
        seconds=f"{done.seconds:.0f}",
    )
    if done.proxy_fid:
        before, after = (f"{value:.3g}" for value in done.proxy_fid)
        tell("cli.ingrained_fid", before=before, after=after)
    tell("cli.ingrained_notice")
