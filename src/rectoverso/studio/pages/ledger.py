"""The ledger: its entries, the newest first; each with its proof; and the page that verifies without this house."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from rectoverso.service.api.ledger import Index, check, entry, head
from rectoverso.service.api.paging import MOST_NUMBER
from rectoverso.service.auth import Anyone, Inspector, TheDesk, sees_all
from rectoverso.service.desk import Desk
from rectoverso.studio.page import Place, ThePage
from rectoverso.verso.ledger.entry import parse_entry
from rectoverso.workflow.ledgers import prove_entry, verifier

PLACE = Place("ledger", "/ledger")
AT_ONCE = 50
router = APIRouter()


@router.get("/ledger")
def ledger(
    page: ThePage,
    desk: TheDesk,
    person: Anyone,
    before: Annotated[int | None, Query(ge=0, le=MOST_NUMBER)] = None,
) -> Response:
    """Some of the entries."""
    told = head(desk, person)
    end = told.size if before is None else min(before, told.size)
    rows = _rows(desk, max(0, end - AT_ONCE), end)
    return page.show(
        "ledger.html",
        head=told,
        rows=rows,
        older=rows[-1][0] if rows and rows[-1][0] else None,
        newer=min(end + AT_ONCE, told.size) if end < told.size else None,
        may_check=sees_all(person),
    )


@router.get("/ledger/verifier")
def in_a_browser(desk: TheDesk, _person: Anyone) -> Response:
    """The page that verifies released files by itself. Its own policy, which stands in it, allows it less than ours."""
    return HTMLResponse(verifier(desk.home), headers={"Content-Security-Policy": "frame-ancestors 'none'"})


@router.post("/ledger/check")
async def checked(page: ThePage, desk: TheDesk, person: Inspector) -> Response:
    """Recompute all of it."""
    return page.show("ledger_check.html", found=await check(desk, person))


@router.get("/ledger/{index}")
def one(index: Index, page: ThePage, desk: TheDesk, person: Anyone) -> Response:
    """One entry, with its proof."""
    found = entry(index, desk, person)
    text = json.dumps(found.body, indent=2, ensure_ascii=False)
    proof = prove_entry(desk.home.path, str(index))[1]
    return page.show("entry.html", entry=found, text=text, proof=proof, last=head(desk, person).size - 1)


def _rows(desk: Desk, start: int, end: int) -> list[tuple[int, dict[str, Any]]]:
    with desk.home.database.read() as tx:
        found = desk.home.log.entries(tx, start, end)
    return [(index, dict(parse_entry(found[index]) or {})) for index in sorted(found, reverse=True)]
