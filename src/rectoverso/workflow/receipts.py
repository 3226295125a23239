"""The receipt of an erasure: what whoever asked for it keeps, and anybody can verify without the home.

A JSON file with the ledger's proof of the entry `erased` (c2sp.org/tlog-proof), and what the commitment in that entry
opens to. The home keeps neither the words nor their salt: it makes both again when it is asked for the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rectoverso.errors import NotAReceipt, OutNotWritable
from rectoverso.store.atomic import write_atomically
from rectoverso.types import Message
from rectoverso.verso.ledger.commitment import commitment_of, commitments_in
from rectoverso.verso.ledger.entry import parse_entry
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.proof import LARGEST_PROOF, verify_proof
from rectoverso.workflow.files import make_folder
from rectoverso.workflow.watch import key_ring

KIND = "rectoverso erasure receipt"
VERSION = 1


class Opened(Protocol):
    """What a commitment opens to."""

    @property
    def words(self) -> str: ...

    @property
    def salt(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """``words``: what was erased, such as ``work 1a2b3c4d``; ``salt`` in hexadecimal; ``proof`` of the entry."""

    words: str
    salt: str
    proof: str

    @classmethod
    def of(cls, subject: Opened, proof: str) -> Receipt:
        return cls(subject.words, subject.salt.hex(), proof)

    @property
    def text(self) -> str:
        """The file."""
        told = {"receipt": KIND, "v": VERSION, "subject": self.words, "salt": self.salt, "proof": self.proof}
        return json.dumps(told, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> Receipt:
        """What a file says; nothing of it is verified yet. Raises NotAReceipt."""
        try:
            if path.stat().st_size > 2 * LARGEST_PROOF:
                raise NotAReceipt(path=path)
            told = json.loads(path.read_text(encoding="utf-8"))
            if (told["receipt"], told["v"]) != (KIND, VERSION):
                raise NotAReceipt(path=path)
            bytes.fromhex(told["salt"])
            return cls(str(told["subject"]), str(told["salt"]), str(told["proof"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotAReceipt(path=path) from error

    def write(self, path: Path) -> None:
        """For its owner alone: it says whom it is about. Raises OutNotWritable."""
        make_folder(path.parent)
        try:
            write_atomically(path, self.text.encode())
        except OSError as error:
            raise OutNotWritable(out=path, system=error.strerror or error) from error


@dataclass(frozen=True, slots=True)
class ReceiptReading:
    """What a receipt proves, unless problems say no."""

    subject: str
    origin: str
    index: int | None
    entry: dict[str, Any]
    problems: tuple[Message, ...]

    @property
    def holds(self) -> bool:
        return not self.problems

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        told = {name: self.entry.get(name) for name in ("at", "what", "keys", "sets", "runs", "releases")}
        return {
            "holds": self.holds,
            "subject": self.subject,
            "origin": self.origin,
            "index": self.index,
            **told,
            "problems": [problem.key for problem in self.problems],
        }


def check_receipt(path: Path, given: Iterable[str], home_path: Path) -> ReceiptReading:
    """Verify a receipt by the ledger keys given (lines, or files of them), else by those of the home. Raises
    NotAReceipt, LedgerKeyUnusable, and HomeMissing where neither is there.
    """
    from rectoverso.workflow.ledgers import existing_home, keys_of, open_ledger

    receipt = Receipt.read(path)
    rings = [key_ring(one) for one in given]
    if not rings:
        home = existing_home(home_path)
        rings = [open_ledger(home, keys_of(home)).ring]
    readings = [verify_receipt(receipt, ring) for ring in rings]
    return min(readings, key=lambda reading: len(reading.problems))


def verify_receipt(receipt: Receipt, ring: KeyRing) -> ReceiptReading:
    """Verify offline, by the public keys of a ledger:

    1. The ledger that signs with them holds the entry in the proof (`verso.ledger.proof`).
    2. The entry tells of an erasure.
    3. What it committed to is what the receipt names.
    """
    reading = verify_proof(receipt.proof, ring)
    entry = parse_entry(reading.entry) or {}
    problems = list(reading.problems)
    if not problems and entry.get("kind") != "erased":
        problems.append(Message("ledger.receipt_of_something_else", {"index": reading.index}))
    committed = set(commitments_in(entry.get("subject")))
    if not problems and committed != {commitment_of(receipt.words, bytes.fromhex(receipt.salt))}:
        problems.append(Message("ledger.receipt_of_another", {"index": reading.index}))
    return ReceiptReading(receipt.words, ring.origin, reading.index, entry, tuple(problems))
