"""Protected works: registered from pictures that were sent, claimed, removed; and what was not let out because of them.

No catalogue names a file of this machine: what it calls `file` is the digest of a picture that was sent.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from rectoverso.errors import BadCatalogue, WorkNotFound
from rectoverso.i18n import Phrase
from rectoverso.protocols import SystemClock
from rectoverso.service.api.ordering import ACCEPTED, Token, ordered
from rectoverso.service.api.paging import Cursor, Limit, paged
from rectoverso.service.auth import Inspector, Registrar, TheDesk
from rectoverso.service.desk import Desk
from rectoverso.service.shapes import AssetView, JobView, Page
from rectoverso.store.assets import Asset
from rectoverso.store.rights import State
from rectoverso.store.works import Work
from rectoverso.types import Message
from rectoverso.verso.registry.catalogue import Line as Row
from rectoverso.verso.registry.catalogue import catalogue_of
from rectoverso.verso.registry.refusals import similar_works
from rectoverso.workflow.jobs.asked import Line, RegisterAsked, WorkAsked
from rectoverso.workflow.registry import claim_works, list_works, plain, remove_works

router = APIRouter(prefix="/works", tags=["works"])

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{8}$")]
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_ID = 2**32 - 1
_CSV: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
}


class WorkView(BaseModel):
    """A registered work. ``claim``: how sure the claim to it is; ``begins``: its first day is still to come, and
    nothing is compared with it before; ``common``: pictures that anybody may use and that it is alike to;
    ``is_shown``: its own picture is kept here and can be laid beside others. ``by``: what it was entered by, a picture
    or fingerprints; ``unseen``: by fingerprints, and no original was compared with them yet, else ``original`` is the
    digest of its file.
    """

    id: str
    title: str
    owner: str
    file_digest: str
    added_at: str
    rights: dict[str, Any]
    claim: State
    expired: bool
    begins: bool
    common: list[str]
    by: str
    original: str | None
    unseen: bool
    is_shown: bool


class ClaimAsked(BaseModel):
    """How sure the claim to a work is from now on, and why."""

    model_config = ConfigDict(extra="forbid")

    state: State
    reason: Annotated[Line, Field(min_length=1)]


@router.get("")
def all_works(
    desk: TheDesk,
    _person: Inspector,
    limit: Limit = 50,
    cursor: Annotated[int | None, Query(ge=0, le=_MOST_ID, description="What `next` gave.")] = None,
    q: Annotated[str | None, Query(max_length=100, description="Part of a title or an owner.")] = None,
) -> Page[WorkView]:
    """The registered works, by their ids."""
    works = sorted(list_works(desk.home.path), key=lambda work: work.id)
    found = [
        work
        for work in works
        if (cursor is None or int(work.id, 16) > cursor)
        and (q is None or q.casefold() in f"{work.title}\n{work.owner}".casefold())
    ]
    page, follows = paged(found[: limit + 1], limit, lambda work: int(work.id, 16))
    return Page(items=[_view(desk, work) for work in page], next=follows)


@router.post("", **ACCEPTED)
def register(
    asked: RegisterAsked, response: Response, desk: TheDesk, person: Registrar, token: Token = None
) -> JobView:
    """Register pictures that were sent to `uploads`, all of them or none."""
    return ordered(desk, person, asked, token, response)


@router.post("/catalogue", openapi_extra=_CSV, **ACCEPTED)
async def register_catalogue(
    request: Request,
    response: Response,
    desk: TheDesk,
    person: Registrar,
    token: Token = None,
    fingerprints_only: Annotated[
        bool, Query(description="Destroy the pictures once they are entered; people are shown none then.")
    ] = False,
) -> JobView:
    """Register the works of a catalogue, the body, as `verso registry add --catalogue` reads it; but its column `file`
    has the digests of pictures that were sent to `uploads`.
    """
    import anyio.to_thread

    data = await request.body()
    return await anyio.to_thread.run_sync(_ordered, data, fingerprints_only, response, desk, person, token)


@router.get("/{work}")
def one_work(work: Id, desk: TheDesk, _person: Inspector) -> WorkView:
    """One work."""
    return _view(desk, _work(desk, work))


@router.get("/{work}/refusals")
def refusals(
    work: Id, desk: TheDesk, _person: Inspector, limit: Limit = 50, cursor: Cursor = None
) -> Page[AssetView]:
    """The images that were held or refused because they are similar to this work, the newest first."""
    kept_here = [*desk.home.assets.held(), *desk.home.assets.refused()]
    found = sorted(filter(lambda asset: _is_about(asset, work), kept_here), key=lambda a: -a.ledger_index)
    later = [asset for asset in found if cursor is None or asset.ledger_index < cursor]
    page, follows = paged(later[: limit + 1], limit, lambda asset: asset.ledger_index)
    return Page(items=[AssetView.of(asset) for asset in page], next=follows)


@router.post("/{work}/claim")
async def claim(work: Id, asked: ClaimAsked, desk: TheDesk, _person: Registrar) -> WorkView:
    """Say how sure the claim to it is. An entry of the ledger, which commits to the reason."""
    return await desk.at_the_door(partial(_claimed, work, asked, desk))


@router.delete("/{work}", status_code=204, response_class=Response)
async def remove(work: Id, desk: TheDesk, _person: Registrar) -> Response:
    """Take it off the register. What was decided because of it stays."""
    await desk.at_the_door(partial(_removed, work, desk))
    return Response(status_code=204)


def _claimed(work: str, asked: ClaimAsked, desk: Desk) -> WorkView:
    _work(desk, work)
    (changed,) = claim_works([work], desk.home.path, state=asked.state, reason=asked.reason)
    return _view(desk, changed)


def _removed(work: str, desk: Desk) -> None:
    _work(desk, work)
    remove_works([work], desk.home.path)


def _ordered(
    data: bytes, fingerprints_only: bool, response: Response, desk: Desk, person: Any, token: str | None
) -> JobView:
    rows = catalogue_of(data)
    wrong = [row for row in rows if not _DIGEST.fullmatch(row.said.file)]
    if wrong:
        raise BadCatalogue(path="catalogue.csv", count=len(wrong), listing=Phrase(*map(_no_digest, wrong)))
    asked = RegisterAsked(works=tuple(map(of_row, rows)), fingerprints_only=fingerprints_only)
    return ordered(desk, person, asked, token, response)


def _no_digest(row: Row) -> Message:
    what = Message("registry.wrong.no_digest")
    return Message("registry.wrong.at", {"line": row.number, "column": "file", "what": what})


def of_row(row: Row) -> WorkAsked:
    """What a row of a catalogue asks for, whose file is the digest of a picture that was sent."""
    said, rights = row.said, row.said.rights.plain()
    return WorkAsked.model_validate(
        {"digest": said.file, "title": said.title, "owner": said.owner}
        | {name: _cell(rights[name]) for name in rights if name in WorkAsked.columns()}
    )


def _cell(value: Any) -> str:
    return " ".join(value) if isinstance(value, list | tuple) else "" if value is None else str(value)


def _work(desk: Desk, name: str) -> Work:
    found = next((work for work in list_works(desk.home.path) if work.id == name), None)
    if found is None:
        raise WorkNotFound(work=name)
    return found


def _view(desk: Desk, work: Work) -> WorkView:
    since, today = work.rights.since, SystemClock().now().date()
    is_shown = desk.home.uploads.has(work.file_digest)
    return WorkView(**plain(work), begins=since is not None and since > today, is_shown=is_shown)


def _is_about(asset: Asset, work: str) -> bool:
    return any(one["id"] == work for one in similar_works(asset))
