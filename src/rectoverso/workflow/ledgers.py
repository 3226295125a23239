"""The ledger of a home: opening it, proving, checking, revoking a release, erasing what stands behind an entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import (
    BlobDamaged,
    BlobMissing,
    EntryNotFound,
    HomeMissing,
    KeysLost,
    LedgerBroken,
    NotReleased,
    OutNotWritable,
    RecordDamaged,
    RegisterAltered,
)
from rectoverso.i18n import explain, say
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.assets import Asset
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.ledger_keys import LedgerKeys
from rectoverso.store.openings import Opening
from rectoverso.store.people import Person
from rectoverso.store.vault import Cipher
from rectoverso.types import AssetId, Decision, Message
from rectoverso.verso.ledger.commitment import as_fact, commit, commitment_of, commitments_in
from rectoverso.verso.ledger.entry import Json, parse_entry
from rectoverso.verso.ledger.ledger import BATCH, Expected, Ledger
from rectoverso.verso.ledger.merkle import EMPTY_ROOT
from rectoverso.verso.ledger.note import KeyKind
from rectoverso.verso.ledger.signing import SigningKeys
from rectoverso.workflow.files import make_folder

ENTRY_KINDS = {Decision.RELEASE: "released", Decision.HOLD: "held", Decision.REFUSE: "refused"}
"""The kind of ledger entry that each decision is."""
REVOKED = "revoked"
"""The kind of entry that takes a release back."""
OPENINGS_ERASED = "openings_erased"
"""The kind of entry by which what an earlier one committed to is known no more."""
_MOST_DIGITS = 15
_AT_ONCE = 500
"""Stored pictures whose keys are read together."""


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
    """The ledger of ``home``, signed with its keys."""
    signing = {made.entry: signing_keys(keys, made) for made in keys.ledger}
    return Ledger(home.database, home.log, signing, clock or SystemClock())


def signing_keys(keys: Keys, made: LedgerKeys) -> SigningKeys:
    """One generation of keys, under the name of this home's ledger."""
    return SigningKeys(keys.ledger_origin, made.ed25519, made.ml_dsa_44)


def committed(home: Home, tx: Transaction, value: str) -> dict[str, str]:
    """Personal data as an entry may hold it: a commitment, whose opening stays in the home and can be erased."""
    commitment, salt = commit(value)
    home.openings.keep(tx, Opening(commitment, salt, value))
    return as_fact(commitment)


def opened(home: Home, ledger: Ledger, index: int, name: str) -> str | None:
    """What fact ``name`` of an entry committed to; None when its opening was erased or does not fit."""
    commitment = next(commitments_in(ledger.entry(index).get(name)), "")
    with home.database.read() as tx:
        opening = home.openings.find(tx, commitment)
    if opening is None or commitment_of(opening.value, opening.salt) != commitment:
        return None
    return opening.value


def last_entry(home: Home, tx: Transaction, fits: Callable[[Mapping[str, Any]], bool]) -> int | None:
    """The index of the last entry whose fields fit; None where none does."""
    for index, entry in entries_backwards(home, tx):
        if fits(entry):
            return index
    return None


def entries_backwards(home: Home, tx: Transaction) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Index and fields of all entries, the last first; some at a time are in memory."""
    for end in range(home.log.size(tx), 0, -BATCH):
        entries = home.log.entries(tx, max(0, end - BATCH), end)
        for index in reversed(entries):
            yield index, parse_entry(entries[index]) or {}


def check_ledger(home_path: Path) -> Checked:
    """Recompute the whole ledger, and compare it with the decisions and the pictures in the store."""
    return check_home(existing_home(home_path))


def check_home(home: Home) -> Checked:
    """The same of a home that is open."""
    with home.database.read() as tx:
        is_empty = home.log.size(tx) == 0
    if home.keys is None and is_empty and not home.assets.all():
        return Checked(0, EMPTY_ROOT.hex(), dict.fromkeys(ENTRY_KINDS.values(), 0), ())
    ledger = open_ledger(home, keys_of(home))
    seen = home.last_checkpoint
    with home.database.read() as tx:  # one moment of both: an image decided meanwhile is no difference
        assets = home.assets.all(tx)
        expected = [entry for asset in assets for entry in _expected(asset)]
        state = ledger.check(expected, [seen.decode("utf-8", "replace")] if seen else [], tx=tx)
        altered = _altered(home, ledger, tx)
    counts = Counter(ENTRY_KINDS[asset.decision] for asset in assets)
    return Checked(
        size=state.size,
        root=state.root,
        counts={kind: counts[kind] for kind in ENTRY_KINDS.values()},
        problems=(*state.problems, *altered, *_damaged(home, assets)),
    )


def prove_entry(home_path: Path, entry: str, *, quantum: bool = False) -> tuple[int, str]:
    """The index of an entry, named by index or by asset, and its proof. Raises EntryNotFound, LedgerBroken.

    ``quantum``: with the ML-DSA-44 signature beside that of Ed25519, which makes it 3.3 KB longer.
    """
    home = existing_home(home_path)
    ledger = open_ledger(home, keys_of(home))
    index = _index(home, ledger, entry)
    return index, ledger.prove(index, kinds=tuple(KeyKind) if quantum else (KeyKind.ED25519,))


def ledger_keys(home_path: Path) -> str:
    """The public keys to give to others, a line each, with the size from which on each signs."""
    home = existing_home(home_path)
    return open_ledger(home, keys_of(home)).ring.text


def write_page(home_path: Path, path: Path) -> None:
    """Write the page of `verifier`. Raises OutNotWritable."""
    text = verifier(existing_home(home_path))
    make_folder(path.parent)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutNotWritable(out=path, system=error.strerror or error) from error


def verifier(home: Home) -> str:
    """The page that verifies released files in a browser, with this ledger's public keys in it: those of Ed25519,
    which browsers know and proofs carry.
    """
    from rectoverso.verso.ledger.page import page

    return page(open_ledger(home, keys_of(home)).ring.of_kind(KeyKind.ED25519))


def revoke(
    home_path: Path, asset: str, reason: str, clock: Clock | None = None, by: Person | None = None
) -> tuple[Asset, int]:
    """Take a release back: an entry of the ledger that every verification at this home tells of.

    Returns the image and the entry's index; one that was revoked before stays as it was. The reason, and ``by`` whom,
    is committed to, and not written into the ledger. Raises NotReleased.
    """
    from rectoverso.workflow.guard import Guard

    home = existing_home(home_path)
    with home.lock():
        ledger = open_ledger(home, keys_of(home), clock)
        found = home.assets.by_id(AssetId(asset))
        if found is None or found.decision is not Decision.RELEASE:
            raise NotReleased(asset=asset)
        if found.revoked is not None:
            return found, found.revoked
        with Guard(home, ledger).changing() as tx:
            why = committed(home, tx, reason)
            facts: dict[str, Json] = {"asset": found.id, "released": found.ledger_index, "reason": why}
            facts |= {"by": committed(home, tx, f"{by.id} {by.name}")} if by else {}
            index = ledger.append(tx, REVOKED, facts)
            home.assets.revoke(tx, found.id, index)
    return found, index


def erase(home_path: Path, entry: str, clock: Clock | None = None) -> tuple[int, int]:
    """Erase what stands behind an entry's commitments: from then on nobody can tell what was committed to.

    Returns the entry's index and how many openings went. The erasure is an entry too. Raises EntryNotFound.
    """
    from rectoverso.workflow.guard import Guard

    home = existing_home(home_path)
    with home.lock():
        ledger = open_ledger(home, keys_of(home), clock)
        index = _index(home, ledger, entry)
        with home.database.transaction() as tx:
            erased = home.openings.erase(tx, commitments_in(ledger.entry(index)))
            if Guard(home, ledger).forget_calibration(tx, index) or erased:
                ledger.append(tx, OPENINGS_ERASED, {"entry": index})
    home.database.settle()
    return index, erased


def _index(home: Home, ledger: Ledger, entry: str) -> int:
    """The entry that is meant: by its index, or that of an asset's decision."""
    asset = home.assets.by_id(AssetId(entry))
    if asset is None and not (entry.isdecimal() and len(entry) <= _MOST_DIGITS):
        raise EntryNotFound(index=entry, size=ledger.size())
    return asset.ledger_index if asset else int(entry)


def existing_home(home_path: Path) -> Home:
    """The home; raises HomeMissing."""
    home = Home.existing(home_path)
    if home is None:
        raise HomeMissing(home=home_path)
    return home


def keys_of(home: Home) -> Keys:
    """Its keys; raises KeysLost."""
    keys = home.keys
    if keys is None:
        raise KeysLost(home=home.path)
    return keys


def _expected(asset: Asset) -> list[Expected]:
    decided = Expected(asset.ledger_index, ENTRY_KINDS[asset.decision], asset.id)
    return [decided] if asset.revoked is None else [decided, Expected(asset.revoked, REVOKED, asset.id)]


def _altered(home: Home, ledger: Ledger, tx: Transaction) -> list[Message]:
    """Whether the register is another than was sealed; what is wrong with the ledger itself is told already."""
    from rectoverso.workflow.guard import Guard

    try:
        Guard(home, ledger).check(tx)
    except (RegisterAltered, RecordDamaged):
        return [Message("ledger.register_altered")]
    except LedgerBroken:
        return []
    return []


def _damaged(home: Home, assets: list[Asset]) -> list[Message]:
    """Pictures that a decision names and that are gone or altered in the store, and findings that do not open."""
    problems = [
        Message("release.findings_damaged", {"asset": asset.id}) for asset in assets if asset.is_damaged
    ]
    kept = [asset.id for asset in assets if asset.has_picture]
    for start in range(0, len(kept), _AT_ONCE):
        problems += _do_not_open(home, kept[start : start + _AT_ONCE])
    return problems


def _do_not_open(home: Home, assets: Sequence[AssetId]) -> Iterator[Message]:
    """What is wrong with stored pictures. Their keys are read together: that takes longer, one by one, than opening."""
    keys: Mapping[str, Cipher] = {}
    with suppress(RecordDamaged), home.database.read() as tx:
        keys = home.data_keys.of_table(tx, "assets", assets)
    for asset in assets:
        with suppress(KeyError, RecordDamaged, BlobDamaged, BlobMissing):
            home.blobs.get(asset, keys[f"assets/{asset}"])
            continue
        try:  # it may have another key by now
            home.blobs.get(asset)
        except (BlobDamaged, BlobMissing) as error:
            yield Message("release.picture_damaged", {"asset": asset, "why": explain(error)})
