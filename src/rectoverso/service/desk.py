"""What every request needs: the home, its keys, what counts requests, what verifies files. One for each server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import anyio
import anyio.to_thread

from rectoverso.service.limits import Held, Meter, ServiceLimits
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.precedents import Precedents
from rectoverso.workflow.verify import HomeVerifier

Answer = TypeVar("Answer")
_AT_THE_DOOR = 4
_AT_LEAST_S, _LISTENS_EVERY_S = 0.1, 0.025
"""The shortest time between two looks at what changes often, and between two questions whether anything changed."""


@dataclass
class Desk:
    """``is_open``: nobody has an account, and only this machine can ask: whoever asks may do everything."""

    home: Home
    limits: ServiceLimits = field(default_factory=ServiceLimits)

    def __post_init__(self) -> None:
        self._keys: Keys | None = None
        self.strangers = Meter(self.limits)
        self.known = Meter(self.limits, times=self.limits.of_known)
        self.held = Held(self.limits.held_bytes)
        self.streams: Counter[str] = Counter()
        """Of events that each person follows now."""
        self.is_ending = False
        """The server was told to end: what waits for something to happen is answered now."""
        self._waiting: set[anyio.Event] = set()
        self.one_at_a_time = anyio.CapacityLimiter(1)
        """Of pictures that are decoded: the bounded process takes one after the other."""
        self._door = anyio.CapacityLimiter(_AT_THE_DOOR)
        self.checking = anyio.CapacityLimiter(1)
        """Of those who have the whole ledger recomputed."""

    @classmethod
    def of(cls, home_path: Path, limits: ServiceLimits | None = None) -> Self:
        """The desk of a home, made now with its keys if there is none."""
        home = Home.open(home_path)
        open_keys(home)
        return cls(home, limits or ServiceLimits())

    @property
    def keys(self) -> Keys:
        """The keys of the home as they are now: somebody may have rotated them since."""
        keys = self._keys
        if keys is None or not keys.are_current:
            keys = self._keys = open_keys(self.home)
        return keys

    def end(self) -> None:
        """Let everybody who waits be answered. In the thread of the server."""
        self.is_ending = True
        for woken in self._waiting:
            woken.set()

    async def wait(self, seconds: float) -> None:
        """Let so much time go by, or less where the server is told to end."""
        woken = anyio.Event()
        self._waiting.add(woken)
        try:
            with anyio.move_on_after(0 if self.is_ending else seconds):
                await woken.wait()
        finally:
            self._waiting.discard(woken)

    async def news(self, since: int | None, seconds: float) -> None:
        """Let so much time go by, or less where somebody writes in the home, or has ``since`` (`Database.writings`)."""
        until, writings = anyio.current_time() + seconds, self.home.database.writings
        await self.wait(min(seconds, _AT_LEAST_S))
        while not self.is_ending and (left := until - anyio.current_time()) > 0 and since == writings():
            await self.wait(left if since is None else min(left, _LISTENS_EVERY_S))

    @property
    def is_open(self) -> bool:
        return not self.home.people.are_there()

    async def at_the_door(self, work: Callable[[], Answer]) -> Answer:
        """Have something done that may wait for the door, in one of a few threads that are there for that alone: what
        waits there must not keep everything else waiting.
        """
        return await anyio.to_thread.run_sync(work, limiter=self._door)

    @cached_property
    def precedents(self) -> Precedents:
        return Precedents(self.home)

    @cached_property
    def verifier(self) -> HomeVerifier:
        return HomeVerifier(self.home)
