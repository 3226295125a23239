"""A labelling regime, as its TOML pack writes it: source, day in force, layers, words, geometry, fields, clauses.

A regime of a known shape needs a pack and nothing else. The text of its clauses is in the pack, in every language;
what `asks` can be is what `lint` knows to look for.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rectoverso.errors import UnknownName
from rectoverso.types import Origin
from rectoverso.verso.mark.visible import Corner

_FOLDER = "packs"

Question = Literal[
    "visible_label",
    "source_type",
    "field",
    "signature",
    "time_stamp",
    "watermark",
    "person",
    "aigc",
    "aigc_keys",
    "aigc_strings",
    "aigc_label",
    "aigc_producer",
    "aigc_one",
]
"""What a clause can ask of a file. ``person``: no tool can tell."""

FileField = Literal["provider", "system", "version", "created", "unique_id", "aigc"]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Rules):
    """The same in both languages."""

    en: str
    zh: str

    def within(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class Source(_Rules):
    """Where the rules stand, and how well they were read."""

    title: Text
    note: Text


class Words(_Rules):
    """What the label says, the first choice first: of a picture that AI made, and of one that it changed."""

    ai: tuple[str, ...] = Field(min_length=1)
    edited: tuple[str, ...] = Field(min_length=1)

    def of(self, origin: Origin) -> tuple[str, ...]:
        return self.edited if origin is Origin.EDITED else self.ai


class Visible(_Rules):
    """The visible label. ``height_share``: of the shorter side. ``must_hold``: one word of each group."""

    required: bool
    corner: Corner
    near: Literal["edge", "corner"]
    height_share: float = Field(gt=0, lt=1)
    contrast: float = Field(ge=1, le=21)
    must_hold: tuple[tuple[str, ...], ...]
    words: Words

    @model_validator(mode="after")
    def _says_what_it_asks(self) -> Self:
        for text in (*self.words.ai, *self.words.edited):
            if not self.holds(text):
                raise ValueError(f"{text!r} does not hold what the label must")
        return self

    def holds(self, text: str) -> bool:
        return all(any(word in text for word in group) for group in self.must_hold)


class File(_Rules):
    """What the file has to say beside what every label says."""

    fields: tuple[FileField, ...] = ()


class Aigc(_Rules):
    """The keys of the AIGC block, and what its Label may be."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    labels: tuple[str, ...]


class Later(_Rules):
    """A day on which more is asked than when the law came into force, and of whom."""

    day: date
    says: Text


class Clause(_Rules):
    """One thing that is asked, in words and as a question that `lint` knows. ``since``: where that is later than the
    law.
    """

    id: str
    asks: Question
    says: Text
    field: FileField | None = None
    since: date | None = None


class Law(_Rules):
    """One regime. Raises ValidationError for a pack whose clauses ask for what it does not describe."""

    law: str
    version: int = Field(ge=1)
    place: Text
    in_force: date
    later: tuple[Later, ...] = ()
    layers: tuple[Literal["visible_label", "metadata", "signature", "time_stamp", "watermark"], ...]
    keep_logs_months: int = 0
    source: Source
    visible: Visible | None = None
    file: File = File()
    aigc: Aigc | None = None
    clauses: tuple[Clause, ...] = Field(min_length=1)

    @property
    def reference(self) -> str:
        return f"{self.law}@{self.version}"

    @model_validator(mode="after")
    def _describes_what_it_asks(self) -> Self:
        for clause in self.clauses:
            lacks = (
                (clause.asks == "visible_label" and self.visible is None)
                or (clause.asks.startswith("aigc") and self.aigc is None)
                or ((clause.asks == "field") != (clause.field is not None))
            )
            if lacks:
                raise ValueError(
                    f"clause {clause.id} asks for {clause.asks}, which the pack does not describe"
                )
        days = [self.in_force, *(stage.day for stage in self.later)]
        if days != sorted(set(days)):
            raise ValueError("its days do not follow one another")
        if not {clause.since for clause in self.clauses} <= {None, *days[1:]}:
            raise ValueError("a clause holds from a day that the pack does not tell")
        if "aigc" in self.file.fields and self.aigc is None:
            raise ValueError("the file is to hold a block that the pack does not describe")
        return self


@cache
def laws() -> tuple[str, ...]:
    """The names of all packs, sorted."""
    files = resources.files(__package__).joinpath(_FOLDER).iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@cache
def law(name: str) -> Law:
    """The law of that name. Raises UnknownName with the nearest one that exists."""
    known = laws()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise UnknownName(kind="law", name=name, known=", ".join(known), hint=f": {near[0]}" if near else "")
    data = resources.files(__package__).joinpath(_FOLDER, f"{name}.toml").read_bytes()
    return Law.model_validate(tomllib.loads(data.decode()))


def laws_named(given: Iterable[str]) -> tuple[Law, ...]:
    """The laws of names that may be separated by commas ("cn,eu"), each once. Raises UnknownName."""
    names = [name.strip() for text in given for name in text.split(",")]
    return tuple(law(name) for name in dict.fromkeys(filter(None, names)))
