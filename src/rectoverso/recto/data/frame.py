"""The size that every picture of a training is brought to: one number for a square, or WIDTHxHEIGHT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.types import Message

SIDES_PX = range(8, 1025)

Size: TypeAlias = "int | str | tuple[int, int]"
"""What people may give: ``64``, ``"64"``, ``"96x64"`` or ``(96, 64)``; width first."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Width and height in pixels."""

    width: int
    height: int

    @classmethod
    def of(cls, size: Size) -> Frame:
        """The frame of what a person gave. Raises BadSetting."""
        sides = _sides(size)
        if sides is None or any(side not in SIDES_PX for side in sides):
            raise bad_setting("size", size, low=SIDES_PX.start, high=SIDES_PX.stop - 1)
        return cls(*sides)

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


def _sides(size: Size) -> tuple[int, int] | None:
    if isinstance(size, int):
        return size, size
    if isinstance(size, tuple):
        return size
    parts = size.strip().lower().replace("\N{MULTIPLICATION SIGN}", "x").split("x")
    if len(parts) > 2 or not all(part.strip().isdecimal() for part in parts):
        return None
    return int(parts[0]), int(parts[-1])


def bad_setting(name: str, value: object, /, **facts: object) -> BadSetting:
    """The error for a setting of the data; texts under ``[setting]`` in ``data.toml``."""
    reason, advice = (Message(f"data.setting.{name}.{part}", facts) for part in ("reason", "advice"))
    return BadSetting(setting=f"{name} = {value}", reason=Phrase(reason), advice=Phrase(advice))
