"""Accounts, what each may do, the keys by which programs ask for them, and the professions that were confirmed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict

from rectoverso.errors import PersonNotFound
from rectoverso.protocols import SystemClock
from rectoverso.service.api.paging import MOST_NUMBER
from rectoverso.service.auth import Admin, Anyone, Overseer, TheDesk
from rectoverso.service.desk import Desk
from rectoverso.service.shapes import ApiKeyView, Page, PersonView
from rectoverso.store.people import Person, Role
from rectoverso.workflow.jobs.asked import Name
from rectoverso.workflow.people import AccountName, add_person
from rectoverso.workflow.professions import Profession, Words, professions_of
from rectoverso.workflow.professions import confirm as confirm_profession
from rectoverso.workflow.professions import withdraw as withdraw_profession

router = APIRouter(prefix="/people", tags=["people"])
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
Entry = Annotated[int, Path(ge=0, le=MOST_NUMBER)]


class PersonAsked(BaseModel):
    """A new account."""

    name: AccountName
    role: Role


class MadeView(BaseModel):
    """A new account, with its first key: it is shown this once."""

    person: PersonView
    key: ApiKeyView


class ProfessionAsked(BaseModel):
    """What somebody is, for the images of a ``use``; ``evidence``: what was seen of that, and where it is kept."""

    model_config = ConfigDict(extra="forbid")

    use: Name
    profession: Words
    evidence: Words


class ProfessionView(BaseModel):
    """A confirmation, by the ledger's ``entry`` of it; ``withdrawn``: the entry that took it back. ``by`` is an
    account's id. What was erased reads "".
    """

    entry: int
    use: str
    profession: str
    evidence: str
    by: str
    at: str
    withdrawn: int | None

    @classmethod
    def of(cls, found: Profession) -> ProfessionView:
        told = found.plain()
        return cls(**{name: told[name] for name in cls.model_fields})


@router.get("")
def all_people(desk: TheDesk, _person: Overseer) -> Page[PersonView]:
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
def keys(person: Id, desk: TheDesk, _person: Overseer) -> Page[ApiKeyView]:
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


@router.get("/{person}/professions")
def professions(person: Id, desk: TheDesk, _person: Overseer) -> Page[ProfessionView]:
    """What was confirmed of somebody, what was taken back too."""
    found = professions_of(desk.home, desk.keys, person)
    return Page(items=[ProfessionView.of(one) for one in found])


@router.post("/{person}/professions", status_code=201)
def confirm(person: Id, asked: ProfessionAsked, desk: TheDesk, by: Admin) -> ProfessionView:
    """Confirm that somebody is a professional: without that nobody approves an image whose policy asks for one. Nobody
    confirms their own. An entry of the ledger, which commits to who, what, on what evidence and by whom.
    """
    words = (asked.use, asked.profession.strip(), asked.evidence.strip())
    return ProfessionView.of(confirm_profession(desk.home, desk.keys, person, *words, by))


@router.delete("/{person}/professions/{entry}")
def withdraw(person: Id, entry: Entry, desk: TheDesk, by: Admin) -> ProfessionView:
    """Take a confirmation back. Approvals that rest on it count no more; what was let go stays let go."""
    return ProfessionView.of(withdraw_profession(desk.home, desk.keys, person, entry, by))


def _going_on(desk: Desk, person: str) -> Person:
    found = desk.home.people.find(person)
    if found is None or found.ended_at is not None:
        raise PersonNotFound(person=person)
    return found


def _now() -> str:
    return SystemClock().now().isoformat(timespec="seconds")
