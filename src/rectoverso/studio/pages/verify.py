"""What is this file, and what proves it? For anybody, without an account or JavaScript; nothing is kept."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import partial

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from rectoverso.errors import FileNotChosen
from rectoverso.i18n import printable
from rectoverso.service.api.uploads import PICTURE_BYTES, in_turn
from rectoverso.service.auth import TheDesk, demand_own_page
from rectoverso.service.limits import in_words
from rectoverso.studio.door import Anybody
from rectoverso.studio.page import Page, Place, ThePage
from rectoverso.types import Report
from rectoverso.verso.verify.layers import does_not_prove, proves, state, words
from rectoverso.workflow.resolve import PICTURE_LIMITS
from rectoverso.workflow.verify import manifest_store, plain

PLACE = Place("verify", "/verify", permission=None)
MOST_BYTES = PICTURE_BYTES + 100_000
"""Of the form: the file, and what stands around it."""
_LONGEST_NAME = 200
router = APIRouter()


@router.get("/verify")
def ask(page: ThePage, _somebody: Anybody) -> Response:
    """The page that takes a file."""
    return page.show("verify.html", limit=in_words(PICTURE_BYTES))


@router.post("/verify", dependencies=[Depends(demand_own_page)])
async def verify(request: Request, page: ThePage, desk: TheDesk, _somebody: Anybody) -> Response:
    """The report on the file. The form is read only once the request was counted, and where there is room."""
    with desk.held.room(request, MOST_BYTES):
        async with request.form(max_files=1, max_fields=5) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                raise FileNotChosen
            data, name = await file.read(), printable(file.filename[:_LONGEST_NAME])
        report = await in_turn(desk, partial(desk.verifier.report, data, name, PICTURE_LIMITS))
    return _shown(page, report, data)


def _shown(page: Page, report: Report, data: bytes) -> Response:
    steps = [
        {
            "name": name,
            "state": state(layer),
            "words": words(layer),
            "proves": proves(name, layer),
            "does_not_prove": does_not_prove(name, layer),
            "evidence": layer.evidence,
        }
        for name, layer in report.layers.items()
    ]
    store = manifest_store(data)
    return page.show(
        "report.html",
        report=report,
        steps=steps,
        raw=json.dumps(plain(report, page.language), indent=2, ensure_ascii=False),
        manifest=b64encode(store).decode() if store else None,
        size=len(data),
    )
