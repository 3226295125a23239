"""Make images with a run, and take every one of them through the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.types import Decision, Draft, Message
from rectoverso.verso.policy import policy
from rectoverso.verso.screen.memorisation import MemorisationCheck
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.workflow import digests
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.release import Door, Passage, release
from rectoverso.workflow.sheet import release_sheet
from rectoverso.workflow.train import fingerprints_of

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
    use: str = "general",
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Batch:
    """Draw ``count`` images from ``run``, seeds ``seed`` onwards; released ones are written to ``out``.

    The same call again gives the same images and decides nothing twice. Raises RunNotFound, UnknownName (use or
    label), HomeBusy.
    """
    rules = policy(use)
    generator = _generator(run)
    class_index = generator.class_index(label)
    home = Home.open(home_path)
    door = Door(
        home=home,
        keys=open_keys(home, listener=listener),
        checks=lambda works: [SimilarityCheck(works), MemorisationCheck(fingerprints_of(run))],
        policy=rules,
        use=use,
        clock=clock or SystemClock(),
    )
    seeds = range(seed, seed + count)
    passages = []
    for passage in release(_drafts(generator, seeds, class_index), door, out):
        passages.append(passage)
        listener(_progress(passages, count))
    return Batch(tuple(passages), sheet=release_sheet(passages, generator.maker, door, out / "contact-sheet"))


def _generator(run: Path) -> RunGenerator:
    with training_part("Generating"):
        from rectoverso.recto.sample.generator import RunGenerator

    return RunGenerator(run)


def _drafts(generator: RunGenerator, seeds: range, class_index: int | None) -> Iterator[Draft]:
    for seed, pixels in zip(seeds, generator.sample(seeds, class_index), strict=True):
        asked = digests.of_facts(maker=generator.maker.digest, seed=str(seed), label=class_index)
        yield Draft(pixels=pixels, request=asked, maker=generator.maker, seed=seed)


def _progress(passages: list[Passage], count: int) -> Progress:
    released = sum(passage.asset.decision is Decision.RELEASE for passage in passages)
    return Progress(Message("progress.releasing", {"released": released}), len(passages), count)
