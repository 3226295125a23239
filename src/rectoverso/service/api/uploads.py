"""Pictures that are sent to be worked on: looked at in the bounded process, and kept encrypted under their digest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel

from rectoverso.errors import NoRoom, TooManyRequests
from rectoverso.service.auth import Sender, TheDesk
from rectoverso.service.desk import Desk
from rectoverso.verso.picture import sniff
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow.resolve import PICTURE_LIMITS

router = APIRouter(prefix="/uploads", tags=["uploads"])

Answer = TypeVar("Answer")

PICTURE_BYTES = PICTURE_LIMITS.max_bytes
PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class UploadView(BaseModel):
    """What was sent. ``digest`` (SHA-256) names it from now on."""

    digest: str
    media_type: str
    width: int
    height: int


@router.post("", status_code=201, openapi_extra=PICTURE_BODY)
async def send(request: Request, desk: TheDesk, _person: Sender) -> UploadView:
    """Send one picture as the body. It is decoded where it can do no harm; what is none is told at once."""
    data = await request.body()
    return await in_turn(desk, partial(keep, desk, data))


async def in_turn(desk: Desk, work: Callable[[], Answer], *, share: float = 1) -> Answer:
    """Have the bounded process do something, after those who came first. Raises TooManyRequests for one too many, and
    for one that waited too long. ``share`` of the places to wait in is for such as this.
    """
    if desk.one_at_a_time.statistics().tasks_waiting < share * desk.limits.waiting:
        with anyio.move_on_after(desk.limits.waiting_seconds):  # what has begun is not left
            return await anyio.to_thread.run_sync(work, limiter=desk.one_at_a_time)
    raise TooManyRequests(seconds=1)


def demand_room(desk: Desk, size: int = 0) -> None:
    """Raise NoRoom where the disk would be as good as full."""
    if shutil.disk_usage(desk.home.path).free - size < desk.limits.least_free_bytes:
        raise NoRoom


def keep(desk: Desk, data: bytes) -> UploadView:
    """Look at a picture in the bounded process, and keep it. Raises ImageUnreadable, NoRoom."""
    demand_room(desk, len(data))
    pixels = shared().open(data, name="picture", limits=PICTURE_LIMITS).pixels
    digest = desk.home.uploads.put(data)
    return UploadView(digest=digest, media_type=sniff(data), width=pixels.shape[1], height=pixels.shape[0])
