"""Who was trained on, who was not, and which of both the attacks of an audit are asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.errors import NotComparable
from rectoverso.i18n import Phrase
from rectoverso.types import Message
from rectoverso.verso.audit.attack import Flags
from rectoverso.verso.audit.versions import Versions, picked, versions
from rectoverso.workflow.progress import Listener, Progress
from rectoverso.workflow.train import unseen_of

if TYPE_CHECKING:
    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.sample.generator import RunGenerator

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

PICTURES, SAMPLES = 1_000, 10_000
FEWEST = 100
"""So many pictures of each side must be left."""
SPARE = 1.25
"""So many times more are looked at, since some have versions elsewhere."""
REFERENCE_SHARE, MOST_REFERENCE = 0.2, 5_000
"""Of the held-out pictures so many are kept for reference, at least and at most."""


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What `verso audit` was asked for. ``most``: the bar for the true positive rate at 1 % false positives."""

    run: Path
    data: str
    held_out: str | None = None
    pictures: int = PICTURES
    samples: int = SAMPLES
    most: float | None = None
    take: int | None = None
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """Pictures of one side: those that were trained on, or those that were not."""

    name: str
    digest: str
    images: Images
    labels: Labels | None

    def plain(self) -> dict[str, Any]:
        return {"name": self.name, "digest": self.digest, "images": len(self.images)}


@dataclass(frozen=True, slots=True)
class Asked:
    """The pictures that attacks are asked about, shuffled, and which are members; and what they are seen beside."""

    images: Images
    labels: Labels | None
    is_member_N: Flags
    reference: Images
    versions: Versions


def not_comparable(problem: str, **facts: object) -> NotComparable:
    reason, advice = (Phrase(Message(f"audit.{problem}.{part}", facts)) for part in ("reason", "advice"))
    return NotComparable(reason=reason, advice=advice)


def open_data(
    request: AuditRequest, data: str, generator: RunGenerator, listener: Listener, take: int | None = None
) -> Dataset:
    """Data at the run's own sides and channels."""
    from rectoverso.recto.data.source import open_source

    return open_source(
        data,
        size=generator.size,
        channels=generator.shape.channels,
        take=take,
        skip_bad=request.skip_bad,
        listener=counted(listener, "reading"),
    )


def sides_of(
    request: AuditRequest, generator: RunGenerator, dataset: Dataset, listener: Listener
) -> tuple[Side, Side]:
    """Who was trained on and who was not. Raises NotComparable."""
    from rectoverso.recto.train.folder import RunFolder

    prepared, config = generator.recipe.prepared(dataset), RunFolder(request.run).read_config()
    if as_recorded(request.run, generator, prepared.digest) != config["data"]["digest"]:
        raise not_comparable("other_data", data=request.data, run=request.run)
    seed = int(config["run"]["seed"])
    unseen = unseen_of(prepared, generator.recipe, seed)
    labels = prepared.labels if generator.classes else None
    seen = slice(None) if unseen is None else np.delete(np.arange(len(prepared)), unseen)
    members = Side(
        prepared.name, prepared.digest, prepared.images[seen], None if labels is None else labels[seen]
    )
    if request.held_out is not None:
        other = open_data(request, request.held_out, generator, listener)
        named = _named(other, generator.classes) if dataset.labels is not None else None
        others = Side(other.name, other.digest, other.images, named)
    elif unseen is not None:
        others = Side(
            prepared.name, prepared.digest, prepared.batch(unseen), None if labels is None else labels[unseen]
        )
    else:
        raise not_comparable("nothing_held_out", run=request.run)
    return members, others


def as_recorded(run: Path, generator: RunGenerator, digest: str) -> str:
    """A digest that tells of pictures, as the record of the run names it: of a private run under the run's own key.
    Raises RunNotFound where that is gone.
    """
    from rectoverso.recto.privacy.vault import Vault

    return str(Vault(run).veiled(digest)) if generator.recipe.is_private else digest


def _named(other: Dataset, classes: tuple[str, ...]) -> Labels | None:
    """The classes of pictures by the run's numbers; None where they have none, or others."""
    if other.labels is None or not set(other.classes) <= set(classes):
        return None
    return np.array([classes.index(name) for name in other.classes], np.int64)[other.labels]


def asked_of(members: Side, others: Side, pictures: int, listener: Listener, lot: str = "") -> Asked:
    """Draw by lot, take out versions, keep the reference apart, and shuffle. Raises NotComparable.

    ``lot`` names the lot, which knows pictures by what they show: the same ones are drawn whatever their files are
    called and however they are ordered, and more ``pictures`` are the same ones and more. So nobody can ask for another
    lot.
    """
    spare = int(pictures * SPARE) + 1
    kept_back = int(REFERENCE_SHARE * len(others.images))
    lot_M = _by_lot(members.images, lot)[:spare]
    lot_O = _by_lot(others.images, lot)
    lot_O, reference = np.split(lot_O, [min(spare, len(lot_O) - kept_back)])
    place_N = np.concatenate([lot_M, len(members.images) + lot_O])
    listener(Progress(Message("progress.comparing_copies"), 0, len(place_N)))
    pool = (members.images, others.images)
    found = versions(pool, place_N)
    single = place_N[found.is_single_N]
    sides = single[single < len(members.images)][:pictures], single[single >= len(members.images)][:pictures]
    for side, places in zip(("members", "others"), sides, strict=True):
        if len(places) < FEWEST:
            raise not_comparable("few", side=Message(f"audit.side.{side}"), count=len(places), least=FEWEST)
    place_N = np.concatenate(sides)
    place_N = place_N[_by_lot(picked(pool, place_N), f"order {lot}")]
    labels = None
    if members.labels is not None and others.labels is not None:
        labels = np.concatenate([members.labels, others.labels])[place_N]
    return Asked(
        picked(pool, place_N),
        labels,
        place_N < len(members.images),
        others.images[np.sort(reference[-MOST_REFERENCE:])],
        found,
    )


def _by_lot(images: Images, lot: str) -> NDArray[np.int64]:
    """The places of pictures in an order that follows from what they show, and says nothing of it."""
    key = blake2b(lot.encode()).digest()
    drawn = [blake2b(image.tobytes(), key=key, digest_size=8).digest() for image in images]
    return np.argsort(np.array([int.from_bytes(one) for one in drawn], np.uint64), kind="stable")


def counted(listener: Listener, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: listener(Progress(Message(f"progress.{stage}"), done, total))
