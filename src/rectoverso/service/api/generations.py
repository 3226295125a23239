"""Pictures that are asked for, and what became of them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from rectoverso.service.api.jobs import job_of
from rectoverso.service.api.ordering import ACCEPTED, JobId, Token, ordered
from rectoverso.service.api.paging import Cursor, Limit, paged
from rectoverso.service.auth import Follower, Maker, TheDesk, sees_all
from rectoverso.service.desk import Desk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import FailureView, ItemView, JobView, Page
from rectoverso.types import AssetId
from rectoverso.workflow.jobs.asked import GenerateAsked

router = APIRouter(prefix="/generations", tags=["generations"])


class GenerationView(BaseModel):
    """A job that makes pictures, and those that are decided so far; ``failed``: what could not be made, and why."""

    job: JobView
    released: list[dict[str, Any]]
    held: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    failed: list[FailureView]


@router.get("")
def all_generations(
    desk: TheDesk, person: Follower, limit: Limit = 50, cursor: Cursor = None
) -> Page[JobView]:
    """What was asked for, the newest first: one's own, or everybody's for those who look at it."""
    whose = None if sees_all(person) else person.id
    found = desk.home.jobs.page(limit + 1, before=cursor, person=whose, kind="generate")
    page, follows = paged(found, limit, lambda job: job.number)
    return Page(items=[JobView.of(job) for job in page], next=follows)


@router.post("", **ACCEPTED)
def generate(
    asked: GenerateAsked, response: Response, desk: TheDesk, person: Maker, token: Token = None
) -> JobView:
    """Have pictures made with a run. Each goes through the door: what it releases can be fetched as an asset."""
    return ordered(desk, person, asked, token, response)


@router.get("/{job}")
def one_generation(job: JobId, request: Request, desk: TheDesk, person: Follower) -> GenerationView:
    """What became of the pictures."""
    found = job_of(desk, person, job, kind="generate")
    rows: dict[str, list[dict[str, Any]]] = {"released": [], "held": [], "refused": []}
    failed = []
    for item in sorted(desk.home.jobs.items(found.id), key=lambda item: item.place):
        view = ItemView.of(item, language_of(request))
        for decision in rows:
            rows[decision] += (view.result or {}).get(decision, [])
        failed += [view.error] if view.error else []
    _settle(desk, rows)
    return GenerationView(job=JobView.of(found), failed=failed, **rows)


def _settle(desk: Desk, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Put what people have let go, or refused, of what was held where it belongs; with the image that it became."""
    for row in list(rows["held"]):
        held = desk.home.assets.by_id(AssetId(row["asset"]))
        if held is None or held.settled is None:
            continue
        rows["held"].remove(row)
        became = desk.home.assets.by_entry(held.settled)
        if became is None:
            rows["refused"].append(row)
        else:
            rows["released"].append(row | {"asset": became.id, "ledger_index": became.ledger_index})
