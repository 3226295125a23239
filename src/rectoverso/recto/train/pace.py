"""How fast a run goes, how long it will be, and when it is over.

Schedules depend on images seen over images in all, so a run with a time limit and no number of images
measures its speed first and then fixes that number. It is kept in the state, and a resumed run has the same. Only when
the machine turns out much faster or slower than it was is the number corrected, at a milestone, so that a
run neither ends long before its time nor is cut off in the middle of its schedule.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WARM_UP_TURNS = 3
LEAST_TURNS = 8
MEASURED_SHARE = 0.05
"""Of the time limit, spent on measuring before the length is fixed."""
SAFETY = 0.98
TOLERANCE = 0.1
"""By how much a forecast may be off before it is corrected; within it a run's schedule never changes."""
WINDOW_S = 10.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What an image costs along a run, in seconds: at its ``start``, and in each of its equal ``parts``."""

    start: float
    parts: tuple[float, ...]

    def at(self, progress: float) -> float:
        """Just before this share of the run, and at its start."""
        place = math.ceil(progress * len(self.parts)) - 1
        return self.parts[min(place, len(self.parts) - 1)] if place >= 0 else self.start

    def ahead(self, progress: float) -> float:
        """On average over the rest of the run."""
        weights = [
            max(0.0, min(1.0, part + 1 - progress * len(self.parts))) for part in range(len(self.parts))
        ]
        if not sum(weights):
            return self.parts[-1]
        return sum(weight * cost for weight, cost in zip(weights, self.parts, strict=True)) / sum(weights)


class Pace:
    """Counts turns against the clock. All seconds are of this process; ``clock`` only ever grows."""

    def __init__(
        self, batch: int, total: int | None, max_seconds: float | None, clock: Callable[[], float]
    ) -> None:
        self.batch, self.total, self.max_seconds, self.clock = batch, total, max_seconds, clock
        self.started = clock()
        self.paused = 0.0
        self.turns = 0
        self.warm: tuple[float, int] | None = None
        self.recent: deque[tuple[float, int]] = deque()
        self.ending_s = 0.0
        self.is_forecast = False
        self.profile = Profile(1.0, (1.0,))

    def elapsed(self) -> float:
        return self.clock() - self.started

    def count(self, images: int) -> None:
        """A turn has ended, and ``images`` have been seen in all."""
        self.turns += 1
        now = self.clock() - self.paused
        if self.turns == WARM_UP_TURNS:
            self.warm = (now, images)
        self.recent.append((now, images))
        while len(self.recent) > 2 and now - self.recent[0][0] > WINDOW_S:
            self.recent.popleft()

    def pause(self, seconds: float) -> None:
        """Time that went into showing and saving, not into training."""
        self.paused += seconds
        self.ending_s = max(self.ending_s, seconds)

    def is_measured(self) -> bool:
        """Whether enough turns have passed to say how long the run will be."""
        enough = self.turns >= WARM_UP_TURNS + LEAST_TURNS
        return enough and self.elapsed() >= MEASURED_SHARE * (self.max_seconds or 0.0)

    def fix_total(self, images: int, pauses_ahead: int) -> None:
        """Decide the number of images that fits the time limit, whole batches, with so many pauses still to
        come.
        """
        assert self.max_seconds is not None and self.warm is not None  # noqa: S101, PT018
        since, seen = self.warm
        rate = (images - seen) / max(self.clock() - self.paused - since, 1e-9)
        self.total = self._fitting(
            images, rate * self.profile.at(0.0) / self.profile.ahead(0.0), pauses_ahead
        )
        self.is_forecast = True

    def correct_total(self, images: int, pauses_ahead: int) -> bool:
        """Fix the number anew, by the speed of the last seconds, if it was a forecast and was far off."""
        rate = self.images_per_s()
        if not self.is_forecast or not rate or self.total is None:
            return False
        fitting = self._fitting(images, rate / self._slowdown(images), pauses_ahead)
        if abs(fitting - self.total) <= TOLERANCE * self.total:
            return False
        self.total = fitting
        return True

    def _slowdown(self, images: int) -> float:
        """How many times as long an image takes in the rest of the run, on average, as it took just now."""
        progress = self.progress(images)
        return self.profile.ahead(progress) / self.profile.at(progress)

    def _fitting(self, images: int, rate: float, pauses_ahead: int) -> int:
        """The number of images, whole batches, that fits the rest of the time limit at this speed."""
        assert self.max_seconds is not None  # noqa: S101 - there is nothing to fit otherwise
        left_s = SAFETY * self.max_seconds - self.elapsed() - (pauses_ahead + 1) * self.ending_s
        return images + max(0, round(rate * left_s / self.batch)) * self.batch

    def ahead(self, images: int, rate: float, pauses: int) -> tuple[int, float]:
        """The images that will have been seen at the end, at so many a second from here on and with so many pauses,
        and the seconds until then.
        """
        total = images if self.total is None else self.total
        if self.max_seconds is not None:
            fitting = self._fitting(images, rate, pauses)
            total = fitting if self.total is None else min(total, fitting)
        return total, max(0, total - images) / rate + (pauses + 1) * self.ending_s

    def progress(self, images: int) -> float:
        """The share of the run that is done, 0 while its length is unknown."""
        return min(1.0, images / self.total) if self.total else 0.0

    def images_per_s(self) -> float | None:
        """Over the last ten seconds or so."""
        if len(self.recent) < 2:
            return None
        (t0, i0), (t1, i1) = self.recent[0], self.recent[-1]
        return (i1 - i0) / max(t1 - t0, 1e-9)

    def seconds_left(self, images: int) -> float | None:
        """The forecast, never beyond the time limit; None while nothing can be said."""
        limit = None if self.max_seconds is None else max(0.0, self.max_seconds - self.elapsed())
        rate = self.images_per_s()
        if self.total is None or not rate:
            return limit
        forecast = max(0, self.total - images) / rate * self._slowdown(images)
        return forecast if limit is None else min(forecast, limit)

    def is_over(self, images: int) -> bool:
        """All images seen, or just enough time left to save them."""
        if self.total is not None and images >= self.total:
            return True
        return self.max_seconds is not None and self.elapsed() + self.ending_s >= self.max_seconds
