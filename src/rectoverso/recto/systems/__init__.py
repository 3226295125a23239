"""What can be trained: every system is a published method in its own file. Importing this loads no torch."""

from __future__ import annotations

from importlib import import_module

from rectoverso.recto.systems.about import System
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.systems.settings import known_as, with_settings

__all__ = ["SYSTEMS", "Recipe", "System", "recipe", "system", "with_settings"]

NAMES = (
    "default",
    "dcgan",
    "gan",
    "progressive",
    "biggan",
    "stylegan",
    "stylegan2",
    "cyclegan",
    "pix2pixhd",
    "spade",
    "edgeconnect",
    "dalle",
    "textgan",
    "single",
    "dpmerf",
)
"""The files here that hold a ``SYSTEM``, in the order in which people are shown them."""

SYSTEMS: dict[str, System] = {name: import_module(f"{__name__}.{name}").SYSTEM for name in NAMES}


def system(name: str) -> System:
    """The system of that name. Raises UnknownName, with the nearest name."""
    return known_as("system", name, SYSTEMS)


def recipe(system_name: str, preset: str = "default") -> Recipe:
    """The recipe of a system's preset. Raises UnknownName."""
    return system(system_name).preset(preset)
