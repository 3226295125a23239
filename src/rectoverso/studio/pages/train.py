"""*Train*: a system and data, what the data is like, how long it will take; then how it gets on.

What a run shows of itself meanwhile are previews, and made to be nothing else (`workflow.preview`, ADR 0035).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any, Literal, Self

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi import Path as PathOf
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import Response

from rectoverso.errors import JobNotFound, RectoversoError, RequestUnusable
from rectoverso.i18n import sentences
from rectoverso.service.api import jobs as api
from rectoverso.service.api.datasets import all_datasets, received
from rectoverso.service.api.jobs import job_of
from rectoverso.service.api.ordering import JobId
from rectoverso.service.api.runs import all_runs, one_run
from rectoverso.service.api.systems import all_systems
from rectoverso.service.auth import Maker, TheDesk, sees_all
from rectoverso.service.desk import Desk
from rectoverso.service.problems import status_of
from rectoverso.service.shapes import ItemView
from rectoverso.store.jobs import Job, State
from rectoverso.store.people import Person
from rectoverso.studio.page import Page, Place, ThePage
from rectoverso.studio.training import data_names, shown, time_in_words
from rectoverso.workflow.files import unusable
from rectoverso.workflow.jobs.asked import TrainAsked
from rectoverso.workflow.jobs.kept import BUILT_IN, demand_data, files_of_run
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.jobs.pace import pace_of
from rectoverso.workflow.permissions import Permission
from rectoverso.workflow.preview import preview, samples_of
from rectoverso.workflow.systems import needs_of

PLACE = Place("train", "/train", Permission.MAKE)
MOST_BYTES = 2 << 30
SIZES = (16, 32, 64, 128, 256)
_HAS = {"digits": frozenset[str](), "shapes": frozenset({"masks", "captions"})}
"""What built-in data has beside pictures and classes."""
_MAGIC: dict[bytes, Literal["zip", "parquet"]] = {b"PK\x03\x04": "zip", b"PAR1": "parquet"}
_CHUNK = 1 << 20
_MOST = 200
router = APIRouter()

Sample = Annotated[int | None, Query(ge=0, le=10**6)]
Grid = Annotated[str, PathOf(pattern=r"^\d{9}$")]


class Choice(BaseModel):
    """What was chosen, as forms have it: "" for what is left open."""

    model_config = ConfigDict(frozen=True, str_max_length=200)

    method: str = "default/default"
    data: str = "shapes"
    data_b: str = ""
    size: str = ""
    images: str = ""
    minutes: str = ""
    seed: str = "0"

    @classmethod
    async def of_form(cls, request: Request) -> Self:
        async with request.form(max_files=0, max_fields=50) as form:
            return cls(**{name: str(value) for name, value in form.items() if name in cls.model_fields})

    def asked(self) -> TrainAsked:
        """The order. Raises RequestUnusable."""
        system, _, preset = self.method.partition("/")
        open_ = {"data_b": self.data_b, "size": self.size, "images": self.images, "seed": self.seed}
        try:
            seconds = {"max_seconds": 60 * float(self.minutes)} if self.minutes else {}
            told = {name: value for name, value in open_.items() if value}
            return TrainAsked(system=system, preset=preset or "default", data=self.data, **told, **seconds)  # type: ignore[arg-type]
        except ValidationError as error:
            problems = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors()) + "."
            raise RequestUnusable(problems=problems) from error
        except ValueError as error:
            raise RequestUnusable(problems=f"minutes: {self.minutes}.") from error


@router.get("/train")
def new(page: ThePage, desk: TheDesk, person: Maker, choice: Annotated[Choice, Query()]) -> Response:
    """What can be trained, on which data; and what was."""
    return _form(page, desk, person, choice)


@router.post("/train")
async def send(request: Request, page: ThePage, desk: TheDesk, person: Maker) -> Response:
    """Take a training set, to be looked through."""
    async with request.form(max_files=1, max_fields=10) as form:
        file, name = form.get("file"), str(form.get("name", "")).strip()
        try:
            if not isinstance(file, UploadFile) or not file.size:
                raise RequestUnusable(problems="file: -.")
            kind = await _kind(file)
            asked = await received(_parts(file), desk, name[:200] or (file.filename or "")[:200], kind)
            job, _ = await anyio.to_thread.run_sync(order, desk.home, person.id, asked)
        except (RectoversoError, ValidationError) as error:
            told = error if isinstance(error, RectoversoError) else RequestUnusable(problems="name.")
            return await anyio.to_thread.run_sync(partial(_form, page, desk, person, Choice(), error=told))
    return RedirectResponse(f"/train/data/{job.id}", 303)


@router.get("/train/ready")
def ready(page: ThePage, desk: TheDesk, person: Maker, choice: Annotated[Choice, Query()]) -> Response:
    """What is known before it begins: what the data is like, whether it will do, and how long it will take."""
    try:
        asked = choice.asked()
        demand_data(desk.home, asked.data)
        needs = needs_of(asked.system, asked.preset)
    except RectoversoError as error:
        return _form(page, desk, person, choice, error=error)
    pace = pace_of(desk.home, asked)
    has = _HAS.get(asked.data)
    missing = {need for need in needs if has is not None and need not in {*has, "other"}}
    return page.show(
        "ready.html",
        choice=choice,
        asked=asked,
        pace=pace,
        takes=time_in_words(page, pace.seconds) if pace else "",
        measured=_measured(person, asked),
        missing=sorted(missing | ({"other"} if "other" in needs and not asked.data_b else set())),
        checks=[_check(page, desk, data) for data in filter(None, (asked.data, asked.data_b))],
    )


@router.post("/train/start")
async def start(request: Request, page: ThePage, desk: TheDesk, person: Maker) -> Response:
    """Begin."""
    try:
        choice = await Choice.of_form(request)
        job, _ = await anyio.to_thread.run_sync(order, desk.home, person.id, choice.asked())
    except RectoversoError as error:
        return await anyio.to_thread.run_sync(partial(_form, page, desk, person, choice, error=error))
    return RedirectResponse(f"/train/{job.id}", 303)


@router.get("/train/data/{job}")
def data(job: JobId, page: ThePage, desk: TheDesk, _person: Maker) -> Response:
    """What a training set is like."""
    return page.show("data.html", **_looked(page, desk, _data_job(desk, job)))


@router.get("/train/data/{job}/part")
def data_part(job: JobId, page: ThePage, desk: TheDesk, _person: Maker) -> Response:
    """The same while it is looked through, for a script that follows it."""
    return page.show("_data.html", **_looked(page, desk, _data_job(desk, job)))


@router.get("/train/{run}")
def one(run: JobId, page: ThePage, desk: TheDesk, person: Maker, sample: Sample = None) -> Response:
    """How a training gets on."""
    return page.show("run.html", **_run(page, desk, person, run, sample))


@router.get("/train/{run}/part")
def part(run: JobId, page: ThePage, desk: TheDesk, person: Maker) -> Response:
    """The same, for a script that follows it."""
    return page.show("_run.html", **_run(page, desk, person, run, None))


@router.get("/train/{run}/samples/{name}.png")
def sample(run: JobId, name: Grid, desk: TheDesk, person: Maker) -> Response:
    """A sample grid of one's own training as a preview: small, and marked as a draft. It is not to be kept."""
    files = files_of_run(desk.home, job_of(desk, person, run, kind="train").id)
    if files is None or name not in samples_of(files):
        raise JobNotFound(job=f"{run}/{name}")
    headers = {"Content-Disposition": f'inline; filename="draft-{run[:6]}-{name}.png"'}
    return Response(preview(files, name), media_type="image/png", headers=headers)


@router.post("/train/{job}/cancel")
def cancel(job: JobId, desk: TheDesk, person: Maker) -> Response:
    """Stop at the next step; a training keeps what it has written."""
    api.cancel(job, desk, person)
    return RedirectResponse(_address(job_of(desk, person, job)), 303)


@router.post("/train/{job}/retry")
def retry(job: JobId, desk: TheDesk, person: Maker) -> Response:
    """Go on where it was stopped."""
    api.retry(job, desk, person)
    return RedirectResponse(_address(job_of(desk, person, job)), 303)


def _address(job: Job) -> str:
    return f"/train/data/{job.id}" if job.kind == "curate" else f"/train/{job.id}"


def _form(
    page: Page, desk: Desk, person: Person, choice: Choice, *, error: RectoversoError | None = None
) -> Response:
    return page.show(
        "train.html",
        200 if error is None else status_of(error),
        choice=choice,
        systems=all_systems(person).items,
        datasets=all_datasets(desk, person, _MOST, None).items,
        data_names=data_names(page, desk),
        sizes=SIZES,
        runs=[run for run in all_runs(desk, person, _MOST, None).items if run.job],
        states={job.id: job.state for job in desk.home.jobs.page(_MOST, kind="train")},
        mine={job.id for job in desk.home.jobs.page(_MOST, kind="train", person=_whose(person))},
        wrong=sentences(error, page.language) if error else None,
    )


def _whose(person: Person) -> str | None:
    return None if sees_all(person) else person.id


def _measured(person: Person, asked: TrainAsked) -> str:
    """What others measured with this preset."""
    found = next(system for system in all_systems(person).items if system.name == asked.system)
    return next((str(preset.measured) for preset in found.presets if preset.name == asked.preset), "")


def _run(page: Page, desk: Desk, person: Person, run: str, at: int | None) -> dict[str, Any]:
    """What a template shows of a training."""
    job = job_of(desk, person, run, kind="train")
    view = ItemView.of(desk.home.jobs.items(job.id)[0], page.language)
    known = one_run(run, desk, person)
    progress = view.progress if view.state is State.RUNNING else None
    return {
        "job": job,
        "view": view,
        "run": known,
        "report": known.report or {},
        "data_names": data_names(page, desk),
        "progress": progress,
        "left": time_in_words(page, progress.seconds_left) if progress and progress.seconds_left else "",
        **shown(page, files_of_run(desk.home, job.id), known.report or {}, at),
    }


def _data_job(desk: Desk, job: str) -> Job:
    """The job that looked a training set through: the sets are everybody's."""
    found = desk.home.jobs.find(job)
    if found is None or found.kind != "curate":
        raise JobNotFound(job=job)
    return found


def _looked(page: Page, desk: Desk, job: Job) -> dict[str, Any]:
    view = ItemView.of(desk.home.jobs.items(job.id)[0], page.language)
    return {"job": job, "view": view, "name": job.asked["name"], "found": _found(page, view.result)}


def _check(page: Page, desk: Desk, data: str) -> dict[str, Any]:
    """What is known of a training set: of one that is built in, that everybody knows it."""
    if data in BUILT_IN:
        return {"name": data, "found": None, "job": None}
    job = next(job for job in desk.home.jobs.page(_MOST, kind="curate") if job.asked["dataset"] == data)
    return _looked(page, desk, job)


def _found(page: Page, result: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a curation came to, in words."""
    if result is None:
        return None
    rules = sorted(result["reasons"].items(), key=lambda row: (-row[1], row[0]))
    return {
        "dataset": result["dataset"],
        "total": result["total"],
        "kept": result["actions"].get("keep", 0),
        "dropped": result["actions"].get("drop", 0),
        "asked": result["actions"].get("ask", 0),
        "changed": result["changed"],
        "copies": sum(result["copies"].values()),
        "faces": result["seen"].get("faces.found", 0) if result["faces_looked_for"] else None,
        "unlicensed": result["licences"].get("", 0),
        "reasons": [(count, _words(page, rule)) for rule, count in rules],
    }


def _words(page: Page, rule: str) -> str:
    key = f"curate.rule.{rule}"
    return page.say(key if page.has(key) else "curate.rule.other")


async def _kind(file: UploadFile) -> Literal["zip", "parquet"]:
    """By its first bytes, not by its name. Raises FilesUnusable."""
    head = await file.read(4)
    await file.seek(0)
    if head not in _MAGIC:
        raise unusable((file.filename or "-")[-80:], "no_zip")
    return _MAGIC[head]


async def _parts(file: UploadFile) -> AsyncIterator[bytes]:
    while part := await file.read(_CHUNK):
        yield part
