"""Training sets: those that are built in, and those that were sent and looked through (`verso curate`)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathOf
from pydantic import BaseModel

from rectoverso.errors import DataNotFound
from rectoverso.service.api.ordering import ACCEPTED, Token, ordered
from rectoverso.service.api.paging import Cursor, Limit, paged
from rectoverso.service.api.uploads import demand_room
from rectoverso.service.auth import Anyone, Maker, TheDesk
from rectoverso.service.desk import Desk
from rectoverso.service.shapes import JobView, Page
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.workflow.jobs.asked import CurateAsked, Line
from rectoverso.workflow.jobs.kept import BUILT_IN, CURATED, SOURCE, demand_data, set_of

Id = Annotated[str, PathOf(pattern=r"^[0-9a-z]{1,16}$")]
router = APIRouter(prefix="/datasets", tags=["datasets"])
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class DatasetView(BaseModel):
    """A training set. ``is_ready``: something can be trained on it; ``job``: the one that looks it through."""

    id: str
    name: str
    is_ready: bool
    job: str | None


@router.get("")
def all_datasets(
    desk: TheDesk, _person: Anyone, limit: Limit = 50, cursor: Cursor = None
) -> Page[DatasetView]:
    """The training sets, the newest first; those that are built in come with the first page."""
    found = desk.home.jobs.page(limit + 1, before=cursor, kind="curate")
    sent, follows = paged(found, limit, lambda job: job.number)
    built_in = [DatasetView(id=name, name=name, is_ready=True, job=None) for name in BUILT_IN]
    return Page(items=[*([] if cursor else built_in), *(_view(desk.home, job) for job in sent)], next=follows)


@router.post("", openapi_extra=_BODY, **ACCEPTED)
async def send(
    request: Request,
    response: Response,
    desk: TheDesk,
    person: Maker,
    name: Annotated[Line, Query(min_length=1, description="What to call it.")],
    kind: Annotated[Literal["zip", "parquet"], Query(description="What is sent: a folder a class, or rows.")],
    token: Token = None,
) -> JobView:
    """Send a zip of pictures, or a Parquet file, as the body. The job looks it through, and leaves out what it must."""
    claimed = request.headers.get("content-length", "")
    demand_room(desk, int(claimed) if claimed.isdecimal() and len(claimed) < 16 else 0)
    asked = await received(request.stream(), desk, name, kind)
    return await anyio.to_thread.run_sync(ordered, desk, person, asked, token, response)


@router.get(
    "/{dataset}/datasheet", response_class=Response, responses={200: {"content": {"text/markdown": {}}}}
)
def datasheet(dataset: Id, desk: TheDesk, _person: Anyone) -> Response:
    """The datasheet of a training set that was sent: where it is from, what was left out, and why."""
    kept = demand_data(desk.home, dataset)
    if kept is None:
        raise DataNotFound(data=dataset, builtins=", ".join(BUILT_IN))
    return Response(kept.read(f"{CURATED}/datasheet.md"), media_type="text/markdown; charset=utf-8")


async def received(
    parts: AsyncIterator[bytes], desk: Desk, name: str, kind: Literal["zip", "parquet"]
) -> CurateAsked:
    """Keep a file as it comes, sealed, under an id that is made from it: sent again, it is the same training set.
    Returns the order to look it through.
    """
    demand_room(desk)
    digest = hashlib.sha256()
    with desk.home.folders.unnamed() as folder:
        with folder.writing(f"{SOURCE}.{kind}") as file:
            async for part in parts:
                digest.update(part)
                demand_room(desk, len(part))
                await anyio.to_thread.run_sync(file.write, part)
        dataset = digest.hexdigest()[:16]
        await anyio.to_thread.run_sync(desk.home.folders.name, folder, set_of(dataset))
    return CurateAsked(name=name, dataset=dataset, suffix=f".{kind}")  # type: ignore[arg-type]


def _view(home: Home, job: Job) -> DatasetView:
    dataset = job.asked["dataset"]
    try:
        demand_data(home, dataset)
        is_ready = not job.is_open
    except DataNotFound:
        is_ready = False
    return DatasetView(id=dataset, name=job.asked["name"], is_ready=is_ready, job=job.id)
