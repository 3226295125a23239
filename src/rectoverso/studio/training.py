"""What a training says of itself, as its page shows it: curves, sample grids, health, and how long it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from rectoverso.service.api.runs import STATUS
from rectoverso.service.desk import Desk
from rectoverso.studio.curves import Point, chart
from rectoverso.studio.page import Page
from rectoverso.workflow.jobs.kept import BUILT_IN, Files
from rectoverso.workflow.preview import samples_of

MOST_RECORDS = 600
_MOST_SETS = 200
_EARLY = 5
"""Records before which nothing can be said of a run's health."""


def shown(page: Page, files: Files | None, report: Mapping[str, Any], sample: int | None) -> dict[str, Any]:
    """What the template shows of a run by its files; ``sample``: the place of the grid to show, None for the last."""
    records = list(_records(files)) if files else []
    names = samples_of(files) if files else []
    at = len(names) - 1 if sample is None else max(0, min(sample, len(names) - 1))
    forecast = next((record["forecast"] for record in records if record.get("forecast")), None)
    return {
        "charts": [(title, drawn) for title, drawn in _charts(page, records) if drawn],
        "rows": _rows(page, records),
        "samples": names,
        "at": at,
        "health": [one[page.language] for one in report.get("health", []) if page.language in one]
        or [
            page.say(f"health.short.{name}") for name in (records[-1].get("symptoms", []) if records else [])
        ],
        "is_early": len(records) < _EARLY,
        "forecast": None
        if forecast is None
        else page.say(
            "studio_train.forecast",
            time=time_in_words(page, forecast["seconds"]),
            rate=f"{forecast['images_per_s']:,.0f}",
            images=f"{forecast['images']:,}",
        ),
    }


def data_names(page: Page, desk: Desk) -> dict[str, str]:
    """What people call each training set, by its id."""
    sent = {job.asked["dataset"]: job.asked["name"] for job in desk.home.jobs.page(_MOST_SETS, kind="curate")}
    return sent | {name: page.say(f"studio_train.built_in.{name}") for name in BUILT_IN}


def time_in_words(page: Page, seconds: float) -> str:
    """Roughly how long, in its two largest units."""
    minutes = max(1, round(seconds / 60))
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = {"days": days, "hours": hours, "minutes": minutes % 60}
    told = [page.say(f"studio_train.time.{unit}", count=count) for unit, count in parts.items() if count][:2]
    return " ".join(told)


def _records(files: Files) -> Iterator[dict[str, Any]]:
    """Records of a training from its first to its last; of many, some as far apart as each other."""
    lines = files.read(STATUS).splitlines() if files.has(STATUS) else []
    each = -(-len(lines) // MOST_RECORDS) or 1
    for line in [*lines[:-1:each], *lines[-1:]]:
        try:
            record = json.loads(line, parse_constant=float)
        except ValueError:
            continue  # one that is only half there yet
        if isinstance(record, dict):
            yield record


def _charts(page: Page, records: list[dict[str, Any]]) -> Iterator[tuple[str, Markup]]:
    across = page.say("studio_train.images_seen")
    for what in ("losses", "margin", "readings", "scores"):
        title = page.say(f"studio_train.chart_{what}")
        yield title, chart(_curves(page, records, what), title, across)


def _curves(page: Page, records: list[dict[str, Any]], what: str) -> dict[str, list[Point]]:
    curves: dict[str, list[Point]] = {}
    for record in records:
        for name, value in _values(record, what).items():
            line = curves.setdefault(_word(page, what, name), [])
            line.append((float(record["images"]), float(value)))
    return curves


def _values(record: Mapping[str, Any], what: str) -> dict[str, float]:
    if what == "margin":
        return {} if record.get("margin") is None else {"margin": record["margin"]}
    if what == "losses":
        return dict(record.get("losses", {}))
    return {
        name: value
        for name, value in record.get("readings", {}).items()
        if ("FID" in name) == (what == "scores")
    }


def _word(page: Page, what: str, name: str) -> str:
    key = f"progress.loss.{name}" if what == "losses" else f"studio_train.reading.{name}"
    return page.say(key) if page.has(key) else name


def _rows(page: Page, records: list[dict[str, Any]], most: int = 12) -> list[tuple[str, str]]:
    """The newest values in words, for who cannot see curves."""
    newest: dict[str, str] = {}
    for record in records:
        for what in ("losses", "margin", "readings", "scores"):
            for name, value in _values(record, what).items():
                newest[_word(page, what, name)] = f"{float(value):.3g}"
    return list(newest.items())[:most]
