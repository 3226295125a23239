"""What becomes of each attribute: table E.1-1 of PS3.15 (2024b), read from profile.csv.

The table leaves choices ("X unless Z is required"). Here each is taken so that the object stays what its class demands:
Z where X/Z stands, D where D is among them, and references are kept with their UIDs replaced (X/Z/U*). C in the column
of the option "Retain Longitudinal Temporal Information with Modified Dates" means a shift by the patient's days; times
of day stay, since days alone are shifted.
"""

from __future__ import annotations

import csv
from enum import StrEnum
from functools import cache
from importlib import resources


class Action(StrEnum):
    """What is done with an attribute."""

    REMOVE = "remove"
    EMPTY = "empty"
    DUMMY = "dummy"
    UID = "uid"
    SHIFT = "shift"


_ACTIONS = {
    "X": Action.REMOVE,
    "Z": Action.EMPTY,
    "D": Action.DUMMY,
    "U": Action.UID,
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "X/Z/U*": Action.UID,
}

CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
)
SAFE_PRIVATE_CODE = ("113111", "Retain Safe Private Option")
"""What the stamp says was done, in the words of PS3.16, CID 7050."""

IMPLEMENTATION = "2.25.176972032875700306339663009447115071996"
"""The UID of what writes these files: 2.25 and a UUID (PS3.5, B.2)."""
IMPLEMENTATION_NAME = "RECTOVERSO"

METHOD = "rectoverso: PS3.15 2024b basic profile, dates moved, verified"
"""What the stamp says in words (DeidentificationMethod, at most 64 letters)."""

SAFE_PRIVATE = {
    ("SIEMENS MR HEADER", 0x0019, 0x0C): "IS",
    ("SIEMENS MR HEADER", 0x0019, 0x0E): "FD",
    ("SIEMENS MR HEADER", 0x0019, 0x27): "FD",
    ("Philips Imaging DD 001", 0x2001, 0x03): "FL",
    ("GEMS_PARM_01", 0x0043, 0x39): "IS",
    ("Philips PET Private Group", 0x7053, 0x00): "DS",
    ("Philips PET Private Group", 0x7053, 0x09): "DS",
}
"""Of table E.3.10-1 those that diffusion and uptake cannot be computed without, by creator, group and element, and the
one representation in which each is kept: all are numbers.
"""

NEVER = frozenset({0x0000, 0x0002, 0x0004, 0x0006, 0xFFFA, 0xFFFC})
"""Groups that have no place in an image's data set, or sign or pad it."""
DRAWN = frozenset({0x50, 0x60})
"""First halves of the groups of curves and overlays: of what goes, the description goes too."""

PIXELS = frozenset({"PixelData"})
TABLES = frozenset(
    f"{segmented}{colour}PaletteColorLookupTableData"
    for colour in ("Red", "Green", "Blue")
    for segmented in ("", "Segmented")
) | {"LUTData"}
"""Bytes that may stay beside the pixels: tables that say how to show them."""

NUMBERS = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT", "IS", "DS"})


@cache
def _table() -> tuple[dict[int, Action], list[tuple[str, Action]]]:
    """By tag, and by pattern for the groups that repeat."""
    exact: dict[int, Action] = {}
    repeating: list[tuple[str, Action]] = []
    text = resources.files(__name__.rpartition(".")[0]).joinpath("profile.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        action = Action.SHIFT if row["dates"] == "C" else _ACTIONS[row["action"]]
        if "." in row["tag"]:
            repeating.append((row["tag"], action))
        else:
            exact[int(row["tag"], 16)] = action
    return exact, repeating


def action(tag: int) -> Action | None:
    """What the table says of a standard attribute, None where it says nothing."""
    exact, repeating = _table()
    if tag in exact:
        return exact[tag]
    digits = f"{tag:08X}"
    for pattern, what in repeating:
        if all(want in (".", have) for want, have in zip(pattern, digits, strict=True)):
            return what
    return None
