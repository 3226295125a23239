"""What of a private run must never be given out: ``RUN/private/``, readable by its owner alone.

    noise.key         the key of all that is secret in the training (`secret`); destroyed when the run is finished
    veil.key          the key under which the run's record names its data
    fingerprints.npz  of the training pictures, for the door (`workflow.train`)
    data/             the pictures themselves, while steps are left, where they are too many for memory

The record of a run travels with it, and the plain digest of the pictures would let anybody who has all but one of them
try which one is missing. So the record holds the digest's HMAC: whoever has the folder can show what it was made from.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rectoverso.errors import RunNotFound
from rectoverso.i18n import Phrase
from rectoverso.recto.privacy.secret import KEY_BYTES, Secret
from rectoverso.recto.train.folder import sync_folder
from rectoverso.types import Digest, Message

FOLDER = "private"


@dataclass(frozen=True, eq=False)
class Vault:
    """The secrets of the run in ``run``."""

    run: Path

    @property
    def path(self) -> Path:
        return self.run / FOLDER

    def make(self) -> None:
        """Make the folder, which nobody else can look into."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self) -> None:
        """Make the keys, on the disk before anything is made with them; those that are there stay."""
        self.make()
        for name in ("noise.key", "veil.key"):
            if not (self.path / name).exists():
                _write_key(self.path / name, os.urandom(KEY_BYTES))
        sync_folder(self.path)

    @cached_property
    def secret(self) -> Secret:
        """What the steps draw from. Raises RunNotFound when it is gone: another one would spend the budget anew."""
        return Secret(self._read("noise.key"))

    def veiled(self, digest: str) -> Digest:
        """A digest as the run's record names it. Raises RunNotFound when the key is gone."""
        return Digest(hmac.digest(self._read("veil.key"), digest.encode(), "sha256").hex())

    def finish(self) -> None:
        """Destroy what noise could be taken away with: there are no steps left to draw any."""
        key = self.path / "noise.key"
        if key.exists():
            with key.open("r+b") as file:
                file.write(bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            key.unlink()
            sync_folder(self.path)

    def _read(self, name: str) -> bytes:
        try:
            key = (self.path / name).read_bytes()
        except OSError:
            key = b""
        if len(key) != KEY_BYTES or not any(key):
            reason = Phrase(Message("train.run.no_key", {"file": self.path / name}))
            raise RunNotFound(path=self.run, reason=reason)
        return key


def _write_key(path: Path, key: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
