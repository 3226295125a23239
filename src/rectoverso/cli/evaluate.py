"""`verso evaluate`: how good and how varied the pictures of a run are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import live_progress, print_json, tell


def evaluate(
    run: Annotated[Path, typer.Argument(help="The run to measure.")],
    data: Annotated[
        str, typer.Option("--data", help="What to measure it against; as a rule what it was trained on.")
    ],
    features: Annotated[
        str, typer.Option("--features", help="proxy (trained on the data) or inception (needs its weights).")
    ] = "proxy",
    samples: Annotated[int, typer.Option("--samples", min=1, help="How many pictures to draw.")] = 10_000,
    take: Annotated[
        int | None,
        typer.Option("--take", metavar="N", help="Only so many pictures, the classes in turn, as in train."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be used.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Measure how good and how varied a run's pictures are. FID, KID, precision, recall, density, coverage ..."""
    from rectoverso.workflow.evaluate import EvaluateRequest, evaluate_run

    request = EvaluateRequest(
        run=run, data=data, features=features, samples=samples, skip_bad=skip_bad, take=take
    )
    with live_progress() as listener:
        evaluated = evaluate_run(request, home, listener)
    if as_json:
        print_json(evaluated.plain())
        return
    for name, score in evaluated.scores.scores.items():
        low, value, high = (f"{number:.4g}" for number in (score.low, score.value, score.high))
        tell("evaluate.score.row", name=name, value=value, low=low, high=high)
    tell("evaluate.score.protocol", protocol=evaluated.scores.protocol)
    tell("evaluate.score.interval")
    if features == "proxy":
        tell("evaluate.score.proxy")
    tell("evaluate.score.kept", path=evaluated.path)
