"""The door for files that nobody trusts: they are read in a process of their own, which is bounded.

    report = verify_file(Path("picture.png"), anchors_pem=anchors)

What decoders, parsers and detectors do with a stranger's bytes they do in there: without network, files or secrets,
within a time and a memory that the size of the picture sets (`confinement`, `bounds`). If it crashes, hangs or wants
too much, the answer is `could_not_check`, with the layer and what happened, and the next file gets a new process. One
process serves many files, because starting one takes longer than verifying a picture. Who wants a stranger's picture
gets its pixels and nothing else of the file (`BoundedVerifier.open`), or has the question asked in there (`clauses`,
`manifest`, `examine`, `remains`, `deidentify`). DICOM files have a process of their own, which loads what reads them.

What the process says is not believed beyond its form. Still, whoever takes it over by a crafted file can have it say
what he likes of this file and the next ones: what is bounded is the harm to the machine.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, cast

from rectoverso.errors import DicomUnreadable, ImageStopped, ImageUnreadable
from rectoverso.i18n import Phrase
from rectoverso.types import Message, Report
from rectoverso.verso.verify.belief import Clauses, Heard, Opened
from rectoverso.verso.verify.bounds import Bounds, Job, Reads
from rectoverso.verso.verify.conversation import Conversation, Stopped
from rectoverso.verso.verify.ledgers import proof_beside
from rectoverso.verso.verify.opening import Limits, NotChecked, read_file
from rectoverso.verso.verify.records import NoRecords, Records
from rectoverso.verso.verify.verifier import not_checked

if TYPE_CHECKING:
    from rectoverso.verso.anonymise.dicom.outcome import Deidentified
    from rectoverso.verso.anonymise.dicom.pseudonyms import Secret
    from rectoverso.verso.anonymise.remains.kinds import Kind
    from rectoverso.verso.curate.examination import Examination
    from rectoverso.verso.ledger.keyring import KeyRing
    from rectoverso.verso.mark.credential import CredentialReading

MOST_FILES = 500
"""After so many the process is replaced: what leaks and who took it over is gone with it."""


def verify_file(
    path: Path,
    *,
    anchors_pem: str | None = None,
    records: Records | None = None,
    ledgers: Sequence[KeyRing] = (),
    limits: Limits | None = None,
) -> Report:
    """The report of one file, and of the ledger's proof where one lies beside it; never raises for what they hold.

    ``anchors_pem``: the root certificates to trust. ``ledgers``: the public keys of the ledgers to trust. All callers
    of this process share one bounded process, by turns; for more, see `BoundedVerifier`.
    """
    limits = limits or Limits()
    try:
        data = read_file(path, limits)
    except NotChecked as answer:
        return not_checked(str(path), answer.reason, found=False)
    job = Job(anchors_pem, tuple(ledgers), proof_beside(path), limits)
    return shared().verify(data, job, name=str(path), records=records)


class BoundedVerifier:
    """Has a bounded process when there is something to read; threads take turns."""

    def __init__(self, bounds: Bounds | None = None, reads: Reads = "pictures") -> None:
        self._bounds, self._reads = bounds or Bounds(), reads
        self._turn = Lock()
        self._with: Conversation | None = None

    def verify(
        self, data: bytes, job: Job | None = None, *, name: str = "", records: Records | None = None
    ) -> Report:
        """The report of a file's bytes, by the steps of `verifier`."""
        try:
            report = self._asked(data, job or Job(), records or NoRecords())
        except Stopped as stopped:
            return not_checked(name, _why(stopped))
        return replace(cast("Report", report), path=name)

    def open(self, data: bytes, *, name: str, limits: Limits | None = None) -> Opened:
        """The picture in a file's bytes, decoded in there. Raises ImageUnreadable, by the name that the file has."""
        return cast("Opened", self._read(data, Job(asks="picture", limits=limits or Limits()), name))

    def clauses(self, data: bytes, laws: Sequence[str], *, name: str) -> Clauses:
        """How a file stands against each of these laws, clause by clause. Raises ImageUnreadable."""
        return cast("Clauses", self._read(data, Job(asks="clauses", laws=tuple(laws)), name))

    def examine(self, data: bytes, packets: Sequence[bytes] = (), *, name: str) -> Examination:
        """All that a picture's file says of its use, also by the XMP packets that lie beside it, and the picture.

        Raises ImageStopped where the process ended over it; whether it is a picture is in the answer.
        """
        return cast("Examination", self._read(data, Job(asks="examination", packets=tuple(packets)), name))

    def remains(self, data: bytes, *, name: str) -> tuple[Kind, ...]:
        """The kinds of what a file holds beside its picture, each once. Raises ImageStopped."""
        return cast("tuple[Kind, ...]", self._read(data, Job(asks="remains"), name))

    def deidentify(self, data: bytes, secret: Secret, *, name: str, looked_at: bool = False) -> Deidentified:
        """A DICOM file without its patient (`anonymise.dicom.deidentify`), by pseudonyms of ``secret``, kept out.

        Only of who reads DICOM, where pydicom is installed. Raises DicomUnreadable and ImageStopped.
        """
        return cast("Deidentified", self._read(data, Job(asks="dicom", looked_at=looked_at), name, secret))

    def manifest(self, store: bytes, anchors_pem: str | None = None) -> CredentialReading:
        """What a manifest store without its file says (`credential.read_alone`)."""
        from rectoverso.verso.mark.credential import CredentialReading, CredentialState

        try:
            heard: Heard | None = self._asked(store, Job(anchors_pem, asks="manifest"), NoRecords())
        except Stopped:
            heard = None
        return (
            heard if isinstance(heard, CredentialReading) else CredentialReading(CredentialState.UNREADABLE)
        )

    def close(self) -> None:
        """End the process, if there is one; the next file starts another."""
        if self._with is not None:
            self._with.end()
            self._with = None

    def _read(self, data: bytes, job: Job, name: str, secret: Secret | None = None) -> Heard:
        try:
            heard = self._asked(data, job, secret or NoRecords())
        except Stopped as stopped:
            raise ImageStopped(path=name, reason=Phrase(_why(stopped))) from stopped
        if isinstance(heard, ImageUnreadable | DicomUnreadable):
            raise type(heard)(**heard.facts | {"path": name})
        return heard

    def _asked(self, data: bytes, job: Job, records: Records | Secret) -> Heard:
        with self._turn:
            self._with = self._with or Conversation(self._bounds, self._reads)
            try:
                heard = self._with.ask(data, job, records)
            except BaseException:
                self.close()
                raise
            if self._with.files >= MOST_FILES:
                self.close()
        return heard


def shared(reads: Reads = "pictures") -> BoundedVerifier:
    """The one of this process, for whoever has no bounds of their own."""
    return _shared(os.getpid(), reads)


@cache
def _shared(_process_id: int, reads: Reads) -> BoundedVerifier:
    """One for each process: a child that was forked cannot talk through its parent's pipes."""
    verifier = BoundedVerifier(reads=reads)
    atexit.register(verifier.close)
    return verifier


def _why(stopped: Stopped) -> Message:
    facts = {"layer": Message(f"verify.layer.{stopped.layer}")}
    return Message(f"verify.reason.bounded_{stopped.why}", facts)
