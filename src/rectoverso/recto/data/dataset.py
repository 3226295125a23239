"""The pictures of one training, decoded, in memory or mapped from a file (`storage`).

Shape suffixes: N images, H height, W width, C channels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rectoverso.i18n import say
from rectoverso.recto.data.check import BadImage, describe
from rectoverso.recto.data.storage import forget
from rectoverso.types import Attribution, Digest, Message

DIGEST_CHUNK = 1024


class Outline(Protocol):
    """What networks must know of pictures, which is known before these are read: how many, sides, channels, classes."""

    def __len__(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def labels(self) -> NDArray[np.int64] | None: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def is_captioned(self) -> bool: ...

    @property
    def is_mapped(self) -> bool:
        """Whether each picture has a mask."""
        ...

    @property
    def regions(self) -> tuple[str, ...]:
        """The names of the masks' classes, which are known when these have been read."""
        ...

    @property
    def other(self) -> Outline | None:
        """The second set of pictures, of systems that go from one to the other."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """What a run is trained on. All arrays are read-only.

    ``images`` N,H,W,C uint8; C 1 (grey), 3 (RGB) or 4 (RGBA, straight colours). ``labels`` N, int64 from 0, the places
    of their names in ``classes``; None where not every picture has one. ``captions`` one a picture. ``masks`` N,H,W, a
    class a pixel, whose names are ``regions``, as uint8, or as uint16 with instances (`masks`). ``other`` is a second
    set of pictures of the same sides and channels, for what goes from one to the other; its pictures are nobody's
    counterparts. ``attributions`` has what each picture is called, none where they have no names; it is not in the
    digest. ``skipped`` are the bad pictures left out, ``notes`` what else the card should say. ``taken_from`` is
    how many there were when only a part was asked for; it belongs to the digest. ``manifest`` is that of the curation
    which the pictures came from.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    captions: tuple[str, ...] | None = None
    masks: NDArray[np.uint8 | np.uint16] | None = None
    regions: tuple[str, ...] = ()
    other: Dataset | None = None
    skipped: tuple[BadImage, ...] = ()
    notes: tuple[Message, ...] = ()
    taken_from: int | None = None
    attributions: tuple[Attribution, ...] = ()
    manifest: Digest | None = None
    digest: Digest = field(init=False)

    def __post_init__(self) -> None:
        for array in (self.images, self.labels, self.masks):
            if array is not None:
                array.flags.writeable = False
        facts = Extras(self.captions, self.masks, None if self.other is None else self.other.digest)
        object.__setattr__(self, "digest", digest(self.images, self.labels, self.taken_from, facts))

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, place_N: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Copies of the pictures at these places; of mapped ones no more stays in memory than that."""
        image_NHWC = self.images[place_N]
        forget(self.images)
        return image_NHWC

    @property
    def manifests(self) -> tuple[Digest, ...]:
        """Those of the curations that the pictures and their other set came from."""
        own = () if self.manifest is None else (self.manifest,)
        return own if self.other is None else own + self.other.manifests

    @property
    def labels_digest(self) -> str | None:
        """Of which picture is of which class: where classes were found (`data.groups`), another machine may find
        others.
        """
        if self.labels is None:
            return None
        return hashlib.sha256(self.labels.astype("<i8").tobytes()).hexdigest()

    @property
    def is_captioned(self) -> bool:
        return self.captions is not None

    @property
    def is_mapped(self) -> bool:
        return self.masks is not None

    @property
    def height(self) -> int:
        return int(self.images.shape[1])

    @property
    def width(self) -> int:
        return int(self.images.shape[2])

    @property
    def size(self) -> int:
        """The shorter side in pixels."""
        return min(self.height, self.width)

    @property
    def channels(self) -> int:
        return int(self.images.shape[3])

    def describe(self) -> dict[str, object]:
        """What the card of a run says of its data, ready for JSON."""
        return {
            "name": self.name,
            "images": len(self),
            "size": self.size,
            "width": self.width,
            "height": self.height,
            "channels": self.channels,
            "classes": self._counts(),
            "captions": self.captions is not None,
            "regions": list(self.regions),
            "other": None if self.other is None else self.other.describe(),
            "taken_from": self.taken_from,
            "digest": str(self.digest),
            "manifest": self.manifest,
            "skipped": describe(self.skipped),
            "notes": [say(note) for note in self.notes],
        }

    def _counts(self) -> dict[str, int]:
        if self.labels is None:
            return {}
        counts = np.bincount(self.labels, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, counts, strict=True)}


@dataclass(frozen=True, slots=True)
class Extras:
    """What a training set may have beside pictures and labels."""

    captions: tuple[str, ...] | None = None
    masks: NDArray[np.uint8 | np.uint16] | None = None
    other: Digest | None = None

    def plain(self) -> dict[str, object]:
        """What is there, for the header of a digest."""
        captions = None if self.captions is None else json.dumps(self.captions).encode()
        masks = None if self.masks is None else self.masks.tobytes()
        told = {
            name: data and hashlib.sha256(data).hexdigest()
            for name, data in (("captions", captions), ("masks", masks))
        }
        told["other"] = self.other
        return {name: value for name, value in told.items() if value is not None}


def digest(
    images_NHWC: NDArray[np.uint8],
    labels_N: NDArray[np.int64] | None,
    taken_from: int | None = None,
    extras: Extras = Extras(),
) -> Digest:
    """What identifies a training set: SHA-256 over its shape, pixels, labels and extras, whatever file held them; and,
    of a part, how many pictures it was taken from.
    """
    header: dict[str, object] = {"v": 1, "shape": list(images_NHWC.shape), "labels": labels_N is not None}
    if taken_from is not None:
        header["taken_from"] = taken_from
    header |= extras.plain()
    state = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for first in range(0, len(images_NHWC), DIGEST_CHUNK):
        state.update(np.ascontiguousarray(images_NHWC[first : first + DIGEST_CHUNK]).data)
        forget(images_NHWC)
    if labels_N is not None:
        state.update(np.ascontiguousarray(labels_N, dtype="<i8").data)
    return Digest(state.hexdigest())


def numbered(
    labels: Sequence[str | int | None], classes: tuple[str, ...]
) -> tuple[NDArray[np.int64] | None, tuple[str, ...], tuple[Message, ...]]:
    """Labels as numbers from 0, the names of the classes, and a note where they had to be left out.

    Numbers that come with names are kept as they are; otherwise classes are what occurs, in order.
    """
    missing = sum(label is None for label in labels)
    if missing:
        lost = Message("data.note.unlabelled", {"count": missing, "total": len(labels)})
        return None, (), (lost,) if missing < len(labels) else ()
    known = [label for label in labels if label is not None]
    if classes:
        return np.array(known, dtype=np.int64), classes, ()
    names = sorted(set(known), key=lambda label: (isinstance(label, str), label))
    places = {name: place for place, name in enumerate(names)}
    numbers = np.array([places[label] for label in known], dtype=np.int64)
    return numbers, tuple(str(name) for name in names), ()
