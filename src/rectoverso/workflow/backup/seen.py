"""What somebody else saw of the ledger: a ledger that was put back may be older than that, and must not be another.

A checkpoint says how long the ledger was, and which entries it had. One that is longer than the ledger of a backup is
kept with the home that is put back from it: nothing leaves there, for a ledger that goes on beside entries that others
have seen tells two histories, until somebody takes it as it is (`verso registry unsafe-accept`, ``workflow.guard``).
"""

from __future__ import annotations

import json
from pathlib import Path

from rectoverso.errors import LedgerBroken, NotALedger
from rectoverso.i18n import Phrase
from rectoverso.types import Message
from rectoverso.verso.ledger.checkpoint import open_checkpoint, stated
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import BadNote

_PLACES = ("checkpoint.txt", "checkpoint")
"""Where a home, and an export, keep it."""


def read_seen(path: Path) -> bytes:
    """The checkpoint in a file, in what a monitor remembers, or in the folder of a home or an export. Raises
    NotALedger.
    """
    found = next((path / name for name in _PLACES if (path / name).is_file()), path)
    try:
        note = found.read_bytes()
        if note.lstrip().startswith(b"{"):
            note = str(json.loads(note)["checkpoint"]).encode()
        stated(note)
    except (OSError, ValueError, KeyError, TypeError, BadNote) as error:
        raise NotALedger(source=path) from error
    return note


def entries_missing(note: bytes, ring: KeyRing, size: int) -> int:
    """How many entries of what was seen a ledger of that size does not have. Raises LedgerBroken for a checkpoint that
    these keys did not sign.
    """
    try:
        return max(0, open_checkpoint(note, ring).size - size)
    except BadNote as error:
        raise LedgerBroken(problem=Phrase(Message("ledger.kept_unsigned"))) from error
