"""Ways to find a copy among works: ours, and others'. All are asked in the same way.

A method takes the works once, and says of a query which work is nearest and how near: the higher, the more alike.
Scores of two methods mean nothing beside each other; each gets its own threshold from the same unrelated pictures. Ours
answers twice, for its two ways of looking; what the two say together is worked out in tally.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool
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
from rectoverso.verso.screen.cascade import AnyMatch, Cascade
from rectoverso.verso.screen.fingerprint import fingerprints
from rectoverso.verso.screen.gallery import Match, Method
from rectoverso.verso.screen.parts import PartMatch
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.screen.trace import Trace

ORB_CANDIDATES = 5
WHOLE, PARTS = "ours, whole picture", "ours, parts"
MOST_BITS = 72


@dataclass(frozen=True)
class Answer:
    """The number of the nearest work (-1 for none), how near it is, and what the door would make of it by itself."""

    work: int
    score: float
    outcome: str = "pass"


NOTHING = Answer(-1, 0.0)


class Contestant(Protocol):
    """``names`` of its answers, in their order."""

    names: tuple[str, ...]

    def answers(self, pixels: Pixels) -> Sequence[Answer]: ...


class Hashes:
    """A perceptual hash of the whole picture; ``views`` gives the hashes of a query, of which the nearest counts."""

    def __init__(
        self, name: str, views: Callable[[Pixels], NDArray[np.uint8]], works: Sequence[Pixels], pool: Pool
    ) -> None:
        del pool
        self.names = (name,)
        self._views = views
        self._works = np.stack([views(pixels)[0] for pixels in works])

    def answers(self, pixels: Pixels) -> Sequence[Answer]:
        views = self._views(pixels)
        least = np.stack([np.bitwise_count(view ^ self._works).sum(axis=1, dtype=int) for view in views]).min(
            axis=0
        )
        return [Answer(int(least.argmin()), -float(least.min()))]


def of_imagehash(function: Callable[..., Any], **settings: int) -> Callable[[Pixels], NDArray[np.uint8]]:
    return lambda pixels: np.packbits(function(Image.fromarray(pixels), **settings).hash.ravel())[None]


def pdq(pixels: Pixels) -> NDArray[np.uint8]:
    return np.packbits(pdqhash.compute(pixels)[0].astype(bool))[None]


def pdq_symmetries(pixels: Pixels) -> NDArray[np.uint8]:
    return np.packbits(np.stack(pdqhash.compute_dihedral(pixels)[0]).astype(bool), axis=1)


class Orb:
    """ORB: binary descriptors that vote, and a homography over the 5 works with most votes; as it is only."""

    names = ("ORB and homography",)

    def __init__(self, works: Sequence[Pixels], pool: Pool) -> None:
        del pool
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

    def answers(self, pixels: Pixels) -> Sequence[Answer]:
        places, rows = self._described(pixels)
        if len(rows) < 5:
            return [NOTHING]
        distances, found = self._index.search(rows, 4)
        votes = np.bincount(self._owners[found[distances < 64]], minlength=len(self._works))
        looked_at = np.argsort(-votes)[:ORB_CANDIDATES]
        answers = [Answer(int(w), self._inliers(places, rows, *self._works[w])) for w in looked_at]
        return [max(answers, key=lambda answer: answer.score)]

    @staticmethod
    def _inliers(places: Any, rows: Any, their_places: Any, their_rows: Any) -> float:
        if len(their_rows) < 2:
            return 0.0
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(rows, their_rows, k=2)
        clear = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance]
        if len(clear) < 5:
            return 0.0
        ours = places[[match.queryIdx for match in clear]]
        theirs = their_places[[match.trainIdx for match in clear]]
        try:
            _, mask = cv2.findHomography(theirs, ours, cv2.USAC_MAGSAC, 5.0, maxIters=2000)
        except cv2.error:  # all points on one line
            return 0.0
        return 0.0 if mask is None else float(mask.sum())


class Ours:
    """The stages of the door (cascade.py): the whole picture, and parts of it."""

    names = (WHOLE, PARTS)

    def __init__(self, works: Sequence[Pixels], pool: Pool) -> None:
        kept = pool.map(_kept, enumerate(works), chunksize=8)
        records = [work for work, _ in kept]
        self._numbers = {work.id: number for number, work in enumerate(records)}
        self._cascade = Cascade(records, {work.id: trace for work, trace in kept})
        self._cascade.load()  # before there are other processes

    def answers(self, pixels: Pixels) -> Sequence[Answer]:
        measured = self._cascade.look(pixels, at_least=5).measured
        wholes = [one for one in measured if isinstance(one, Match) and one.method is not Method.EXACT]
        whole = max(wholes, key=_whole_score)
        return [self._answer(whole, _whole_score(whole), whole.outcome), self._in_part(measured)]

    def _in_part(self, measured: Sequence[AnyMatch]) -> Answer:
        """The likeliest part, and the gravest outcome of any."""
        parts = [one for one in measured if isinstance(one, PartMatch)]
        if not parts:
            return NOTHING
        likeliest = max(parts, key=lambda part: part.likeness)
        gravest = max((part.outcome for part in parts), key=list(Outcome).index)
        return self._answer(likeliest, likeliest.score, gravest)

    def _answer(self, match: Match | PartMatch, score: float, outcome: Outcome) -> Answer:
        return Answer(self._numbers[match.work.id], score, outcome.value)


def _whole_score(match: Match) -> float:
    """Likeness, halved where a hash that means something says no."""
    denied = match.method is Method.DETAILED and (match.distance or 0) > MOST_BITS
    return match.likeness / 2 if denied else match.likeness


def _kept(numbered: tuple[int, Pixels]) -> tuple[Work, bytes]:
    number, pixels = numbered
    digest = Digest(hashlib.sha256(f"{number} {pixels.shape}".encode() + pixels.tobytes()).hexdigest())
    sketch = Sketch.of(pixels).to_bytes()
    work = Work(digest[:16], str(number), "", digest, fingerprints(pixels), sketch, "")
    return work, Trace.of(pixels).to_bytes()


def _hashes(name: str, views: Callable[[Pixels], NDArray[np.uint8]]) -> Callable[..., Contestant]:
    return lambda works, pool: Hashes(name, views, works, pool)


METHODS: dict[str, Callable[[Sequence[Pixels], Pool], Contestant]] = {
    "aHash 64": _hashes("aHash 64", of_imagehash(imagehash.average_hash)),
    "dHash 64": _hashes("dHash 64", of_imagehash(imagehash.dhash)),
    "pHash 64": _hashes("pHash 64", of_imagehash(imagehash.phash)),
    "wHash 64": _hashes("wHash 64", of_imagehash(imagehash.whash)),
    "pHash 256": _hashes("pHash 256", of_imagehash(imagehash.phash, hash_size=16)),
    "PDQ": _hashes("PDQ", pdq),
    "PDQ, 8 symmetries": _hashes("PDQ, 8 symmetries", pdq_symmetries),
    "ORB": Orb,
    "ours": Ours,
}
