"""Looking at one picture: everything that is known of it before it is compared with others. Runs in many processes.

Strangers' pictures are decoded in the bounded process of `verso.verify.bounded`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import ImageStopped, ImageUnreadable
from rectoverso.types import Pixels
from rectoverso.verso.curate import embedded, metadata
from rectoverso.verso.curate.beside import Beside
from rectoverso.verso.curate.credits import credits_in
from rectoverso.verso.curate.eyes import Eye, MakeEye, look
from rectoverso.verso.curate.iscc import Declarations, image_bits
from rectoverso.verso.curate.prints import Print
from rectoverso.verso.curate.shelf import DECLARATIONS, Shelf
from rectoverso.verso.curate.signal import Signal, Source
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.curating.feed import Offer
from rectoverso.workflow.files import unusable

LEAST_SIDE_PX = 8
"""Smaller ones cannot be trained on."""


@dataclass(frozen=True, slots=True)
class Looked:
    """``record`` goes into the manifest; ``pixels`` is the digest of what is seen, None where nothing could be."""

    place: int
    source: str
    record: dict[str, Any]
    pixels: str | None = None
    printed: tuple[bytes, bytes, bytes] | None = None


class Looker:
    """Looks at the pictures of one source. ``make_eyes``: by ``faces`` and ``text``, what looks for them."""

    def __init__(self, root: Path, make_eyes: Mapping[str, MakeEye]) -> None:
        self._shelf = Shelf(root)
        self._declared = declarations(root)
        self._eyes: dict[str, Eye | None] = {
            about: make_eyes[about]() if about in make_eyes else None for about in ("faces", "text")
        }

    def look(self, offer: Offer) -> Looked:
        """What there is to know of a picture. Never raises for what it holds."""
        beside = self._shelf.beside(offer.file, offer.said, offer.source)
        record: dict[str, Any] = {"rights": _rights(beside, offer.label)}
        if beside.broken:
            record["broken"] = list(beside.broken)
        try:
            data = read_bytes(offer.file) if offer.data is None and offer.file else offer.data or b""
        except ImageUnreadable as error:
            return self._unseen(offer, record, beside, error.code)
        source = Source(offer.source, digests.of_bytes(data))
        record["digest"] = source.digest
        if told := credits_in(data):
            record["in_file"] = told
        signals = [*beside.signals(), *embedded.signals(data, source)]
        try:
            pixels = opened(data, offer.source)
        except ImageUnreadable as error:
            return self._unseen(offer, record, beside, error.code, signals)
        for declared in self._declared:
            signals += declared.signals(image_bits(pixels))
        record |= {"signals": [signal.plain() for signal in signals]} | self._seen(data, pixels)
        if min(pixels.shape[:2]) < LEAST_SIDE_PX:
            return Looked(offer.place, offer.source, record | {"problem": "too_small"})
        printed = Print.of(pixels)
        thing = (printed.hashes, printed.views, printed.thumb)
        return Looked(offer.place, offer.source, record, digests.of_pixels(pixels), thing)

    def _unseen(
        self, offer: Offer, record: dict[str, Any], beside: Beside, code: str, signals: Sequence[Signal] = ()
    ) -> Looked:
        signals = signals or list(beside.signals())
        nothing = {"signals": [signal.plain() for signal in signals], "problem": code}
        return Looked(offer.place, offer.source, record | nothing)

    def _seen(self, data: bytes, pixels: Pixels) -> dict[str, Any]:
        found = metadata.examined(data)
        return {
            "size": [pixels.shape[1], pixels.shape[0]],
            "metadata": list(found.kinds),
            "redraw": found.redraw,
            **{about: look(eye, pixels).plain() for about, eye in self._eyes.items()},
        }


def opened(data: bytes, name: str) -> Pixels:
    """The picture in a file's bytes; tried twice where it took too long, for a busy machine is no fault of it.

    Raises ImageUnreadable.
    """
    try:
        return shared().open(data, name=name).pixels
    except ImageStopped:
        return shared().open(data, name=name).pixels


def clean(offer: Offer, record: Mapping[str, Any]) -> tuple[bytes, str]:
    """The picture of an offer without its metadata, and its media type. Raises ImageUnreadable, ValueError."""
    data = read_bytes(offer.file) if offer.data is None and offer.file else offer.data or b""
    if digests.of_bytes(data) != record["digest"]:
        raise ValueError("it changed while it was curated")
    pixels = opened(data, offer.source) if record["redraw"] else None
    return metadata.clean(data, pixels)


def _rights(beside: Beside, label: str) -> dict[str, str]:
    told = asdict(beside.facts) | {"host": beside.facts.host, "label": beside.facts.label or label}
    return {name: value for name, value in told.items() if value}


def declarations(root: Path) -> list[Declarations]:
    """The records of registries that lie in a source. Raises FilesUnusable for a file that holds none."""
    found = []
    for path in (root / name for name in DECLARATIONS):
        if path.is_file():
            try:
                data = path.read_bytes()
                found.append(Declarations.read(data.decode(), Source.of(path.name, data)))
            except (OSError, ValueError) as error:
                raise unusable(path, "declarations", system=error) from error
    return found
