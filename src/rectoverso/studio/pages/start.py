"""The first page: what came out last, or, in a house where nothing was made yet, the way to a first picture."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from rectoverso.service.api.generations import one_generation
from rectoverso.service.api.ordering import JobId
from rectoverso.service.auth import Follower, Maker, TheDesk
from rectoverso.service.shapes import AssetView, ItemView
from rectoverso.store.jobs import OPEN
from rectoverso.studio.door import Anybody
from rectoverso.studio.page import ThePage
from rectoverso.types import Decision
from rectoverso.workflow.jobs.asked import GenerateAsked
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.permissions import Permission, is_allowed
from rectoverso.workflow.shipped import DEMO

router = APIRouter()
_LAST = 12
_FIRST = 4
"""Pictures that a first press of the button asks for: enough to compare, few enough for a slow machine."""


@router.get("/")
def start(page: ThePage, desk: TheDesk, somebody: Anybody) -> Response:
    """The first page."""
    found = desk.home.assets.page(_LAST, decision=Decision.RELEASE) if somebody else []
    last = [AssetView.of(asset) for asset in found if asset.revoked is None]
    may_make = is_allowed(somebody, Permission.MAKE)
    return page.show("start.html", last=last, may_make=may_make)


@router.post("/first")
def make(desk: TheDesk, person: Maker) -> Response:
    """Have the demo model, which comes with the package, draw a few pictures."""
    job, _ = order(desk.home, person.id, GenerateAsked(run=DEMO, count=_FIRST))
    return RedirectResponse(f"/first/{job.id}", 303)


@router.get("/first/{job}")
def made(job: JobId, request: Request, page: ThePage, desk: TheDesk, person: Follower) -> Response:
    """What has become of them."""
    found = one_generation(job, request, desk, person)
    (item, *_) = (ItemView.of(item, page.language) for item in desk.home.jobs.items(found.job.id))
    return page.show("first.html", made=found, progress=item.progress, goes_on=found.job.state in OPEN)
