"""Jobs: where they are, what came of each item, stopping them, trying again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from rectoverso.errors import JobNotFound
from rectoverso.service.api.ordering import JobId
from rectoverso.service.api.paging import MOST_NUMBER, Cursor, Limit, paged
from rectoverso.service.auth import Follower, Maker, TheDesk, sees_all
from rectoverso.service.desk import Desk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import ItemView, JobView, Page
from rectoverso.store.jobs import Job
from rectoverso.store.people import Person

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def all_jobs(
    desk: TheDesk,
    person: Follower,
    kind: Annotated[Literal["train", "generate", "seal", "curate", "register"] | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[JobView]:
    """Jobs, the newest first: one's own, or everybody's for those who look at them."""
    whose = None if sees_all(person) else person.id
    found = desk.home.jobs.page(limit + 1, before=cursor, person=whose, kind=kind)
    page, follows = paged(found, limit, lambda job: job.number)
    return Page(items=[JobView.of(job) for job in page], next=follows)


@router.get("/{job}")
def one_job(job: JobId, desk: TheDesk, person: Follower) -> JobView:
    """One job."""
    return JobView.of(job_of(desk, person, job))


@router.get("/{job}/items")
def items(
    job: JobId,
    request: Request,
    desk: TheDesk,
    person: Follower,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=0, le=MOST_NUMBER, description="What `next` of the last page gave.")] = 0,
) -> Page[ItemView]:
    """The parts of a job, by their place."""
    found = sorted(desk.home.jobs.items(job_of(desk, person, job).id), key=lambda item: item.place)
    page, follows = paged(found[cursor : cursor + limit + 1], limit, lambda item: item.place + 1)
    return Page(items=[ItemView.of(item, language_of(request)) for item in page], next=follows)


@router.post("/{job}/cancel")
def cancel(job: JobId, desk: TheDesk, person: Maker) -> JobView:
    """End what waits, and stop what runs at its next picture or step. What was decided stays decided."""
    desk.home.jobs.cancel(job_of(desk, person, job).id)
    return one_job(job, desk, person)


@router.post("/{job}/retry")
def retry(
    job: JobId,
    desk: TheDesk,
    person: Maker,
    place: Annotated[int | None, Query(ge=0, le=MOST_NUMBER, description="Only this item.")] = None,
) -> JobView:
    """Try again what failed or was cancelled, all of it or one item. What is done is left alone."""
    desk.home.jobs.retry(job_of(desk, person, job).id, place)
    return one_job(job, desk, person)


def job_of(desk: Desk, person: Person, job: str, kind: str | None = None) -> Job:
    """The job, if this is somebody who may know of it. Raises JobNotFound, also for that of another."""
    found = desk.home.jobs.find(job)
    is_theirs = found is not None and (found.person == person.id or sees_all(person))
    if found is None or not is_theirs or kind not in (None, found.kind):
        raise JobNotFound(job=job)
    return found
