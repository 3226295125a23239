"""Ways to find a copy among works: ours, stage by stage, and others'. All are asked in the same way.

A method takes the works once, and says of a query which work is nearest and how near: the higher, the more alike.
Scores of two methods mean nothing beside each other; each gets its own threshold from the same unrelated pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import faiss
import imagehash
import numpy as np
import pdqhash
from marks.attacks import Pixels
from numpy.typing import NDArray
from PIL import Image

from rectoverso.store.works import Work
from rectoverso.types import Digest, Outcome
from rectoverso.verso.screen.fingerprint import fingerprints
from rectoverso.verso.screen.gallery import Gallery
from rectoverso.verso.screen.parts import PartGallery
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.screen.trace import Trace


@dataclass(frozen=True)
class Answer:
    """The number of the nearest work (-1 for none), and how near it is."""

    work: int
    score: float


class Method(Protocol):
    def nearest(self, pixels: Pixels) -> Answer: ...


class Hashes:
    """A perceptual hash of the whole picture; ``views`` gives the hashes of a query, of which the nearest counts."""

    def __init__(self, works: Sequence[Pixels], views: Callable[[Pixels], NDArray[np.uint8]]) -> None:
        self._views = views
        self._works = np.stack([views(pixels)[0] for pixels in works])

    def nearest(self, pixels: Pixels) -> Answer:
        differing = np.bitwise_count(self._views(pixels)[:, None] ^ self._works[None]).sum(axis=2, dtype=int)
        least = differing.min(axis=0)
        return Answer(int(least.argmin()), -float(least.min()))


def of_imagehash(function: Callable[..., Any], **settings: int) -> Callable[[Pixels], NDArray[np.uint8]]:
    return lambda pixels: np.packbits(function(Image.fromarray(pixels), **settings).hash.ravel())[None]


def pdq(pixels: Pixels) -> NDArray[np.uint8]:
    return np.packbits(pdqhash.compute(pixels)[0].astype(bool))[None]


def pdq_symmetries(pixels: Pixels) -> NDArray[np.uint8]:
    return np.packbits(np.stack(pdqhash.compute_dihedral(pixels)[0]).astype(bool), axis=1)


class Orb:
    """ORB: binary descriptors that vote, and a homography over the 20 works with most votes; as it is only."""

    def __init__(self, works: Sequence[Pixels]) -> None:
        self._orb = cv2.ORB_create(500)
        self._works = [self._described(pixels) for pixels in works]
        self._owners = np.repeat(np.arange(len(works)), [len(rows) for _, rows in self._works])
        self._index = faiss.IndexBinaryFlat(256)
        self._index.add(np.concatenate([rows for _, rows in self._works]))

    def _described(self, pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        factor = 400 / max(pixels.shape[:2])
        grey = np.asarray(Image.fromarray(pixels).convert("L"))
        grey = (
            cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else grey
        )
        points, rows = self._orb.detectAndCompute(grey, None)
        places = np.array([point.pt for point in points], np.float32).reshape(-1, 2)
        return places, np.zeros((0, 32), np.uint8) if rows is None else rows

    def nearest(self, pixels: Pixels) -> Answer:
        places, rows = self._described(pixels)
        if len(rows) < 5:
            return Answer(-1, 0.0)
        distances, found = self._index.search(rows, 4)
        close = distances < 64
        votes = np.bincount(self._owners[found[close]], minlength=len(self._works))
        answers = [
            Answer(int(w), self._inliers(places, rows, *self._works[w])) for w in np.argsort(-votes)[:20]
        ]
        return max(answers, key=lambda answer: answer.score)

    @staticmethod
    def _inliers(places: Any, rows: Any, their_places: Any, their_rows: Any) -> float:
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(rows, their_rows, k=2)
        clear = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance]
        if len(clear) < 5:
            return 0.0
        ours = places[[match.queryIdx for match in clear]]
        theirs = their_places[[match.trainIdx for match in clear]]
        _, mask = cv2.findHomography(theirs, ours, cv2.USAC_MAGSAC, 5.0, maxIters=2000)
        return 0.0 if mask is None else float(mask.sum())


class Ours:
    """The stages of the door. A work found whole outranks one found in part: its limits are fixed."""

    def __init__(self, works: Sequence[Pixels], *, whole: bool, parts: bool) -> None:
        records = [_work(number, pixels) for number, pixels in enumerate(works)]
        traces = {
            record.id: Trace.of(pixels).to_bytes() for record, pixels in zip(records, works, strict=True)
        }
        self._gallery = Gallery(records if whole else [])
        self._parts = PartGallery(records, traces if parts else {})

    def nearest(self, pixels: Pixels) -> Answer:
        answers = [Answer(-1, 0.0)]
        whole = self._gallery.compared(pixels, at_least=1)[:1]
        alike = [match for match in whole if match.outcome is not Outcome.PASS]
        answers += [Answer(int(match.work.title), 1000 * match.likeness) for match in alike]
        points = Points.sought(pixels) if self._parts.works else None
        if points is not None:
            found = self._parts.verified(points, self._parts.candidates(points))
            answers += [Answer(int(match.work.title), float(match.alignment.inliers)) for match in found[:1]]
        return max(answers, key=lambda answer: answer.score)


def _work(number: int, pixels: Pixels) -> Work:
    digest = Digest(hashlib.sha256(pixels.tobytes() + bytes([number % 256])).hexdigest())
    sketch = Sketch.of(pixels).to_bytes()
    return Work(digest[:16], str(number), "", digest, fingerprints(pixels), sketch, "")


METHODS: dict[str, Callable[[Sequence[Pixels]], Method]] = {
    "aHash 64": lambda works: Hashes(works, of_imagehash(imagehash.average_hash)),
    "dHash 64": lambda works: Hashes(works, of_imagehash(imagehash.dhash)),
    "pHash 64": lambda works: Hashes(works, of_imagehash(imagehash.phash)),
    "wHash 64": lambda works: Hashes(works, of_imagehash(imagehash.whash)),
    "pHash 256": lambda works: Hashes(works, of_imagehash(imagehash.phash, hash_size=16)),
    "PDQ": lambda works: Hashes(works, pdq),
    "PDQ, 8 symmetries": lambda works: Hashes(works, pdq_symmetries),
    "ORB and homography": Orb,
    "ours, whole picture": lambda works: Ours(works, whole=True, parts=False),
    "ours, parts": lambda works: Ours(works, whole=False, parts=True),
    "**ours, all stages**": lambda works: Ours(works, whole=True, parts=True),
}
