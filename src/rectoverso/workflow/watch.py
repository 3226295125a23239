"""A ledger seen from outside: exporting it, checking an export by itself, and watching that history stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import LedgerKeyUnusable, NotALedger, OutNotWritable, StateUnusable
from rectoverso.i18n import say
from rectoverso.store.atomic import write_atomically
from rectoverso.types import Message
from rectoverso.verso.ledger.export import Exported, export_tiles
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.monitor import Seen, Watched, watch
from rectoverso.verso.ledger.note import BadNote
from rectoverso.verso.ledger.recount import recount
from rectoverso.verso.ledger.tiles import TileFolder

if TYPE_CHECKING:
    from rectoverso.store.home import Home
    from rectoverso.verso.ledger.audit import LedgerState
    from rectoverso.verso.ledger.merkle import Node

DEFAULT_STATE = Path("ledger-seen.json")


@dataclass(frozen=True, slots=True)
class Recounted:
    """What the check of an export found; ``own_keys``: by no other keys than the export itself names."""

    state: LedgerState
    origin: str
    own_keys: bool

    @property
    def holds(self) -> bool:
        return not self.state.problems

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "holds": self.holds,
            "origin": self.origin,
            "size": self.state.size,
            "root": self.state.root,
            "own_keys": self.own_keys,
            "problems": _plain(self.state.problems),
        }


def plain(watched: Watched) -> dict[str, Any]:
    """As `--json` prints it."""
    return {
        "holds": not watched.problems,
        "size": watched.size,
        "root": watched.root.hex(),
        "before": watched.before,
        "rotations": list(watched.rotations),
        "problems": _plain(watched.problems),
    }


def key_ring(given: str) -> KeyRing:
    """A ledger's public keys, from a file of lines or from one line. Raises LedgerKeyUnusable."""
    try:
        path = Path(given)
        text = path.read_text(encoding="utf-8") if path.is_file() else given
        return KeyRing.parse(text)
    except (BadNote, OSError, ValueError) as error:
        raise LedgerKeyUnusable(given=given) from error


def export_ledger(home_path: Path, folder: Path) -> Exported:
    """Write the ledger as tiles that any static host can serve; again, and only what is new is written.

    Raises HomeMissing, KeysLost, LedgerBroken, ExportForeign and OutNotWritable.
    """
    from rectoverso.workflow.ledgers import existing_home, keys_of, open_ledger

    home = existing_home(home_path)
    ring = open_ledger(home, keys_of(home)).ring
    try:
        with home.database.read() as tx:
            return export_tiles(home.log, tx, ring, folder)
    except OSError as error:
        raise OutNotWritable(out=folder, system=error.strerror or error) from error


def check_export(folder: Path, given: Iterable[str] = ()) -> Recounted:
    """Recompute an export from its files alone, by the keys given or else by those it names itself.

    Raises NotALedger when there is none, LedgerKeyUnusable.
    """
    export = TileFolder(folder)
    rings = [key_ring(one) for one in given]
    ring = next(iter(rings), None) or export.ring()
    if ring is None or export.checkpoint() is None:
        raise NotALedger(source=folder)
    return Recounted(recount(export, ring), ring.origin, own_keys=not rings)


def monitor(source: Path, state: Path, given: Iterable[str] = ()) -> Watched:
    """Compare a ledger (a home, or an export's folder) with what was seen of it last, and remember it if it holds.

    The first time, the keys are those given or else those that the source itself names. Raises NotALedger,
    StateUnusable, LedgerKeyUnusable and OutNotWritable.
    """
    rings = [key_ring(one) for one in given]
    seen = _seen(state)
    shown = _source(source)
    ring = next(iter(rings), None) or (seen.ring if seen else None) or shown.ring()
    if ring is None:
        raise NotALedger(source=source)
    watched = watch(shown, ring, seen)
    if watched.seen and watched.seen != seen:
        _remember(state, watched.seen)
    return watched


class HomeLedger:
    """The ledger of a home on this machine, as a monitor sees it."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def checkpoint(self) -> bytes | None:
        with self._home.database.read() as tx:
            latest = self._home.log.latest_checkpoint(tx)
        return latest[1] if latest else None

    def ring(self) -> KeyRing | None:
        from rectoverso.workflow.ledgers import open_ledger

        keys = self._home.keys
        return open_ledger(self._home, keys).ring if keys else None

    def nodes(self, size: int, wanted: Iterable[Node]) -> dict[Node, bytes]:  # noqa: ARG002 - the interface
        with self._home.database.read() as tx:
            return self._home.log.nodes(tx, wanted)

    def entries(self, begin: int, end: int, size: int) -> Iterator[bytes]:  # noqa: ARG002 - the interface
        with self._home.database.read() as tx:
            found = self._home.log.entries(tx, begin, end)
        for index in range(begin, end):
            yield found.get(index, b"")


def _source(path: Path) -> TileFolder | HomeLedger:
    from rectoverso.store.home import Home

    export = TileFolder(path)
    if export.checkpoint() is not None:
        return export
    home = Home.existing(path) if path.is_dir() else None
    if home is None:
        raise NotALedger(source=path)
    return HomeLedger(home)


def _seen(state: Path) -> Seen | None:
    try:
        return Seen.parse(state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (BadNote, OSError, ValueError) as error:
        raise StateUnusable(state=state) from error


def _remember(state: Path, seen: Seen) -> None:
    try:
        state.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(state, seen.text.encode())
    except OSError as error:
        raise OutNotWritable(out=state, system=error.strerror or error) from error


def _plain(problems: Iterable[Message]) -> list[dict[str, str]]:
    return [{"key": problem.key, "text": say(problem)} for problem in problems]
