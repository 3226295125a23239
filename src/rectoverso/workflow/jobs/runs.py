"""What a run of a home wants and gives, as far as that can be told without loading it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any

from rectoverso.store.home import Home
from rectoverso.workflow.jobs.kept import WEIGHTS, Files, demand_run
from rectoverso.workflow.shipped import DEMO

_DIRECTIONS = "directions.json"
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
    data = _config(demand_run(home, run))["data"]
    items = [] if run == DEMO else home.jobs.items(run)
    asks = next((item.told["result"]["asks"] for item in items if "result" in item.told), ())
    return RunFacts(tuple(data["classes"]), f"{data['width']}x{data['height']}", tuple(asks))


def controls_of(home: Home, run: str) -> RunControls:
    """The controls of a run, or of `demo`. Raises RunNotFound, MissingExtra, UnknownName (of another version's run)."""
    from rectoverso.recto.systems import recipe
    from rectoverso.recto.systems.recipe import Shape

    files = demand_run(home, run)
    config = _config(files)
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
        styles=2 * (shape.levels + 1) if _has_styles(files) else 0,
        directions=_directions(files),
        takes_style=preset.takes_style,
        both_ways=preset.both_ways,
    )


def _config(files: Files) -> dict[str, Any]:
    return tomllib.loads(files.read("config.toml").decode())


def _has_styles(files: Files) -> bool:
    """By the names in the head of the weights: eight bytes of its length, and JSON."""
    pieces = files.pieces(WEIGHTS)
    head = next(pieces)
    length = min(int.from_bytes(head[:8], "little"), _MOST_HEADER)
    while len(head) < 8 + length:
        head += next(pieces)
    names = json.loads(head[8 : 8 + length])
    return any(name.rpartition(".")[2] == _MEAN_STYLE for name in names)


def _directions(files: Files) -> tuple[str, ...]:
    """The names in `directions.json`, where somebody has looked for directions (`verso directions`)."""
    if not files.has(_DIRECTIONS):
        return ()
    return tuple(one["name"] for one in json.loads(files.read(_DIRECTIONS))["directions"])
