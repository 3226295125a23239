"""A run or a training set that a service keeps, destroyed whole with `verso erase`: the key of its folder, and the
orders that made it with what they tell of it.

What it taught stays and is marked. Of a set these are the runs that learnt from it, without their samples, checkpoints
and credits (`workflow.kept_pictures`); of a run, what it released. Which pictures a set had stays too, sealed
(`store.lineage`): whoever asks for one of them later is still told which runs learnt from it.

As long as an order works on it, it is not destroyed: it would go on in the memory of who learns from it or draws.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from rectoverso.errors import RecordDamaged, StillInUse
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.workflow.jobs.kept import WEIGHTS, run_in, run_of, set_of
from rectoverso.workflow.kept_pictures import InSets, titles_in, weights_told


@dataclass(frozen=True, slots=True)
class Whole:
    """``of``: how the home names its folder; ``name``: its id; ``orders``: the jobs that made it. ``sets`` and ``runs``
    it is known by, or what learnt from it is: the digests of manifests and of weights. ``credited``: see `InSets`.
    """

    of: str
    name: str
    orders: tuple[str, ...]
    sets: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    credited: InSets = field(default_factory=lambda: InSets({}))


def whole_run(home: Home, run: str) -> Whole | None:
    """A run by its id; None where a service keeps none."""
    with home.database.read() as tx:
        orders = [job for job in home.jobs.all(tx) if job.kind == "train" and job.id == run]
        told = {weights for job in orders if (weights := weights_told(home, tx, job))}
        if not orders and not home.folders.has(tx, run_of(run)):
            return None
    runs = frozenset(told | set(_weights_in(home, run)))
    return Whole(run_of(run), run, tuple(job.id for job in orders), runs=runs)


def whole_set(home: Home, dataset: str) -> Whole | None:
    """A training set by its id; None where a service keeps none."""
    with home.database.read() as tx:
        jobs = home.jobs.all(tx)
        orders = [job for job in jobs if job.kind == "curate" and job.asked["dataset"] == dataset]
        if not orders and not home.folders.has(tx, set_of(dataset)):
            return None
        results = [one["result"] for job in orders for one in home.jobs.told(tx, job.id) if "result" in one]
        learnt = [job for job in jobs if job.kind == "train" and dataset in _named(job)]
        runs = {weights for job in learnt if (weights := weights_told(home, tx, job))}
    return Whole(
        set_of(dataset),
        dataset,
        tuple(job.id for job in orders),
        frozenset(result["manifest"] for result in results),
        frozenset(runs),
        InSets({}, titles=titles_in(home, dataset)),
    )


def destroy(home: Home, tx: Transaction, whole: Whole) -> int:
    """Destroy it; returns how many data keys there were."""
    keys = home.folders.destroy(tx, whole.of)
    return keys + sum(home.jobs.forget(tx, job) for job in whole.orders)


def demand_idle(home: Home, tx: Transaction, whole: Whole) -> None:
    """Raise StillInUse where an order that has not ended makes it, learns from it or draws with it."""
    using = [job.id for job in home.jobs.all(tx) if job.is_open and whole.name in _named(job)]
    if using:
        raise StillInUse(name=whole.name, jobs=", ".join(using))


def _named(job: Job) -> set[str]:
    """The runs and training sets that an order makes or needs."""
    asked = job.asked
    named = {asked.get(part) for part in ("data", "data_b", "dataset", "run")}
    named |= {run_in(setting) for setting in asked.get("settings", ())}
    return {name for name in {*named, job.id} if name}


def _weights_in(home: Home, run: str) -> Iterator[str]:
    """The digest of the weights that there are, also of a run that did not come to its end."""
    with suppress(RecordDamaged, FileNotFoundError):
        kept, digest = home.folders.find(run_of(run)), hashlib.sha256()
        if kept is not None:
            for piece in kept.pieces(WEIGHTS):
                digest.update(piece)
            yield digest.hexdigest()
