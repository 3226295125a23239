"""Calibrate a register: how near do unrelated pictures come to its works, and what does it find of copies?

1. Compare   Every unrelated picture goes through the same cascade as a draft. One that repeats another counts once.
2. Set apart What reaches what copies do is no stranger until a person has looked: rates are told with and without.
3. Settle    Limits by the tails of their scores (screen/calibration.py); a rate they cannot show is refused.
4. Plant     Some of the pictures are registered beside the works, in memory alone, and edited as people do it.
5. Record    An entry of the ledger, with what it rests on sealed behind it. From then on the door goes by it.
"""

from __future__ import annotations

import heapq
import json
import math
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from rectoverso.errors import BadSetting, ImageUnreadable, NothingRegistered, RateUnsupported, WorkTooPlain
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.works import Work
from rectoverso.types import Digest, Message, Outcome, Pixels
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.registry.offers import Offer
from rectoverso.verso.registry.registry import enrol
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
from rectoverso.verso.screen.cascade import AnyMatch, Cascade, Look
from rectoverso.verso.screen.edits import EDITS, edited
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances, fingerprint, on_white
from rectoverso.verso.screen.gallery import GRAVITY
from rectoverso.verso.screen.points import LEAST_SIDE_PX
from rectoverso.verso.screen.scores import Reached, Score, shipped
from rectoverso.verso.screen.similarity import cascade_of
from rectoverso.verso.screen.trace import Trace, digest_of
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.calibration import CALIBRATED, summary
from rectoverso.workflow.files import picture_files
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import committed, open_ledger
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.registry import PARQUET, offers_of, works_in_force

PLANTED = 20
SAME_WITHIN_BITS = 31
GOOD_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Likeness:
    """A picture that was given as unrelated and is alike to a work, by the limits shipped."""

    name: str
    match: AnyMatch

    @property
    def nearness(self) -> Message:
        """How near it is, by the score that said so."""
        ((name, value),) = self.match.measure.items()
        return Message(f"calibration.nearness.{name}", {"value": f"{value:g}"})

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"file": self.name, "work": self.match.plain()}


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

    Raises BadSetting for a rate that is none, NothingRegistered, RateUnsupported, FilesUnusable and ImageNotFound.
    """
    _check(rate, planted)
    total = _count(negatives)
    if total is not None and not is_supported(rate, total):
        raise _unsupported(rate, total)
    clock, home = clock or SystemClock(), Home.open(home_path)
    keys = open_keys(home, clock=clock)
    with home.lock():
        works = works_in_force(home, keys, clock)
    if not works:
        raise NothingRegistered(home=home_path)
    looked = {digests.of_bytes(read_bytes(path)) for path in honest}
    pool = _Pool(Cascade(works, home.traces), looked, planted + 1)
    pool.take(offers_of(negatives), total, listener)
    calibration = _settled(pool, works, rate, clock)
    found = _found_again(home, works, calibration, pool.kept, listener) if planted else {}
    calibration = replace(calibration, found=found)
    entry = _record(home, keys, clock, calibration)
    near = tuple(sorted(pool.near, key=lambda one: one.match.likeness, reverse=True))
    return Calibrated(calibration, entry, tuple(pool.set_apart), near, tuple(pool.unreadable))


@dataclass
class _Pool:
    """The unrelated pictures, compared. ``most`` of them are kept to be planted, chosen by their digests."""

    cascade: Cascade
    honest: set[Digest]
    most: int
    reached: list[Reached] = field(default_factory=list)
    set_apart: list[Likeness] = field(default_factory=list)
    near: list[Likeness] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    repeated: int = 0
    cleared: int = 0

    def __post_init__(self) -> None:
        self._seen = _Seen()
        self._kept: list[tuple[int, bytes]] = []

    @property
    def kept(self) -> list[bytes]:
        """The files to be planted, in an order of their own."""
        return [data for _, data in sorted(self._kept)]

    def take(self, offers: Iterable[Offer], total: int | None, listener: Listener) -> None:
        """Compare each picture once."""
        for number, offer in enumerate(offers, 1):
            try:
                data = offer.data()
                pixels = shared().open(data, name=offer.name).pixels
            except ImageUnreadable:
                self.unreadable.append(offer.name)
            else:
                self._compare(offer.name, data, pixels)
            listener(Progress(Message("progress.calibrating"), number, total))

    def _compare(self, name: str, data: bytes, pixels: Pixels) -> None:
        if self._seen.again(pixels):
            self.repeated += 1
            return
        look = self.cascade.look(pixels)
        reached = Reached.of(look.measured, has_points=min(pixels.shape[:2]) >= LEAST_SIDE_PX)
        gravest = _gravest(look)
        is_cleared = digests.of_bytes(data) in self.honest
        if gravest and gravest.outcome is Outcome.BLOCK and not is_cleared:
            self.set_apart.append(Likeness(name, gravest))
            return
        self.reached.append(reached)
        self.cleared += is_cleared
        if gravest is None:
            self._keep(data)
        elif not is_cleared:
            self.near.append(Likeness(name, gravest))

    def _keep(self, data: bytes) -> None:
        heapq.heappush(self._kept, (-int(digests.of_bytes(data)[:16], 16), data))
        if len(self._kept) > self.most:
            heapq.heappop(self._kept)


class _Seen:
    """The pictures so far: those within 31 bits of 256 are versions of one, however often they were saved. Plain ones
    have no hash, and are the same by their pixels.
    """

    def __init__(self) -> None:
        self._hashes = np.empty((256, NUM_BYTES), np.uint8)
        self._count = 0
        self._plain: set[bytes] = set()

    def again(self, pixels: Pixels) -> bool:
        """Whether it repeats one of them; from then on it is one."""
        found = fingerprint(pixels)
        if not found:
            known = digest_of(pixels) in self._plain
            self._plain.add(digest_of(pixels))
            return known
        if (distances(found, self._hashes[: self._count]) <= SAME_WITHIN_BITS).any():
            return True
        if self._count == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.empty_like(self._hashes)])
        self._hashes[self._count] = np.frombuffer(found, np.uint8)
        self._count += 1
        return False


def _gravest(look: Look) -> AnyMatch | None:
    """The gravest match, if it is alike at all."""
    gravest = max(look.measured, key=lambda match: (GRAVITY[match.outcome], match.likeness), default=None)
    return gravest if gravest and gravest.outcome is not Outcome.PASS else None


def _settled(pool: _Pool, works: Sequence[Work], rate: float, clock: Clock) -> Calibration:
    """The limits, and what they call the pictures that they rest on. Raises RateUnsupported."""
    nulls = {score: Null.of(pool.reached, score) for score in Score}
    able = max(null.able for null in nulls.values())
    if not is_supported(rate, able):
        raise _unsupported(rate, able)
    steps = settled(nulls, rate)
    limits, everyone = shipped() | steps, len(pool.reached)
    review = sum(one.is_review(limits) for one in pool.reached)
    block = sum(one.is_block(limits) for one in pool.reached)
    day = clock.now().date()
    return Calibration(
        day=day,
        until=day + GOOD_FOR,
        rate=rate,
        version=comparing(),
        works=ids_of(works),
        steps=steps,
        nulls={score: nulls[score] for score in steps},
        review=Counted(review, everyone),
        block=Counted(block, everyone),
        with_copies=Counted(review + len(pool.set_apart), everyone + len(pool.set_apart)),
        found={},
        pictures={
            "compared": everyone,
            "set_apart": len(pool.set_apart),
            "cleared": pool.cleared,
            "repeated": pool.repeated,
            "unreadable": len(pool.unreadable),
        },
    )


def _found_again(
    home: Home, works: Sequence[Work], calibration: Calibration, files: Sequence[bytes], listener: Listener
) -> Mapping[str, tuple[Counted, Counted]]:
    """Of planted copies, by how they were edited: how many are shown to people or worse, and how many are blocked."""
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
        offer = Offer("", lambda data=data: data, "")
        try:
            pixels, work = enrol(offer, added_at="")
        except WorkTooPlain:
            continue
        yield work, np.asarray(on_white(pixels))


def _outcome(cascade: Cascade, pixels: Pixels, work: Work) -> Outcome:
    matches = cascade.look(pixels).matches
    return next((match.outcome for match in matches if match.work.id == work.id), Outcome.PASS)


def _record(home: Home, keys: Keys, clock: Clock, calibration: Calibration) -> int:
    """The entry of the ledger, its record behind it, and the home's word that it is in force: all or nothing but the
    word, which names an entry that is not there if this ends in between, and then counts for nothing.
    """
    told = summary(calibration)
    told["register"] = digests.blinded(keys.blob_key, digests.of_facts(works=list(calibration.works)))
    told.pop("day")
    with home.lock(), home.database.transaction() as tx:
        told["record"] = committed(home, tx, json.dumps(calibration.plain()))
        index = open_ledger(home, keys, clock).append(tx, CALIBRATED, told)
        home.calibration_entry = index
    return index


def _count(negatives: Sequence[Path]) -> int | None:
    """How many pictures are given, where that can be told without reading them. Raises FilesUnusable."""
    if any(path.suffix.lower() == PARQUET and not path.is_dir() for path in negatives):
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
