"""Does a run bring its training pictures back? It is asked once, when it is trained, and its card says the answer.

The pictures are drawn from seeds that nobody takes by accident, compared, and forgotten. A run that draws what captions
say is asked with those of its own training pictures, which bring them back soonest. A run that replicates is not
refused: each picture of it goes to people.

Source of asking by captions: N. Carlini et al., "Extracting Training Data from Diffusion Models", 2023, section 4.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rectoverso.i18n import say
from rectoverso.types import Message
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.verso.screen.replication import FALSE_DISCOVERIES, Replication
from rectoverso.workflow import digests
from rectoverso.workflow.progress import Listener, Progress, silent

if TYPE_CHECKING:
    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.sample.generator import RunGenerator
    from rectoverso.types import Pixels

RECORD = "replication.json"
FINGERPRINTS = "fingerprints.npz"
PRIVATE = "private"
"""What of a private run is never given out (`recto.privacy.vault`)."""
FIRST_SEED = 2**48
PIXELS = 512 * 64 * 64
FEWEST, MOST = 64, 512
"""As many pictures as fill this many pixels, within bounds, so that large ones take a few seconds too. More than twice
the number of strangers would add little: these are what they are measured by.
"""


def fingerprints_of(run: Path) -> Path:
    """Where a run keeps the fingerprints of its training images."""
    return compared_in(run) / FINGERPRINTS


def record_of(run: Path) -> Path:
    """Where a run keeps the answer of this question."""
    return compared_in(run) / RECORD


def compared_in(run: Path) -> Path:
    """Where all lies that tells of a run's training images: of a private one where nothing is given out."""
    private = run / PRIVATE
    return private if private.is_dir() else run


def probe(
    run: Path, fingerprints: Fingerprints, listener: Listener = silent, *, data: Dataset | None = None
) -> Replication | None:
    """Ask it (`asked`), and write the answer into the run and on its cards."""
    found = asked(run, fingerprints, listener, data=data)
    if found is not None:
        keep(run, found)
    return found


def asked(
    run: Path, fingerprints: Fingerprints, listener: Listener = silent, *, data: Dataset | None = None
) -> Replication | None:
    """Draw from a run and compare with its training pictures; a run that asks for captions needs the ``data``.

    None where the run draws from something else, or has too few training pictures.
    """
    from rectoverso.recto.sample.generator import RunGenerator

    if not len(fingerprints.strangers):
        return None
    generator = RunGenerator(run)
    width, height = generator.size
    wanted = min(PIXELS // (width * height), 2 * len(fingerprints.strangers))
    count = min(MOST, max(FEWEST, wanted))
    if not generator.recipe.asks:
        drawn = generator.sample(range(FIRST_SEED, FIRST_SEED + count))
    elif generator.recipe.asks == {"caption"} and data is not None:
        drawn = _drawn_from_captions(generator, data, count)
    else:
        return None
    pictures = []
    for pixels in drawn:
        pictures.append(pixels)
        listener(Progress(Message("progress.probing"), len(pictures), count))
    return fingerprints.judge(fingerprints.neighbourhood.nearest(np.stack(pictures)).ratio)


def _drawn_from_captions(generator: RunGenerator, data: Dataset, count: int) -> Iterator[Pixels]:
    """By captions of the data, some at once: code by code each picture would take a second alone."""
    from rectoverso.recto.metrics.score import drawn_batches

    for pictures in drawn_batches(generator, data, count):
        yield from pictures


def keep(run: Path, found: Replication) -> None:
    """Write what was found of the weights that the run has now into it, and on its cards; those of a private run may
    not tell what a comparison with its pictures says.
    """
    from rectoverso.recto.train.folder import write

    facts = {"weights": weights_of(run), "first_seed": FIRST_SEED, **found.plain()}
    write(record_of(run), (json.dumps(facts, indent=2) + "\n").encode())
    if compared_in(run) == run:
        _tell(run, found)


def weights_of(run: Path) -> str | None:
    """The digest of the generator of a run; None where there is none."""
    try:
        return digests.of_bytes((run / "weights" / "generator.safetensors").read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _tell(run: Path, found: Replication) -> None:
    """Say on the cards what was found, in place of what was said there before."""
    from rectoverso.recto.sample.generator import RunGenerator

    by_captions = bool(RunGenerator(run).recipe.asks)
    facts = {
        "compared": found.compared,
        "suspects": len(found.suspects),
        "at_most": f"{100 * found.at_most:.2g}",
        "strangers": f"{found.strangers:,}",
        "rate": f"{FALSE_DISCOVERIES:.0%}",
        "near": found.near,
        "expected": f"{found.expected:.1f}",
        "chance": f"{found.chance:.2g}",
    }
    told = ["card.replication", *["card.by_captions"] * by_captions, *["card.replicates"] * found.replicates]
    tell_on_cards(run, *told, facts=facts)


def tell_on_cards(run: Path, *keys: str, facts: Mapping[str, object]) -> None:
    """Put a section on the cards of a run, or in the place of the one with the same heading."""
    from rectoverso.recto.train.card import NAMES
    from rectoverso.recto.train.folder import write

    for language, name in NAMES.items():
        card = run / name
        if card.is_file():
            added = "\n".join(say(Message(key, dict(facts)), language) for key in keys)
            text = _without(card.read_text(encoding="utf-8"), added.split("\n", 1)[0])
            write(card, (text.rstrip() + "\n\n" + added).encode())


def _without(card: str, heading: str) -> str:
    """A card without the section of that heading."""
    before, found, rest = card.partition(f"{heading}\n")
    following = "".join(rest.partition("\n## ")[1:]).lstrip("\n")
    return before + following if found else card
