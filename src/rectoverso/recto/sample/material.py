"""What a person gives a run to make a picture from: a picture, a map, a mask of what to fill, a prompt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.recto.data.masks import Masks
from rectoverso.recto.sample.controls import bad_control
from rectoverso.recto.systems.recipe import Ask, Recipe
from rectoverso.types import Pixels

OPTIONS: dict[Ask, str] = {"picture": "image", "map": "image", "hole": "mask", "caption": "prompt"}
"""The option that brings what a system asks for."""


@dataclass(frozen=True, slots=True)
class Material:
    """``image`` (H, W, C) as it came from its file, or, of a map, the class of each pixel (H, W, 1), and its instance
    where that is told (`data.masks`); ``hole`` (H, W) is above 127 where to fill; ``style`` is a picture whose style is
    meant; ``back``: from the second set of pictures to the first; ``name`` is what errors and people call it.
    """

    image: Pixels | Masks | None = None
    hole: NDArray[np.uint8] | None = None
    prompt: str | None = None
    style: Pixels | None = None
    back: bool = False
    name: str | None = None

    @property
    def options(self) -> set[str]:
        """The options that this came by."""
        there = {"image": self.image, "mask": self.hole, "prompt": self.prompt}
        return {option for option, value in there.items() if value is not None}

    def facts(self) -> dict[str, Any]:
        """What it is, as plain JSON, for the digest of a request."""
        told = {
            "image": _digest(self.image),
            "mask": _digest(self.hole),
            "prompt": self.prompt,
            "style": _digest(self.style),
            "back": self.back or None,
        }
        return {option: value for option, value in told.items() if value is not None}


NOTHING = Material()


def check_material(recipe: Recipe, material: Material) -> None:
    """Raise BadSetting when a run of this recipe is given something that it does not ask for, or less."""
    wanted = {OPTIONS[ask] for ask in recipe.asks}
    for option in sorted(wanted - material.options):
        raise bad_control(option, f"missing_{option}")
    for option in sorted(material.options - wanted):
        raise bad_control(option, f"idle_{option}")
    if material.hole is not None and not is_hole(material.hole).any():
        raise bad_control("mask", "nothing_to_fill")
    if material.back and not recipe.both_ways:
        raise bad_control("back", "one_way")
    if material.style is not None and not recipe.takes_style:
        raise bad_control("style", "idle_style")


def is_hole(mask_HW: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where to fill."""
    return mask_HW > 127


def _digest(pixels: Masks | None) -> str | None:
    if pixels is None:
        return None
    sides = "x".join(str(side) for side in pixels.shape).encode()
    return hashlib.sha256(sides + b"\0" + np.ascontiguousarray(pixels).tobytes()).hexdigest()
