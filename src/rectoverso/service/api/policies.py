"""What pictures can be made for, and the rules by which each use decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel

from rectoverso.service.auth import Anyone, TheDesk
from rectoverso.service.shapes import Page
from rectoverso.workflow.policies import Listed, find_policy, list_policies, plain

router = APIRouter(prefix="/policies", tags=["policies"])


class PolicyView(BaseModel):
    """A policy, by the name that `use` gives it. ``error``: the code of what is wrong with one that cannot be used."""

    name: str
    policy: str | None = None
    use: str | None = None
    extends: list[str] = []
    people: dict[str, Any] | None = None
    lines: list[dict[str, Any]] | None = None
    error: str | None = None


@router.get("")
def all_policies(desk: TheDesk, _person: Anyone) -> Page[PolicyView]:
    """Every policy, `general` first."""
    return Page(items=[_listed(one) for one in list_policies(desk.home.path)])


@router.get("/{name}")
def one_policy(
    name: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,31}$")], desk: TheDesk, _person: Anyone
) -> PolicyView:
    """One policy, with all its lines."""
    return PolicyView(name=name, **_shown(plain(find_policy(name, desk.home.path))))


def _listed(one: Listed) -> PolicyView:
    if one.policy is None:
        return PolicyView(name=one.name, error=one.error.code if one.error else None)
    told = plain(one.policy)
    del told["lines"]
    return PolicyView(name=one.name, **_shown(told))


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    """Without where its file is."""
    return {name: told[name] for name in ("policy", "use", "extends", "people", "lines") if name in told}
