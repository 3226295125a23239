"""The run that comes with the package: a small generator of handwritten digits, so that anyone can draw at once.

How it was trained stands in its card. Its pictures pass the same door as all others.
"""

from __future__ import annotations

from pathlib import Path

DEMO = "demo"
SHIPPED = Path(__file__).parent.parent / "recto" / "shipped" / DEMO


def run_at(place: Path) -> Path:
    """The run of that path; the shipped one for ``demo``, unless there is a folder of that name here."""
    return SHIPPED if str(place) == DEMO and not place.exists() else place
