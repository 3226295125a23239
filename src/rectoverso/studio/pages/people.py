"""Who has an account here, as what, and what each is confirmed to be; admins change it, auditors see it.

A key is shown on the one page that follows its making, and on none again.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from rectoverso.errors import NameUnusable, PersonNotFound, RectoversoError
from rectoverso.service.api import people as api
from rectoverso.service.auth import Admin, Overseer, TheDesk
from rectoverso.service.desk import Desk
from rectoverso.service.problems import status_of
from rectoverso.store.people import Person, Role
from rectoverso.studio.page import Page, Place, ThePage
from rectoverso.workflow.people import LONGEST_NAME
from rectoverso.workflow.permissions import ROLES, Permission, is_allowed
from rectoverso.workflow.policies import list_policies
from rectoverso.workflow.professions import LONGEST, confirm, professions_of, withdraw

PLACE = Place("people", "/people", Permission.OVERSEE)
router = APIRouter()

Text = Annotated[str, Form(max_length=1000)]
Sure = Annotated[bool, Form()]


@router.get(PLACE.path)
def people(page: ThePage, desk: TheDesk, person: Overseer) -> Response:
    """The accounts, and what each role may."""
    return _all(page, desk, person)


@router.post(PLACE.path)
def add(
    page: ThePage, desk: TheDesk, person: Admin, role: Annotated[Role, Form()], name: Text = ""
) -> Response:
    """Make an account; its first key is shown now."""
    try:
        made = api.add(api.PersonAsked(name=_name(name), role=role), desk, person)
    except NameUnusable as error:
        return _all(page, desk, person, error)
    return _one(page, desk, made.person.id, token=made.key.token)


@router.get("/people/{person}")
def one(person: api.Id, page: ThePage, desk: TheDesk, _asking: Overseer) -> Response:
    """One account."""
    return _one(page, desk, person)


@router.post("/people/{person}/keys")
def issue(person: api.Id, page: ThePage, desk: TheDesk, admin: Admin) -> Response:
    """Another key of it, shown now."""
    return _one(page, desk, person, token=api.issue(person, desk, admin).token)


@router.post("/people/{person}/keys/{key}/end")
def end_key(person: api.Id, key: api.Id, desk: TheDesk, admin: Admin) -> Response:
    """Take a key back."""
    api.take_back(person, key, desk, admin)
    return RedirectResponse(f"/people/{person}", 303)


@router.post("/people/{person}/end")
def end(person: api.Id, desk: TheDesk, admin: Admin, sure: Sure = False) -> Response:
    """Close the account, if that was meant."""
    if sure:
        api.end(person, desk, admin)
    return RedirectResponse(f"/people/{person}", 303)


@router.post("/people/{person}/professions")
def confirmed(
    person: api.Id,
    page: ThePage,
    desk: TheDesk,
    admin: Admin,
    use: Annotated[str, Form(pattern=r"^[a-z][a-z0-9_-]{0,31}$")],
    profession: Text = "",
    evidence: Text = "",
) -> Response:
    """Confirm what somebody is. What is wrong with it is told above the form, with what one had typed."""
    words = (use, profession.strip(), evidence.strip())
    try:
        confirm(desk.home, desk.keys, person, *words, admin)
    except RectoversoError as error:
        return _one(page, desk, person, wrong=error, typed=words)
    return RedirectResponse(f"/people/{person}", 303)


@router.post("/people/{person}/professions/{entry}/withdraw")
def withdrawn(person: api.Id, entry: api.Entry, desk: TheDesk, admin: Admin) -> Response:
    """Take a confirmation back."""
    withdraw(desk.home, desk.keys, person, entry, admin)
    return RedirectResponse(f"/people/{person}", 303)


def _all(page: Page, desk: Desk, person: Person, wrong: RectoversoError | None = None) -> Response:
    accounts = sorted(desk.home.people.all(), key=lambda one: one.ended_at is not None)
    return page.show(
        "people.html",
        status_of(wrong) if wrong else 200,
        people=accounts,
        roles=list(Role),
        permissions=[(one.value, ROLES[one]) for one in Permission],
        may_govern=is_allowed(person, Permission.GOVERN),
        wrong=page.sentences(wrong) if wrong else None,
    )


def _one(
    page: Page,
    desk: Desk,
    person: str,
    *,
    token: str | None = None,
    wrong: RectoversoError | None = None,
    typed: tuple[str, ...] = ("medical", "", ""),
) -> Response:
    account = desk.home.people.find(person)
    if account is None:
        raise PersonNotFound(person=person)
    found = [one.plain() for one in professions_of(desk.home, desk.keys, person)]
    by = {one["by"]: desk.home.people.find(one["by"]) for one in found}
    return page.show(
        "person.html",
        status_of(wrong) if wrong else 200,
        account=account,
        keys=desk.home.people.keys(person),
        professions=found,
        names={name: one.name if one else name for name, one in by.items()},
        allowed=[one.value for one in Permission if is_allowed(account, one)],
        uses=[one.name for one in list_policies(desk.home.path)],
        longest=LONGEST,
        token=token,
        typed=typed,
        may_change=is_allowed(page.person, Permission.GOVERN) and account.ended_at is None,
        wrong=page.sentences(wrong) if wrong else None,
    )


def _name(text: str) -> str:
    """A name as an account may have it. Raises NameUnusable."""
    name = text.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise NameUnusable
    return name
