"""DATA: from what a person typed to the pictures of a training.

A folder (class = sub-folder), a zip under the same rule, a Parquet file with an ``image`` column, ``hf:org/name``, or
a built-in by its bare name (a folder of that name is ``./digits``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from rectoverso.errors import BadImages, DataNotFound
from rectoverso.i18n import Phrase
from rectoverso.recto.data import storage
from rectoverso.recto.data.builtin import BUILTINS, built_in
from rectoverso.recto.data.check import BadImage, listing
from rectoverso.recto.data.dataset import Dataset, Outline, numbered
from rectoverso.recto.data.entry import Contents, Entry, unusable
from rectoverso.recto.data.frame import SIDES_PX, Frame, Size, bad_setting
from rectoverso.recto.data.masks import read_masks
from rectoverso.recto.data.picture import decode, is_see_through, short_side, sides_of
from rectoverso.recto.data.storage import CHUNK, InMemory, OnDisk, Storage
from rectoverso.recto.data.subset import taken
from rectoverso.types import Digest, Message

__all__ = ["BUILTINS", "Dataset", "Listener", "Source", "find_source", "open_source"]

Listener = Callable[[int, int], None]
"""Told now and then how many pictures have been read, and of how many."""

DEFAULT_SIDE = 32
LARGER_SIDE = 64
FEWEST = 2
SEE_THROUGH_SHARE = 0.1
"""From this share of pictures with transparency on, ``auto`` keeps the alpha of all."""

_CHANNELS: dict[object, int | None] = {None: 3, "auto": None} | {
    name: int(name) for number in "134" for name in (number, int(number))
}
_THREADS = 2
_SAMPLE = 256
_DECODED_SAMPLE = 64


@dataclass(frozen=True, slots=True)
class Curated:
    """The digest of the manifest of a curation, where pictures came from one, and what is to be said of it."""

    manifest: Digest | None = None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Pictures that were found: their outline is known, and they are read when asked for."""

    outline: Outline
    read: Callable[[Listener | None], Dataset]
    """Raises DataUnusable and BadImages."""


def open_source(
    data: str | Path,
    *,
    size: Size | None = None,
    channels: int | str | None = None,
    take: int | None = None,
    skip_bad: bool = False,
    mask_classes: int | None = None,
    cache: Path | None = None,
    ram_bytes: int | None = None,
    fewest: int = FEWEST,
    longest_px: int | None = None,
    listener: Listener | None = None,
) -> Dataset:
    """Read the pictures of DATA at ``size``: pixels a side, or width and height (``"96x64"``, ``(96, 64)``).

    Without ``size`` it is 32, or 64 where most pictures have 48 pixels or more. ``channels``: 3 (the default) is RGB on
    white; 4 keeps alpha; ``"auto"`` keeps it where at least a tenth of the pictures have transparency; 1 is grey where
    all pictures are grey, else RGB. ``take`` reads only so many, the classes in turn (`subset`). Masks have
    ``mask_classes`` classes, or those that occur (`masks`). More pixels than
    ``ram_bytes`` (a quarter of the memory by default) are mapped from a file: in the folder ``cache``, where the next
    call finds them again, or without a name. ``fewest`` pictures must be there; where one is enough, DATA may also be
    its file. ``longest_px``: without ``size``, the longer side, and the first picture's own aspect.

    Raises DataNotFound, DataUnusable, BadSetting, MissingExtra; BadImages, which names each with its fix, unless
    ``skip_bad`` leaves them out.
    """
    return find_source(
        data,
        size=size,
        channels=channels,
        take=take,
        skip_bad=skip_bad,
        mask_classes=mask_classes,
        cache=cache,
        ram_bytes=ram_bytes,
        fewest=fewest,
        longest_px=longest_px,
    ).read(listener)


def find_source(
    data: str | Path,
    *,
    size: Size | None = None,
    channels: int | str | None = None,
    take: int | None = None,
    skip_bad: bool = False,
    mask_classes: int | None = None,
    cache: Path | None = None,
    ram_bytes: int | None = None,
    fewest: int = FEWEST,
    longest_px: int | None = None,
    curation: Curated = Curated(),
) -> Source:
    """Find the pictures of DATA, as `open_source`, and look at as many as their outline needs.

    The outline is that of all pictures; bad ones, and whether all are grey, are seen in reading. ``curation`` is what
    is known of where DATA was curated. Raises DataNotFound, DataUnusable, BadSetting, MissingExtra.
    """
    frame = None if size is None else Frame.of(size)
    if channels not in _CHANNELS:
        raise bad_setting("channels", channels)
    kept_channels = _CHANNELS[channels]
    if str(data) in BUILTINS:
        frame = frame or Frame(DEFAULT_SIDE, DEFAULT_SIDE)
        dataset = _part(built_in(str(data), frame, kept_channels, take or 0), take, fewest)
        return Source(dataset, lambda _: dataset)
    found = _contents(data, one_is_enough=fewest == 1)
    places = _taken([entry.label for entry in found.entries], take, fewest)
    wanted = Wanted(data, replace(found, entries=[found.entries[place] for place in places]))
    frame = frame or _own_frame(wanted.entries, longest_px) or _natural_frame(wanted.entries)
    kept_channels = kept_channels or _natural_channels(wanted.entries)
    room = Room(frame, kept_channels, cache, ram_bytes, fewest)

    def read(listener: Listener | None) -> Dataset:
        images, bad = _reused(wanted, room) or _decoded(wanted, room, skip_bad=skip_bad, listener=listener)
        taken_from = None if take is None else len(found.entries)
        return _assembled(wanted, images, bad, taken_from, mask_classes, curation)

    return Source(Foreseen.of(wanted, room), read)


def with_other(first: Source, second: Source) -> Source:
    """The pictures of ``first`` with those of ``second`` as their other set, both of the same sides and channels."""

    def read(listener: Listener | None) -> Dataset:
        dataset, other = first.read(listener), second.read(listener)
        return replace(dataset, other=other, skipped=dataset.skipped + other.skipped)

    return Source(Foreseen.like(first.outline, second.outline), read)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read: the name it was given by, and the entries, perhaps only a part of them."""

    data: str | Path
    contents: Contents

    @property
    def entries(self) -> Sequence[Entry]:
        return self.contents.entries


@dataclass(frozen=True, slots=True)
class Room:
    """What the pictures are brought to, where they may lie, and how many there must be."""

    frame: Frame
    channels: int
    cache: Path | None
    ram_bytes: int | None
    fewest: int = FEWEST

    @property
    def planes(self) -> int:
        """Channels decoded: whether all are grey is seen only then."""
        return max(3, self.channels)

    def bytes_of(self, count: int) -> int:
        return count * self.frame.pixels * self.planes

    def is_enough(self, count: int) -> bool:
        """Whether that many pictures go into memory."""
        limit = self.ram_bytes
        return self.bytes_of(count) <= (
            storage.RAM_SHARE * storage.memory_bytes() if limit is None else limit
        )

    def path(self, entries: Sequence[Entry]) -> Path | None:
        """The file for these entries, if it is to have a name."""
        return self.cache and self.cache / f"{storage.key(entries, self.frame, self.channels)}.npy"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The `Outline` of pictures that are still to be read."""

    count: int
    height: int
    width: int
    channels: int
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    is_captioned: bool = False
    is_mapped: bool = False
    regions: tuple[str, ...] = ()
    other: Outline | None = None

    def __len__(self) -> int:
        return self.count

    @classmethod
    def of(cls, wanted: Wanted, room: Room) -> Foreseen:
        """What entries foretell of the pictures that they will be in a room."""
        entries, frame = wanted.entries, room.frame
        labels, classes, _ = numbered([entry.label for entry in entries], wanted.contents.classes)
        return cls(
            len(entries),
            frame.height,
            frame.width,
            room.channels,
            labels,
            classes,
            is_captioned=any(entry.caption for entry in entries),
            is_mapped=all(entry.mask for entry in entries),
        )

    @classmethod
    def like(cls, first: Outline, other: Outline) -> Foreseen:
        """The first outline, with another beside it."""
        names = [field.name for field in fields(cls) if field.name not in ("count", "other")]
        return cls(len(first), **{name: getattr(first, name) for name in names}, other=other)


def _contents(data: str | Path, *, one_is_enough: bool = False) -> Contents:
    """The entries of whatever ``data`` turns out to be, told by its content and not its name."""
    if str(data).startswith("hf:"):
        from rectoverso.recto.data import hub

        return hub.contents(str(data))
    path = Path(data)
    try:
        if path.is_dir():
            from rectoverso.recto.data import folder

            return folder.contents(path)
        head = _head(path) if path.is_file() else None
    except OSError as error:
        raise unusable(data, "unlistable", words=error.strerror or str(error)) from error
    except ValueError:  # a NUL in the name
        head = None
    if head is None:
        raise DataNotFound(data=data, builtins=", ".join(BUILTINS))
    return _packed(path, head, one_is_enough=one_is_enough)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _packed(path: Path, head: bytes, *, one_is_enough: bool) -> Contents:
    if head.startswith(b"PK") or path.suffix.lower() == ".zip":
        from rectoverso.recto.data import archive

        return archive.contents(path)
    if head == b"PAR1" or path.suffix.lower() == ".parquet":
        from rectoverso.recto.data import parquet

        return parquet.contents(path)
    if one_is_enough:
        from rectoverso.recto.data import folder

        return folder.one_picture(path)
    raise unusable(path, "one_file")


def _taken(labels: Sequence[str | int | None], take: int | None, fewest: int) -> NDArray[np.int64]:
    """The places of the pictures asked for. Raises BadSetting."""
    if take is None:
        return np.arange(len(labels))
    if not fewest <= take <= len(labels):
        raise bad_setting("take", take, least=fewest, total=len(labels))
    return taken(labels, take)


def _part(whole: Dataset, take: int | None, fewest: int) -> Dataset:
    """So many pictures of a built-in."""
    if take is None or take == len(whole):
        return whole
    assert whole.labels is not None  # noqa: S101 - every built-in has classes
    places = _taken(whole.labels.tolist(), take, fewest)
    return replace(
        whole,
        images=whole.images[places],
        labels=whole.labels[places],
        captions=whole.captions and tuple(whole.captions[place] for place in places),
        masks=None if whole.masks is None else whole.masks[places],
        notes=(*whole.notes, _note(take, len(whole))),
        taken_from=len(whole),
    )


def _note(take: int, total: int) -> Message:
    return Message("data.note.taken", {"count": take, "total": total})


def _natural_frame(entries: Sequence[Entry]) -> Frame:
    """A square of 32 or 64, by the median short side of up to 256 pictures spread evenly over the data."""
    with warnings.catch_warnings(action="ignore"):
        sides = [side for entry in _spread(entries, _SAMPLE) if (side := short_side(entry)) is not None]
    side = LARGER_SIDE if sides and median(sides) >= (DEFAULT_SIDE + LARGER_SIDE) / 2 else DEFAULT_SIDE
    return Frame(side, side)


def _own_frame(entries: Sequence[Entry], longest_px: int | None) -> Frame | None:
    """The aspect of the first picture with this longer side; None without one, and where the picture is bad."""
    sides = sides_of(entries[0]) if longest_px and entries else None
    if longest_px is None or sides is None:
        return None
    width, height = (max(SIDES_PX.start, round(side * longest_px / max(sides))) for side in sides)
    return Frame(width, height)


def _natural_channels(entries: Sequence[Entry]) -> int:
    """4 where enough of up to 64 pictures spread evenly over the data have transparency, else 3."""
    with warnings.catch_warnings(action="ignore"):
        answers = [is_see_through(entry) for entry in _spread(entries, _DECODED_SAMPLE)]
    known = [answer for answer in answers if answer is not None]
    return 4 if known and sum(known) >= SEE_THROUGH_SHARE * len(known) else 3


def _spread(entries: Sequence[Entry], at_most: int) -> Sequence[Entry]:
    return entries[:: -(-len(entries) // at_most) or 1]


def _reused(wanted: Wanted, room: Room) -> tuple[NDArray[np.uint8], dict[int, BadImage]] | None:
    """What an earlier call decoded and kept on disk, if no picture of it was bad."""
    count = len(wanted.entries)
    if room.is_enough(count) or room.cache is None or not any(room.cache.glob("*.npy")):
        return None
    path = room.path(wanted.entries)
    images = None if path is None else storage.load(path)
    return None if images is None or len(images) != count else (images, {})


def _decoded(
    wanted: Wanted, room: Room, *, skip_bad: bool, listener: Listener | None
) -> tuple[NDArray[np.uint8], dict[int, BadImage]]:
    """The good pictures, N,H,W,C, and the bad by their places. Raises BadImages, DataUnusable."""
    place = _storage(wanted, room)
    try:
        bad = _filled(place, wanted.entries, room, listener)
        _check_bad(wanted.data, bad, len(wanted.entries), room.fewest, skip_bad=skip_bad)
        good = np.array([row for row in range(len(wanted.entries)) if row not in bad])
        is_grey = room.channels == 1 and _all_grey(place, good)
        images = place.finish(good if bad else None, 1 if is_grey else None)
    except BaseException:
        place.discard()
        raise
    return images, bad


def _storage(wanted: Wanted, room: Room) -> Storage:
    """Memory, or a file where that would fill too much of it. Raises DataUnusable when the disk is too small too."""
    count = len(wanted.entries)
    shape = (count, room.frame.height, room.frame.width, room.planes)
    if room.is_enough(count):
        return InMemory(shape)
    need, have = room.bytes_of(count), storage.free_bytes(room.cache)
    if need > have:
        facts = {"count": count, "size": room.frame, "need": -(-need // 2**30), "have": have // 2**30}
        raise unusable(wanted.data, "disk", **facts)
    return OnDisk(shape, room.path(wanted.entries))


def _filled(
    place: Storage, entries: Sequence[Entry], room: Room, listener: Listener | None
) -> dict[int, BadImage]:
    """Decode all pictures into their storage, and return which of them are bad (their pixels mean nothing).

    Threads pay although Python holds them back: Pillow decodes and resizes outside the lock.
    """
    bad: dict[int, BadImage] = {}

    def chunk(start: int) -> int:
        rows = range(start, min(start + CHUNK, len(entries)))
        images_NHWC = np.zeros((len(rows), room.frame.height, room.frame.width, room.planes), np.uint8)
        for row in rows:
            if found := decode(entries[row], images_NHWC[row - start]):
                bad[row] = found
        place.put(start, images_NHWC)
        return rows.stop

    # Pillow warns of every oddity that it forgives; what it does not forgive is in the list.
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(_THREADS) as pool:
        for done in pool.map(chunk, range(0, len(entries), CHUNK)):
            if listener:
                listener(done, len(entries))
    return dict(sorted(bad.items()))


def _check_bad(
    data: str | Path, bad: dict[int, BadImage], total: int, fewest: int, *, skip_bad: bool
) -> None:
    if bad and not skip_bad:
        raise BadImages(count=len(bad), total=total, listing=Phrase(*listing(bad.values())))
    if total - len(bad) < fewest:
        raise unusable(data, "too_few", count=total - len(bad), least=fewest, bad=len(bad))


def _all_grey(place: Storage, good: NDArray[np.int64]) -> bool:
    chunks = (place.read(good[first : first + CHUNK]) for first in range(0, len(good), CHUNK))
    return all((images_NHWC == images_NHWC[..., :1]).all() for images_NHWC in chunks)


def _assembled(
    wanted: Wanted,
    images: NDArray[np.uint8],
    bad: dict[int, BadImage],
    taken_from: int | None,
    mask_classes: int | None,
    curation: Curated,
) -> Dataset:
    found = wanted.contents
    entries = [entry for place, entry in enumerate(found.entries) if place not in bad]
    labels, classes, notes = numbered([entry.label for entry in entries], found.classes)
    captioned = any(entry.caption for entry in entries)
    frame = Frame(int(images.shape[2]), int(images.shape[1]))
    masks, regions = read_masks(wanted.data, entries, frame, found.regions, mask_classes) or (None, ())
    if taken_from is not None:
        notes = (*notes, _note(len(found.entries), taken_from))
    return Dataset(
        name=found.name,
        images=images,
        labels=labels,
        classes=classes,
        captions=tuple(entry.caption or "" for entry in entries) if captioned else None,
        masks=masks,
        regions=regions,
        skipped=tuple(bad.values()),
        notes=found.notes + notes + curation.notes,
        taken_from=taken_from,
        attributions=tuple(entry.attribution for entry in entries),
        manifest=curation.manifest,
    )
