"""What descends from a picture: the curated sets that it is in, the runs that learnt from those, what they released;
and on, where a released image was itself put into a set. A set or a run may be where it begins.

Sets are known once they were curated in this home, runs by their entries in the ledger. A run on a folder that nobody
curated names no pictures, and is not found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.types import AssetId, Digest
from rectoverso.workflow.ledgers import entries_backwards


@dataclass(frozen=True, slots=True)
class Descent:
    """``sets`` by the digests of their manifests, ``runs`` by those of their weights, ``releases`` by their ids."""

    sets: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    releases: tuple[AssetId, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"sets": list(self.sets), "runs": list(self.runs), "releases": list(self.releases)}


def descent(
    home: Home,
    tx: Transaction,
    pictures: Collection[Digest],
    whole_sets: Collection[str] = (),
    whole_runs: Collection[str] = (),
) -> Descent:
    """What descends from pictures, by the SHA-256 of their files; and from whole sets and runs, which are named too."""
    if not pictures and not whole_sets and not whole_runs:
        return Descent()
    taught = _runs(home, tx)
    sets = {*whole_sets, *home.lineage.sets_of(tx, pictures)}
    runs: set[str] = set()
    releases: dict[AssetId, None] = {}
    new = {*whole_runs, *_closure(taught, {*sets, *whole_runs})}
    while new:
        runs |= new
        released = home.assets.descended(tx, new)
        files = [file for asset, file in released if asset not in releases]
        releases |= dict.fromkeys(asset for asset, _ in released)
        sets |= set(home.lineage.sets_of(tx, files))
        new = _closure(taught, sets | runs) - runs
    return Descent(tuple(sorted(sets)), tuple(sorted(runs)), tuple(releases))


def manifest_names(home: Home, run: str, manifests: Iterable[str]) -> tuple[str, ...]:
    """How the ledger names the sets of a private run (the weights ``run``): by names that only this home can make, new
    ones for each run. The plain digest would let anybody try which picture is in a set (`recto.privacy`).
    """
    return tuple(home.vault.name(f"manifest {manifest} of run {run}") for manifest in manifests)


def _runs(home: Home, tx: Transaction) -> list[tuple[str, frozenset[str]]]:
    """Each run with what it came of: the manifests of its sets, or the weights of another run."""
    found, known = [], home.lineage.manifests(tx)
    for _, entry in entries_backwards(home, tx):
        if entry.get("kind") == "run_trained":
            found.append((str(entry.get("run")), _sets_of(home, entry, known)))
        elif entry.get("kind") == "run_ingrained":
            found.append((str(entry.get("run")), frozenset({str(entry.get("from"))})))
    return found


def _sets_of(home: Home, entry: Mapping[str, Any], known: Collection[str]) -> frozenset[str]:
    """The manifests of a training's sets; of a private one those among the ``known`` that have such names."""
    said = frozenset(map(str, entry.get("manifests") or ()))
    if "privacy" not in entry or not said:
        return said
    names = manifest_names(home, str(entry.get("run")), known)
    return frozenset(manifest for manifest, name in zip(known, names, strict=True) if name in said)


def _closure(taught: Collection[tuple[str, frozenset[str]]], sources: Collection[str]) -> set[str]:
    """The runs that came of these, at any remove."""
    reached, found = set(sources), set[str]()
    while new := {run for run, came_of in taught if run not in found and not came_of.isdisjoint(reached)}:
        found |= new
        reached |= new
    return found
