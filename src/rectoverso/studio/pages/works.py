"""The register: which works are protected, what is claimed of each, and what was not let out because of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import Field
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from rectoverso.errors import BadCatalogue, BadWorks, FileNotChosen, InputError, RequestUnusable
from rectoverso.i18n import Phrase, explain, printable, say
from rectoverso.service.api.jobs import job_of
from rectoverso.service.api.ordering import JobId
from rectoverso.service.api.uploads import in_turn, keep
from rectoverso.service.api.works import ClaimAsked, Id, all_works, claim, of_row, one_work, refusals, remove
from rectoverso.service.auth import Inspector, Registrar, TheDesk
from rectoverso.service.desk import Desk
from rectoverso.service.limits import in_words
from rectoverso.service.problems import status_of
from rectoverso.service.shapes import ItemView
from rectoverso.store.jobs import State as JobState
from rectoverso.store.people import Person
from rectoverso.store.rights import Asked, Kind, State
from rectoverso.studio.page import Page, Place, ThePage
from rectoverso.types import Message
from rectoverso.verso.registry.catalogue import Line as Row
from rectoverso.verso.registry.catalogue import catalogue_of
from rectoverso.verso.registry.columns import read
from rectoverso.workflow.files import SUFFIXES
from rectoverso.workflow.jobs.asked import Line, RegisterAsked, WorkAsked
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.permissions import Permission

PLACE = Place("works", "/works", Permission.INSPECT)
MOST_BYTES = 500_000_000
MOST_WORKS = 1000
CELLS = ("title", "owner", "licence", "contact", "territory", "from", "until", "asked", "kind")
"""What can be said of all the pictures of one form, as a catalogue names it."""
FINGERPRINTS_ONLY = "fingerprints_only"
AT_ONCE = 50
router = APIRouter()


@router.get(PLACE.path)
def works(
    page: ThePage,
    desk: TheDesk,
    person: Inspector,
    q: Annotated[str, Query(max_length=100)] = "",
    cursor: Annotated[int | None, Query(ge=0, le=2**32 - 1)] = None,
) -> Response:
    """The registered works, and the form that registers more."""
    return _shown(page, desk, person, q, cursor)


@router.post(PLACE.path)
async def register(request: Request, page: ThePage, desk: TheDesk, person: Registrar) -> Response:
    """Register pictures, or those that a catalogue names: all of them or none. The form is read only now that it is
    known who sends it. What is wrong with it is told above it, with what one had typed.
    """
    try:
        async with request.form(max_files=MOST_WORKS + 1, max_fields=50) as form:
            return await _taken(form, page, desk, person)
    except HTTPException as error:
        raise error if error.status_code in (408, 413) else RequestUnusable(problems=error.detail) from error


async def _taken(form: FormData, page: Page, desk: Desk, person: Person) -> Response:
    cells = {name: str(form.get(name) or "").strip() for name in CELLS}
    typed = cells | {FINGERPRINTS_ONLY: str(form.get(FINGERPRINTS_ONLY) or "")}
    try:
        asked = await _asked(form, cells, page, desk)
        job, _ = await anyio.to_thread.run_sync(partial(order, desk.home, person.id, asked))
    except InputError as error:
        return await anyio.to_thread.run_sync(partial(_shown, page, desk, person, typed=typed, wrong=error))
    return RedirectResponse(f"/works/jobs/{job.id}", 303)


def _shown(
    page: Page,
    desk: Desk,
    person: Person,
    q: str = "",
    cursor: int | None = None,
    typed: Mapping[str, str] | None = None,
    wrong: InputError | None = None,
) -> Response:
    found = all_works(desk, person, AT_ONCE, cursor, q or None)
    return page.show(
        "works.html",
        status_of(wrong) if wrong else 200,
        works=found.items,
        next=found.next,
        q=q,
        is_first=cursor is None,
        asked=[one.value for one in Asked],
        kinds=[one.value for one in Kind],
        limit=in_words(MOST_BYTES),
        most=MOST_WORKS,
        typed=typed or dict.fromkeys((*CELLS, FINGERPRINTS_ONLY), ""),
        wrong=page.sentences(wrong) if wrong else None,
    )


@router.get("/works/jobs/{job}")
def registering(job: JobId, page: ThePage, desk: TheDesk, person: Inspector) -> Response:
    """How far a registration has come, and what came of it."""
    found = job_of(desk, person, job, "register")
    (item,) = (ItemView.of(one, page.language) for one in desk.home.jobs.items(found.id))
    done = item.result or {"works": [], "known": []}
    return page.show(
        "works_job.html",
        job=found,
        item=item,
        is_over=item.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED),
        works=[one_work(work, desk, person) for work in done["works"] if _is_there(desk, work)],
        known=done["known"],
        contested=done.get("contested", ()),
    )


@router.get("/works/{work}")
def one(
    work: Id,
    page: ThePage,
    desk: TheDesk,
    person: Inspector,
    cursor: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
) -> Response:
    """One work: what is claimed of it, and the images that were not let out because of it."""
    found = one_work(work, desk, person)
    because = refusals(work, desk, person, AT_ONCE, cursor)
    return page.show(
        "work.html", work=found, because=because.items, next=because.next, states=[one.value for one in State]
    )


@router.post("/works/{work}/claim")
async def change(
    work: Id,
    desk: TheDesk,
    person: Registrar,
    state: Annotated[State, Form()],
    reason: Annotated[Line, Form(), Field(min_length=1)],
) -> Response:
    """Say how sure the claim to it is."""
    await claim(work, ClaimAsked(state=state, reason=reason), desk, person)
    return RedirectResponse(f"/works/{work}", 303)


@router.post("/works/{work}/remove")
async def take_off(
    work: Id, desk: TheDesk, person: Registrar, sure: Annotated[bool, Form()] = False
) -> Response:
    """Take it off the register, if that was meant."""
    if not sure:
        return RedirectResponse(f"/works/{work}", 303)
    await remove(work, desk, person)
    return RedirectResponse(PLACE.path, 303)


async def _asked(form: FormData, cells: Mapping[str, str], page: Page, desk: Desk) -> RegisterAsked:
    """What a form asks for, its pictures kept. Raises what is wrong with it, all at once."""
    _demand_readable(cells, page)
    fingerprints_only = bool(form.get(FINGERPRINTS_ONLY))
    chosen = [*_files(form, "files"), *filter(_is_picture, _files(form, "folder"))]
    pictures = {_name(file): file for file in chosen}
    catalogues = _files(form, "catalogue")
    if not pictures:
        raise FileNotChosen
    if len(pictures) > MOST_WORKS:
        raise RequestUnusable(problems=page.say("studio_works.too_many", most=MOST_WORKS))
    if not catalogues:
        digests = await _kept(pictures, page, desk)
        works = _of(digests, cells if len(pictures) == 1 else {**cells, "title": ""})
        return RegisterAsked(works=works, fingerprints_only=fingerprints_only)
    name = _name(catalogues[0])
    rows = await anyio.to_thread.run_sync(catalogue_of, await catalogues[0].read(), name)
    named = _named(rows, pictures, name)
    digests = await _kept({file: pictures[file] for file in named}, page, desk)
    rows_of = {
        digests[file]: replace(row, said=replace(row.said, file=digests[file])) for file, row in named.items()
    }
    works = tuple(map(of_row, rows_of.values()))
    return RegisterAsked(works=works, fingerprints_only=fingerprints_only)


def _of(digests: Mapping[str, str], cells: Mapping[str, str]) -> tuple[WorkAsked, ...]:
    """Pictures without a catalogue: each is called as its file is, unless something else was said."""
    titles = {digest: cells["title"] or PurePosixPath(name).stem for name, digest in digests.items()}
    return tuple(
        WorkAsked.model_validate({**cells, "digest": one, "title": title}) for one, title in titles.items()
    )


async def _kept(pictures: Mapping[str, UploadFile], page: Page, desk: Desk) -> dict[str, str]:
    """The digest under which the home keeps each. Raises BadWorks for those that are no picture, all at once."""
    digests: dict[str, str] = {}
    wrong: list[str] = []
    for name, file in pictures.items():
        try:
            digests[name] = (await in_turn(desk, partial(keep, desk, await file.read()))).digest
        except InputError as error:
            wrong.append(f"{name}: {explain(error, page.language)}")
    if wrong:
        raise BadWorks(count=len(wrong), total=len(pictures), listing="\n".join(wrong))
    return digests


def _named(rows: list[Row], pictures: Mapping[str, UploadFile], catalogue: str) -> dict[str, Row]:
    """The row of each picture that a catalogue names, by its path or, where no other ends so, by the end of it."""
    found: dict[str, Row] = {}
    missing: list[Message] = []
    for row in rows:
        wanted = PurePosixPath(row.said.file.replace("\\", "/")).parts
        ends = [name for name in pictures if PurePosixPath(name).parts[-len(wanted) :] == wanted]
        if len(ends) == 1:
            found[ends[0]] = row
        else:
            what = Message("registry.wrong.missing", {"file": row.said.file})
            missing.append(Message("registry.wrong.at", {"line": row.number, "column": "file", "what": what}))
    if missing:
        raise BadCatalogue(path=catalogue, count=len(missing), listing=Phrase(*missing))
    return found


def _demand_readable(cells: Mapping[str, str], page: Page) -> None:
    _, problems = read(cells)
    told = [
        f"{page.say(f'studio_works.cell.{one.column}')} {say(one.message, page.language)}" for one in problems
    ]
    if told:
        raise RequestUnusable(problems="\n".join(told))


def _files(form: FormData, field: str) -> list[UploadFile]:
    return [one for one in form.getlist(field) if isinstance(one, UploadFile) and one.filename]


def _name(file: UploadFile) -> str:
    """What it is called, with its folders where a folder was chosen."""
    return printable((file.filename or "").replace("\\", "/")[-400:])


def _is_picture(file: UploadFile) -> bool:
    """Whether it is one by its name; folders also hold what programs leave there."""
    path = PurePosixPath(_name(file))
    return path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.parts)


def _is_there(desk: Desk, work: str) -> bool:
    return any(name == work for name, _ in desk.home.works.marks())
