"""The ledger of a home: opening it, proving an entry, and checking it against the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import BlobDamaged, BlobMissing, EntryNotFound, HomeMissing, KeysLost
from rectoverso.i18n import explain, say
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import AssetId, Decision, Message
from rectoverso.verso.ledger.ledger import Expected, Ledger
from rectoverso.verso.ledger.merkle import EMPTY_ROOT

ENTRY_KINDS = {Decision.RELEASE: "released", Decision.HOLD: "held", Decision.REFUSE: "refused"}
"""The kind of ledger entry that each decision is."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a full check of the ledger found; ``counts`` says how many images were released, held and refused."""

    size: int
    root: str
    counts: Mapping[str, int]
    problems: tuple[Message, ...]

    @property
    def holds(self) -> bool:
        return not self.problems

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "holds": self.holds,
            "size": self.size,
            "root": self.root,
            "counts": dict(self.counts),
            "problems": [{"key": problem.key, "text": say(problem)} for problem in self.problems],
        }


def open_ledger(home: Home, keys: Keys, clock: Clock | None = None) -> Ledger:
    """The ledger of ``home``, signed with its key."""
    return Ledger(home.database, home.log, keys.ledger_key, keys.ledger_origin, clock or SystemClock())


def check_ledger(home_path: Path) -> Checked:
    """Recompute the whole ledger, and compare it with the decisions and the pictures in the store."""
    home = _existing(home_path)
    with home.database.read() as tx:
        is_empty = home.log.size(tx) == 0
    if home.keys is None and is_empty and not home.assets.all():
        return Checked(0, EMPTY_ROOT.hex(), dict.fromkeys(ENTRY_KINDS.values(), 0), ())
    ledger = open_ledger(home, _keys(home))
    with home.database.read() as tx:  # one moment of both: an image decided meanwhile is no difference
        assets = home.assets.all(tx)
        state = ledger.check((_expected(asset) for asset in assets), tx=tx)
    counts = Counter(ENTRY_KINDS[asset.decision] for asset in assets)
    return Checked(
        size=state.size,
        root=state.root,
        counts={kind: counts[kind] for kind in ENTRY_KINDS.values()},
        problems=(*state.problems, *_damaged_pictures(home, assets)),
    )


def prove_entry(home_path: Path, entry: str) -> tuple[int, str]:
    """The index of an entry, named by index or by asset, and its proof. Raises EntryNotFound, LedgerBroken."""
    home = _existing(home_path)
    ledger = open_ledger(home, _keys(home))
    asset = home.assets.by_id(AssetId(entry))
    if asset is None and not entry.isdecimal():
        raise EntryNotFound(index=entry, size=ledger.size())
    index = asset.ledger_index if asset else int(entry)
    return index, ledger.prove(index)


def _existing(home_path: Path) -> Home:
    home = Home.existing(home_path)
    if home is None:
        raise HomeMissing(home=home_path)
    return home


def _keys(home: Home) -> Keys:
    keys = home.keys
    if keys is None:
        raise KeysLost(home=home.path)
    return keys


def _expected(asset: Asset) -> Expected:
    return Expected(asset.ledger_index, ENTRY_KINDS[asset.decision], asset.id)


def _damaged_pictures(home: Home, assets: list[Asset]) -> list[Message]:
    """Pictures that a decision names and that are gone or altered in the store."""
    problems = []
    for asset in assets:
        if asset.blob is None:
            continue
        try:
            home.blobs.get(asset.blob)
        except (BlobDamaged, BlobMissing) as error:
            problems.append(Message("release.picture_damaged", {"asset": asset.id, "why": explain(error)}))
    return problems
