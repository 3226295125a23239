"""What can be trained."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from rectoverso.errors import UnknownName
from rectoverso.service.auth import Anyone
from rectoverso.service.shapes import Page
from rectoverso.workflow.systems import list_systems

router = APIRouter(prefix="/systems", tags=["systems"])


class PresetView(BaseModel):
    """Settings under one name, and what was measured with them."""

    name: str
    measured: Any


class SystemView(BaseModel):
    """One published method."""

    name: str
    title: str
    source: str
    needs: Any
    presets: list[PresetView]


@cache
def _systems() -> dict[str, SystemView]:
    return {row["name"]: SystemView(**row) for row in list_systems()}


@router.get("")
def all_systems(_person: Anyone) -> Page[SystemView]:
    """Every system, with its source, the data that it needs, and its presets."""
    return Page(items=list(_systems().values()))


@router.get("/{name}")
def one_system(name: str, _person: Anyone) -> SystemView:
    """One system."""
    if name not in _systems():
        raise UnknownName(kind="system", name=name, known=", ".join(_systems()), hint="")
    return _systems()[name]
