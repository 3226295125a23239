"""The ledger's signing keys: one file a generation, an Ed25519 and an ML-DSA-44 key in each (PKCS #8, PEM).

ledger.key       the first generation
ledger-42.key    the one that entry 42 of the ledger brought in

Both keys of a generation lie in one file so that no crash can leave half of it. Whether a generation counts is for the
ledger to say: a file whose entry was never committed does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.store.atomic import write_atomically

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

FIRST = "ledger.key"
_LATER = re.compile(r"ledger-([1-9][0-9]{0,17})\.key")
_END = b"-----END PRIVATE KEY-----\n"


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """One generation; ``entry`` is the index of the entry that brought it in, 0 for the first."""

    entry: int
    ed25519: Ed25519PrivateKey = field(repr=False)
    ml_dsa_44: MLDSA44PrivateKey = field(repr=False)

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"ledger-{self.entry}.key" if self.entry else FIRST

    @classmethod
    def generate(cls, entry: int) -> LedgerKeys:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

        return cls(entry, Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate())

    @classmethod
    def parse(cls, entry: int, pem: bytes) -> LedgerKeys:
        """The generation in a file's bytes; raises ValueError."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        one, other, rest = pem.split(_END)
        ed25519, ml_dsa_44 = (load_pem_private_key(part + _END, password=None) for part in (one, other))
        if isinstance(ed25519, Ed25519PrivateKey) and isinstance(ml_dsa_44, MLDSA44PrivateKey) and not rest:
            return cls(entry, ed25519, ml_dsa_44)
        raise ValueError("not an Ed25519 and an ML-DSA-44 key")

    @property
    def pem(self) -> bytes:
        """The file's bytes."""
        from rectoverso.store.certificates import private_pem

        return private_pem(self.ed25519) + private_pem(self.ml_dsa_44)

    def keep(self, folder: Path) -> None:
        """Write the file whole, in place of one that a killed process left under its name."""
        write_atomically(folder / self.file, self.pem)


def later_files(folder: Path) -> dict[int, str]:
    """The files of later generations, by the entry they are named after, in order."""
    found = [(_LATER.fullmatch(path.name), path.name) for path in folder.glob("ledger-*.key")]
    return dict(sorted((int(match[1]), name) for match, name in found if match))
