"""Which registered style is a picture made most like? A ranking for people, which blocks nothing.

A style is what one owner registered with the kind ``style``: pictures, not words. Each is described by how it is made
(manner.py). What a set has in common counts most: a block of numbers in which its pictures lie close together weighs
more than one in which they differ. A picture's distance to the set is that to its three nearest, and is told by the
share of the set's own pictures that lie as far from the others: its typicality. This measures a set by itself and not
by a number that would have to hold for all, because some sets are the neighbours of everything and others of nothing.

A style as such is nobody's; who was first, what was taken and whether it matters are not things that are measured here.

Source of measuring by each set's own neighbourhood: A. Conneau et al., "Word Translation Without Parallel Data", 2018
(CSLS).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.rights import Kind
from rectoverso.store.works import Work
from rectoverso.types import Draft, Finding, Message, Outcome, Pixels
from rectoverso.verso.screen.claims import Doubt, NoRefusals, Refusals, Ruling, style_ruling
from rectoverso.verso.screen.manner import NUM_NUMBERS, Floats, apart, manner_of
from rectoverso.verso.screen.similarity import credit_line

# Shapes: N pictures of a style, F numbers, B blocks of them.

SPACE = "manner/1"
LEAST_PICTURES = 10
"""Fewer pictures say too little of what they have in common; they are kept, and compared once there are enough."""

MOST_PICTURES = 500
"""So many of one style are compared; more of them cost the square of their number, and say little that is new."""

TYPICAL = 0.5
"""From here on a picture is for people: half of the style's own pictures lie as far from the others, or farther."""

FALSE_POSITIVE_RATE = 0.22
"""How often a picture of another collection gets there, as an upper 95 % bound for the worst of twelve styles of ten
pictures each (benchmarks/style.py): one that is no style, photographs of anything. Of Noto emoji and Blobmoji, which
are cousins, it is 12 %, and three quarters of the cousin's; of pencil, ink or micrographs it is none.
"""

NEIGHBOURS = 3
LEAST_SPREAD = 0.02
MOST_RANKED = 10


def to_bytes(numbers: Floats) -> bytes:
    """What is kept of a picture's manner: half precision, 2 bytes a number."""
    return numbers.astype("<f2").tobytes()


def from_bytes(data: bytes) -> Floats:
    """What ``to_bytes`` wrote. Raises ValueError for anything else."""
    if len(data) != 2 * NUM_NUMBERS:
        raise ValueError("not the numbers of a picture's manner")
    return np.frombuffer(data, "<f2").astype(np.float32)


@dataclass(frozen=True, slots=True)
class StyleMatch:
    """How a picture lies to one style: its nearest ``work``, its ``typicality``, and ``distance``, of which 1 is the
    middle one of the style's own pictures.
    """

    work: Work
    pictures: int
    typicality: float
    distance: float

    @property
    def is_near(self) -> bool:
        return self.typicality >= TYPICAL

    @property
    def outcome(self) -> Outcome:
        """What the pictures say by themselves."""
        return Outcome.REVIEW if self.is_near else Outcome.PASS

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "id": self.work.id,
            "title": self.work.title,
            "owner": self.work.owner,
            "outcome": self.outcome.value,
            "method": SPACE,
            "typicality": round(self.typicality, 4),
            "distance": round(self.distance, 3),
            "pictures": self.pictures,
            "rights": self.work.rights.plain(),
            "claim": self.work.state.value,
        }


class Style:
    """The pictures of one style: ``works``, and how each is made (N, F)."""

    def __init__(self, works: Sequence[Work], rows_NF: Floats) -> None:
        self.works = tuple(works)
        self._rows_NF = rows_NF
        apart_NNB = np.stack([apart(row, rows_NF) for row in rows_NF])
        self._spread_B = _spread(apart_NNB)
        distances_NN = self._weighted(apart_NNB)
        np.fill_diagonal(distances_NN, np.inf)
        self._own_N = np.sort(_nearest(distances_NN))

    def match(self, manner_F: Floats) -> StyleMatch:
        distances_N = self._weighted(apart(manner_F, self._rows_NF))
        far = float(_nearest(distances_N))
        as_far = len(self._own_N) - int(np.searchsorted(self._own_N, far, side="left"))
        nearest = self.works[int(distances_N.argmin())]
        usual = max(float(np.median(self._own_N)), 1e-6)
        return StyleMatch(nearest, len(self.works), as_far / len(self._own_N), far / usual)

    def _weighted(self, apart_B: Floats) -> NDArray[np.float64]:
        return np.asarray((apart_B / self._spread_B).mean(axis=-1), np.float64)


def _spread(apart_NNB: Floats) -> Floats:
    """(B,): how far apart neighbours within the set are, block by block."""
    count = len(apart_NNB)
    others = apart_NNB[~np.eye(count, dtype=bool)].reshape(count, count - 1, -1)
    near_NB = np.sort(others, axis=1)[:, :NEIGHBOURS].mean(axis=1)
    return np.asarray(np.maximum(np.median(near_NB, axis=0), LEAST_SPREAD), np.float32)


def _nearest(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sort(distances, axis=-1)[..., :NEIGHBOURS].mean(axis=-1))


class Styles:
    """The styles among works; ``manners`` has by the works' ids what ``to_bytes`` wrote, where anything is kept.

    Raises ValueError for what it did not write.
    """

    def __init__(self, works: Sequence[Work], manners: Mapping[str, bytes]) -> None:
        sets: dict[str, list[Work]] = {}
        for work in works:
            if work.rights.kind is Kind.STYLE and work.id in manners:
                sets.setdefault(whose(work), []).append(work)
        self._styles = [
            Style(members[:MOST_PICTURES], _rows(members[:MOST_PICTURES], manners))
            for members in sets.values()
            if len(members) >= LEAST_PICTURES
        ]

    def __len__(self) -> int:
        return len(self._styles)

    def ranked(self, pixels: Pixels) -> list[StyleMatch] | None:
        """All styles, the one that the picture (uint8 HWC) is most like first; None where it is too small to say."""
        manner_F = manner_of(pixels)
        if manner_F is None:
            return None
        matches = [style.match(manner_F) for style in self._styles]
        return sorted(matches, key=lambda match: (-match.typicality, match.distance))


def _rows(works: Sequence[Work], manners: Mapping[str, bytes]) -> Floats:
    return np.stack([from_bytes(manners[work.id]) for work in works])


def whose(work: Work) -> str:
    """By what the pictures of one style belong together: their owner, or where nobody is named the title."""
    return work.owner or work.title


class StyleCheck:
    """Ranks the registered styles for a draft; never more than `review`."""

    name = "style"

    def __init__(
        self, works: Sequence[Work], manners: Mapping[str, bytes], refusals: Refusals | None = None
    ) -> None:
        self._works = works
        self._manners = manners
        self._refusals = refusals or NoRefusals()

    @cached_property
    def _styles(self) -> Styles:
        return Styles(self._works, self._manners)

    def load(self) -> None:
        """Compare the pictures of each style with each other: seconds for many."""
        _ = self._styles

    def examine(self, draft: Draft) -> Finding:
        """`review` names the style that it is most like; `pass` says how many were compared, and whom to credit."""
        ranked = self._styles.ranked(draft.pixels)
        compared = {"compared_with": len(self._styles)}
        if not ranked:
            message = Message("style.too_small" if ranked is None else "style.few", {"least": LEAST_PICTURES})
            return Finding(self.name, Outcome.PASS, message, evidence=compared)
        rulings = [(match, style_ruling(match.outcome, match.work, self._refusals)) for match in ranked]
        told = [
            match.plain() | {"ruling": led_to.outcome.value, "doubt": led_to.doubt and led_to.doubt.value}
            for match, led_to in rulings
        ]
        first = next((at for at, (_, led_to) in enumerate(rulings) if led_to.outcome is Outcome.REVIEW), 0)
        match, led_to = rulings[first]
        evidence: dict[str, Any] = compared | {"work": told[first], "ranking": told[:MOST_RANKED]}
        also = [one for at, one in enumerate(told[:MOST_RANKED]) if at != first and ranked[at].is_near]
        if also:
            evidence["also"] = also
        if thanked := [one for one, asked in rulings if asked.doubt is Doubt.CREDIT]:
            evidence["credits"] = [credit_line(one.work) | {"typicality": one.typicality} for one in thanked]
        return Finding(
            check=self.name,
            outcome=led_to.outcome,
            message=_message(match, led_to, len(self._styles)),
            score=round(match.typicality, 4),
            threshold=TYPICAL,
            false_positive_rate=FALSE_POSITIVE_RATE,
            evidence=evidence,
        )


def _message(match: StyleMatch, led_to: Ruling, count: int) -> Message:
    """What is said of the style that a picture is most like, among so many, and of what that leads to."""
    if not match.is_near:
        return Message("style.pass", {"count": count})
    facts = {"owner": whose(match.work), "percent": round(100 * match.typicality), "pictures": match.pictures}
    return Message(f"style.{led_to.doubt.value if led_to.doubt else 'review'}", facts)
