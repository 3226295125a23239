"""*Make*: the controls that a run has, an order, and what came of it; from any picture back to its controls.

Nothing is shown here but what the door has released: a try is an order like any other (ADR 0035).
"""

from __future__ import annotations

import colorsys
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import StringConstraints
from starlette.datastructures import UploadFile
from starlette.responses import Response

from rectoverso.errors import AssetNotFound, PageUnknown, RectoversoError, UploadNotFound
from rectoverso.i18n import say, sentences
from rectoverso.service.api import jobs as api
from rectoverso.service.api.jobs import job_of
from rectoverso.service.api.ordering import JobId
from rectoverso.service.api.runs import all_runs
from rectoverso.service.api.uploads import PICTURE_BYTES, in_turn, keep
from rectoverso.service.auth import Maker, TheDesk, sees_all
from rectoverso.service.desk import Desk
from rectoverso.service.problems import status_of
from rectoverso.service.shapes import ItemView
from rectoverso.store.assets import Asset
from rectoverso.store.jobs import Job, State
from rectoverso.store.people import Person
from rectoverso.studio.page import Page, Place, ThePage
from rectoverso.studio.pages.review import PLACE as REVIEW
from rectoverso.studio.training import data_names
from rectoverso.studio.wish import FILES, NO_TRUNCATION, Wish
from rectoverso.types import AssetId, Decision, Digest, Message
from rectoverso.verso.law import laws
from rectoverso.verso.mark.label import MEDIA_TYPES
from rectoverso.verso.picture import to_png
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow.jobs.asked import GenerateAsked, asked_of
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.jobs.recall import recall
from rectoverso.workflow.jobs.runs import controls_of
from rectoverso.workflow.jobs.work import seed_of
from rectoverso.workflow.permissions import Permission
from rectoverso.workflow.policies import list_policies

PLACE = Place("make", "/make", Permission.MAKE)
MOST_BYTES = len(FILES) * PICTURE_BYTES + 1_000_000
FORMATS = tuple(name.lower() for name in MEDIA_TYPES.values())
MOST_SHOWN = 96
"""Pictures of one order; all of them are in the gallery."""
AnId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
_EARLIER = 8
_MOST_RUNS = 200
_MOST_COMPARED = 6
router = APIRouter()


@router.get("/make")
def new(
    page: ThePage,
    desk: TheDesk,
    person: Maker,
    run: Annotated[str, Query(max_length=64)] = "demo",
    asset: Annotated[AnId | None, Query(alias="from")] = None,
    between: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The form: of a run, or with everything that gave a picture; ``between``: for the way between these seeds."""
    if asset is None:
        return _form(page, desk, person, Wish(run=run))
    found = _own(desk, person, asset)
    if found is None:
        return _form(page, desk, person, Wish(), notice="not_yours")
    asked, job = found
    wish = Wish.of_asked(asked, seed_of(job, asked), job.id)
    wish = replace(wish, between=between or wish.between)
    return _form(page, desk, person, wish, notice="recalled", of=asset)


@router.post("/make")
async def make(request: Request, page: ThePage, desk: TheDesk, person: Maker) -> Response:
    """Take the order, or say on the form what is wrong with it."""
    async with request.form(max_files=len(FILES), max_fields=500) as form:
        wish = Wish.of_form(form)
        try:
            controls = await anyio.to_thread.run_sync(controls_of, desk.home, wish.run)
            sent = {name: await _kept(desk, form.get(name)) for name in FILES}
            wish = wish.with_files({name: digest for name, digest in sent.items() if digest})
            asked = wish.asked(controls)
            job, _ = await anyio.to_thread.run_sync(order, desk.home, person.id, asked)
        except RectoversoError as error:
            shown = partial(_form, page, desk, person, wish, error=error)
            return await anyio.to_thread.run_sync(shown)
    return RedirectResponse(f"/make/{job.id}", 303)


@router.get("/make/compare")
def compare(
    page: ThePage,
    desk: TheDesk,
    person: Maker,
    asset: Annotated[list[AnId], Query(max_length=MOST_SHOWN)] = [],  # noqa: B006 - it is read alone
    of: Annotated[str, Query(max_length=16)] = "",
) -> Response:
    """Pictures side by side, with what was asked for each and where that differs; without any, ``of`` an order."""
    wanted = list(dict.fromkeys(asset or _released(desk, person, of)))[:_MOST_COMPARED]
    if not wanted:
        raise PageUnknown(path=page.request.url.path)
    found = [(one, _own(desk, person, one)) for one in wanted]
    told = {one: {} if own is None else _plain(own[0]) for one, own in found}
    names = dict.fromkeys(name for facts in told.values() for name in facts)
    rows = [(name, [facts.get(name, "") for facts in told.values()]) for name in names]
    seeds = [own[0].seed for _, own in found if own and not own[0].between and own[0].seed is not None]
    runs = {own[0].run for _, own in found if own}
    way = ", ".join(map(str, dict.fromkeys(seeds))) if len(set(seeds)) > 1 and len(runs) == 1 else ""
    shown = [(one, _is_out(desk, one)) for one in wanted]
    return page.show("compare.html", shown=shown, rows=rows, way=way, first=wanted[0])


@router.get("/make/{job}")
def made(job: JobId, page: ThePage, desk: TheDesk, person: Maker) -> Response:
    """What came of an order, beside the form that gave it."""
    found = job_of(desk, person, job, kind="generate")
    asked = _asked(found)
    return _form(page, desk, person, Wish.of_asked(asked, seed_of(found, asked), found.id), job=found)


@router.get("/make/{job}/part")
def part(job: JobId, page: ThePage, desk: TheDesk, person: Maker) -> Response:
    """What came of an order so far, for a script that follows it."""
    found = job_of(desk, person, job, kind="generate")
    return page.show("_made.html", made=_made(page, desk, found))


@router.post("/make/{job}/cancel")
def cancel(job: JobId, desk: TheDesk, person: Maker) -> Response:
    """Stop at the next picture."""
    api.cancel(job, desk, person)
    return RedirectResponse(f"/make/{job}", 303)


@router.post("/make/{job}/retry")
def retry(job: JobId, desk: TheDesk, person: Maker) -> Response:
    """Try again what failed or was cancelled."""
    api.retry(job, desk, person)
    return RedirectResponse(f"/make/{job}", 303)


@router.get("/make/{job}/given/{what}")
async def given(
    job: JobId, what: Literal["image", "mask", "style"], desk: TheDesk, person: Maker
) -> Response:
    """What its maker sent for an order, decoded in the bounded process and written anew, to be painted on again."""
    asked = _asked(await anyio.to_thread.run_sync(job_of, desk, person, job, "generate"))
    digest = getattr(asked, what)
    if digest is None:
        raise UploadNotFound(digest="")
    data = await in_turn(
        desk, lambda: to_png(shared().open(desk.home.uploads.get(Digest(digest)), name=what).pixels)
    )
    return Response(data, media_type="image/png")


def _form(
    page: Page,
    desk: Desk,
    person: Person,
    wish: Wish,
    *,
    job: Job | None = None,
    notice: str = "",
    of: str = "",
    error: RectoversoError | None = None,
) -> Response:
    """The page. ``error`` is what was wrong with what was typed, which stays as it was. What came of an order is shown
    also where its run was erased since.
    """
    is_shown_anyway = error is not None or job is not None or bool(of)
    controls = _controls_or_demo(desk, wish) if is_shown_anyway else controls_of(desk.home, wish.run)
    if error is None and controls.run != wish.run:
        notice = "run_gone"
    return page.show(
        "make.html",
        200 if error is None else status_of(error),
        wish=wish,
        controls=controls,
        runs=[run for run in all_runs(desk, person, _MOST_RUNS, None).items if run.is_ready],
        data_names=data_names(page, desk),
        uses=[listed.name for listed in list_policies(desk.home.path)],
        laws=laws(),
        formats=FORMATS,
        idle=NO_TRUNCATION["styles" if controls.styles else "latents"],
        palette=list(zip(controls.regions, _colours(len(controls.regions)), strict=True)),
        made=_made(page, desk, job) if job else None,
        earlier=[] if job else _earlier(desk, person),
        notice=notice,
        of=of,
        wrong=sentences(error, page.language) if error else None,
    )


def _controls_or_demo(desk: Desk, wish: Wish) -> Any:
    try:
        return controls_of(desk.home, wish.run)
    except RectoversoError:
        return controls_of(desk.home, "demo")


def _made(page: Page, desk: Desk, job: Job) -> dict[str, Any]:
    """What a template shows of an order."""
    items = sorted(desk.home.jobs.items(job.id), key=lambda item: item.place)
    views = [ItemView.of(item, page.language) for item in items]
    rows = [row for view in views for row in _in_order(view.result or {})]
    tiles = [_tile(page, desk, row) for row in rows[:MOST_SHOWN]]
    unseen = rows[MOST_SHOWN:]
    return {
        "job": job,
        "asked": _asked(job),
        "progress": next(
            (view.progress for view in views if view.state is State.RUNNING and view.progress), None
        ),
        "failed": [view.error for view in views if view.error],
        "can_retry": any(view.state in (State.FAILED, State.CANCELLED) for view in views),
        "tiles": tiles,
        "count": len(rows),
        "released": sum(tile["is_out"] for tile in tiles)
        + sum(row["verdict"]["decision"] == Decision.RELEASE for row in unseen),
        "waits": any(tile["waits"] for tile in tiles),
        "may_review": REVIEW.is_for(page.person),
    }


def _in_order(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of all verdicts, as they were drawn: the ledger's order."""
    rows = [row for decision in ("released", "held", "refused") for row in result.get(decision, [])]
    return (
        sorted(rows, key=lambda row: row["ledger_index"])
        if rows and rows[0]["seed"] is None
        else _by_seed(rows)
    )


def _by_seed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["seed"] is None, row["seed"] or 0, row["ledger_index"]))


def _tile(page: Page, desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    """A picture as it stands now. ``drawn`` is its name in the order: one that people let go has another since."""
    now = _now(desk, row["asset"])
    is_out = now is not None and now.decision is Decision.RELEASE and now.revoked is None
    waits = now is not None and now.is_waiting
    reasons = [Message(reason["key"], reason["facts"]) for reason in row["verdict"]["reasons"]]
    return {
        "asset": row["asset"] if now is None else now.id,
        "drawn": row["asset"],
        "seed": row["seed"],
        "is_out": is_out,
        "waits": waits,
        "verdict": _stands(now),
        "reasons": [] if is_out else [say(reason, page.language) for reason in reasons],
    }


def _now(desk: Desk, asset: str) -> Asset | None:
    """An image; of one that was held, what it became once people let it go."""
    known = desk.home.assets.by_id(AssetId(asset))
    let_go = known and known.settled is not None and desk.home.assets.by_entry(known.settled)
    return let_go or known


def _stands(now: Asset | None) -> str:
    """The word for it: the verdict, or what came of it since."""
    if now is None or now.revoked is not None:
        return "revoked"
    return Decision.REFUSE.value if now.settled is not None else now.decision.value


def _is_out(desk: Desk, asset: str) -> bool:
    known = desk.home.assets.by_id(AssetId(asset))
    return known is not None and known.decision is Decision.RELEASE and known.revoked is None


def _earlier(desk: Desk, person: Person) -> list[dict[str, Any]]:
    """The last orders of somebody, each with a picture of it."""
    told = []
    for job in desk.home.jobs.page(_EARLIER, person=person.id, kind="generate"):
        rows = [
            row
            for item in desk.home.jobs.items(job.id)
            for row in item.told.get("result", {}).get("released", [])
        ]
        shown = next((row["asset"] for row in rows if _is_out(desk, row["asset"])), None)
        told.append({"job": job, "asked": _asked(job), "asset": shown})
    return told


def _own(desk: Desk, person: Person, asset: str) -> tuple[GenerateAsked, Job] | None:
    """What gave a picture, for who ordered it or sees what others make: it is private. None for anybody else, and where
    no order gave it. Raises AssetNotFound for a picture that they may not know of.
    """
    found: Asset | None = desk.home.assets.by_id(AssetId(asset))
    recalled = found and recall(desk.home, found, None if sees_all(person) else person.id)
    if found is None or not (recalled or found.decision is Decision.RELEASE or sees_all(person)):
        raise AssetNotFound(asset=asset)
    return (recalled.asked, recalled.job) if recalled else None


def _released(desk: Desk, person: Person, job: str) -> list[str]:
    """The images that an order has let out, as they were drawn."""
    items = desk.home.jobs.items(job_of(desk, person, job, kind="generate").id)
    rows = _by_seed([row for item in items for row in item.told.get("result", {}).get("released", [])])
    return [row["asset"] for row in rows]


def _asked(job: Job) -> GenerateAsked:
    asked = asked_of(job.asked)
    assert isinstance(asked, GenerateAsked)  # noqa: S101 - by its kind
    return asked


def _plain(asked: GenerateAsked) -> dict[str, str]:
    """What was asked, by the names that the form has for it, without what was left open."""
    told = asked.model_dump(exclude_defaults=True, exclude={"kind", "count"})
    return {
        name: ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in told.items()
    }


def _colours(count: int) -> list[str]:
    """Colours that lie far apart, however many: hues a golden section apart, in turn light and dark."""
    found = []
    for number in range(count):
        parts = colorsys.hls_to_rgb((0.08 + number * 0.618034) % 1, (0.72, 0.45, 0.58)[number % 3], 0.55)
        found.append("#" + "".join(f"{round(255 * one):02x}" for one in parts))
    return found


async def _kept(desk: Desk, file: Any) -> str:
    """The digest of a picture that was sent now; "" where none was."""
    if not isinstance(file, UploadFile) or not file.size:
        return ""
    data = await file.read()
    return (await in_turn(desk, partial(keep, desk, data))).digest
