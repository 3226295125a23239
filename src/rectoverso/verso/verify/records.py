"""What a home can add to a verification: what it released, what is registered with it, and its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from rectoverso.types import AssetId, Digest, LedgerReading, Origin, Pixels

if TYPE_CHECKING:
    from rectoverso.verso.mark.watermark import Match


@dataclass(frozen=True, slots=True)
class Known:
    """One released asset. ``released``: the bytes of its file, ``pixels``: what is seen in them; None when the home has
    them no more.
    """

    id: AssetId
    file_digest: Digest | None = None
    pixels_digest: Digest | None = None
    fingerprint: bytes = b""
    released: bytes | None = field(default=None, repr=False)
    pixels: Pixels | None = field(default=None, repr=False)
    origin: Origin | None = None
    ledger: LedgerReading = field(default_factory=lambda: LedgerReading(found=False))

    @property
    def ai_generated(self) -> bool | None:
        """Whether AI took part in making it, as recorded."""
        return None if self.origin is None else self.origin is not Origin.CAPTURED


@dataclass(frozen=True, slots=True)
class Near:
    """The picture whose hash differs least: of kind ``asset`` or ``work``, by its id or title; ``distance`` in bits of
    256, of so many ``comparisons``.
    """

    kind: Literal["asset", "work"]
    name: str
    distance: int
    comparisons: int


class Records(Protocol):
    """The questions a verifier asks of a home. None of them may change anything, and none gives a secret away.

    ``retired``: the entry of this home's ledger by which the certificate of that number went out of use; None where it
    did not. ``recognised``: what the home's private watermark in the picture names. ``nearest``: of the hashes of a
    picture in its eight symmetries, one after the other.
    """

    def asset(self, id_or_prefix: str) -> Known | None: ...

    def by_digest(self, file_digest: Digest) -> Known | None: ...

    def nearest(self, fingerprints: bytes) -> Near | None: ...

    def retired(self, serial: str) -> int | None: ...

    def watermark_ids(self) -> Sequence[AssetId]: ...

    def recognised(self, picture: Pixels) -> Match | None: ...


class NoRecords:
    """A verifier without a home: everything that the file itself proves, and nothing more."""

    def asset(self, id_or_prefix: str) -> Known | None:  # noqa: ARG002 - the interface
        return None

    def by_digest(self, file_digest: Digest) -> Known | None:  # noqa: ARG002 - the interface
        return None

    def nearest(self, fingerprints: bytes) -> Near | None:  # noqa: ARG002 - the interface
        return None

    def retired(self, serial: str) -> int | None:  # noqa: ARG002 - the interface
        return None

    def watermark_ids(self) -> Sequence[AssetId]:
        return ()

    def recognised(self, picture: Pixels) -> Match | None:  # noqa: ARG002 - the interface
        return None
