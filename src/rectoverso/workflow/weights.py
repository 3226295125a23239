"""The weights that a home compares works by beside all else: which file, with which digest, brought to pictures how.

Naming them is recorded in the home and in its ledger. From then on they are part of the door: what cannot be loaded as
it was named stops it, for a door that opened with less than it was told to look with would be another door.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.atomic import write_atomically
from rectoverso.store.home import Home
from rectoverso.verso.screen.embedding import Description, Embedder, unusable
from rectoverso.workflow import digests
from rectoverso.workflow.guard import Guard, sealed
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger

RECORD = "weights.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """What was named: the ``file``, its digest, and how pictures are brought to it."""

    file: Path
    sha256: str
    description: Description

    @property
    def digest(self) -> str:
        """Of all that decides what they say, wherever the file lies."""
        return digests.of_facts(sha256=self.sha256, description=self.description.model_dump(mode="json"))

    def plain(self) -> dict[str, Any]:
        """As the home keeps it and `--json` prints it."""
        return {
            "file": str(self.file),
            "sha256": self.sha256,
            "description": self.description.model_dump(mode="json"),
        }


def name_weights(file: Path, home_path: Path, clock: Clock | None = None) -> Weights:
    """Compare works by this network too, from now on. Works that are registered already are, once they are added again.

    Raises EmbedderUnusable, MissingExtra, HomeBusy.
    """
    description = Description.beside(file)
    embedder = Embedder(file, description)
    named = Weights(file.resolve(), embedder.digest, description)
    _record(home_path, "weights_named", named, clock)
    return named


def forget_weights(home_path: Path, clock: Clock | None = None) -> Weights | None:
    """Compare by no network any more; returns the weights that were named. Raises EmbedderUnusable, HomeBusy."""
    home = Home.existing(home_path)
    named = _recorded(home) if home else None
    if home and (named or sealed(home).weights):
        _record(home_path, "weights_forgotten", None, clock, **({"sha256": named.sha256} if named else {}))
    return named


def named_weights(home: Home) -> Weights | None:
    """What was named in this home, None where nothing was. Raises EmbedderUnusable where the record is damaged, or is
    not that of what was named last: whoever took it away would else choose what is compared.
    """
    named = _recorded(home)
    if sealed(home).weights != (named.digest if named else None):
        raise unusable(home.path / RECORD, "other")
    return named


def _recorded(home: Home) -> Weights | None:
    path = home.path / RECORD
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        description = Description.model_validate_json(json.dumps(plain["description"]))
        return Weights(Path(plain["file"]), str(plain["sha256"]), description)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise unusable(path, "record", problem=type(error).__name__) from error


def weights_digest(home: Home) -> str:
    """That of the weights that are named, "" for none. Raises EmbedderUnusable where the record is damaged."""
    named = named_weights(home)
    return named.digest if named else ""


def weights_at(home_path: Path) -> Weights | None:
    """What was named in the home at a path; None where there is no home."""
    home = Home.existing(home_path)
    return named_weights(home) if home else None


def embedder_of(home: Home) -> Embedder | None:
    """The network that was named, loaded. Raises EmbedderUnusable and MissingExtra."""
    named = named_weights(home)
    return None if named is None else Embedder(named.file, named.description, named.sha256)


def _record(home_path: Path, kind: str, named: Weights | None, clock: Clock | None, **facts: str) -> None:
    """Into the ledger first, and under its seal: killed before the file is written, the door stays shut until they are
    named again.
    """
    home, clock = Home.open(home_path), clock or SystemClock()
    keys = open_keys(home, clock=clock)
    told = {"sha256": named.sha256, "name": named.description.name} if named else facts
    ledger = open_ledger(home, keys, clock)
    guard = Guard(home, ledger)
    with home.lock():
        with guard.changing() as tx:
            ledger.append(tx, kind, told)
            guard.say(weights=named.digest if named else None)
        if named is None:
            (home.path / RECORD).unlink(missing_ok=True)
        else:
            write_atomically(home.path / RECORD, json.dumps(named.plain(), ensure_ascii=False).encode())
