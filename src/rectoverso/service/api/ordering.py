"""Taking an order over HTTP: a job, answered at once, and once for each `Idempotency-Key`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Path, Response

from rectoverso.service.desk import Desk
from rectoverso.service.shapes import JobView
from rectoverso.store.people import Person
from rectoverso.workflow.jobs.asked import Wanted
from rectoverso.workflow.jobs.order import order

JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
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
    asked: Wanted,
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
