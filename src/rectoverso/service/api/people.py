"""Accounts, what each may do, and the keys by which programs ask for them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from rectoverso.errors import PersonNotFound
from rectoverso.protocols import SystemClock
from rectoverso.service.auth import Admin, Anyone, TheDesk
from rectoverso.service.desk import Desk
from rectoverso.service.shapes import ApiKeyView, Page, PersonView
from rectoverso.store.people import Person, Role
from rectoverso.workflow.people import AccountName, add_person

router = APIRouter(prefix="/people", tags=["people"])
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]


class PersonAsked(BaseModel):
    """A new account."""

    name: AccountName
    role: Role


class MadeView(BaseModel):
    """A new account, with its first key: it is shown this once."""

    person: PersonView
    key: ApiKeyView


@router.get("")
def all_people(desk: TheDesk, _person: Admin) -> Page[PersonView]:
    """Every account, those that ended too."""
    return Page(items=[PersonView.of(person) for person in desk.home.people.all()])


@router.post("", status_code=201)
def add(asked: PersonAsked, desk: TheDesk, _person: Admin) -> MadeView:
    """Make an account. From the first one on everybody needs a key."""
    person, key, token = add_person(desk.home, asked.name, asked.role)
    return MadeView(person=PersonView.of(person), key=ApiKeyView.of(key, token))


@router.get("/me")
def me(person: Anyone) -> PersonView:
    """Who asks."""
    return PersonView.of(person)


@router.delete("/{person}", status_code=204, response_class=Response)
def end(person: Id, desk: TheDesk, _person: Admin) -> Response:
    """Close an account, and all its keys with it. What it made stays."""
    if not desk.home.people.end(person, _now()):
        raise PersonNotFound(person=person)
    return Response(status_code=204)


@router.get("/{person}/keys")
def keys(person: Id, desk: TheDesk, _person: Admin) -> Page[ApiKeyView]:
    """The keys of an account."""
    _going_on(desk, person)
    return Page(items=[ApiKeyView.of(key) for key in desk.home.people.keys(person)])


@router.post("/{person}/keys", status_code=201)
def issue(person: Id, desk: TheDesk, _person: Admin) -> ApiKeyView:
    """Another key for an account. What to send is shown this once."""
    key, token = desk.home.people.issue(_going_on(desk, person).id, _now())
    return ApiKeyView.of(key, token)


@router.delete("/{person}/keys/{key}", status_code=204, response_class=Response)
def take_back(
    person: Id, key: Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")], desk: TheDesk, _person: Admin
) -> Response:
    """Take a key back."""
    if not desk.home.people.end_key(person, key, _now()):
        raise PersonNotFound(person=key)
    return Response(status_code=204)


def _going_on(desk: Desk, person: str) -> Person:
    found = desk.home.people.find(person)
    if found is None or found.ended_at is not None:
        raise PersonNotFound(person=person)
    return found


def _now() -> str:
    return SystemClock().now().isoformat(timespec="seconds")
