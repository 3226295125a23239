"""Looking at one picture: everything that is known of it before it is compared with others. Runs in many processes.

Strangers' pictures are decoded, and their metadata is read, in the bounded process of `verso.verify.bounded`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from rectoverso.errors import (
    ImageNotFound,
    ImageStopped,
    ImageTooLarge,
    ImageUnreadable,
    RectoversoError,
    Unexpected,
)
from rectoverso.types import Pixels
from rectoverso.verso.curate import metadata
from rectoverso.verso.curate.beside import Beside, decoded
from rectoverso.verso.curate.examination import Examination
from rectoverso.verso.curate.eyes import Eye, MakeEye, look
from rectoverso.verso.curate.iscc import Declarations, image_bits
from rectoverso.verso.curate.prints import Print
from rectoverso.verso.curate.shelf import DECLARATIONS, Shelf
from rectoverso.verso.curate.signal import Signal, Source, sound
from rectoverso.verso.picture import MAX_BYTES
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.curating.feed import Offer
from rectoverso.workflow.curating.root import Root
from rectoverso.workflow.files import unusable

LEAST_SIDE_PX = 8
"""Smaller ones cannot be trained on."""
MOST_DECLARED_BYTES = 1 << 30
NOT_STARTED = "verify.reason.bounded_not_started"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Looked:
    """``record`` goes into the manifest; ``pixels`` is the digest of what is seen, None where nothing could be."""

    place: int
    source: str
    record: dict[str, Any]
    pixels: str | None = None
    printed: tuple[bytes, bytes, bytes] | None = None


class Looker:
    """Looks at the pictures of one source. ``make_eyes``: by ``faces`` and ``text``, what looks for them. ``redraws``:
    all are to be written anew from their pixels.
    """

    def __init__(self, root: Root, make_eyes: Mapping[str, MakeEye], *, redraws: bool = False) -> None:
        self._redraws = redraws
        self._root = root
        self._shelf = Shelf(root.read)
        self._declared = declarations(root)
        self._eyes = eyes_of(make_eyes)

    def look(self, offer: Offer) -> Looked:
        """What there is to know of a picture. Never raises for what it holds: what nobody foresaw is a reason to
        leave it out, and none to stop.
        """
        try:
            return self._looked(offer)
        except RectoversoError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            return _unseen(offer, {"rights": {}}, (), f"not_looked_at ({type(error).__name__})")

    def _looked(self, offer: Offer) -> Looked:
        beside = self._shelf.beside(offer.file, offer.said, offer.source)
        record: dict[str, Any] = {"rights": _rights(beside, offer.label), "signals": []}
        if beside.broken:
            record["broken"] = list(beside.broken)
        signals = list(beside.signals())
        try:
            data = bytes_of(self._root, offer)
            source = Source(offer.source, digests.of_bytes(data))
            record["digest"] = source.digest
            found = examined(data, [packet for _, packet in beside.packets], offer.source)
            signals += found.said(source, *(Source.of(*read) for read in beside.packets))
            return self._seen(offer, record, beside, found, signals)
        except ImageUnreadable as error:
            return _unseen(offer, record, signals, error.code)

    def _seen(
        self, offer: Offer, record: dict[str, Any], beside: Beside, found: Examination, signals: list[Signal]
    ) -> Looked:
        stated = dict.fromkeys((*beside.licences, *filter(None, [found.credits.get("licence")])))
        record |= {"in_file": found.credits} if found.credits else {}
        record |= {"licences": list(stated)} if len(stated) > 1 else {}
        pixels = found.pixels
        if pixels is None:
            return _unseen(offer, record, signals, found.problem or ImageUnreadable.code)
        for declared in self._declared:
            signals += declared.signals(image_bits(pixels))
        record |= {
            "signals": [signal.plain() for signal in signals],
            "size": [pixels.shape[1], pixels.shape[0]],
            "metadata": list(found.kinds),
            "redraw": found.redraw or self._redraws,
            **{about: look(eye, pixels).plain() for about, eye in self._eyes.items()},
        }
        if min(pixels.shape[:2]) < LEAST_SIDE_PX:
            return Looked(offer.place, offer.source, record | {"problem": "too_small"})
        printed = Print.of(pixels)
        thing = (printed.hashed, printed.views, printed.thumb)
        return Looked(offer.place, offer.source, record, digests.of_pixels(pixels), thing)


def _unseen(offer: Offer, record: dict[str, Any], signals: Sequence[Signal], code: str) -> Looked:
    nothing = {"signals": [signal.plain() for signal in signals], "problem": code}
    return Looked(offer.place, offer.source, record | nothing)


def eyes_of(make_eyes: Mapping[str, MakeEye]) -> dict[str, Eye | None]:
    """What looks for faces and for text; None for what nothing looks for."""
    return {about: make_eyes[about]() if about in make_eyes else None for about in ("faces", "text")}


def bytes_of(root: Root, offer: Offer) -> bytes:
    """The file of a picture. Raises ImageUnreadable."""
    if offer.data is not None:
        return offer.data
    try:
        data = root.read(offer.file, MAX_BYTES + 1) if offer.file else None
    except OSError as error:
        raise ImageNotFound(path=offer.source, reason=error.strerror or type(error).__name__) from error
    if data is None:
        raise ImageNotFound(path=offer.source, reason="no file of the source")
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(path=offer.source, limit=f"{MAX_BYTES // 1_000_000} MB")
    return data


def examined(data: bytes, packets: Sequence[bytes], name: str) -> Examination:
    """What a picture is and says, by the bounded process. Raises ImageStopped, Unexpected."""
    return _asked_twice(lambda: shared().examine(data, packets, name=name))


def opened(data: bytes, name: str) -> Pixels:
    """The picture alone, likewise. Raises ImageUnreadable, Unexpected."""
    return _asked_twice(lambda: shared().open(data, name=name).pixels)


def _asked_twice(ask: Callable[[], Answer]) -> Answer:
    """A busy machine is no fault of the picture; nor is one that starts no process."""
    try:
        return ask()
    except ImageStopped:
        pass
    try:
        return ask()
    except ImageStopped as error:
        reason = error.facts["reason"]
        if NOT_STARTED in {message.key for message in getattr(reason, "messages", ())}:
            raise Unexpected(problem=str(reason)) from error
        raise


def clean(root: Root, offer: Offer, record: Mapping[str, Any]) -> tuple[bytes, str]:
    """The picture of an offer without its metadata, and its media type. Raises ImageUnreadable, ValueError."""
    data = bytes_of(root, offer)
    if digests.of_bytes(data) != record["digest"]:
        raise ValueError("it changed while it was curated")
    return metadata.clean(data, opened(data, offer.source) if record["redraw"] else None)


def _rights(beside: Beside, label: str) -> dict[str, str]:
    told = asdict(beside.facts) | {"host": beside.facts.host, "label": beside.facts.label or sound(label)}
    return {name: value for name, value in told.items() if value}


def declarations(root: Root) -> list[Declarations]:
    """The records of registries that lie in a source. Raises FilesUnusable for a file that holds none."""
    found = []
    for name in DECLARATIONS:
        try:
            data = root.read(PurePosixPath(name), MOST_DECLARED_BYTES + 1)
            if data is not None:
                if len(data) > MOST_DECLARED_BYTES:
                    raise OSError(errno.EFBIG, "too large")  # noqa: TRY301 - said as any other fault of it
                found.append(Declarations.read(decoded(data), Source.of(name, data)))
        except (OSError, ValueError) as error:
            raise unusable(Path(name), "declarations", system=error) from error
    return found
