"""Make images with a run, and take every one of them through the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.protocols import Clock
from rectoverso.recto.sample.controls import Controls
from rectoverso.types import Draft
from rectoverso.verso.policy import policy
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.drawing import draft_of_seed, open_door, open_generator, take_through
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.sheet import release_sheet

if TYPE_CHECKING:
    from rectoverso.recto.sample.generator import RunGenerator


def generate_images(
    run: Path,
    out: Path,
    home_path: Path,
    *,
    count: int,
    seed: int = 0,
    label: str | None = None,
    controls: Controls = Controls(),  # noqa: B008 - frozen
    use: str = "general",
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Batch:
    """Draw ``count`` images from ``run``, seeds ``seed`` onwards; released ones are written to ``out``.

    The same call again gives the same images and decides nothing twice. Raises RunNotFound, UnknownName (use, label or
    direction), BadSetting (controls), HomeBusy.
    """
    policy(use)
    generator = open_generator(run)
    class_index = generator.class_index(label)
    generator.painter.check(controls)
    door = open_door(run, home_path, use, listener, clock)
    drafts = _drafts(generator, range(seed, seed + count), class_index, controls)
    passages = take_through(drafts, count, door, out, listener)
    return Batch(tuple(passages), sheet=release_sheet(passages, generator.maker, door, out / "contact-sheet"))


def _drafts(
    generator: RunGenerator, seeds: range, class_index: int | None, controls: Controls
) -> Iterator[Draft]:
    for seed, pixels in zip(seeds, generator.sample(seeds, class_index, controls), strict=True):
        yield draft_of_seed(generator, seed, class_index, controls, pixels)
