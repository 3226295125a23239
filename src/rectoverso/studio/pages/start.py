"""The first page: what this house does, and the way to a first picture."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from rectoverso.studio.door import Anybody
from rectoverso.studio.page import ThePage

router = APIRouter()


@router.get("/")
def start(page: ThePage, _somebody: Anybody) -> Response:
    """The first page."""
    return page.show("start.html")
