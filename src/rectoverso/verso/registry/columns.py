"""What may be said of a work: the columns of a catalogue, and what each may hold. This is the one place that says so.

file        the picture, by its path; one that is not absolute is meant from the catalogue's folder
title       the work's title; the file's name where there is none
owner       who holds the rights
licence     under what it may be used, in words or as an identifier
contact     where the owner is reached
territory   where the rights hold: two-letter codes of ISO 3166, or EU, with spaces between; else everywhere
from        the first day they hold (YYYY-MM-DD); else any before
until       the last day they hold
asked       what the owner asks for when a picture is alike: block (else), review or credit
kind        what is protected: exact (else), character, logo, likeness, style or heritage

An empty cell says nothing. Cells are one line of at most 1,000 characters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from rectoverso.store.rights import Asked, Kind, Rights
from rectoverso.types import Message

MOST_CHARACTERS = 1000

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW EU
"""
COUNTRIES = frozenset(_CODES.split())
"""ISO 3166-1 alpha-2, and the code that it reserves for the European Union."""


class _Wrong(Exception):
    def __init__(self, problem: str, **facts: object) -> None:
        self.message = Message(f"registry.wrong.{problem}", facts)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the cell of one column."""

    column: str
    message: Message


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a work, read."""

    file: str = ""
    title: str = ""
    owner: str = ""
    rights: Rights = field(default_factory=Rights)


def read(cells: Mapping[str, str]) -> tuple[Said, list[Problem]]:
    """What the cells say, by column, and everything that is wrong with them; a wrong cell counts as empty."""
    values: dict[str, Any] = {}
    problems = []
    for column, cell in cells.items():
        try:
            if text := _text(cell):
                values[column] = COLUMNS[column](text)
        except _Wrong as wrong:
            problems.append(Problem(column, wrong.message))
    first, last = values.pop("from", None), values.pop("until", None)
    if first and last and last < first:
        problems.append(
            Problem("until", Message("registry.wrong.ends_first", {"from": first, "until": last}))
        )
    named = {name: values.pop(name) for name in ("file", "title", "owner") if name in values}
    return Said(rights=Rights(since=first, until=last, **values), **named), problems


def _text(cell: str) -> str:
    text = cell.strip()
    if len(text) > MOST_CHARACTERS:
        raise _Wrong("long", count=len(text), most=MOST_CHARACTERS)
    if not text.isprintable():  # an escape sequence would write over the terminal that lists it
        raise _Wrong("unprintable")
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Wrong("day", cell=text) from None


def _territory(text: str) -> tuple[str, ...]:
    words = text.replace(",", " ").replace(";", " ").split()
    unknown = [word for word in words if word.upper() not in COUNTRIES]
    if unknown:
        raise _Wrong("territory", cell=" ".join(unknown))
    return tuple(dict.fromkeys(word.upper() for word in words))


def _one_of(words: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read_word(text: str) -> StrEnum:
        try:
            return words(text.lower())
        except ValueError:
            raise _Wrong("word", cell=text, known=", ".join(words)) from None

    return read_word


COLUMNS: dict[str, Callable[[str], Any]] = {
    "file": str,
    "title": str,
    "owner": str,
    "licence": str,
    "contact": str,
    "territory": _territory,
    "from": _day,
    "until": _day,
    "asked": _one_of(Asked),
    "kind": _one_of(Kind),
}
