"""Orders as a worker leaves them, without one: pictures that were drawn, a training under way, a set looked through."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from hanging import asset
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job, State
from rectoverso.types import AssetId, Decision
from rectoverso.verso.picture import to_png
from rectoverso.workflow.jobs.asked import CurateAsked, GenerateAsked, TrainAsked, asked_of
from rectoverso.workflow.jobs.kept import run_of, set_of
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.keys import open_keys

LOOKED: dict[str, Any] = {
    "dataset": "0123456789abcdef",
    "total": 5,
    "actions": {"keep": 3, "drop": 2},
    "reasons": {"copies.exact": 1, "signals.reserved": 1, "kinds.nobody.knows": 1},
    "copies": {"exact": 1},
    "licences": {"": 2},
    "seen": {"faces.found": 1},
    "faces_looked_for": "an eye",
    "changed": 3,
}
BEGUN = {
    "images_per_s": 50.0,
    "images": 8000,
    "seconds": 160.0,
    "memory_mb": 500,
    "device_memory_mb": 0,
    "score": None,
}


def drawn(home: Home, person: str, first: int, held: int | None = None, **asked: Any) -> Job:
    """An order of somebody that is done. Its images are numbered from ``first`` on; that of number ``held`` is held."""
    open_keys(home)
    job, _ = order(home, person, GenerateAsked(run="demo", **asked))
    order_ = asked_of(job.asked)
    assert isinstance(order_, GenerateAsked)
    rows: dict[str, list[dict[str, Any]]] = {"released": [], "held": [], "refused": []}
    with home.database.transaction() as tx:
        for number in range(first, first + order_.count):
            decision = Decision.HOLD if number == held else Decision.RELEASE
            home.assets.record(tx, _asset(number, decision))
            reasons = [
                {"key": "release.mark_failed", "facts": {"code": "door:mark", "decision": "hold"}, "text": ""}
            ]
            row = {
                "asset": f"{number:012x}",
                "seed": (order_.seed or 0) + number - first,
                "ledger_index": number,
            }
            row["verdict"] = {"decision": decision.value, "reasons": reasons if number == held else []}
            rows["held" if number == held else "released"].append(row)
    end(home, job, {"result": rows})
    return job


def end(home: Home, job: Job, told: dict[str, Any], state: State = State.DONE) -> None:
    """Have the only item of a job end so."""
    (turn,) = (one for one in home.jobs.unsent(100) if one.job == job.id)
    home.jobs.begin(turn)
    home.jobs.end(turn, state, told)


def looked_at(home: Home, person: str) -> Job:
    """A training set that was sent, and looked through."""
    open_keys(home)
    job, _ = order(home, person, CurateAsked(name="<b>cats</b>", dataset=LOOKED["dataset"], suffix=".zip"))
    home.folders.made(set_of(str(LOOKED["dataset"]))).write("curated/pictures.parquet", b"")
    end(home, job, {"result": LOOKED})
    return job


def training(home: Home, person: str, records: int = 12) -> Job:
    """A training under way: its records and two sample grids."""
    open_keys(home)
    job, _ = order(home, person, TrainAsked(system="dcgan", data="digits", size=32))
    (turn,) = (one for one in home.jobs.unsent(100) if one.job == job.id)
    home.jobs.begin(turn)
    kept = home.folders.made(run_of(job.id))
    kept.write("config.toml", b"[recipe]\nimages = 8000\n")
    lines = [
        {
            "stage": "training",
            "images": 100 * number,
            "losses": {"critic": 1 / (1 + number), "generator": float(number)},
            "margin": 0.1 * number,
            "readings": {"variety": 0.5} if number else {},
            "symptoms": ["critic_won"] if number == records - 1 else [],
            "forecast": None if number else BEGUN,
        }
        for number in range(records)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    kept.write("status.jsonl", (text + '{"stage": "trai').encode())
    for images in (0, 800):
        grid = np.full((70, 70, 3), images // 4, np.uint8)
        kept.write(f"samples/{images:09d}.png", to_png(grid))
    report = {"images_per_s": 50.0, "images": 800, "seed": 0, "machine": "", "weights": {}}
    kept.write("run.json", json.dumps(report).encode())
    return job


def _asset(number: int, decision: Decision) -> Any:
    from dataclasses import replace

    return replace(
        asset(number), id=AssetId(f"{number:012x}"), decision=decision, decided_at="2027-01-01T00:00:00+00:00"
    )
