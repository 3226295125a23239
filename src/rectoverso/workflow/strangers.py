"""The pictures that are given to a calibration as unrelated: compared once each, and what each of them came to.

One that was saved again, however often, is one picture: else a handful could pass for thousands. One that reaches what
copies do is set apart, unless a person has looked at it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rectoverso.errors import ImageUnreadable
from rectoverso.types import Digest, Message, Outcome, Pixels
from rectoverso.verso.registry.offers import Offer
from rectoverso.verso.screen.apart import AnyCascade
from rectoverso.verso.screen.cascade import AnyMatch, Look
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances, fingerprint
from rectoverso.verso.screen.gallery import GRAVITY
from rectoverso.verso.screen.points import LEAST_SIDE_PX
from rectoverso.verso.screen.scores import Reached
from rectoverso.verso.screen.trace import digest_of
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.progress import Listener, Progress

SAME_WITHIN_BITS = 31


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


@dataclass
class Strangers:
    """The unrelated pictures, compared. ``most`` of them are kept to be planted, chosen by their digests."""

    cascade: AnyCascade
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
