"""What a run of a home wants and gives, as far as that can be told without loading it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from rectoverso.store.home import Home
from rectoverso.workflow.jobs.order import run_in
from rectoverso.workflow.shipped import DEMO


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


def facts_of(home: Home, run: str) -> RunFacts:
    """The facts of a run, or of `demo`. Raises RunNotFound."""
    data = tomllib.loads((run_in(home, run) / "config.toml").read_text("utf-8"))["data"]
    items = [] if run == DEMO else home.jobs.items(run)
    asks = next((item.told["result"]["asks"] for item in items if "result" in item.told), ())
    return RunFacts(tuple(data["classes"]), f"{data['width']}x{data['height']}", tuple(asks))
