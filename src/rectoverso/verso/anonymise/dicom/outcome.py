"""What became of a DICOM file. Apart, because whoever hears of it reads no DICOM and needs no pydicom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rectoverso.types import Message


@dataclass(frozen=True, slots=True)
class Deidentified:
    """``data``: the anonymous file, None where it is held; ``held``: why.

    ``uid`` is the new instance's, ``done`` how many elements were treated how.
    """

    data: bytes | None
    uid: str = ""
    held: tuple[Message, ...] = ()
    done: Mapping[str, int] = field(default_factory=dict)
