"""The keys of a home under a passphrase.

The passphrase becomes a key by Argon2id (RFC 9106, its second recommended setting: 64 MiB, three passes, four lanes),
and that seals all files of the folder of keys in one envelope (``store.vault``), bound to the digest of the backup that
it is in: whoever knows the passphrase knows that nothing of that backup was exchanged.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from rectoverso.errors import BackupKeysMissing, BadSetting, RecordDamaged
from rectoverso.i18n import Phrase
from rectoverso.store.vault import KEY_BYTES, Cipher
from rectoverso.types import Digest, Message

_PASSES, _LANES, _MEMORY_KIB, _SALT_BYTES = 3, 4, 64 * 1024, 16
_MOST = {"passes": 64, "lanes": 64, "memory_kib": 4 << 20}
SHORTEST = 12
"""Characters of a passphrase. Whoever has the file may try as many as they like."""


def demand_long(passphrase: str) -> None:
    """Raise BadSetting for a passphrase that is too short."""
    if len(passphrase) < SHORTEST:
        reason, advice = (
            Message(f"backup.short_{part}", {"least": SHORTEST}) for part in ("reason", "advice")
        )
        raise BadSetting(setting="--passphrase-file", reason=Phrase(reason), advice=Phrase(advice))


def keys_in(folder: Path) -> dict[str, bytes]:
    """All files of a folder of keys, by their names."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def seal(files: Mapping[str, bytes], passphrase: str, backup: Digest) -> bytes:
    """These keys, for the backup of that digest."""
    plain = json.dumps({name: base64.b64encode(data).decode() for name, data in files.items()})
    salt = secrets.token_bytes(_SALT_BYTES)
    envelope = _cipher(passphrase, salt, _PASSES, _LANES, _MEMORY_KIB).seal(plain.encode(), _place(backup))
    said = {"passes": _PASSES, "lanes": _LANES, "memory_kib": _MEMORY_KIB, "salt": salt.hex()}
    return json.dumps(said | {"sealed": base64.b64encode(envelope).decode()}).encode()


def opened(sealed: bytes, passphrase: str, backup: Digest, path: Path) -> dict[str, bytes]:
    """The keys of the backup at ``path``. Raises BackupKeysMissing where the passphrase does not open them."""
    try:
        said = json.loads(sealed)
        costs = [
            min(int(said[name]), most) for name, most in _MOST.items()
        ]  # a stranger's may ask for a terabyte
        cipher = _cipher(passphrase, bytes.fromhex(said["salt"]), *costs)
        files = json.loads(cipher.open(base64.b64decode(said["sealed"]), _place(backup)))
        found = {Path(name).name: base64.b64decode(data) for name, data in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecordDamaged) as error:
        raise keys_missing(path, "wrong") from error
    return found


def keys_missing(path: Path, why: str) -> BackupKeysMissing:
    """The error, with its reason and advice in every language."""
    reason, advice = (Phrase(Message(f"backup.{why}_{part}")) for part in ("reason", "advice"))
    return BackupKeysMissing(path=path, reason=reason, advice=advice)


def _cipher(passphrase: str, salt: bytes, passes: int, lanes: int, memory_kib: int) -> Cipher:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    slow = Argon2id(salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory_kib)
    return Cipher(slow.derive(passphrase.encode()))


def _place(backup: Digest) -> str:
    return f"backup/{backup}"
