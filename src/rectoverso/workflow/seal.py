"""Take images made elsewhere through the same door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rectoverso.errors import RectoversoError
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.types import Draft, Maker, Message, Origin
from rectoverso.verso.picture import open_picture, sniff
from rectoverso.verso.policy import policy
from rectoverso.workflow import digests
from rectoverso.workflow.batch import Batch, Failure
from rectoverso.workflow.files import picture_files
from rectoverso.workflow.generate import checks_for
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.release import Door, Passage, release

KEPT_TYPES = ("image/png", "image/jpeg", "image/webp")
"""A sealed file keeps its type if it is one of these; anything else becomes PNG."""


def seal_files(
    files: Iterable[Path],
    out: Path,
    home_path: Path,
    *,
    origin: Origin = Origin.AI,
    use: str = "general",
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Batch:
    """Screen, mark, sign and log the images in ``files`` (files or folders); released ones go to ``out``.

    A file that cannot be opened is told in ``Batch.failed`` and never stops the others.
    """
    rules = policy(use)
    paths = picture_files(files)
    home = Home.open(home_path)
    keys = open_keys(home, listener=listener)
    door = Door(home, keys, checks_for(home, None), rules, use, clock or SystemClock())
    passages: list[Passage] = []
    failures: list[Failure] = []
    for done, path in enumerate(paths, start=1):
        try:
            passages += _seal_one(path, origin, door, out)
        except RectoversoError as error:
            failures.append(Failure(str(path), error))
        listener(Progress(Message("progress.sealing"), done, len(paths)))
    return Batch(tuple(passages), tuple(failures))


def _seal_one(path: Path, origin: Origin, door: Door, out: Path) -> Iterator[Passage]:
    data = path.read_bytes()
    draft = Draft(
        pixels=open_picture(data, str(path)),
        request=digests.of_facts(file=digests.of_bytes(data), origin=origin.value),
        maker=Maker(name="", version=""),
        origin=origin,
        source=str(path),
    )
    kind = sniff(data)
    yield from release([draft], door, out, media_type=kind if kind in KEPT_TYPES else "image/png")
