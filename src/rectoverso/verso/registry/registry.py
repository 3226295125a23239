"""The register of protected works. Only fingerprints are kept; nobody has to hand over a picture.

Fingerprints that an owner made elsewhere are entered like those made here, with a mark that nobody has seen their
picture. It is taken off when the owner brings the original and they are found to be its own (`Registry.compare`).

Entering is all or nothing: every picture is opened and fingerprinted before the first one is written, and each change
is recorded in the transaction that makes it, so that register and ledger cannot disagree. The home's lock is held while
it is written and not while pictures are opened, which may take hours; what they were compared with and has changed
meanwhile is compared again.

What protects others from the register: a picture that is too plain, or a copy of common content, is not entered; one
that is merely alike to common content is entered with a mark that keeps it from blocking (``screen.claims``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol, TypeAlias, TypeVar

from rectoverso.errors import (
    BadWorks,
    CommonNotFound,
    InputError,
    OwnerNotFound,
    WorkCommon,
    WorkNotFound,
    WorkTooPlain,
)
from rectoverso.i18n import Listing
from rectoverso.protocols import Clock
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.rights import Kind, State
from rectoverso.store.works import Work, Works, called
from rectoverso.types import Digest, Outcome, Pixels
from rectoverso.verso.registry.credible import demand_credible
from rectoverso.verso.registry.descriptors import descriptors_of, embedded
from rectoverso.verso.registry.fingerprints import Fingerprints
from rectoverso.verso.registry.gate import has_nothing_of_its_own
from rectoverso.verso.registry.offers import Offer
from rectoverso.verso.registry.original import differences, may_be_of
from rectoverso.verso.screen.calibration import Calibration
from rectoverso.verso.screen.cascade import Look
from rectoverso.verso.screen.embedding import Embedder
from rectoverso.verso.screen.fingerprint import fingerprints
from rectoverso.verso.screen.gallery import Gallery, Match
from rectoverso.verso.screen.known import prepare
from rectoverso.verso.screen.similarity import cascade_of
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.screen.style import SPACE, StyleMatch, Styles
from rectoverso.verso.screen.trace import Trace
from rectoverso.verso.verify.bounded import shared

Looked = TypeVar("Looked")
Changed = TypeVar("Changed")


class Guard(Protocol):
    """Notices what happened to the register behind this program's back (``workflow.guard``)."""

    def works(self) -> list[Work]:
        """Every work, the oldest first."""

    def changing(self) -> AbstractContextManager[Transaction]:
        """A transaction in which the register is changed."""


Offered: TypeAlias = Offer | Fingerprints
Enrolled: TypeAlias = tuple[Work, bytes, Mapping[str, bytes]]
"""A work, its trace, and what else is to be kept of it."""

Recorder = Callable[[Transaction, str, Work, Mapping[str, Any]], object]
"""Writes one ledger entry of a kind about a work, with what else is to be said, in the transaction given."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing an original with works that nobody had seen: the ``work`` that its fingerprints may be of,
    None for none, and in what they differ, nothing where they are its own.
    """

    name: str
    work: Work | None
    differ: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return self.work is not None and not self.differ


class Registry:
    """The works of one home. ``record`` is told of every change while its transaction is open, and ``guard`` asked for
    works and for transactions; ``embedder`` gives the weights that somebody named, or none.
    """

    def __init__(
        self,
        home: Home,
        clock: Clock,
        record: Recorder,
        guard: Guard,
        embedder: Callable[[], Embedder | None] = lambda: None,
    ) -> None:
        self._embedder = embedder
        self._guard = guard
        self._home = home
        self._clock = clock
        self._record = record

    def add(self, offers: Callable[[], Iterable[Offered]]) -> list[Work]:
        """Enter what is offered as works; ``offers`` is asked again where common content changed meanwhile. A file
        entered before stays as it is.

        Raises ImageUnreadable, WorkTooPlain or WorkCommon for one bad picture, FingerprintsDoubtful for fingerprints,
        BadWorks for several; nothing is entered then. Raises HomeBusy.
        """
        return self._looked_then_changed(
            lambda commons: self._enrolled(offers(), commons), lambda tx, kept: self._registered(tx, *kept)
        )

    def _enrolled(self, offers: Iterable[Offered], commons: Gallery) -> Sequence[Enrolled]:
        """The works that are offered, each once."""
        bad = Unenterable()
        works: dict[Digest, Enrolled] = {}
        for offer in offers:
            with bad.noted():
                if isinstance(offer, Fingerprints):
                    work = enrol_unseen(offer, added_at=self._now())
                    common = _common_to(offer, commons.compared_to(work))
                    works.setdefault(work.file_digest, (replace(work, common=common), offer.trace, {}))
                    continue
                pixels, work = enrol(offer, added_at=self._now())
                if work.file_digest not in works:
                    works[work.file_digest] = self._measured(offer, pixels, work, commons)
        bad.raise_if_any()
        return list(works.values())

    def _measured(self, offer: Offer, pixels: Pixels, work: Work, commons: Gallery) -> Enrolled:
        """All that is to be kept of a work whose picture (uint8 HWC) is at hand."""
        common = _common_to(offer, commons.similar(pixels))
        told = descriptors_of(work, pixels, self._embedder())
        return replace(work, common=common), Trace.of(pixels).to_bytes(), told

    def _registered(self, tx: Transaction, work: Work, trace: bytes, told: Mapping[str, bytes]) -> Work:
        """The work as it is kept. What was not kept of it before is kept when its file is entered again."""
        kept, is_new = self._entered(tx, self._home.works, work, "work_registered")
        added = [self._home.traces.put(tx, kept.id, trace)]
        for space, numbers in told.items():
            if space != SPACE or kept.rights.kind is Kind.STYLE:
                added.append(self._home.descriptors.put(tx, kept.id, space, numbers))
        if any(added) and not is_new:
            self._record(tx, "work_completed", kept, {})
        return kept

    def compare(self, offers: Callable[[], Iterable[Offer]], owner: str | None = None) -> Sequence[Compared]:
        """Compare originals with the works that came as fingerprints and that nobody has seen, or those of an owner. A
        work whose fingerprints are those of an original has been seen from then on, and what is kept of it is what
        was made here.

        Raises as `add` for a picture that could not be entered itself; nothing is changed then.
        """
        return self._looked_then_changed(
            lambda commons: self._compared_with_unseen(offers(), owner, commons),
            lambda tx, one: self._seen(tx, *one),
        )

    def _looked_then_changed(
        self, look: Callable[[Gallery], Sequence[Looked]], change: Callable[[Transaction, Looked], Changed]
    ) -> list[Changed]:
        """Look with the door open, and change what was found with it closed; look again where others changed the common
        content meanwhile.
        """
        while True:
            marks = self._home.commons.marks()
            found = look(Gallery(self._home.commons.all()))
            with self._home.lock():
                if self._home.commons.marks() != marks:
                    continue
                with self._guard.changing() as tx:
                    changed = [change(tx, one) for one in found]
            with suppress(KeyError):  # of a work that was removed meanwhile
                prepare(self._home.traces)
            return changed

    def _compared_with_unseen(
        self, offers: Iterable[Offer], owner: str | None, commons: Gallery
    ) -> Sequence[tuple[Compared, Enrolled]]:
        """Each original with every work that its fingerprints may be of, and as it would be entered itself."""
        bad = Unenterable()
        found: list[tuple[Compared, Enrolled]] = []
        waiting = [work for work in self.list() if work.is_unseen and owner in (None, work.owner)]
        unseen = Gallery(waiting)
        for offer in offers:
            with bad.noted():
                pixels, work = enrol(offer, added_at=self._now())
                measured = self._measured(offer, pixels, work, commons)
                asked = [match.work for match in unseen.compared_to(work) if may_be_of(match)]
                traces = self._home.traces.of_works([one.id for one in asked])
                told = [
                    Compared(offer.name, one, differences(one, traces[one.id], *measured[:2]))
                    for one in asked
                    if one.id in traces
                ]
                found += [(one, measured) for one in told or [Compared(offer.name, None)]]
        bad.raise_if_any()
        return found

    def _seen(self, tx: Transaction, compared: Compared, measured: Enrolled) -> Compared:
        """Note that a work was seen, and keep what was made of its original here."""
        original, trace, told = measured
        kept = self._home.works.of_id(tx, compared.work.id) if compared.work else None
        if kept is None or not compared.is_same or not kept.is_unseen:
            return replace(compared, work=kept)
        seen = replace(
            kept,
            fingerprint=original.fingerprint,
            small=original.small,
            common=original.common,
            original=original.file_digest,
        )
        self._home.works.measured(tx, seen)
        self._home.traces.remove(tx, kept.id)
        self._home.traces.put(tx, kept.id, trace)
        for space, numbers in told.items():
            self._home.descriptors.put(tx, kept.id, space, numbers)
        self._record(tx, "work_compared", seen, {"original": original.file_digest})
        return replace(compared, work=seen)

    def search(self, pixels: Pixels, calibration: Calibration | None = None) -> Look:
        """The works that a picture (uint8 HWC) is similar to, the gravest first, and what each stage found."""
        works = self.list()
        known = embedded(self._home, works, self._embedder())
        return cascade_of(works, self._home.traces, calibration, known).look(pixels)

    def styles(self, pixels: Pixels) -> list[StyleMatch]:
        """The registered styles, the one that a picture (uint8 HWC) is most like first; none of one too small."""
        return Styles(self.list(), self._home.descriptors.of(SPACE)).ranked(pixels) or []

    def list(self) -> list[Work]:
        """Every work, the oldest first."""
        return self._guard.works()

    def named(self, names: Iterable[str], owner: str | None = None) -> Sequence[Work]:
        """The works of these ids or titles, and those of this owner. Raises WorkNotFound, TitleShared,
        OwnerNotFound.
        """
        works = self.list()
        owned = [work for work in works if owner is not None and work.owner == owner]
        if owner is not None and not owned:
            raise OwnerNotFound(owner=owner)
        found = {work.id: work for work in [_named(works, name) for name in names] + owned}
        return list(found.values())

    def claim(self, works: Iterable[Work], state: State, reason: str) -> Sequence[Work]:
        """Change the state of the claim to these works; one that is in that state stays as it is."""
        changed = [replace(work, state=state) for work in works if work.state is not state]
        facts = {"claim": state.value, "reason": reason}
        return self._changed(changed, "work_claim", facts)

    def expire(self, works: Iterable[Work], day: date) -> Sequence[Work]:
        """Record the end of those works whose last day has passed, once for each; returns them."""
        ended = [work for work in works if work.rights.have_ended(day) and not work.expired]
        return self._changed([replace(work, expired=True) for work in ended], "work_expired", {})

    def remove(self, works: Iterable[Work]) -> Sequence[Work]:
        """Take these works off the register; returns them."""
        removed = list(works)
        with self._guard.changing() as tx:
            for work in removed:
                self._home.traces.remove(tx, work.id)
                self._home.descriptors.remove(tx, work.id)
                if self._home.works.remove(tx, work.id):
                    self._record(tx, "work_removed", work, {})
        return removed

    def add_common(self, offers: Callable[[], Iterable[Offer]]) -> tuple[Sequence[Work], Sequence[Work]]:
        """Enter pictures that anybody may use; returns them, and the works that are alike to one and so cannot block.

        ``offers`` and what is raised are as for `add`.
        """
        while True:
            marks = self._home.works.marks()
            entered = self._compared(offers(), Gallery(self.list()))
            with self._home.lock():
                if self._home.works.marks() == marks:
                    return self._entered_as_common(entered)

    def _compared(self, offers: Iterable[Offer], gallery: Gallery) -> Sequence[tuple[Work, Sequence[Work]]]:
        """The pictures that are offered, each with the works that are alike to it."""
        bad = Unenterable()
        entered: dict[Digest, tuple[Work, Sequence[Work]]] = {}
        for offer in offers:
            with bad.noted():
                pixels, common = enrol(offer, added_at=self._now())
                alike = [match.work for match in gallery.similar(pixels) if match.outcome is not Outcome.PASS]
                entered.setdefault(common.file_digest, (common, alike))
        bad.raise_if_any()
        return list(entered.values())

    def _entered_as_common(
        self, entered: Iterable[tuple[Work, Sequence[Work]]]
    ) -> tuple[Sequence[Work], Sequence[Work]]:
        marked: dict[str, Work] = {}
        with self._guard.changing() as tx:
            commons = []
            for common, alike in entered:
                kept, _ = self._entered(tx, self._home.commons, common, "common_added")
                commons.append(kept)
                for work in (marked.get(work.id, work) for work in alike):
                    if kept.id not in work.common:
                        marked[work.id] = replace(work, common=(*work.common, kept.id))
            self._change(tx, marked.values(), "work_common", {"alike": True})
        return commons, list(marked.values())

    def remove_common(self, name: str) -> Work:
        """Take a picture out of the common ones, by id or title. Raises CommonNotFound, TitleShared."""
        common = called(self._home.commons.all(), name)
        if common is None:
            raise CommonNotFound(common=name)
        freed = [
            replace(work, common=tuple(other for other in work.common if other != common.id))
            for work in self.list()
            if common.id in work.common
        ]
        with self._guard.changing() as tx:
            if self._home.commons.remove(tx, common.id):
                self._record(tx, "common_removed", common, {})
            for work in freed:
                self._home.works.change(tx, work)
                if not work.common:
                    self._record(tx, "work_common", work, {"alike": False})
        return common

    def _entered(self, tx: Transaction, kept: Works, work: Work, kind: str) -> tuple[Work, bool]:
        """The work as it is kept, and whether it is new there."""
        named = replace(work, id=kept.id_for(tx, work.file_digest))
        if kept.add(tx, named):
            self._record(tx, kind, named, _public(named) if kind == "work_registered" else {})
            return named, True
        return kept.of_file(tx, work.file_digest) or named, False

    def _changed(self, works: Sequence[Work], kind: str, facts: Mapping[str, Any]) -> Sequence[Work]:
        if works:
            with self._guard.changing() as tx:
                self._change(tx, works, kind, facts)
        return works

    def _change(self, tx: Transaction, works: Iterable[Work], kind: str, facts: Mapping[str, Any]) -> None:
        for work in works:
            self._home.works.change(tx, work)
            self._record(tx, kind, work, facts)

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds")  # works keep the order that they came in


def enrol(offer: Offer, *, added_at: str) -> tuple[Pixels, Work]:
    """What is offered, and the work that it would be, without entering it. Raises ImageUnreadable, WorkTooPlain."""
    data = offer.data()
    pixels = shared().open(data, name=offer.name).pixels
    sketch = Sketch.of(pixels)
    if has_nothing_of_its_own(pixels, sketch):
        raise WorkTooPlain(path=offer.name)
    digest = Digest(hashlib.sha256(data).hexdigest())
    prints, small = fingerprints(pixels), sketch.to_bytes()
    return pixels, Work(digest[:8], offer.title, offer.owner, digest, prints, small, added_at, offer.rights)


def enrol_unseen(offer: Fingerprints, *, added_at: str) -> Work:
    """The work that fingerprints would be, without entering it. Raises FingerprintsDoubtful."""
    demand_credible(offer)
    return Work(
        offer.digest[:8],
        offer.title,
        offer.owner,
        offer.digest,
        offer.hashes,
        offer.sketch,
        added_at,
        offer.rights,
        by_fingerprints=True,
    )


def _common_to(offer: Offered, similar: Iterable[Match]) -> tuple[str, ...]:
    """The ids of common pictures that it is alike to. Raises WorkCommon when it is a copy of one."""
    alike = [match for match in similar if match.outcome is not Outcome.PASS]
    if alike and alike[0].outcome is Outcome.BLOCK:
        percent = int(100 * alike[0].likeness)
        raise WorkCommon(path=offer.name, title=alike[0].work.title, percent=percent)
    return tuple(match.work.id for match in alike)


def _named(works: Sequence[Work], name: str) -> Work:
    """Raises WorkNotFound, and TitleShared."""
    work = called(works, name)
    if work is None:
        raise WorkNotFound(work=name)
    return work


def _public(work: Work) -> dict[str, Any]:
    """What the ledger may say of a work's rights: nothing that is about a person."""
    said = work.rights.plain()
    always = {"claim": work.state.value, "asked": said["asked"], "protects": said["kind"]}
    if work.by_fingerprints:
        always["by"] = "fingerprints"
    return always | {name: said[name] for name in ("territory", "from", "until") if said[name]}


class Unenterable:
    """What could not be entered, so that all of it is told at once."""

    def __init__(self) -> None:
        self._errors: list[InputError] = []
        self._total = 0

    @contextmanager
    def noted(self) -> Iterator[None]:
        self._total += 1
        try:
            yield
        except InputError as error:
            self._errors.append(error)

    def raise_if_any(self) -> None:
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise BadWorks(count=len(self._errors), total=self._total, listing=Listing(*self._errors))
