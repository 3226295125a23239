"""Changing a recipe by name: ``--set critic_adam.rate=1e-3``, checked against the type it replaces."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from rectoverso.errors import BadSetting, UnknownName
from rectoverso.i18n import Phrase
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.types import Message

Numbers = TypeVar("Numbers")
Thing = TypeVar("Thing")
DIAL = "size"
YES, NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})


def with_settings(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """The recipe with each ``a.b=value`` in place; the dial ``size`` is turned first, so that every other setting
    has the last word. Raises UnknownName and BadSetting.
    """
    asked, before = [_parted(setting) for setting in settings], recipe
    for path, value in asked:
        if path == DIAL:
            recipe = recipe.at_size(_replaced(recipe, path, [path], value).size)
    for path, value in asked:
        if path != DIAL:
            recipe = _replaced(recipe, path, path.split("."), value)
    harmless = {name: getattr(before, name) for name in before.harmless}
    is_as_measured = dataclasses.replace(recipe, **harmless) == before
    return recipe if is_as_measured else dataclasses.replace(recipe, expected=())


def _parted(setting: str) -> tuple[str, str]:
    path, equals, value = setting.partition("=")
    if not equals:
        raise _bad(setting, "no_value")
    return path.strip(), value.strip()


def table(recipe: Recipe) -> dict[str, Any]:
    """Every setting of a recipe as nested tables, without the names that a preset fixes."""
    return {key: value for key, value in dataclasses.asdict(recipe).items() if key not in recipe.fixed}


def from_table(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """The reverse of `table`, on top of the preset that the table was made from.

    A setting that the table does not name was none yet when it was written: it has its field's default, which is what
    there was before, whatever the preset says today.
    """
    return with_settings(_as_before(recipe, settings), (f"{path}={value}" for path, value in _flat(settings)))


def _as_before(part: Numbers, settings: Mapping[str, Any]) -> Numbers:
    """The numbers with every field that ``settings`` lacks at its default."""
    fixed = part.fixed if isinstance(part, Recipe) else frozenset()
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(part):  # type: ignore[arg-type]
        value, told = getattr(part, field.name), settings.get(field.name)
        if isinstance(told, Mapping) and dataclasses.is_dataclass(value):
            changes[field.name] = _as_before(value, told)
        elif told is None and field.name not in fixed and field.default is not dataclasses.MISSING:
            changes[field.name] = field.default
    return dataclasses.replace(part, **changes)  # type: ignore[type-var]


def suggestion(name: str, known: Iterable[str]) -> str:
    """``: X`` when a known name is near, else nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f": {near[0]}" if near else ""


def known_as(kind: str, name: str, known: Mapping[str, Thing]) -> Thing:
    """The thing of that name. Raises UnknownName, with the nearest one."""
    if name not in known:
        raise UnknownName(kind=kind, name=name, known=", ".join(known), hint=suggestion(name, known))
    return known[name]


def _replaced(part: Numbers, path: str, names: list[str], text: str) -> Numbers:
    kinds = _hints(type(part))  # type: ignore[arg-type]  # a type is hashable
    fields = {field.name: field for field in dataclasses.fields(part)}  # type: ignore[arg-type]
    known = sorted(fields.keys() - (part.fixed if isinstance(part, Recipe) else frozenset()))
    name, rest = names[0], names[1:]
    if name not in known:
        hint = suggestion(name, known)
        raise UnknownName(kind="setting", name=path, known=", ".join(known), hint=hint)
    old = getattr(part, name)
    if dataclasses.is_dataclass(old) and not rest:
        raise _bad(
            path, "is_a_group", members=", ".join(f"{path}.{field.name}" for field in dataclasses.fields(old))
        )
    if rest and not dataclasses.is_dataclass(old):
        raise _bad(path, "is_no_group")
    new = (
        _replaced(old, path, rest, text) if rest else _parsed(path, kinds[name], text, fields[name].metadata)
    )
    return dataclasses.replace(part, **{name: new})  # type: ignore[type-var]


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of its fields. They are written as text, and to read them takes a millisecond or more each time."""
    return typing.get_type_hints(kind)


def _parsed(path: str, kind: Any, text: str, limits: Mapping[str, float]) -> object:
    if typing.get_origin(kind) is Literal:
        options = typing.get_args(kind)
        if text not in options:
            raise _bad(path, "not_an_option", value=text, options=", ".join(options))
        return text
    if kind is bool:
        if text.lower() not in YES | NO:
            raise _bad(path, "not_yes_or_no", value=text)
        return text.lower() in YES
    if kind is str:
        return text
    least = limits.get("least", 1 if kind is int else 0)
    return _number(path, kind, text, least, limits.get("below", math.inf))


def _number(path: str, kind: type[int | float], text: str, least: float, below: float) -> float:
    try:
        value = kind(text)
    except ValueError:
        raise _bad(path, "not_whole" if kind is int else "not_a_number", value=text) from None
    if value < 0 or not math.isfinite(value):
        raise _bad(path, "negative", value=text)
    if value < least:
        raise _bad(path, "too_small", value=text, least=least)
    if value >= below:
        raise _bad(path, "too_large", value=text, below=below)
    return value


def _bad(setting: str, reason: str, **facts: object) -> BadSetting:
    return BadSetting(
        setting=setting,
        reason=Phrase(Message(f"train.setting.{reason}.reason", facts)),
        advice=Phrase(Message(f"train.setting.{reason}.advice", facts)),
    )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
