"""What the verification of one file may cost, and what is handed to the process that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from rectoverso.verso.verify.opening import Limits

if TYPE_CHECKING:
    from rectoverso.verso.ledger.keyring import KeyRing


Asked = Literal["report", "picture", "clauses", "manifest", "examination", "remains", "dicom"]

Reads = Literal["pictures", "dicom"]
"""What a bounded process loads for, and whose crafted files can take it over: one kind never shares with the other."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Wall time and address space: so much for any file, and more for each pixel that its header claims.

    A picture of 512 pixels takes half a second at most, one of 8192 about ten: both have many times that, because
    machines are slow and busy. `benchmarks/verification.py` measures.
    """

    seconds: float = 10.0
    seconds_a_megapixel: float = 2.0
    memory_bytes: int = 2**30
    memory_bytes_a_pixel: int = 48

    def seconds_for(self, pixels: int) -> float:
        return self.seconds + self.seconds_a_megapixel * pixels / 1e6

    def memory_for(self, pixels: int, file_bytes: int) -> int:
        return self.memory_bytes + self.memory_bytes_a_pixel * pixels + 2 * file_bytes

    @property
    def most_memory(self) -> int:
        """That of the largest file that is read at all."""
        return self.memory_for(Limits().max_pixels, Limits().max_bytes)


@dataclass(frozen=True, slots=True)
class Job:
    """What is handed over beside a file's bytes. No key that has to stay secret is in it.

    ``asks``: for the report, for the picture alone, how the file stands against ``laws``, clause by clause, what a
    manifest store says, which the bytes then are, for everything about a picture that may be trained on, also by the
    XMP ``packets`` that lie beside it, for what a file holds beside its picture, or for a DICOM file without its
    patient, whose pixels people ``looked_at`` or not.
    """

    anchors_pem: str | None = None
    ledgers: Sequence[KeyRing] = ()
    proof: str | None = None
    limits: Limits = field(default_factory=Limits)
    asks: Asked = "report"
    laws: tuple[str, ...] = ()
    packets: tuple[bytes, ...] = ()
    looked_at: bool = False
