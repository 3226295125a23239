"""Decided images: looking for them, fetching those that were released, bringing in those made elsewhere."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from rectoverso.errors import AssetNotFound
from rectoverso.service.api.ordering import ACCEPTED, Token, ordered
from rectoverso.service.api.paging import Cursor, Limit, paged
from rectoverso.service.auth import Anyone, Inspector, Maker, Publisher, TheDesk, sees_all
from rectoverso.service.desk import Desk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import AssetView, EvidenceView, JobView, Page
from rectoverso.store.assets import Asset
from rectoverso.store.people import Person
from rectoverso.types import AssetId, Decision
from rectoverso.workflow.jobs.asked import Line, Name, SealAsked
from rectoverso.workflow.ledgers import revoke
from rectoverso.workflow.publish import publish
from rectoverso.workflow.release import fetch

router = APIRouter(prefix="/assets", tags=["assets"])

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}
_PROOF: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}

_PACKED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


class Reason(BaseModel):
    """Why a release is taken back. It is committed to in the ledger, and not written there."""

    reason: Line = Field(min_length=1)


class Recipient(BaseModel):
    """For whom an image is taken out, in words: where it is to appear, or who gets it."""

    to: Line = Field(min_length=1)


@router.get("")
def all_assets(
    desk: TheDesk,
    person: Anyone,
    decision: Annotated[Decision | None, Query()] = None,
    use: Annotated[Name | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AssetView]:
    """Images, the newest first. What was not released only those are told of who inspect."""
    wanted = decision if sees_all(person) else Decision.RELEASE
    if decision not in (None, wanted):
        return Page(items=[])
    found = desk.home.assets.page(limit + 1, before=cursor, decision=wanted, use=use)
    page, follows = paged(found, limit, lambda asset: asset.ledger_index)
    return Page(items=[AssetView.of(asset) for asset in page], next=follows)


@router.post("", **ACCEPTED)
def seal(asked: SealAsked, response: Response, desk: TheDesk, person: Maker, token: Token = None) -> JobView:
    """Take pictures made elsewhere through the door, each an item of the job. They were sent to `uploads` before."""
    return ordered(desk, person, asked, token, response)


@router.get("/{asset}")
def one_asset(asset: Id, desk: TheDesk, person: Anyone) -> AssetView:
    """One image."""
    return AssetView.of(asset_of(desk, person, asset))


@router.get("/{asset}/file", response_class=Response, responses=_FILE)
def file(asset: Id, desk: TheDesk, _person: Anyone) -> Response:
    """The released file. The ledger is asked before a byte of it leaves."""
    released = fetch(desk.home, desk.keys, AssetId(asset))
    name = f"{released.asset.id}.{released.asset.media_type.rpartition('/')[2]}"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, max-age=60"}
    return Response(released.data, media_type=released.asset.media_type, headers=headers)


@router.get("/{asset}/proof", response_class=Response, responses=_PROOF)
def proof(asset: Id, desk: TheDesk, _person: Anyone) -> Response:
    """The ledger's proof of a released file, as it lies beside the file when the command line writes it."""
    return Response(fetch(desk.home, desk.keys, AssetId(asset)).proof, media_type="text/plain")


@router.get("/{asset}/evidence")
def evidence(asset: Id, request: Request, desk: TheDesk, person: Inspector) -> EvidenceView:
    """Why an image was decided so."""
    return EvidenceView.of(asset_of(desk, person, asset), language_of(request))


@router.post("/{asset}/publication", response_class=Response, responses=_PACKED)
def take_out(asset: Id, whom: Recipient, desk: TheDesk, person: Publisher) -> Response:
    """Take a released image out, packed with its evidence: the file, its proof, the ledger's public keys, and a page
    that verifies offline. An entry of the ledger, named in `X-Rectoverso-Entry`, commits to who did, and for whom.
    """
    packed, entry = publish(desk.home, desk.keys, asset, whom.to, person)
    headers = {
        "Content-Disposition": f'attachment; filename="{asset}-with-evidence.zip"',
        "X-Rectoverso-Entry": str(entry),
    }
    return Response(packed, media_type="application/zip", headers=headers)


@router.post("/{asset}/revoke")
async def take_back(asset: Id, why: Reason, desk: TheDesk, person: Publisher) -> AssetView:
    """Take a release back: an entry of the ledger, of which every verification here tells."""
    await desk.at_the_door(partial(revoke, desk.home.path, asset, why.reason, by=person))
    return await anyio.to_thread.run_sync(one_asset, asset, desk, person)


def asset_of(desk: Desk, person: Person, asset: str) -> Asset:
    """The image, if this is somebody who may know of it. Raises AssetNotFound."""
    found = desk.home.assets.by_id(AssetId(asset))
    if found is None or not (found.decision is Decision.RELEASE or sees_all(person)):
        raise AssetNotFound(asset=asset)
    return found
