"""Make images with a run, and take every one of them through the door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.protocols import Clock
from rectoverso.recto.sample.controls import Controls, bad_control
from rectoverso.types import Draft, Origin
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.drawing import draft_of_seed, open_door, open_generator, request_of, take_through
from rectoverso.workflow.materials import Given, read_materials
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.sheet import release_sheet
from rectoverso.workflow.terms import Terms

if TYPE_CHECKING:
    from rectoverso.recto.sample.generator import RunGenerator
    from rectoverso.recto.sample.material import Material


def generate_images(
    run: Path,
    out: Path | None,
    home_path: Path,
    *,
    count: int,
    seed: int = 0,
    label: str | None = None,
    controls: Controls = Controls(),  # noqa: B008 - frozen
    given: Given = Given(),  # noqa: B008 - frozen
    size: str | None = None,
    tell_prompt: bool = False,
    terms: Terms = Terms(),  # noqa: B008 - frozen
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Batch:
    """Draw ``count`` images from ``run``, seeds ``seed`` onwards, of each thing ``given`` where the run makes them from
    something; released ones are written to ``out``, with a sheet of them, or stay in the store without it. ``size``:
    pixels a side or WIDTHxHEIGHT, of a run that draws any. They leave on ``terms``, with the prompt in their label
    (IPTC 2025.1) only with ``tell_prompt``: it is private.

    The same call again gives the same images and decides nothing twice. Raises RunNotFound, UnknownName (use, label or
    direction), BadSetting (controls, or what is given), ImageUnreadable, FilesUnusable (a map), HomeBusy.
    """
    terms.rules(home_path)  # a wrong use is told before anything is loaded
    generator = _sized(open_generator(run), size)
    class_index = generator.class_index(label)
    materials = read_materials(generator, given)
    generator.check(controls, materials)
    if tell_prompt and not given.prompts:
        raise bad_control("tell-prompt", "nothing_to_tell")
    door = open_door(run, generator.maker, home_path, terms, listener, clock)
    seeds = range(seed, seed + count)
    drafts = (
        _made(generator, seeds, materials, tell_prompt=tell_prompt)
        if given
        else _drafts(generator, seeds, class_index, controls)
    )
    passages = take_through(drafts, count * len(materials), door, out, listener)
    sheet = release_sheet(passages, generator.maker, door, out / "contact-sheet") if out else None
    return Batch(tuple(passages), sheet=sheet)


def _sized(generator: RunGenerator, size: str | None) -> RunGenerator:
    from rectoverso.recto.data.frame import Frame

    return generator if size is None else generator.at_size(Frame.of(size))


def _drafts(
    generator: RunGenerator, seeds: range, class_index: int | None, controls: Controls
) -> Iterator[Draft]:
    for seed, pixels in zip(seeds, generator.sample(seeds, class_index, controls), strict=True):
        yield draft_of_seed(generator, seed, class_index, controls, pixels)


def _made(
    generator: RunGenerator, seeds: range, materials: Sequence[Material], *, tell_prompt: bool
) -> Iterator[Draft]:
    """What each seed makes of each material. A picture of which a part is left as it was is an edited one; what a
    prompt asked for, people guided. A file that tells its prompt is another one, and another request.
    """
    told = {"tells_prompt": True} if tell_prompt else {}
    for material in materials:
        for seed in seeds:
            yield Draft(
                pixels=generator.making.picture(seed, material),
                request=request_of(generator, Controls(), seed=str(seed), given=material.facts(), **told),
                maker=generator.maker,
                origin=Origin.EDITED if material.hole is not None else Origin.AI,
                seed=seed,
                source=None if material.image is None else _name_of(Path(str(material.name)), seed),
                oversight=None if material.prompt is None else "prompt_guided",
                prompt=material.prompt if tell_prompt else None,
            )


def _name_of(file: Path, seed: int) -> str:
    """The file that a picture was made from, and the seed with which."""
    return f"{file.stem}-{seed}{file.suffix}"
