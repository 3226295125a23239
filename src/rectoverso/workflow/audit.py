"""Audit a run: does it give away what it was trained on? Written into the run, and sealed in the home.

1. Open     The data has to be what the run was trained on, to the bit: with other data everything would pass. What the
            training held out is no member; without other held-out pictures it is these.
2. Part     Pictures are drawn by lot from both sides. Those with a version anywhere else are taken out and counted; the
            held-out ones that are left over are the reference. Sides that differ in kind are no audit (audit/kinds.py).
3. Draw     Many pictures, as `verso evaluate` draws them.
4. Attack   Each attack scores the same pictures, shuffled, so that no score can know a side.
5. Judge    Membership (audit/exchange.py), replication and extraction (audit/extraction.py).
6. Seal     An entry of the ledger, and what stands against the run from now on; the record, pages and cards.

Of a private run all of it stays where nothing of the run is given out, and the ledger names its pictures by digests
under the run's own key: what an audit says of private pictures is in nobody's budget.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np

from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.atomic import make_private_folder
from rectoverso.store.home import Home
from rectoverso.types import Message
from rectoverso.verso.audit.attack import Floats
from rectoverso.verso.audit.audit import Audit, Membership, least_bar
from rectoverso.verso.audit.density import scores_by_pictures
from rectoverso.verso.audit.extraction import extraction
from rectoverso.verso.audit.kinds import Kinds, kinds
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.workflow import audit_history as history
from rectoverso.workflow import digests
from rectoverso.workflow.audit_page import Shown, percent, write_pages
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.files import make_folder
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.members import (
    FEWEST,
    Asked,
    AuditRequest,
    Images,
    Side,
    as_recorded,
    asked_of,
    counted,
    not_comparable,
    open_data,
    sides_of,
)
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.replication import compared_in, tell_on_cards
from rectoverso.workflow.standing import AUDIT, AUDIT_FOLDER, AUDIT_RECORD, against, note

if TYPE_CHECKING:
    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.sample.generator import RunGenerator

PROTOCOL = "rectoverso-audit-2"


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of it. ``earlier``: the audits of the same weights before, the last first."""

    run: Path
    audit: Audit
    facts: dict[str, Any]
    record: Path
    pages: dict[str, Path]
    earlier: tuple[history.Audited, ...] = ()

    @property
    def passed(self) -> bool:
        return bool(self.facts["passed"])

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it, and as the file in the run has it but for where things lie."""
        places = {"record": str(self.record), "pages": {k: str(v) for k, v in self.pages.items()}}
        return {"run": str(self.run)} | self.facts | places


@dataclass(frozen=True, slots=True)
class _Found:
    """All that an audit found, before it is kept."""

    sides: tuple[Side, Side]
    asked: Asked
    kinds: Kinds
    audit: Audit
    shown: Shown


def audit_run(
    request: AuditRequest, home_path: Path, listener: Listener = silent, clock: Clock | None = None
) -> Audited:
    """Audit a run with DATA that it was trained on and pictures of the same kind that it was not.

    Raises InputError for a run or data that cannot be used (NotComparable where it is not the data, where there are too
    few pictures or such of another kind, or where a run makes pictures from something), MissingExtra, OutNotWritable.
    """
    with training_part("Auditing"):
        from rectoverso.recto.sample.generator import RunGenerator

    generator = RunGenerator(request.run)
    if generator.recipe.asks:
        raise not_comparable("made_from", system=generator.recipe.system)
    dataset = open_data(request, request.data, generator, listener, take=request.take)
    members, others = sides_of(request, generator, dataset, listener)
    asked = asked_of(members, others, request.pictures, listener, lot=str(generator.maker.digest))
    told_apart = _same_kind(asked)
    _check_bar(request, asked, attacks=4 + (generator.critic() is not None))
    make_private_folder(compared_in(request.run) / AUDIT_FOLDER)
    make_folder(compared_in(request.run) / AUDIT_FOLDER)
    fingerprints = Fingerprints.of(members.images, held_out=others.images)
    if not len(fingerprints.strangers):
        raise not_comparable(
            "few", side=Message("audit.side.members"), count=len(members.images), least=FEWEST
        )
    drawn = drawn_by(generator, dataset, request.samples, listener)
    scores = scores_of(generator, asked, drawn, listener)
    membership = Membership.of(scores, asked.is_member_N, request.most)
    audit = Audit(membership, extraction(drawn, fingerprints))
    if membership.is_reversed and audit.passed:
        raise not_comparable("reversed")
    shown = Shown.of(audit, asked.images, drawn, members.images)
    found = _Found((members, others), asked, told_apart, audit, shown)
    return _keep(request, Home.open(home_path), generator, found, listener, clock or SystemClock())


def _same_kind(asked: Asked) -> Kinds:
    """How well the sides are told apart without the run. Raises NotComparable where that is more than chance."""
    found = kinds(asked.images, asked.is_member_N)
    if found.differ:
        raise not_comparable("kinds", p_value=f"{found.p_value:.2g}", area=f"{found.area:.2f}")
    return found


def _check_bar(request: AuditRequest, asked: Asked, attacks: int) -> None:
    """Raise NotComparable for a bar that so few pictures could not show to be kept, whatever is found."""
    members = int(asked.is_member_N.sum())
    least = least_bar(members, len(asked.is_member_N) - members, attacks)
    if request.most is not None and request.most < least:
        raise not_comparable("bar", most=percent(request.most), least=percent(least), members=f"{members:,}")


def drawn_by(generator: RunGenerator, dataset: Dataset, samples: int, listener: Listener) -> Images:
    """Pictures of a run (uint8 NHWC), as they are measured. They lie in a file that is gone with them: ten thousand
    large ones would fill the memory.
    """
    from rectoverso.recto.metrics.score import drawn_batches

    prepared = generator.recipe.prepared(dataset)
    height, width, channels = prepared.images.shape[1:]
    with TemporaryFile() as file:
        image_SHWC = np.memmap(file, np.uint8, "w+", shape=(samples, height, width, channels))
    first = 0
    for batch in drawn_batches(generator, prepared, samples, counted(listener, "drawing")):
        image_SHWC[first : first + len(batch)] = batch
        first += len(batch)
    return image_SHWC


def scores_of(generator: RunGenerator, asked: Asked, drawn: Images, listener: Listener) -> dict[str, Floats]:
    """The scores of every attack that can be tried on this run."""
    from rectoverso.recto.metrics.membership import by_critic, by_inversion

    scores: dict[str, Floats] = {}
    if (critic := generator.critic()) is not None:
        scores["critic"] = by_critic(critic, asked.images, asked.labels, generator.shape.classes)
    scores["inversion"] = by_inversion(
        generator.painter,
        asked.images,
        asked.labels,
        asked.reference,
        listener=counted(listener, "inverting"),
    )
    return scores | scores_by_pictures(asked.images, drawn, asked.reference)


def _keep(
    request: AuditRequest,
    home: Home,
    generator: RunGenerator,
    found: _Found,
    listener: Listener,
    clock: Clock,
) -> Audited:
    """Seal first, then write: killed in between, what was found stands all the same."""
    keys, weights = open_keys(home, listener=listener, clock=clock), str(generator.maker.digest)
    data, held_out = (as_recorded(request.run, generator, side.digest) for side in found.sides)
    told = _told(request, found, held_out)
    with home.lock():
        least = against(request.run, weights, home).get(AUDIT, 0)
        with home.database.read() as tx:
            earlier = tuple(history.earlier_audits(home, tx, weights))
        if told.passed:
            fewer = ["weaker"] * (found.audit.compared < least)
            short = tuple(dict.fromkeys([*fewer, *history.lacking(told, earlier)]))
            told = replace(told, short=short, passed=not short)
        facts = {
            "protocol": PROTOCOL,
            "date": clock.now().isoformat(timespec="seconds"),
            "weights": weights,
            "maker": generator.maker.name,
            "private": generator.recipe.is_private,
            "data": found.sides[0].plain(),
            "held_out": found.sides[1].plain(),
            "versions": found.asked.versions.plain(),
            "kinds": found.kinds.plain(),
            "reference": len(found.asked.reference),
            **found.audit.plain(),
            "passed": told.passed,
            "short": list(told.short),
            "compared": found.audit.compared if told.passed else max(found.audit.compared, least),
            "earlier": [one.plain() for one in earlier],
        }
        record = (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()
        sealed = as_recorded(request.run, generator, digests.of_bytes(record))
        entry = told.facts() | {"run": weights, "data": data, "record": sealed}
        with home.database.transaction() as tx:
            open_ledger(home, keys, clock).append(tx, history.AUDITED, entry)
    note(home, keys, weights, AUDIT, fails=not told.passed, pictures=int(facts["compared"]), clock=clock)
    pages = _written(request.run, record, facts, found.shown)
    return Audited(request.run, found.audit, facts, compared_in(request.run) / AUDIT_RECORD, pages, earlier)


def _told(request: AuditRequest, found: _Found, held_out: str) -> history.Audited:
    """What the ledger tells of it, so far as this audit alone says."""
    audit, first = found.audit, found.audit.membership.attacks[0]
    drawn = audit.extraction.replication.compared
    return history.Audited(
        audit.passed, audit.short, first.members, first.others, drawn, held_out, request.most
    )


def _written(run: Path, record: bytes, facts: dict[str, Any], shown: Shown) -> dict[str, Path]:
    """The record, the pages, and what the cards say of them; those of a private run, which travel, say nothing."""
    from rectoverso.recto.train.folder import write

    place = compared_in(run)
    write(place / AUDIT_RECORD, record)
    pages = write_pages(place / AUDIT_FOLDER, facts, digests.of_bytes(record), shown)
    if place != run:
        return pages
    membership = facts["membership"]
    told = {
        "date": facts["date"][:10],
        "p_value": f"{membership['p_value']:.2g}",
        "pictures": f"{membership['members']:,}",
        "held_out": f"{membership['others']:,}",
        "drawn": f"{facts['replication']['compared']:,}",
        "noticed": percent(membership["would_notice"] or 1.0),
    }
    tell_on_cards(
        run, "card.audit", "card.audit_passed" if facts["passed"] else "card.audit_short", facts=told
    )
    return pages
