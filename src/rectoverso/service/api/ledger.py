"""The ledger: its head, its entries, their proofs, the keys that sign it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from rectoverso.errors import EntryNotFound
from rectoverso.service.api.paging import MOST_NUMBER, Limit
from rectoverso.service.auth import Anyone, Inspector, TheDesk
from rectoverso.service.shapes import Page
from rectoverso.workflow.ledgers import check_ledger, ledger_keys, open_ledger, prove_entry

router = APIRouter(prefix="/ledger", tags=["ledger"])
Index = Annotated[int, Path(ge=0, le=MOST_NUMBER)]
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


class HeadView(BaseModel):
    """How many entries there are, and the signed checkpoint over them (C2SP tlog-checkpoint)."""

    size: int
    checkpoint: str | None


class EntryView(BaseModel):
    """One entry; `body` is what is hashed, read as JSON."""

    index: int
    body: dict[str, Any]


class CheckedView(BaseModel):
    """What a full check found."""

    holds: bool
    size: int
    root: str
    counts: dict[str, int]
    problems: list[dict[str, str]]


@router.get("")
def head(desk: TheDesk, _person: Anyone) -> HeadView:
    """The head of the ledger."""
    ledger = open_ledger(desk.home, desk.keys)
    return HeadView(size=ledger.size(), checkpoint=ledger.checkpoint())


@router.get("/entries")
def entries(
    desk: TheDesk,
    _person: Anyone,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=0, le=MOST_NUMBER, description="What `next` of the last page gave.")] = 0,
) -> Page[EntryView]:
    """The entries, the oldest first."""
    end = min(cursor + limit, MOST_NUMBER)
    with desk.home.database.read() as tx:
        bodies, size = desk.home.log.entries(tx, cursor, end), desk.home.log.size(tx)
    views = [EntryView(index=index, body=json.loads(body)) for index, body in bodies.items()]
    return Page(items=views, next=end if end < size else None)


@router.get("/entries/{index}")
def entry(index: Index, desk: TheDesk, _person: Anyone) -> EntryView:
    """One entry."""
    ledger = open_ledger(desk.home, desk.keys)
    if index >= ledger.size():
        raise EntryNotFound(index=index, size=ledger.size())
    return EntryView(index=index, body=ledger.entry(index))


@router.get("/entries/{index}/proof", response_class=Response, responses=_TEXT)
def proof(index: Index, desk: TheDesk, _person: Anyone) -> Response:
    """The proof that an entry is in the ledger (C2SP tlog-proof)."""
    return Response(prove_entry(desk.home.path, str(index))[1], media_type="text/plain")


@router.get("/keys", response_class=Response, responses=_TEXT)
def keys(desk: TheDesk, _person: Anyone) -> Response:
    """The public keys of the ledger, a line each, to be given to others."""
    return Response(ledger_keys(desk.home.path), media_type="text/plain")


@router.get("/check")
async def check(desk: TheDesk, _person: Inspector) -> CheckedView:
    """Recompute all of it, and compare it with the decisions and the pictures in the store. It may take minutes; one
    after the other is told.
    """
    checked = await anyio.to_thread.run_sync(check_ledger, desk.home.path, limiter=desk.checking)
    return CheckedView(**checked.plain())
