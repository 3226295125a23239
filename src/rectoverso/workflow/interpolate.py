"""The pictures between seeds, each through the door, and a sheet of them; an animation stays in the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import AnimationUnsealed
from rectoverso.protocols import Clock
from rectoverso.recto.sample.controls import Controls, bad_control, check_steps
from rectoverso.types import Draft
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.drawing import open_door, open_generator, request_of, take_through
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.sheet import release_sheet
from rectoverso.workflow.terms import Terms

if TYPE_CHECKING:
    from rectoverso.recto.sample.generator import RunGenerator


def interpolate_images(
    run: Path,
    out: Path | None,
    home_path: Path,
    *,
    seeds: Sequence[int],
    steps: int = 8,
    label: str | None = None,
    controls: Controls = Controls(),  # noqa: B008 - frozen
    terms: Terms = Terms(),  # noqa: B008 - frozen
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Batch:
    """Draw ``steps`` images from each seed to the next, both ends among them; the sheet has a row for each pair, where
    what was not released is blank. Without ``out`` they stay in the store, and there is no sheet.

    Raises RunNotFound, UnknownName, BadSetting (controls, or fewer than two seeds), HomeBusy.
    """
    terms.rules(home_path)  # a wrong use is told before anything is loaded
    generator = open_generator(run)
    class_index = generator.class_index(label)
    check_seeds(seeds)
    check_steps("steps", steps)
    generator.painter.check(controls)
    door = open_door(run, generator.maker, home_path, terms, listener, clock)
    drafts = _drafts(generator, seeds, steps, class_index, controls)
    passages = take_through(drafts, steps * (len(seeds) - 1), door, out, listener)
    sheet = (
        release_sheet(passages, generator.maker, door, out / "contact-sheet", columns=steps) if out else None
    )
    return Batch(tuple(passages), sheet=sheet)


def check_seeds(seeds: Sequence[int]) -> None:
    """Raise BadSetting when there is nothing between them."""
    if len(seeds) < 2:
        raise bad_control("seeds", "one_seed")


def animate(
    run: Path,
    file: Path,
    *,
    seeds: Sequence[int],
    frames: int = 24,
    label: str | None = None,
    controls: Controls = Controls(),  # noqa: B008 - frozen
) -> None:
    """Write the way between the seeds as an animation, ``frames`` from each to the next, into the run's own folder.

    Its frames are drafts, and no file of several frames can carry their proof yet. So it stays where drafts may be:
    raises AnimationUnsealed for a file outside the run. Raises also RunNotFound, UnknownName, BadSetting.
    """
    check_inside(run, file)
    generator = open_generator(run)
    from rectoverso.recto.sample.animation import check_kind, write_animation
    from rectoverso.recto.sample.interpolate import path

    check_kind(file)
    check_seeds(seeds)
    check_steps("frames", frames)
    places = path(generator.painter, seeds, frames, generator.class_index(label), controls)
    write_animation([generator.painter.paint(place.code) for place in places], file)


def check_inside(run: Path, file: Path) -> None:
    """Raise AnimationUnsealed when the file would not be in the run's folder, links followed."""
    if not file.resolve().is_relative_to(run.resolve()):
        raise AnimationUnsealed(file=file, run=run)


def _drafts(
    generator: RunGenerator,
    seeds: Sequence[int],
    steps: int,
    class_index: int | None,
    controls: Controls,
) -> Iterator[Draft]:
    from rectoverso.recto.sample.interpolate import path

    for place in path(generator.painter, seeds, steps, class_index, controls):
        # Without a class, the first seed of the path may give its own to all of them (`path`).
        first = None if class_index is not None else str(seeds[0])
        way = {"start": str(place.start), "end": str(place.end), "share": place.share, "class_of": first}
        yield Draft(
            pixels=generator.painter.paint(place.code),
            request=request_of(generator, controls, between=way, label=class_index),
            maker=generator.maker,
            source=f"between-{place.start}-and-{place.end}-at-{round(1000 * place.share):04d}",
        )
