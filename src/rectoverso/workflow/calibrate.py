"""Calibrate a register: how near do unrelated pictures come to its works, and what does it find of copies?

1. Compare   Every unrelated picture goes through the same cascade as a draft. One that repeats another counts once.
2. Set apart What reaches what copies do is no stranger until a person has looked: rates are told with and without.
3. Settle    Limits by the tails of their scores (screen/calibration.py); a rate they cannot show is refused.
4. Plant     Some of the pictures are registered beside the works, in memory alone, and edited as people do it.
5. Record    An entry of the ledger, with what it rests on sealed behind it. From then on the door goes by it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from rectoverso.errors import BadSetting, NothingRegistered, RateUnsupported
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.works import Work
from rectoverso.types import Message
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.registry.descriptors import embedded
from rectoverso.verso.screen.calibration import (
    RULE_OF_THREE,
    Calibration,
    Counted,
    Null,
    comparing,
    ids_of,
    is_supported,
    settled,
)
from rectoverso.verso.screen.scores import Score, shipped
from rectoverso.verso.screen.similarity import cascade_of
from rectoverso.workflow import digests
from rectoverso.workflow.calibration import CALIBRATED, is_counted, summary
from rectoverso.workflow.files import is_table, picture_files
from rectoverso.workflow.guard import Guard
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import committed, open_ledger
from rectoverso.workflow.planted import found_again
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.registry import offers_of, works_in_force
from rectoverso.workflow.strangers import Likeness, Strangers
from rectoverso.workflow.weights import embedder_of, weights_digest

PLANTED = 20
GOOD_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of it: the calibration in force, the ledger's entry, and the files for a person to look at: those that
    were set apart, those that count although they are ``near``, and those that could not be opened.
    """

    calibration: Calibration
    entry: int
    set_apart: tuple[Likeness, ...]
    near: tuple[Likeness, ...]
    unreadable: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        looked_at = {"set_apart": self.set_apart, "near": self.near}
        shown = {name: [one.plain() for one in those] for name, those in looked_at.items()}
        return (
            {"entry": self.entry} | summary(self.calibration) | shown | {"unreadable": list(self.unreadable)}
        )


def calibrate(
    negatives: Sequence[Path],
    home_path: Path,
    *,
    rate: float,
    honest: Sequence[Path] = (),
    planted: int = PLANTED,
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Calibrated:
    """Measure the register of a home on unrelated pictures (files, folders, Parquet files), and let the door go by it.

    ``rate`` is how often an unrelated picture may be called alike. ``honest`` are files among the negatives that a
    person has looked at and found to be no copies. ``planted`` of the pictures are registered in memory and edited.

    Raises BadSetting for a rate that is none, NothingRegistered, RateUnsupported, FilesUnusable and ImageNotFound;
    EmbedderUnusable and MissingExtra for weights that are named and cannot be used.
    """
    _check(rate, planted)
    total = _count(negatives)
    if total is not None and not is_supported(rate, total):
        raise _unsupported(rate, total)
    clock, home = clock or SystemClock(), Home.open(home_path)
    keys = open_keys(home, clock=clock)
    with home.lock():
        works = [work for work in works_in_force(home, keys, clock) if is_counted(work)]
    if not works:
        raise NothingRegistered(home=home_path)
    looked = {digests.of_bytes(read_bytes(path)) for path in honest}
    known, weights = embedded(home, works, embedder_of(home)), weights_digest(home)
    strangers = Strangers(cascade_of(works, home.traces, embedded=known), looked, planted + 1)
    strangers.take(offers_of(negatives), total, listener)
    calibration = _settled(strangers, works, rate, comparing(weights), clock)
    found = found_again(home, works, calibration, strangers.kept, listener) if planted else {}
    calibration = replace(calibration, found=found)
    entry = _record(home, keys, clock, calibration)
    near = tuple(sorted(strangers.near, key=lambda one: one.match.likeness, reverse=True))
    return Calibrated(calibration, entry, tuple(strangers.set_apart), near, tuple(strangers.unreadable))


def _settled(
    strangers: Strangers, works: Sequence[Work], rate: float, version: str, clock: Clock
) -> Calibration:
    """The limits, and what they call the pictures that they rest on. Raises RateUnsupported."""
    nulls = {score: Null.of(strangers.reached, score) for score in Score}
    able = max(null.able for null in nulls.values())
    if not is_supported(rate, able):
        raise _unsupported(rate, able)
    steps = settled(nulls, rate)
    limits, everyone = shipped() | steps, len(strangers.reached)
    review = sum(one.is_review(limits) for one in strangers.reached)
    block = sum(one.is_block(limits) for one in strangers.reached)
    day = clock.now().date()
    return Calibration(
        day=day,
        until=day + GOOD_FOR,
        rate=rate,
        version=version,
        works=ids_of(works),
        steps=steps,
        nulls={score: nulls[score] for score in steps},
        review=Counted(review, everyone),
        block=Counted(block, everyone),
        with_copies=Counted(review + len(strangers.set_apart), everyone + len(strangers.set_apart)),
        found={},
        pictures={
            "compared": everyone,
            "set_apart": len(strangers.set_apart),
            "cleared": strangers.cleared,
            "repeated": strangers.repeated,
            "unreadable": len(strangers.unreadable),
        },
    )


def _record(home: Home, keys: Keys, clock: Clock, calibration: Calibration) -> int:
    """The entry of the ledger, its record behind it, and the home's word that it is in force: all or nothing."""
    told = summary(calibration)
    told["register"] = home.vault.public_name(digests.of_facts(works=list(calibration.works)))
    told.pop("day")
    ledger = open_ledger(home, keys, clock)
    guard = Guard(home, ledger)
    with home.lock(), guard.changing() as tx:
        told["record"] = committed(home, tx, json.dumps(calibration.plain()))
        index = ledger.append(tx, CALIBRATED, told)
        guard.say(calibration=index)
    return index


def _count(negatives: Sequence[Path]) -> int | None:
    """How many pictures are given, where that can be told without reading them. Raises FilesUnusable."""
    if any(map(is_table, negatives)):
        return None
    return len(picture_files(negatives))


def _check(rate: float, planted: int) -> None:
    if not 0 < rate <= 0.5:
        raise _bad("--target-fpr", "rate")
    if not 0 <= planted <= 1000:
        raise _bad("--copies", "copies")


def _bad(setting: str, problem: str) -> BadSetting:
    reason, advice = (Phrase(Message(f"calibration.{problem}.{part}")) for part in ("reason", "advice"))
    return BadSetting(setting=setting, reason=reason, advice=advice)


def _unsupported(rate: float, pictures: int) -> RateUnsupported:
    least = math.ceil(1e6 * RULE_OF_THREE / pictures) / 1e6 if pictures else 0.5
    needed = math.ceil(RULE_OF_THREE / rate - 1e-9)
    return RateUnsupported(rate=f"{rate:g}", pictures=pictures, least=f"{least:g}", needed=needed)
