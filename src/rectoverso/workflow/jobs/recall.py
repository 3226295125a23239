"""From a picture back to what was asked for it: the job that it came of, and its place in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Any

from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.workflow.jobs.asked import GenerateAsked, asked_of
from rectoverso.workflow.jobs.work import seed_of

_AT_ONCE = 50
_MOST = 1000
"""Jobs that are looked through, those before the picture from the nearest on, then as many of those since: as a rule
the first few are enough.
"""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What gives this picture once more. ``asked`` is for it alone; of a picture between two seeds, for the way."""

    job: Job
    asked: GenerateAsked


def recall(home: Home, asset: Asset, person: str | None) -> Recalled | None:
    """The order that an asset came of, among those of ``person``, or of everybody; None where there is none, as for
    pictures that were drawn on the command line. Of one that people let go, orders know the draft that was held.
    """
    drawn = {asset.id, *(held.id for held in home.assets.settled_by(asset.ledger_index))}
    for job in chain(_jobs(home, person, asset.decided_at), _since(home, person, asset.decided_at)):
        if row := _row_of(home, job, drawn):
            return Recalled(job, _alone(job, row))
    return None


def _since(home: Home, person: str | None, moment: str) -> Iterator[Job]:
    """Those that were asked for later: what was decided before is their answer too."""
    return takewhile(lambda job: job.created_at > moment, _jobs(home, person))


def _jobs(home: Home, person: str | None, until: str | None = None) -> Iterator[Job]:
    """Orders for pictures, the newest first, some at a time."""
    number: int | None = None
    for _ in range(_MOST // _AT_ONCE):
        page = home.jobs.page(_AT_ONCE, before=number, person=person, kind="generate", until=until)
        yield from page
        if len(page) < _AT_ONCE:
            return
        number = page[-1].number


def _row_of(home: Home, job: Job, drawn: Collection[str]) -> dict[str, Any] | None:
    for item in home.jobs.items(job.id):
        for rows in item.told.get("result", {}).values():
            for row in rows:
                if row["asset"] in drawn:
                    found: dict[str, Any] = row
                    return found
    return None


def _alone(job: Job, row: dict[str, Any]) -> GenerateAsked:
    asked = asked_of(job.asked)
    assert isinstance(asked, GenerateAsked)  # noqa: S101 - by its kind
    if asked.between:
        return asked
    seed = seed_of(job, asked) if row["seed"] is None else row["seed"]
    return asked.model_copy(update={"seed": seed, "count": 1})
