"""The master key: it opens everything else at rest, and never lies beside it.

    file         keys/master.key, made with the other keys (keys/blobs.key in homes from before)
    environment  RECTOVERSO_MASTER_KEY: 64 hexadecimal digits; several, parted by commas: the first one counts for what
                 is new, the others only open
    service      RECTOVERSO_KEY_SERVICE: ``module:function``, which is called and returns a `MasterKey`. It may ask a
                 machine that gives no key away

It wraps one key a home, the wrapping key, and that one wraps the data keys (``store.data_keys``): so a service is asked
once a process, and changing the master key writes no picture anew.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import queue
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Protocol, TypeVar

from rectoverso.errors import BadSetting, KeysDamaged, KeyServiceFailed
from rectoverso.i18n import Phrase
from rectoverso.store.atomic import sync_folder, write_durably
from rectoverso.store.vault import KEY_BYTES, Cipher
from rectoverso.types import Message

FILE, FILE_BEFORE = "master.key", "blobs.key"
VARIABLE, SERVICE = "RECTOVERSO_MASTER_KEY", "RECTOVERSO_KEY_SERVICE"
_Answer = TypeVar("_Answer")
ANSWER_S = 30.0
"""So long a key service is waited for: others may be waiting for whoever asks it."""


class MasterKey(Protocol):
    """What a key service has to offer. ``id`` is the same for as long as ``unwrap`` opens what ``wrap`` returned."""

    @property
    def id(self) -> str:
        """Which key this is, without telling it: at most 64 characters."""

    def wrap(self, key: bytes, context: str) -> bytes:
        """``key`` (32 bytes) encrypted, and bound to ``context``."""

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """What was wrapped for this context; raises for anything else."""


@dataclass(frozen=True, slots=True)
class LocalKey:
    """A master key whose 32 bytes are at hand; ``place`` is where they came from."""

    secret: bytes = field(repr=False)
    place: str = ""

    @property
    def id(self) -> str:
        return hashlib.sha256(b"master key id" + self.secret).hexdigest()[:16]

    def wrap(self, key: bytes, context: str) -> bytes:
        return Cipher(self.secret).seal(key, context)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        return Cipher(self.secret).open(wrapped, context)


class ServiceKey:
    """A master key of a service: that it fails, is late, or answers what cannot be right, is told as such."""

    def __init__(self, name: str, key: MasterKey) -> None:
        self._key = key
        self.place = name

    @property
    def id(self) -> str:
        return str(self._key.id)[:64]

    def wrap(self, key: bytes, context: str) -> bytes:
        """Raises KeyServiceFailed also for what it does not open again: nothing may be sealed that nobody can open."""
        wrapped = _answered(self.place, lambda: bytes(self._key.wrap(key, context)))
        if key in wrapped or self.unwrap(wrapped, context) != key:
            raise KeyServiceFailed(service=self.place, problem=Phrase(Message("store.master.not_wrapped")))
        return wrapped

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        key = _answered(self.place, lambda: bytes(self._key.unwrap(wrapped, context)))
        if len(key) != KEY_BYTES:
            raise KeyServiceFailed(service=self.place, problem=Phrase(Message("store.master.another_key")))
        return key


Held = LocalKey | ServiceKey


def elsewhere() -> list[Held]:
    """The master keys that are not in the home's folder, the one for what is new first. Raises BadSetting,
    KeyServiceFailed.
    """
    service = os.environ.get(SERVICE, "").strip()
    given = [part.strip() for part in os.environ.get(VARIABLE, "").split(",") if part.strip()]
    keys = [LocalKey(_secret_of(text), f"${VARIABLE}") for text in given]
    return [*([_service(service)] if service else []), *keys]


def in_folder(folder: Path) -> list[LocalKey]:
    """Those in the home's folder of keys. Raises KeysDamaged."""
    paths = [folder / FILE_BEFORE, folder / FILE, *sorted(folder.glob("master-*.key"))]
    return [LocalKey(_read(path), str(path)) for path in paths if path.is_file()]


def all_keys(folder: Path) -> list[Held]:
    """All that are at hand."""
    return [*elsewhere(), *in_folder(folder)]


def new_key() -> bytes:
    """The contents of a file with a new master key."""
    return secrets.token_hex(KEY_BYTES).encode() + b"\n"


def new_file(folder: Path) -> LocalKey:
    """Another master key in the home's folder of keys; it is on the disk when this returns."""
    data = new_key()
    key = LocalKey(bytes.fromhex(data.decode()))
    path = folder / f"master-{key.id}.key"
    write_durably(path, data)
    sync_folder(folder)
    return LocalKey(key.secret, str(path))


def destroy(path: Path) -> None:
    """Write over the file of a key before its name goes: a name alone leaves the bytes where they were. File systems
    that write elsewhere, and solid-state disks, keep them all the same.
    """
    with path.open("r+b") as file:
        file.write(b"0" * path.stat().st_size)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def _service(name: str) -> ServiceKey:
    module, _, function = name.partition(":")

    def called() -> MasterKey:
        key: MasterKey = getattr(importlib.import_module(module), function)()
        return key

    return ServiceKey(name, _answered(name, called))


def _answered(service: str, ask: Callable[[], _Answer]) -> _Answer:
    """What a service answers within ``ANSWER_S``. The thread is a daemon: one that hangs keeps nobody from ending."""
    answers: queue.Queue[tuple[_Answer] | Exception] = queue.Queue(maxsize=1)

    def asking() -> None:
        try:
            answers.put((ask(),))
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            answers.put(error)

    Thread(target=asking, name="key-service", daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_S)
    except queue.Empty:
        late = Message("store.master.late", {"seconds": f"{ANSWER_S:g}"})
        raise KeyServiceFailed(service=service, problem=Phrase(late)) from None
    if isinstance(answer, Exception):
        raise KeyServiceFailed(service=service, problem=_said(answer)) from answer
    return answer[0]


def _secret_of(text: str) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        reason, advice = (Phrase(Message(f"store.master.bad_{part}")) for part in ("reason", "advice"))
        raise BadSetting(setting=VARIABLE, reason=reason, advice=advice)
    return secret


def _read(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_bytes().decode("ascii"))
    except (OSError, ValueError) as error:
        raise KeysDamaged(home=path.parent.parent, file=path.name) from error
    if len(secret) != KEY_BYTES:
        raise KeysDamaged(home=path.parent.parent, file=path.name)
    return secret


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
