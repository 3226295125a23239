"""Who signs pictures: a certificate and its key, one after the other.

signer.pem, signer.key   the first: leaf, then intermediate; the leaf's private key (ES256)
signer-42.key            the one that entry 42 of the ledger brought in: key, leaf and intermediate in one file

Of one that signs no more the key is deleted, and the certificates stay: they tell which signatures are its. Key and
certificates of a later one lie in one file so that no crash can leave half of it. Whether it counts is for the ledger
to say: a file whose entry was never committed does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.store.atomic import write_atomically

if TYPE_CHECKING:
    from cryptography import x509

CHAIN, KEY = "signer.pem", "signer.key"
_LATER = re.compile(r"signer-([1-9][0-9]{0,17})\.key")
_END = b"-----END PRIVATE KEY-----\n"


@dataclass(frozen=True, slots=True)
class PictureSigner:
    """One of them (PEM); ``entry`` is the index of the entry that brought it in, 0 for the first. ``key`` is None where
    it was deleted.
    """

    entry: int
    chain: bytes = field(repr=False)
    key: bytes | None = field(repr=False)

    @property
    def leaf(self) -> x509.Certificate:
        from cryptography import x509

        return x509.load_pem_x509_certificates(self.chain)[0]

    @property
    def serial(self) -> str:
        """The number of its certificate, by which a credential names it."""
        return str(self.leaf.serial_number)

    @property
    def file(self) -> str:
        """The name of the file that holds its certificates."""
        return f"signer-{self.entry}.key" if self.entry else CHAIN

    def keep(self, folder: Path) -> None:
        """Write a later one whole, in place of one that a killed process left under its name."""
        write_atomically(folder / self.file, (self.key or b"") + self.chain)

    def retire(self, folder: Path) -> None:
        """Delete its key, and nothing else."""
        if self.entry:
            write_atomically(folder / self.file, self.chain)
        else:
            (folder / KEY).unlink(missing_ok=True)


def later_files(folder: Path) -> dict[int, str]:
    """The files of later ones, by the entry they are named after, in order."""
    found = [(_LATER.fullmatch(path.name), path.name) for path in folder.glob("signer-*.key")]
    return dict(sorted((int(match[1]), name) for match, name in found if match))


def parsed(files: Mapping[str, bytes], later: Mapping[int, str]) -> tuple[PictureSigner, ...]:
    """All of them, the first first. Raises KeyError where a file is missing."""
    found = [PictureSigner(0, files[CHAIN], files.get(KEY) if later else files[KEY])]
    for entry, name in later.items():
        key, end, chain = files[name].rpartition(_END)
        found.append(PictureSigner(entry, chain, key + end or None))
    return tuple(found)
