"""Register, look up, list and remove protected works; each change is an entry in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.verso.registry.registry import Registry
from rectoverso.workflow.files import picture_files
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import committed, open_ledger


def add_works(
    files: Iterable[Path],
    home_path: Path,
    *,
    title: str | None = None,
    owner: str = "",
    clock: Clock | None = None,
) -> list[Work]:
    """Register the pictures in ``files`` (or folders) as works, all or none; a file known already stays as it is.

    Raises ImageUnreadable, WorkTooPlain or BadWorks.
    """
    paths = picture_files(files)
    home = Home.open(home_path)
    registry = _registry(home, clock or SystemClock())
    with home.lock():
        return registry.add(paths, title=title, owner=owner)


def remove_work(name: str, home_path: Path, clock: Clock | None = None) -> Work:
    """Take a work off the register, by id or title. Raises WorkNotFound."""
    home = Home.open(home_path)
    registry = _registry(home, clock or SystemClock())
    with home.lock():
        return registry.remove(name)


def list_works(home_path: Path) -> list[Work]:
    """Every registered work, the oldest first; none when there is no home."""
    home = Home.existing(home_path)
    return home.works.all() if home else []


def search_works(file: Path, home_path: Path) -> list[dict[str, Any]]:
    """The registered works that a picture is similar to, the nearest first, as `--json` prints them."""
    home = Home.open(home_path)
    return [match.plain() for match in _registry(home, SystemClock()).search(file)]


def plain(work: Work) -> dict[str, Any]:
    """As `--json` prints it. The fingerprints stay inside."""
    return {
        "id": work.id,
        "title": work.title,
        "owner": work.owner,
        "file_digest": work.file_digest,
        "added_at": work.added_at,
    }


def _registry(home: Home, clock: Clock) -> Registry:
    ledger = open_ledger(home, open_keys(home, clock=clock), clock)

    def record(tx: Transaction, kind: str, work: Work) -> None:
        # The digest of a portrait finds the person whom it shows: it is committed to, not written down.
        ledger.append(tx, kind, {"work": committed(home, tx, work.file_digest)})

    return Registry(home, clock, record)
