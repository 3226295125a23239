"""What can be trained, for people who choose."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from rectoverso.errors import MissingExtra
from rectoverso.workflow.extras import training_part


def list_systems() -> list[dict[str, Any]]:
    """Each system with its source, the data it needs, and its presets with what was measured. Raises MissingExtra."""
    with training_part("Training"):
        from rectoverso.recto.systems import SYSTEMS

    return [
        {
            "name": system.name,
            "title": system.title,
            "source": system.source,
            "needs": system.needs,
            "presets": [
                {"name": name, "measured": preset.measured} for name, preset in system.presets.items()
            ],
        }
        for system in SYSTEMS.values()
    ]


def demand_preset(system: str, preset: str, settings: Sequence[str] = ()) -> None:
    """Raise UnknownName for a system, a preset or a setting that there is none of, and BadSetting; where nothing can be
    trained, nothing.
    """
    with suppress(MissingExtra), training_part("Training"):
        from rectoverso.recto.systems import recipe, with_settings

        with_settings(recipe(system, preset), settings)
