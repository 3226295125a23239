"""Server-sent events: how a job gets on, as it happens.

    event: job    the whole: sent at first, and once more at its end
    event: item   a part that has changed
    event: end    there will be no more

The id of an event is the version of the job that it tells of. Whoever comes back with `Last-Event-ID` is told what has
changed since, each item as it is now; nothing is told twice, and nothing that matters is left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from rectoverso.errors import JobNotFound, TooManyRequests
from rectoverso.service.api.jobs import job_of
from rectoverso.service.api.ordering import JobId
from rectoverso.service.api.paging import MOST_NUMBER
from rectoverso.service.auth import Follower, TheDesk, is_still
from rectoverso.service.desk import Desk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import ItemView, JobView
from rectoverso.store.home import Home
from rectoverso.store.jobs import Item, Job
from rectoverso.store.people import Person

router = APIRouter(prefix="/jobs", tags=["jobs"])
_SOONEST_S, _LATEST_S, _LONGER = 0.25, 0.5, 1.3
"""Between two looks; longer each time that nothing has happened: a try takes a second, a training hours."""
_LONGEST_S = 600.0
"""Then the stream ends, and its reader comes back, as when the server is told to end.
Who loses the right to read meanwhile is told no more."""
_AT_ONCE = 100


async def watched(job: JobId, desk: TheDesk, person: Follower) -> AsyncIterator[tuple[Job, Person]]:
    """The job and who follows it, before anything is answered; counted from now on until the answer is whole, so that
    many that come at once are too. Raises JobNotFound, TooManyRequests.
    """
    if desk.streams[person.id] >= desk.limits.streams:
        raise TooManyRequests(seconds=5)
    desk.streams[person.id] += 1
    try:
        yield await anyio.to_thread.run_sync(job_of, desk, person, job), person
    finally:
        desk.streams[person.id] -= 1
        if not desk.streams[person.id]:
            del desk.streams[person.id]


@router.get("/{job}/events", response_class=EventSourceResponse)
async def events(
    request: Request,
    desk: TheDesk,
    asked: Annotated[tuple[Job, Person], Depends(watched)],
    last: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=MOST_NUMBER)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """How a job gets on, as it happens (`text/event-stream`). With `Last-Event-ID`: what has changed since."""
    found, person = asked
    async for event in _told(request, desk, found, person, last):
        yield event


async def _told(
    request: Request, desk: Desk, found: Job, person: Person, last: int | None
) -> AsyncIterator[ServerSentEvent]:
    said, until, pause = last, anyio.current_time() + _LONGEST_S, _SOONEST_S
    if said is None:
        yield _of_job(found)
        said = found.version
    while anyio.current_time() < until and not desk.is_ending:
        if not await anyio.to_thread.run_sync(is_still, request, desk, person):
            return
        found, changed = await anyio.to_thread.run_sync(_changed, desk.home, found.id, said)
        for item in changed:
            view = ItemView.of(item, language_of(request))
            yield ServerSentEvent(event="item", id=str(item.version), data=view)
            said = item.version
        if not found.is_open and len(changed) < _AT_ONCE:
            yield _of_job(found)
            yield ServerSentEvent(event="end", id=str(found.version), data={})
            return
        if changed:
            pause = _SOONEST_S
        else:
            await _moved_on(desk, found, pause)
            pause = min(_LATEST_S, _LONGER * pause)


async def _moved_on(desk: Desk, job: Job, seconds: float) -> None:
    """Wait until the job has changed, so long at most. What else is written costs a short question each time."""
    until = anyio.current_time() + seconds
    while (left := until - anyio.current_time()) > 0 and not desk.is_ending:
        seen = desk.home.database.writings()
        if await anyio.to_thread.run_sync(desk.home.jobs.version, job.id) != job.version:
            return
        await desk.news(seen, left)


def _changed(home: Home, job: str, after: int) -> tuple[Job, list[Item]]:
    """The job first: what changes between the two looks is told at the next."""
    found = home.jobs.find(job)
    if found is None:
        raise JobNotFound(job=job)
    return found, home.jobs.items(job, after, _AT_ONCE)


def _of_job(job: Job) -> ServerSentEvent:
    return ServerSentEvent(event="job", id=str(job.version), data=JobView.of(job))
