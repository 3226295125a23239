"""The laws on labels that there are packs of, and any file held against them."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from rectoverso.service.api.uploads import PICTURE_BODY, in_turn
from rectoverso.service.auth import Anyone, TheDesk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import Page
from rectoverso.workflow.comply import comply_file, listed, plain

router = APIRouter(prefix="/laws", tags=["laws"])


class LawView(BaseModel):
    """A labelling regime: where it holds, from when, and which layers it asks for."""

    law: str
    version: int
    place: str
    in_force: str
    later: list[dict[str, Any]]
    layers: list[str]
    layers_text: list[str]
    keep_logs_months: int | None
    source: str
    note: str
    clauses: int


class ComplianceView(BaseModel):
    """A file against each law, clause by clause; what no tool can tell stays open."""

    laws: list[dict[str, Any]]


@router.get("")
def all_laws(request: Request, _person: Anyone) -> Page[LawView]:
    """Every law that there is a pack of."""
    return Page(items=[LawView(**row) for row in listed(language_of(request))])


@router.post("/comply", openapi_extra=PICTURE_BODY)
async def comply(
    request: Request,
    desk: TheDesk,
    _person: Anyone,
    law: Annotated[list[str], Query(max_length=10, description="Which laws; every one without.")] = [],  # noqa: B006
) -> ComplianceView:
    """Hold the file that is the body against laws."""
    data = await request.body()
    found = await in_turn(desk, partial(comply_file, data, law))
    return ComplianceView(laws=plain(found, language_of(request))["laws"])
