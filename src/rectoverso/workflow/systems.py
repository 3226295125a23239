"""What can be trained, for people who choose."""

from __future__ import annotations

from typing import Any

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


def needs_of(system: str, preset: str) -> frozenset[str]:
    """What data must have beside pictures for this preset: ``other`` (a second set), ``masks``, ``captions``. Raises
    MissingExtra and UnknownName.
    """
    with training_part("Training"):
        from rectoverso.recto.systems import recipe

    return frozenset(recipe(system, preset).needs)
