"""What a system says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.systems.settings import known_as


@dataclass(frozen=True, slots=True)
class System:
    """One published generative method: its title, year, source, data need and presets, which know its name."""

    title: str
    year: int
    source: str
    needs: str
    presets: Mapping[str, Recipe]

    @property
    def name(self) -> str:
        return self.presets["default"].system

    def preset(self, name: str) -> Recipe:
        """The recipe of that name. Raises UnknownName."""
        return known_as("preset", name, self.presets)
