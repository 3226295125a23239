"""Some strangers, registered beside the works in memory and edited as people do it: what is found of them again?"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from rectoverso.errors import WorkTooPlain
from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.types import Message, Outcome, Pixels
from rectoverso.verso.registry.offers import Offer
from rectoverso.verso.registry.registry import enrol
from rectoverso.verso.screen.apart import AnyCascade
from rectoverso.verso.screen.calibration import Calibration, Counted
from rectoverso.verso.screen.edits import EDITS, edited
from rectoverso.verso.screen.fingerprint import on_white
from rectoverso.verso.screen.gallery import GRAVITY
from rectoverso.verso.screen.similarity import cascade_of
from rectoverso.verso.screen.trace import Trace
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow.progress import Listener, Progress


def found_again(
    home: Home, works: Sequence[Work], calibration: Calibration, files: Sequence[bytes], listener: Listener
) -> Mapping[str, tuple[Counted, Counted]]:
    """Of planted copies, by how they were edited: how many are shown to people or worse, and how many are blocked.

    ``files`` are pictures; what is pasted goes into the last of them, which is not planted.
    """
    planted = list(_planted(files[:-1]))
    if not planted:
        return {}
    sheet = np.asarray(on_white(shared().open(files[-1], name="").pixels))
    traces = {work.id: Trace.of(pixels).to_bytes() for work, pixels in planted}
    everything = ChainMap(traces, home.traces)  # type: ignore[arg-type]  # the second is only read
    cascade = cascade_of([*works, *(work for work, _ in planted)], everything, calibration)
    found: dict[str, tuple[Counted, Counted]] = {}
    for number, name in enumerate(EDITS):
        outcomes = [_outcome(cascade, edited(name, pixels, sheet), work) for work, pixels in planted]
        shown, blocked = (
            sum(GRAVITY[one] >= GRAVITY[least] for one in outcomes)
            for least in (Outcome.REVIEW, Outcome.BLOCK)
        )
        found[name] = Counted(shown, len(planted)), Counted(blocked, len(planted))
        listener(Progress(Message("progress.planting"), number + 1, len(EDITS)))
    return found


def _planted(files: Iterable[bytes]) -> Iterator[tuple[Work, Pixels]]:
    """As works, those that could be registered."""
    for data in files:
        try:
            pixels, work = enrol(Offer("", partial(bytes, data), ""), added_at="")
        except WorkTooPlain:
            continue
        yield work, np.asarray(on_white(pixels))


def _outcome(cascade: AnyCascade, pixels: Pixels, work: Work) -> Outcome:
    matches = cascade.look(pixels).matches
    return next((match.outcome for match in matches if match.work.id == work.id), Outcome.PASS)
