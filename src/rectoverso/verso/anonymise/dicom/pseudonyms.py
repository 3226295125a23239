"""Other UIDs, dates and patients, by a key: the same every time in one home, and not to be undone without it.

Everything follows from HMAC-SHA-256, so that nothing has to be kept: no table that could be stolen. Whoever has the key
and guesses a patient's id can confirm the guess, which is why it lies with the home's other keys, and why the process
that reads the files asks for what it makes and never has it (`Secret`).
"""

from __future__ import annotations

import hmac
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

MOST_DAYS = 3650
"""Dates move into the past by one day at least and by so many at most, the same number for all of a patient's."""

_DAY = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_MOMENT = re.compile(r"(\d{8})(\d{0,6})(\.\d{1,6})?(?:[+-]\d{4})?")


class Secret:
    """Keeps the key (32 secret bytes), and answers with what it makes of a text."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def keyed(self, text: str) -> bytes:
        """32 bytes, the same for the same text and key."""
        return hmac.digest(self._key, f"rectoverso dicom {text}".encode("utf-8", "replace"), "sha256")


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Those of one patient. ``keyed``: as of a `Secret`. ``patient``: whatever names the patient in the original."""

    keyed: Callable[[str], bytes]
    patient: str

    @property
    def name(self) -> str:
        """What stands for the patient's name and id."""
        return f"ANON-{self._digest('patient', self.patient).hex()[:16].upper()}"

    @property
    def days(self) -> int:
        """By how many days dates move into the past."""
        return 1 + int.from_bytes(self._digest("days", self.patient)[:8], "big") % MOST_DAYS

    def uid(self, original: str) -> str:
        """Another UID for ``original``, the same in every file: 2.25 and a UUID (PS3.5, B.2)."""
        made = uuid.UUID(bytes=self._digest("uid", original)[:16], version=4)
        return f"2.25.{made.int}"

    def day(self, value: str) -> str:
        """A date (DA) moved; "" for what is none."""
        found = _DAY.fullmatch(value.strip())
        try:
            moved = date(*map(int, found.groups())) - timedelta(days=self.days) if found else None
        except (ValueError, OverflowError):
            moved = None
        return f"{moved:%Y%m%d}".rjust(8, "0") if moved else ""

    def moment(self, value: str) -> str:
        """A date with its time (DT) moved, without its zone, which tells of a place; "" for what is none."""
        found = _MOMENT.fullmatch(value.strip())
        day = self.day(found[1]) if found else ""
        return day + found[2] + (found[3] or "") if found and day else ""

    def _digest(self, purpose: str, value: str) -> bytes:
        return self.keyed(f"{purpose} {value}".encode("utf-8", "replace").decode())
