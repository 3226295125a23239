"""`/v1/images`, in the shape of OpenAI's API, so that its clients work unchanged. Only released pictures are given.

    model    a run of this home, or `demo`
    prompt   what to show, of a run that reads; else the name of a class, or nothing
    image    what to change, and mask (transparent where it is to be filled anew), of a run that is made for that

What this service has to say beyond that stands in the member `rectoverso`: the job, and of each picture its id and its
place in the ledger. Where no picture was released the error is `held_for_review`, with the address of the job.

Source: OpenAI API reference, images (2026-11); its Python client 3.57.
"""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

import anyio
import anyio.to_thread
import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.datastructures import FormData, UploadFile

from rectoverso.errors import NotReleasedYet, PromptUnknown, RequestUnusable, SizeFixed, TakesTooLong
from rectoverso.service.api.ordering import Token
from rectoverso.service.api.uploads import in_turn, keep
from rectoverso.service.auth import Maker, TheDesk
from rectoverso.service.desk import Desk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import ItemView
from rectoverso.store.jobs import Job
from rectoverso.store.people import Person
from rectoverso.types import AssetId
from rectoverso.verso.picture import to_png
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow.jobs.asked import GenerateAsked, Name, Seed
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.jobs.runs import RunFacts, facts_of
from rectoverso.workflow.release import fetch
from rectoverso.workflow.resolve import PICTURE_LIMITS

router = APIRouter(prefix="/v1/images", tags=["OpenAI"])

_LOOKED_EVERY_S = 0.1
_WORDS = ("prompt", "model", "n", "size", "response_format", "output_format")


class More(BaseModel):
    """What OpenAI's API has no words for (`extra_body={"rectoverso": {...}}`)."""

    model_config = ConfigDict(extra="forbid")

    use: Name = "general"
    law: tuple[Literal["cn", "eu", "us-ca"], ...] = ()
    seed: Seed | None = None


class ImagesAsked(BaseModel):
    """What is understood of a request; the rest of it (quality, style, user, ...) changes nothing here."""

    model_config = ConfigDict(extra="ignore")

    prompt: Annotated[str, StringConstraints(max_length=4000)] = ""
    model: Name = "demo"
    n: Annotated[int, Field(ge=1, le=10)] = 1
    size: Annotated[str, StringConstraints(pattern=r"^(auto|\d{1,4}x\d{1,4})$")] = "auto"
    response_format: Literal["b64_json", "url"] = "b64_json"
    output_format: Literal["png", "jpeg", "webp"] = "png"
    rectoverso: More = More()


class ImageView(BaseModel):
    """One released picture, as the file itself or as its address."""

    b64_json: str | None = None
    url: str | None = None


class ImagesView(BaseModel):
    """The released pictures. ``rectoverso``: the job, the pictures' ids, and how many were kept here."""

    created: int
    data: list[ImageView]
    output_format: str
    size: str
    rectoverso: dict[str, Any]


class ErrorView(BaseModel):
    """An error as OpenAI's clients read it; `code` is as everywhere here."""

    error: dict[str, Any]


_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorView} for status in (400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 503)
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {name: {"type": "string"} for name in _WORDS}
                    | {name: {"type": "string", "format": "binary"} for name in ("image", "mask")},
                }
            }
        },
    }
}


@router.post("/generations", responses=_ERRORS, response_model=ImagesView)
async def generations(
    asked: ImagesAsked, request: Request, desk: TheDesk, person: Maker, token: Token = None
) -> Any:
    """Draw pictures with a run, and wait for them."""
    facts = await anyio.to_thread.run_sync(facts_of, desk.home, asked.model)
    return await _answered(asked, facts, {}, request, desk, person, token)


@router.post("/edits", responses=_ERRORS, response_model=ImagesView, openapi_extra=_FORM)
async def edits(request: Request, desk: TheDesk, person: Maker, token: Token = None) -> Any:
    """Make a picture of a picture, and wait for it."""
    async with request.form(max_files=3, max_fields=32) as form:
        asked = _worded(form)
        facts = await anyio.to_thread.run_sync(facts_of, desk.home, asked.model)
        image = await _file(form, "image") or await _file(form, "image[]")
        mask = await _file(form, "mask")
    if image is None:
        raise RequestUnusable(problems="body.image: Field required.")
    sent = {"image": (await in_turn(desk, partial(keep, desk, image))).digest}
    if mask is not None:
        sent["mask"] = await in_turn(desk, partial(_mask_kept, desk, mask))
    return await _answered(asked, facts, sent, request, desk, person, token)


async def _answered(
    asked: ImagesAsked,
    facts: RunFacts,
    sent: dict[str, str],
    request: Request,
    desk: Desk,
    person: Person,
    token: str | None,
) -> Any:
    wanted = _generation(asked, facts, sent)
    token = token or secrets.token_hex(16)
    job, _ = await anyio.to_thread.run_sync(partial(order, desk.home, person.id, wanted, token=token))
    job = await _ended(desk, job, f"{str(request.base_url).rstrip('/')}/api/v1/jobs/{job.id}")
    return await anyio.to_thread.run_sync(_told, asked, facts, job, request, desk)


def _generation(asked: ImagesAsked, facts: RunFacts, sent: dict[str, Any]) -> GenerateAsked:
    if asked.size not in ("auto", facts.size):
        raise SizeFixed(asked=asked.size, size=facts.size)
    return GenerateAsked(
        run=asked.model,
        count=asked.n,
        seed=asked.rectoverso.seed,
        format=asked.output_format,
        use=asked.rectoverso.use,
        law=asked.rectoverso.law,
        **_meant(asked.prompt, facts),
        **sent,
    )


def _meant(prompt: str, facts: RunFacts) -> dict[str, Any]:
    """What a prompt asks of a run that reads, and of one that knows classes. Raises PromptUnknown."""
    if facts.reads:
        return {"prompt": prompt}
    if not prompt.strip() or facts.is_made_from_pictures:
        return {}
    if prompt.strip() in facts.classes:
        return {"label": prompt.strip()}
    raise PromptUnknown(known=", ".join(facts.classes) or "-")


async def _ended(desk: Desk, job: Job, url: str) -> Job:
    """The job once nothing of it is open. Raises TakesTooLong."""
    until = anyio.current_time() + desk.limits.answer_seconds
    while job.is_open:
        if anyio.current_time() > until or desk.is_ending:
            raise TakesTooLong(seconds=round(desk.limits.answer_seconds), job=url)
        await desk.wait(_LOOKED_EVERY_S)
        found = await anyio.to_thread.run_sync(desk.home.jobs.find, job.id)
        job = found or job
    return job


def _told(asked: ImagesAsked, facts: RunFacts, job: Job, request: Request, desk: Desk) -> Any:
    items = [ItemView.of(item, language_of(request)) for item in desk.home.jobs.items(job.id)]
    base = str(request.base_url).rstrip("/")
    url = f"{base}/api/v1/jobs/{job.id}"
    rows = {
        decision: [row for item in items for row in (item.result or {}).get(decision, [])]
        for decision in ("released", "held", "refused")
    }
    if failed := next((item.error for item in items if item.error), None):
        told = {"message": failed.detail, "type": "invalid_request_error", "param": None, "code": failed.code}
        return JSONResponse({"error": told | {"job": url}}, 422)
    if not rows["released"]:
        raise NotReleasedYet(held=len(rows["held"]), refused=len(rows["refused"]), job=url)
    return ImagesView(
        created=int(datetime.fromisoformat(job.created_at).timestamp()),
        data=[_picture(asked, row["asset"], base, desk) for row in rows["released"]],
        output_format=asked.output_format,
        size=facts.size,
        rectoverso={
            "job": url,
            "assets": [
                {name: row[name] for name in ("asset", "seed", "ledger_index")} for row in rows["released"]
            ],
            "held": len(rows["held"]),
            "refused": len(rows["refused"]),
        },
    )


def _picture(asked: ImagesAsked, asset: str, base: str, desk: Desk) -> ImageView:
    if asked.response_format == "url":
        return ImageView(url=f"{base}/api/v1/assets/{asset}/file")
    released = fetch(desk.home, desk.keys, AssetId(asset))
    return ImageView(b64_json=base64.b64encode(released.data).decode())


def _worded(form: FormData) -> ImagesAsked:
    """The words of a form. Raises RequestUnusable."""
    try:
        return ImagesAsked.model_validate(
            {name: value for name, value in form.items() if name in _WORDS and isinstance(value, str)}
        )
    except ValidationError as error:
        lines = [f"body.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise RequestUnusable(problems="; ".join(lines) + ".") from error


async def _file(form: FormData, name: str) -> bytes | None:
    part = form.get(name)
    return await part.read() if isinstance(part, UploadFile) else None


def _mask_kept(desk: Desk, data: bytes) -> str:
    """A mask as this project has them: white where OpenAI's is transparent. Raises ImageUnreadable."""
    pixels = shared().open(data, name="mask", limits=PICTURE_LIMITS).pixels
    opaque = pixels[..., 3] if pixels.shape[2] == 4 else 255 - pixels[..., 0]
    hole = np.where(opaque == 0, 255, 0).astype(np.uint8)
    return desk.home.uploads.put(to_png(np.repeat(hole[..., None], 3, axis=2)))
