"""What was refused because of claims that nobody had verified, counted from the recorded decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from threading import Lock
from typing import Any

from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.store.rights import State
from rectoverso.store.works import Work
from rectoverso.types import Outcome
from rectoverso.verso.screen.claims import Doubt
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.verso.screen.style import StyleCheck

_ABOUT_WORKS = (SimilarityCheck.name, StyleCheck.name)


class RecordedRefusals:
    """The refusals of one home; what was decided since is taken in when it is next asked, by whichever thread: a check
    that was late may still be asking.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = Lock()
        self._last = -1
        self._works: Counter[str] = Counter()
        self._owners: Counter[str] = Counter()
        self._last_held = -1
        self._styles: Counter[str] = Counter()
        self._unseen: Counter[str] = Counter()
        self._unseen_owners: Counter[str] = Counter()

    def of_work(self, work_id: str) -> int:
        """How many drafts were refused because of this work while its claim was only asserted."""
        self._refresh()
        return self._works[work_id]

    def of_owner(self, owner: str) -> int:
        """How many because of all such works of this owner; nobody named is an owner too."""
        self._refresh()
        return self._owners[owner]

    def held_for_style(self, owner: str) -> int:
        """How many drafts were held, or refused where the policy does that, while made like the style of this owner,
        whose claim nobody had verified.
        """
        self._refresh_held()
        return self._styles[owner]

    def held_unseen(self, work: Work) -> tuple[int, int]:
        """How many drafts were held, or refused where the policy does that, because of this work while nobody had seen
        a picture of it, and because of all such works of its owner.
        """
        self._refresh_held()
        return self._unseen[work.id], self._unseen_owners[work.owner]

    def _refresh_held(self) -> None:
        self._refresh()
        with self._lock:
            for asset in self._home.assets.held(after=self._last_held):
                self._last_held = asset.ledger_index
                self._note(asset)

    def _note(self, asset: Asset) -> None:
        """What called for people about it and was nobody's to verify yet."""
        self._styles.update(_owners_of_styles(asset))
        unseen = [work for work in similar_works(asset) if _was_unseen(work)]
        self._unseen.update({work["id"] for work in unseen})
        self._unseen_owners.update({work["owner"] for work in unseen})

    def _refresh(self) -> None:
        with self._lock:
            for asset in self._home.assets.refused(after=self._last):
                self._last = asset.ledger_index
                blamed = [work for work in similar_works(asset) if _is_blamed(work)]
                self._works.update({work["id"] for work in blamed})
                self._owners.update({work["owner"] for work in blamed})
                self._note(asset)


def similar_works(asset: Asset) -> Iterator[dict[str, Any]]:
    """The works that an image was found similar to, as its findings keep them, the gravest first; none that were
    erased since.
    """
    for finding in asset.findings:
        evidence = finding["evidence"] if finding["check"] in _ABOUT_WORKS else {}
        for work in (evidence.get("work"), *evidence.get("also", ())):
            if work and work["id"] and work["outcome"] != Outcome.PASS:
                yield work


def _is_blamed(work: dict[str, Any]) -> bool:
    return work.get("ruling") == Outcome.BLOCK and work.get("claim") == State.ASSERTED


def _was_unseen(work: dict[str, Any]) -> bool:
    return work.get("ruling") == Outcome.REVIEW and work.get("doubt") == Doubt.UNSEEN


def _owners_of_styles(asset: Asset) -> set[str]:
    """Whose styles called for people to look at it."""
    near = (work for work in similar_works(asset) if "typicality" in work)
    return {work["owner"] for work in near if _called_for_people(work)}


def _called_for_people(work: dict[str, Any]) -> bool:
    return work.get("ruling") == Outcome.REVIEW and work.get("claim") != State.VERIFIED
