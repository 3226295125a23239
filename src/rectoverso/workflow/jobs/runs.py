"""What a run of a home wants and gives, as far as that can be told without loading it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.store.home import Home
from rectoverso.workflow.jobs.order import run_in
from rectoverso.workflow.shipped import DEMO

_WEIGHTS = ("weights", "generator.safetensors")
_MEAN_STYLE = "w_mean_W"
"""Of the weights that have it a mapping makes styles (`recto.sample.style`)."""
_MOST_HEADER = 100_000_000


@dataclass(frozen=True, slots=True)
class RunFacts:
    """``asks``: the options of `verso generate` that it needs; ``size``: WIDTHxHEIGHT in pixels."""

    classes: tuple[str, ...]
    size: str
    asks: tuple[str, ...]

    @property
    def reads(self) -> bool:
        return "prompt" in self.asks

    @property
    def is_made_from_pictures(self) -> bool:
        return "image" in self.asks


@dataclass(frozen=True, slots=True)
class RunControls:
    """What can be asked of a run, and what of it can be changed.

    ``wants``: what its pictures are made from (`recto.systems.recipe.Ask`). ``styles``: how many layers take a style,
    0 where there is no mapping to styles; ``regions``: the classes of a map; ``directions``: their names.
    """

    run: str
    system: str
    preset: str
    width: int
    height: int
    classes: tuple[str, ...]
    regions: tuple[str, ...]
    wants: frozenset[str]
    styles: int
    directions: tuple[str, ...]
    takes_style: bool
    both_ways: bool

    @property
    def draws(self) -> bool:
        """Whether seeds alone give pictures, so that truncation, directions and ways between seeds are there."""
        return not self.wants


def facts_of(home: Home, run: str) -> RunFacts:
    """The facts of a run, or of `demo`. Raises RunNotFound."""
    data = _config(run_in(home, run))["data"]
    items = [] if run == DEMO else home.jobs.items(run)
    asks = next((item.told["result"]["asks"] for item in items if "result" in item.told), ())
    return RunFacts(tuple(data["classes"]), f"{data['width']}x{data['height']}", tuple(asks))


def controls_of(home: Home, run: str) -> RunControls:
    """The controls of a run, or of `demo`. Raises RunNotFound, MissingExtra, UnknownName (of another version's run)."""
    from rectoverso.recto.systems import recipe
    from rectoverso.recto.systems.recipe import Shape

    folder = run_in(home, run)
    config = _config(folder)
    data, asked = config["data"], config["run"]
    preset = recipe(asked["system"], asked["preset"])
    shape = Shape(data["height"], data["width"], data["channels"], len(data["classes"]))
    return RunControls(
        run=run,
        system=asked["system"],
        preset=asked["preset"],
        width=data["width"],
        height=data["height"],
        classes=tuple(data["classes"]),
        regions=tuple(data.get("regions", ())) if "map" in preset.asks else (),
        wants=frozenset(preset.asks),
        styles=2 * (shape.levels + 1) if _has_styles(folder) else 0,
        directions=_directions(folder),
        takes_style=preset.takes_style,
        both_ways=preset.both_ways,
    )


def _config(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "config.toml").read_text("utf-8"))


def _has_styles(folder: Path) -> bool:
    """By the names in the head of the weights: eight bytes of its length, and JSON."""
    with folder.joinpath(*_WEIGHTS).open("rb") as file:
        length = min(int.from_bytes(file.read(8), "little"), _MOST_HEADER)
        names = json.loads(file.read(length))
    return any(name.rpartition(".")[2] == _MEAN_STYLE for name in names)


def _directions(folder: Path) -> tuple[str, ...]:
    """The names in `directions.json`, where somebody has looked for directions (`verso directions`)."""
    file = folder / "directions.json"
    return (
        tuple(one["name"] for one in json.loads(file.read_text("utf-8"))["directions"])
        if file.is_file()
        else ()
    )
