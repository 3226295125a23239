"""`verso train`: a system, on data, into a run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, MAX_SEED, HomeOption, JsonOption
from rectoverso.cli.output import live_progress, print_event, print_json, speaks, tell

if TYPE_CHECKING:
    from rectoverso.recto.train.status import Status


def train(
    system: Annotated[str, typer.Argument(help="The system to train; `verso systems` lists them.")],
    data: Annotated[
        str,
        typer.Option("--data", help="A folder, zip, Parquet file, hf:org/name, or built-in: digits, shapes."),
    ],
    out: Annotated[Path, typer.Option("--out", help="The run: a new folder.")],
    data_b: Annotated[
        str | None,
        typer.Option(
            "--data-b", help="The second set of pictures, of systems that go from one to the other."
        ),
    ] = None,
    preset: Annotated[str, typer.Option("--preset", help="A named set of settings.")] = "default",
    size: Annotated[
        str | None,
        typer.Option(
            "--size", metavar="PX", help="Pixels a side, or WIDTHxHEIGHT as 96x64; else 32 or 64 by the data."
        ),
    ] = None,
    channels: Annotated[
        str,
        typer.Option(
            "--channels", metavar="C", help="auto (RGBA where the pictures have transparency), 1, 3 or 4."
        ),
    ] = "auto",
    take: Annotated[
        int | None, typer.Option("--take", metavar="N", help="Only so many pictures, the classes in turn.")
    ] = None,
    mask_classes: Annotated[
        int | None,
        typer.Option(
            "--mask-classes", min=1, max=64, help="How many classes masks have; else those that occur."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, max=MAX_SEED, help="Where randomness starts; 0, or the run's own."),
    ] = None,
    images: Annotated[
        int | None, typer.Option("--images", min=1, help="Stop after this many images.")
    ] = None,
    max_seconds: Annotated[
        float | None,
        typer.Option("--max-seconds", min=1, help="Stop after this time; schedules stretch to fit."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="A.B=C", help="Change one setting; may be repeated.")
    ] = None,
    private: Annotated[
        str | None,
        typer.Option(
            "--private",
            metavar="epsilon=E,delta=D",
            help="Differential privacy; with ,pictures=N for data of your own.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run, exactly.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be used.")
    ] = False,
    board: Annotated[
        bool, typer.Option("--board", help="Write events for TensorBoard into RUN/board.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--events", help="Print each record and the result as a line of JSON.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Train a system on pictures you have the right to use. In several processes under torchrun."""
    from rectoverso.workflow.train import TrainRequest, train_run

    request = TrainRequest(
        system=system,
        data=data,
        data_b=data_b,
        mask_classes=mask_classes,
        run=out,
        preset=preset,
        size=size,
        seed=seed,
        images=images,
        max_seconds=max_seconds,
        settings=tuple(settings or ()),
        resume=resume,
        skip_bad=skip_bad,
        channels=channels,
        take=take,
        board=board,
        private=private,
    )
    with live_progress() as listener:
        trained = train_run(request, home, listener, on_status=_print_status if events else None)
    if not speaks():
        return
    if events:
        print_event("result", trained.plain())
        return
    if as_json:
        print_json(trained.plain())
        return
    for note in trained.notes:
        tell(note.key, **note.facts)
    if trained.skipped:
        tell("cli.skipped", count=len(trained.skipped), names=", ".join(trained.skipped[:20]))
    if trained.privacy:
        tell("cli.trained_private", **{key: f"{trained.privacy[key]:.4g}" for key in ("epsilon", "delta")})
    tell("cli.trained", run=out, images=f"{trained.images:,}", seconds=f"{trained.seconds:,.0f}")
    given = "".join(f" --{option} {'WORDS' if option == 'prompt' else 'FILE'}" for option in trained.asks)
    tell("cli.trained_next", run=out, given=given)


def _print_status(status: Status) -> None:
    print_event("status", asdict(status))
