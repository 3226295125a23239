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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.errors import NotComparable
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.types import Message
from rectoverso.verso.audit.attack import Flags, Floats
from rectoverso.verso.audit.audit import Audit, Membership
from rectoverso.verso.audit.density import scores_by_pictures
from rectoverso.verso.audit.extraction import extraction
from rectoverso.verso.audit.versions import Versions, versions
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.workflow import digests
from rectoverso.workflow.audit_page import Shown, write_pages
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.files import make_folder
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.replication import tell_on_cards
from rectoverso.workflow.standing import AUDIT, AUDIT_FOLDER, AUDIT_RECORD, against, note

if TYPE_CHECKING:
    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.sample.generator import RunGenerator

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

PROTOCOL = "rectoverso-audit-1"
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
    """The pictures that attacks are asked about, shuffled, and which are members; ``place_N`` in their own side."""

    images: Images
    labels: Labels | None
    is_member_N: Flags
    place_N: NDArray[np.int64]
    reference: Images
    versions: Versions


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
    dataset = _open(request, request.data, generator, listener, take=request.take)
    members, others = _sides(request, generator, dataset, listener)
    make_folder(request.run / AUDIT_FOLDER)
    asked = _asked(members, others, request.pictures, listener)
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


def not_comparable(problem: str, **facts: object) -> NotComparable:
    reason, advice = (Phrase(Message(f"audit.{problem}.{part}", facts)) for part in ("reason", "advice"))
    return NotComparable(reason=reason, advice=advice)


def _open(
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
        listener=_counted(listener, "reading"),
    )


def _sides(
    request: AuditRequest, generator: RunGenerator, dataset: Dataset, listener: Listener
) -> tuple[Side, Side]:
    """Who was trained on and who was not. Raises NotComparable."""
    from rectoverso.recto.train.folder import RunFolder
    from rectoverso.workflow.train import unseen_of

    prepared = generator.recipe.prepared(dataset)
    if prepared.digest != generator.maker.data_digest:
        raise not_comparable("other_data", data=request.data, run=request.run)
    seed = int(RunFolder(request.run).read_config()["run"]["seed"])
    unseen = unseen_of(prepared, generator.recipe, seed)
    labels = prepared.labels if generator.classes else None
    seen = slice(None) if unseen is None else np.delete(np.arange(len(prepared)), unseen)
    members = Side(
        prepared.name, prepared.digest, prepared.images[seen], None if labels is None else labels[seen]
    )
    if request.held_out is not None:
        other = _open(request, request.held_out, generator, listener)
        named = _named(other, generator.classes) if dataset.labels is not None else None
        others = Side(other.name, other.digest, other.images, named)
    elif unseen is not None:
        others = Side(
            prepared.name, prepared.digest, prepared.batch(unseen), None if labels is None else labels[unseen]
        )
    else:
        raise not_comparable("nothing_held_out", run=request.run)
    return members, others


def _named(other: Dataset, classes: tuple[str, ...]) -> Labels | None:
    """The classes of pictures by the run's numbers; None where they have none, or others."""
    if other.labels is None or not set(other.classes) <= set(classes):
        return None
    return np.array([classes.index(name) for name in other.classes], np.int64)[other.labels]


def _asked(members: Side, others: Side, pictures: int, listener: Listener) -> Asked:
    """Draw by lot, take out versions, keep the reference apart, and shuffle. Raises NotComparable."""
    draw = np.random.default_rng(0)
    spare = int(pictures * SPARE) + 1
    kept_back = int(REFERENCE_SHARE * len(others.images))
    lot_M = draw.permutation(len(members.images))[:spare]
    lot_O = draw.permutation(len(others.images))
    lot_O, reference = np.split(lot_O, [min(spare, len(lot_O) - kept_back)])
    place_N = np.concatenate([lot_M, len(members.images) + lot_O])
    listener(Progress(Message("progress.comparing_copies"), 0, len(place_N)))
    pool = np.concatenate([members.images, others.images])
    found = versions(pool, len(members.images), place_N)
    single = place_N[found.is_single_N]
    sides = single[single < len(members.images)][:pictures], single[single >= len(members.images)][:pictures]
    for side, places in zip(("members", "others"), sides, strict=True):
        if len(places) < FEWEST:
            raise not_comparable("few", side=Message(f"audit.side.{side}"), count=len(places), least=FEWEST)
    place_N = draw.permutation(np.concatenate(sides))
    labels = None
    if members.labels is not None and others.labels is not None:
        labels = np.concatenate([members.labels, others.labels])[place_N]
    is_member_N = place_N < len(members.images)
    return Asked(
        pool[place_N],
        labels,
        is_member_N,
        np.where(is_member_N, place_N, place_N - len(members.images)),
        others.images[np.sort(reference[:MOST_REFERENCE])],
        found,
    )


def drawn_by(generator: RunGenerator, dataset: Dataset, samples: int, listener: Listener) -> Images:
    """Pictures of a run (uint8 NHWC), as they are measured."""
    from rectoverso.recto.metrics.score import drawn_batches

    prepared = generator.recipe.prepared(dataset)
    return np.concatenate([*drawn_batches(generator, prepared, samples, _counted(listener, "drawing"))])


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
        listener=_counted(listener, "inverting"),
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


def _counted(listener: Listener, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: listener(Progress(Message(f"progress.{stage}"), done, total))
