"""What is this file, and what proves it? For anybody; no account, nothing kept."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from rectoverso.service.api.uploads import PICTURE_BODY, PICTURE_BYTES, in_turn
from rectoverso.service.auth import TheDesk, anybody
from rectoverso.service.problems import language_of
from rectoverso.types import Report, ReportOutcome
from rectoverso.workflow.resolve import PICTURE_LIMITS
from rectoverso.workflow.verify import plain

router = APIRouter(prefix="/verify", tags=["verify"])


class ReportView(BaseModel):
    """One of seven outcomes, what it rests on, and what each part of it does not prove; as `verso verify --json`."""

    outcome: ReportOutcome
    summary: str
    signer: str | None
    ai_generated: bool | None
    evidence: list[dict[str, Any]]
    report: dict[str, Any]


@router.post("", openapi_extra=PICTURE_BODY, dependencies=[Depends(anybody)])
async def verify(request: Request, desk: TheDesk) -> ReportView:
    """Verify the file that is the body. What cannot be checked is an answer too."""
    with desk.held.room(request, PICTURE_BYTES):
        data = await request.body()
        report: Report = await in_turn(
            desk, partial(desk.verifier.report, data, "file", PICTURE_LIMITS), share=0.5
        )
    told = plain(report, language_of(request))
    del told["path"]
    parts = ("outcome", "summary", "signer", "ai_generated", "evidence")
    return ReportView(**{name: told.pop(name) for name in parts}, report=told)
