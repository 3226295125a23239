"""The keys with which this home signs: what each is for, its fingerprint, its end. No secret is ever told."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from rectoverso.service.auth import Admin, Anyone, TheDesk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import Page
from rectoverso.workflow.keys import list_keys, plain, rotate_keys

router = APIRouter(prefix="/keys", tags=["keys"])


class KeyView(BaseModel):
    """One key."""

    name: str
    purpose: str
    fingerprint: str
    expires: str | None


class RotatedView(BaseModel):
    """The ledger entry that names the new keys, signed by the old ones."""

    ledger_index: int
    keys: list[KeyView]


@router.get("")
def all_keys(request: Request, desk: TheDesk, _person: Anyone) -> Page[KeyView]:
    """The keys of this home."""
    described = list_keys(desk.home.path)
    return Page(items=[_view(plain(key, language_of(request))) for key in described])


@router.post("/rotation")
def rotate(request: Request, desk: TheDesk, _person: Admin) -> RotatedView:
    """Give the ledger new keys. Whoever knows the old ones can follow to the new."""
    index, described = rotate_keys(desk.home.path)
    return RotatedView(
        ledger_index=index, keys=[_view(plain(key, language_of(request))) for key in described]
    )


def _view(told: dict[str, object]) -> KeyView:
    return KeyView.model_validate({name: told[name] for name in KeyView.model_fields})
