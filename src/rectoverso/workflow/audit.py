"""Audit a run: does it give away what it was trained on? Written into the run, and sealed in the home.

1. Open     The data has to be what the run was trained on, to the bit: with other data everything would pass. What the
            training held out is no member; without other held-out pictures it is these.
2. Part     Pictures are drawn by lot from both sides. Those with a version anywhere else are taken out and counted; the
            held-out ones that are left over are the reference.
3. Draw     Many pictures, as `verso evaluate` draws them.
4. Attack   Each attack scores the same pictures, shuffled, so that no score can know a side.
5. Judge    Membership (audit/exchange.py), replication and extraction (audit/extraction.py).
6. Seal     An entry of the ledger, and what stands against the run from now on; the record, pages and cards.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.types import Message
from rectoverso.verso.audit.attack import Floats
from rectoverso.verso.audit.audit import Audit, Membership
from rectoverso.verso.audit.density import scores_by_pictures
from rectoverso.verso.audit.extraction import extraction
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.workflow import digests
from rectoverso.workflow.audit_page import Shown, write_pages
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
    asked_of,
    counted,
    not_comparable,
    open_data,
    sides_of,
)
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.replication import tell_on_cards
from rectoverso.workflow.standing import AUDIT, AUDIT_FOLDER, AUDIT_RECORD, against, note

if TYPE_CHECKING:
    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.sample.generator import RunGenerator

PROTOCOL = "rectoverso-audit-1"


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of it. ``earlier``: the number of pictures on which an audit found it short before, where this one
    asked fewer and so clears nothing.
    """

    run: Path
    audit: Audit
    facts: dict[str, Any]
    pages: dict[str, Path]
    earlier: int | None = None

    @property
    def passed(self) -> bool:
        return bool(self.facts["passed"])

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it, and as the file in the run has it but for where things lie."""
        places = {"record": str(self.run / AUDIT_RECORD), "pages": {k: str(v) for k, v in self.pages.items()}}
        return {"run": str(self.run)} | self.facts | places


def audit_run(
    request: AuditRequest, home_path: Path, listener: Listener = silent, clock: Clock | None = None
) -> Audited:
    """Audit a run with DATA that it was trained on and pictures of the same kind that it was not.

    Raises InputError for a run or data that cannot be used (NotComparable where it is not the data, where there are too
    few pictures, or where a run makes pictures from something), MissingExtra, OutNotWritable.
    """
    with training_part("Auditing"):
        from rectoverso.recto.sample.generator import RunGenerator

    generator = RunGenerator(request.run)
    if generator.recipe.asks:
        raise not_comparable("made_from", system=generator.recipe.system)
    dataset = open_data(request, request.data, generator, listener, take=request.take)
    members, others = sides_of(request, generator, dataset, listener)
    asked = asked_of(members, others, request.pictures, listener)
    make_folder(request.run / AUDIT_FOLDER)
    fingerprints = Fingerprints.of(members.images, held_out=others.images)
    if not len(fingerprints.strangers):
        raise not_comparable(
            "few", side=Message("audit.side.members"), count=len(members.images), least=FEWEST
        )
    drawn = drawn_by(generator, dataset, request.samples, listener)
    membership = Membership.of(scores_of(generator, asked, drawn, listener), asked.is_member_N, request.most)
    audit = Audit(membership, extraction(drawn, fingerprints))
    home = Home.open(home_path)
    shown = Shown.of(audit, asked.images, drawn, members.images)
    return _keep(
        request, home, generator, (members, others), asked, audit, shown, listener, clock or SystemClock()
    )


def drawn_by(generator: RunGenerator, dataset: Dataset, samples: int, listener: Listener) -> Images:
    """Pictures of a run (uint8 NHWC), as they are measured."""
    from rectoverso.recto.metrics.score import drawn_batches

    prepared = generator.recipe.prepared(dataset)
    return np.concatenate([*drawn_batches(generator, prepared, samples, counted(listener, "drawing"))])


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
    sides: tuple[Side, Side],
    asked: Asked,
    audit: Audit,
    shown: Shown,
    listener: Listener,
    clock: Clock,
) -> Audited:
    """Seal first, then write: killed in between, what was found stands all the same."""
    keys, weights = open_keys(home, listener=listener, clock=clock), str(generator.maker.digest)
    before = against(request.run, weights, home).get(AUDIT)
    is_weaker = audit.passed and before is not None and audit.compared < before
    short = ["weaker"] if is_weaker else list(audit.short)
    facts = {
        "protocol": PROTOCOL,
        "date": clock.now().isoformat(timespec="seconds"),
        "weights": weights,
        "maker": generator.maker.name,
        "data": sides[0].plain(),
        "held_out": sides[1].plain(),
        "versions": asked.versions.plain(),
        "reference": len(asked.reference),
        **audit.plain(),
        "passed": not short,
        "short": short,
        "compared": max(audit.compared, before or 0) if short else audit.compared,
    }
    record = (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()
    with home.lock(), home.database.transaction() as tx:
        told = {name: facts[name] for name in ("passed", "short", "compared")}
        told |= {"run": weights, "data": sides[0].digest, "held_out": sides[1].digest}
        open_ledger(home, keys, clock).append(tx, "run_audited", told | {"record": digests.of_bytes(record)})
    note(home, keys, weights, AUDIT, fails=bool(short), pictures=int(facts["compared"]), clock=clock)
    pages = _written(request.run, record, facts, shown)
    return Audited(request.run, audit, facts, pages, before if is_weaker else None)


def _written(run: Path, record: bytes, facts: dict[str, Any], shown: Shown) -> dict[str, Path]:
    """The record, the pages, and what the cards say of them."""
    from rectoverso.recto.train.folder import write

    write(run / AUDIT_RECORD, record)
    pages = write_pages(run / AUDIT_FOLDER, facts, digests.of_bytes(record), shown)
    membership = facts["membership"]
    told = {
        "date": facts["date"][:10],
        "p_value": f"{membership['p_value']:.2g}",
        "pictures": f"{membership['members']:,}",
        "held_out": f"{membership['others']:,}",
        "drawn": f"{facts['replication']['compared']:,}",
    }
    tell_on_cards(
        run, "card.audit", "card.audit_passed" if facts["passed"] else "card.audit_short", facts=told
    )
    return pages
