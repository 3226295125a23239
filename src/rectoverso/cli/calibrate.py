"""`verso registry calibrate`: limits from what unrelated pictures score against this very register."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.types import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rectoverso.verso.screen.calibration import Calibration
    from rectoverso.workflow.calibrate import Calibrated
    from rectoverso.workflow.strangers import Likeness

MOST_NAMED = 20


def calibrate(
    negatives: Annotated[
        list[Path],
        typer.Option(
            "--negatives", metavar="DIR", help="Pictures that are copies of no work: folders, files, Parquet."
        ),
    ],
    target_fpr: Annotated[
        float,
        typer.Option(
            "--target-fpr",
            metavar="R",
            help="How often an unrelated picture may be called alike, e.g. 0.001.",
        ),
    ],
    honest: Annotated[
        list[Path] | None,
        typer.Option("--honest", metavar="FILE", help="One of them that you looked at, and that is no copy."),
    ] = None,
    copies: Annotated[
        int, typer.Option("--copies", metavar="N", help="So many of them are planted as works and edited.")
    ] = 20,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Set the register's limits by how near strangers come."""
    from rectoverso.workflow.calibrate import calibrate as measure

    with live_progress() as listener:
        done = measure(
            negatives, home, rate=target_fpr, honest=honest or [], planted=copies, listener=listener
        )
    if as_json:
        print_json(done.plain())
    else:
        _tell(done)


def _tell(done: Calibrated) -> None:
    calibration = done.calibration
    tell("calibration.compared", works=len(calibration.works), **calibration.pictures)
    for name in done.unreadable:
        tell("calibration.unreadable", file=name)
    if done.set_apart:
        tell("calibration.set_apart", count=len(done.set_apart))
    _tell_files(done.set_apart)
    if done.near:
        tell("calibration.near", count=len(done.near))
    _tell_files(done.near[:MOST_NAMED])
    _tell_limits(calibration)
    _tell_rates(calibration)
    _tell_found(calibration)
    tell("calibration.recorded", entry=done.entry, until=calibration.until)


def _tell_files(files: Sequence[Likeness]) -> None:
    for one in files:
        work = one.match.work
        tell("calibration.file", file=one.name, id=work.id, title=work.title, nearness=one.nearness)


def _tell_limits(calibration: Calibration) -> None:
    """One line a score: its limits, how they differ from those shipped, and how well its curve fits."""
    fits, moved = calibration.fits(), calibration.moved
    for score, limits in calibration.limits().items():
        facts = {
            outcome: Message(f"calibration.score.{score}", {"value": f"{value:g}"})
            for outcome, value in limits.items()
        }
        words = {
            f"{outcome}_is": Message(f"calibration.moved.{moved.get(f'{score}.{outcome}', 'shipped')}")
            for outcome in limits
        }
        tell("calibration.limits", **facts, **words, fit=Message(f"calibration.fit.{fits[score]}"))
    for score in calibration.left:
        tell("calibration.left", score=Message(f"calibration.left_score.{score}"))


def _tell_rates(calibration: Calibration) -> None:
    from rectoverso.workflow.calibration import percent

    review, block, copies = calibration.review, calibration.block, calibration.with_copies
    tell(
        "calibration.called",
        called=review.called,
        pictures=review.pictures,
        rate=percent(review.rate),
        at_least=percent(review.at_least),
        at_most=percent(review.at_most),
        asked=percent(calibration.rate),
        stated=percent(calibration.stated),
    )
    if not calibration.is_met:
        tell("calibration.not_met")
    tell("calibration.blocked", called=block.called, at_most=percent(block.at_most))
    if calibration.pictures["set_apart"]:
        tell(
            "calibration.with_copies",
            called=copies.called,
            pictures=copies.pictures,
            rate=percent(copies.rate),
        )


def _tell_found(calibration: Calibration) -> None:
    for number, (edit, (shown, blocked)) in enumerate(calibration.found.items()):
        if not number:
            tell("calibration.planted", count=shown.pictures)
        facts = {
            "shown": shown.called,
            "blocked": blocked.called,
            "at_least": f"{100 * shown.at_least:.0f} %",
        }
        tell("calibration.found", edit=Message(f"calibration.edit.{edit}"), **facts)
