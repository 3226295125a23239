"""Find the directions of a run, name them, and show what one of them does, through the door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.protocols import Clock
from rectoverso.recto.sample.controls import Controls, Edit, bad_control
from rectoverso.types import Digest, Draft
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.drawing import draft_of_seed, open_door, open_generator, take_through
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.sheet import release_sheet
from rectoverso.workflow.terms import Terms

if TYPE_CHECKING:
    from rectoverso.recto.sample.directions import Directions
    from rectoverso.recto.sample.generator import RunGenerator

COUNT = 8
COLUMNS = 5


def run_directions(run: Path, *, count: int | None = None, names: Sequence[str] = ()) -> Directions:
    """The directions kept in the run; found first when there are none, or when ``count`` asks for another number.

    ``names`` (``"0=thickness"``) call directions anew; a direction keeps the name it was given. Raises RunNotFound,
    UnknownName, BadSetting.
    """
    generator = open_generator(run)
    with training_part("Finding directions"):
        from rectoverso.recto.sample.directions import find_directions

    weights, kept = Digest(str(generator.maker.digest)), generator.painter.directions
    found = kept
    if kept is not None:
        kept.check(generator.painter.width)
    if found is None or (count is not None and count != len(found.all)):
        found = find_directions(generator.module, weights, count or COUNT)
        given = {one.digest: one.name for one in kept.all} if kept else {}
        called = {one.name: given[one.digest] for one in found.all if one.digest in given}
        found = found.rename({old: new for old, new in called.items() if old != new})
    found = found.rename(dict(_new_name(text) for text in names))
    found.keep(run)
    return found


def show_direction(
    run: Path,
    out: Path,
    home_path: Path,
    *,
    name: str,
    seeds: Sequence[int],
    amount: float = 3.0,
    label: str | None = None,
    terms: Terms = Terms(),  # noqa: B008 - frozen
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Batch:
    """Draw each seed in five steps along a direction, from ``-amount`` to ``amount``, with a sheet of a row a seed.

    They are the images of ``verso generate --edit``, so that neither decides anew what the other has decided. Raises
    RunNotFound, UnknownName, BadSetting, HomeBusy.
    """
    terms.rules(home_path)  # a wrong use is told before anything is loaded
    generator = open_generator(run)
    class_index = generator.class_index(label)
    amounts = [amount * (2 * column / (COLUMNS - 1) - 1) for column in range(COLUMNS)]
    generator.painter.check(Controls(edits=(Edit(name, amount),)))
    door = open_door(run, generator.maker, home_path, terms, listener, clock)
    drafts = _drafts(generator, seeds, name, amounts, class_index)
    passages = take_through(drafts, len(seeds) * COLUMNS, door, out, listener)
    sheet = release_sheet(passages, generator.maker, door, out / "contact-sheet", columns=COLUMNS)
    return Batch(tuple(passages), sheet=sheet)


def _drafts(
    generator: RunGenerator,
    seeds: Sequence[int],
    name: str,
    amounts: Sequence[float],
    class_index: int | None,
) -> Iterator[Draft]:
    for seed in seeds:
        for amount in amounts:
            controls = Controls(edits=(Edit(name, amount),))
            (pixels,) = generator.sample([seed], class_index, controls)
            yield draft_of_seed(generator, seed, class_index, controls, pixels)


def _new_name(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not equals:
        raise bad_control("name", "nothing_to_name", value=text)
    return old.strip(), new.strip()
