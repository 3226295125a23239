"""Trainings, and what they have made of themselves so far."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from rectoverso.errors import RunNotFound
from rectoverso.i18n import Phrase
from rectoverso.service.api.ordering import ACCEPTED, Token, ordered
from rectoverso.service.api.paging import MOST_NUMBER, Cursor, Limit, paged
from rectoverso.service.auth import Anyone, Maker, TheDesk
from rectoverso.service.shapes import JobView, Page
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.types import Message
from rectoverso.workflow.jobs.asked import TrainAsked
from rectoverso.workflow.jobs.kept import REPORT, Files, PlainFiles, demand_run, files_of_run
from rectoverso.workflow.shipped import DEMO, SHIPPED

router = APIRouter(prefix="/runs", tags=["runs"])
STATUS = "status.jsonl"
_ID = re.compile(r"[0-9a-f]{16}")


class RunView(BaseModel):
    """A run. ``is_ready``: pictures can be made with it; ``report``: what came of it so far, as in its `run.json`."""

    id: str
    system: str
    preset: str
    data: str
    is_ready: bool
    job: str | None
    report: dict[str, Any] | None = None


@router.get("")
def all_runs(desk: TheDesk, _person: Anyone, limit: Limit = 50, cursor: Cursor = None) -> Page[RunView]:
    """The runs, the newest first; `demo`, which comes with the package, is on the first page."""
    found = desk.home.jobs.page(limit + 1, before=cursor, kind="train")
    trained, follows = paged(found, limit, lambda job: job.number)
    views = [_view(desk.home, job) for job in trained]
    return Page(items=[*([] if cursor else [_demo()]), *views], next=follows)


@router.post("", **ACCEPTED)
def train(
    asked: TrainAsked, response: Response, desk: TheDesk, person: Maker, token: Token = None
) -> JobView:
    """Train a system. The id of the run is that of the job."""
    return ordered(desk, person, asked, token, response)


@router.get("/{run}")
def one_run(run: str, desk: TheDesk, _person: Anyone) -> RunView:
    """One run, with what came of it so far."""
    view = _demo() if run == DEMO else _view(desk.home, _job(desk.home, run))
    view.report = _report(_files(desk.home, run))
    return view


@router.get("/{run}/status")
def status(
    run: str,
    desk: TheDesk,
    _person: Anyone,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    cursor: Annotated[int, Query(ge=0, le=MOST_NUMBER)] = 0,
) -> Page[dict[str, Any]]:
    """The records of a training, one a second, from the beginning; ``next`` is where later ones will follow."""
    files = _files(desk.home, run)
    known = files is not None and files.has(STATUS)
    lines = files.read(STATUS).decode("utf-8", "replace").splitlines() if files and known else []
    records = [record for line in lines[cursor : cursor + limit] if (record := _record(line)) is not None]
    return Page(items=records, next=min(len(lines), cursor + limit) if records else cursor)


def _view(home: Home, job: Job) -> RunView:
    try:
        demand_run(home, job.id)
        is_ready = not job.is_open
    except RunNotFound:
        is_ready = False
    asked = job.asked
    return RunView(
        id=job.id,
        system=asked["system"],
        preset=asked["preset"],
        data=asked["data"],
        is_ready=is_ready,
        job=job.id,
    )


def _demo() -> RunView:
    report = _report(PlainFiles(SHIPPED)) or {}
    return RunView(
        id=DEMO,
        system=report.get("system", ""),
        preset=report.get("preset", ""),
        data="digits",
        is_ready=True,
        job=None,
    )


def _job(home: Home, run: str) -> Job:
    job = home.jobs.find(run) if _ID.fullmatch(run) else None
    if job is None or job.kind != "train":
        raise RunNotFound(path=run, reason=Phrase(Message("train.run.unfinished")))
    return job


def _files(home: Home, run: str) -> Files | None:
    return files_of_run(home, run if run == DEMO else _job(home, run).id)


def _report(files: Files | None) -> dict[str, Any] | None:
    return _record(files.read(REPORT).decode()) if files and files.has(REPORT) else None


def _record(text: str) -> dict[str, Any] | None:
    """A record, None for one that is only half there yet."""
    try:
        record = json.loads(text, parse_constant=lambda _: None)  # losses that are not finite
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
