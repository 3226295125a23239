"""Does a run bring its training pictures back? It is asked once, when it is trained, and its card says the answer.

The pictures are drawn from seeds that nobody takes by accident, compared, and forgotten. A run that replicates is not
refused: each picture of it goes to people.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from rectoverso.i18n import say
from rectoverso.types import Message, Pixels
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.verso.screen.replication import FALSE_DISCOVERIES, Replication, p_values
from rectoverso.workflow.progress import Listener, Progress, silent

RECORD = "replication.json"
FIRST_SEED = 2**48
PIXELS = 512 * 64 * 64
FEWEST, MOST = 64, 512
"""As many pictures as fill this many pixels, within bounds, so that large ones take a few seconds too. More than twice
the number of strangers would add little: these are what they are measured by.
"""


def probe(run: Path, fingerprints: Fingerprints, listener: Listener = silent) -> Replication | None:
    """Draw from a run, compare with its training pictures, and write the answer into the run and on its cards.

    None, and nothing written, where the run draws from something else than seeds or has too few training pictures.
    """
    from rectoverso.recto.sample.controls import Controls
    from rectoverso.recto.sample.generator import RunGenerator
    from rectoverso.recto.train.folder import write

    generator = RunGenerator(run)
    if generator.recipe.asks or not len(fingerprints.strangers):
        return None
    width, height = generator.size
    wanted = min(PIXELS // (width * height), 2 * len(fingerprints.strangers))
    count = min(MOST, max(FEWEST, wanted))
    pictures = []
    for pixels in generator.sample(range(FIRST_SEED, FIRST_SEED + count), None, Controls()):
        pictures.append(pixels)
        listener(Progress(Message("progress.probing"), len(pictures), count))
    found = judged(pictures, fingerprints)
    facts = {"weights": generator.maker.digest, "first_seed": FIRST_SEED, **found.plain()}
    write(run / RECORD, (json.dumps(facts, indent=2) + "\n").encode())
    _tell(run, found)
    return found


def judged(pictures: list[Pixels], fingerprints: Fingerprints) -> Replication:
    """What pictures of one size say together. The fingerprints must have strangers."""
    ratios = fingerprints.neighbourhood.nearest(np.stack(pictures)).ratio.astype(np.float64)
    limits = fingerprints.calibration
    identical = np.flatnonzero(ratios <= limits.identical).tolist() if limits else []
    p_N = p_values(ratios, fingerprints.strangers)
    return Replication.of(p_N.tolist(), len(fingerprints.strangers), identical)


def replicates(run: Path, weights: str | None) -> bool:
    """Whether these weights are known to bring training pictures back. A record that cannot be read says so too."""
    try:
        facts = json.loads((run / RECORD).read_text(encoding="utf-8"))
        return facts["weights"] == weights and facts["replicates"] is not False
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _tell(run: Path, found: Replication) -> None:
    """Say on the cards what was found, in place of what was said there before."""
    from rectoverso.recto.train.card import NAMES
    from rectoverso.recto.train.folder import write

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
    for language, name in NAMES.items():
        card = run / name
        if card.is_file():
            parts = [Message("card.replication", facts)]
            parts += [Message("card.replicates", facts)] if found.replicates else []
            added = "\n".join(say(part, language) for part in parts)
            before = card.read_text(encoding="utf-8").partition(added.split("\n", 1)[0])[0]
            write(card, (before.rstrip() + "\n\n" + added).encode())
