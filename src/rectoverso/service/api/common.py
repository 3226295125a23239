"""What the routers share: the parameters of pages and of jobs, and the answer to what was asked for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Path, Query, Request, Response

from rectoverso.service.desk import Desk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import JobView
from rectoverso.store.people import Person
from rectoverso.workflow.jobs.asked import CurateAsked, GenerateAsked, SealAsked, TrainAsked
from rectoverso.workflow.jobs.order import order

MOST_NUMBER = 2**31 - 1

JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[int | None, Query(ge=0, le=MOST_NUMBER, description="What `next` of the last page gave.")]
Token = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Sent again with the same request, it gives the job that was made the first time.",
    ),
]
ACCEPTED: dict[str, Any] = {
    "status_code": 202,
    "response_description": "The job, which goes on by itself.",
}


def ordered(
    desk: Desk,
    person: Person,
    asked: TrainAsked | GenerateAsked | SealAsked | CurateAsked,
    token: str | None,
    response: Response,
) -> JobView:
    """Take an order, and say where it is. Raises as `order`."""
    job, is_new = order(desk.home, person.id, asked, token=token)
    view = JobView.of(job)
    response.headers["Location"] = view.url
    if not is_new:
        response.headers["Idempotent-Replayed"] = "true"
    return view


def paged(found: list[Any], limit: int, number: Any) -> tuple[list[Any], int | None]:
    """The page of one more than was asked for, and the cursor of the next."""
    page = found[:limit]
    return page, number(page[-1]) if len(found) > limit else None


def language(request: Request) -> str:
    """The reader's language."""
    return language_of(request)
