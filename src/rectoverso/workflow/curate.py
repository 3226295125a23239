"""`verso curate`: a training set whose rights, copies, people and metadata are dealt with, and its papers.

    1  look      at every picture, in several processes (`curating.look`)
    2  compare   every picture with every other (`curating.copies`)
    3  decide    by the rules, and by what people answered (`curating.verdicts`)
    4  write     what is kept, in parts (`curating.parts`)
    5  account   for every picture in the manifest; the datasheet; Croissant; all parts in one file
    6  record    an entry `curated` in the ledger

Killed at any moment and started again, it goes on where it was, and what it writes is the same. Nothing is fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from rectoverso.errors import CurationUnusable, FilesUnusable, HomeBusy, OutNotWritable
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.atomic import PRIVATE_FOLDER, put_durably
from rectoverso.store.curation import COMPARED, FAILED, Curation, Row
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.lock import exclusive
from rectoverso.types import Digest, Message
from rectoverso.version import __version__
from rectoverso.verso.curate.about import About
from rectoverso.verso.curate.datasheet import Made
from rectoverso.verso.curate.eyes import MakeEye
from rectoverso.verso.curate.robots import agents_date
from rectoverso.verso.curate.rules import Action, Rules
from rectoverso.verso.curate.signal import sound
from rectoverso.verso.curate.summary import Summary
from rectoverso.verso.ledger.entry import Json
from rectoverso.workflow.curated import MANIFEST, PICTURES, STATE, state_in
from rectoverso.workflow.curating import answers, copies, papers, parts, verdicts
from rectoverso.workflow.curating.eyes import EYES
from rectoverso.workflow.curating.feed import Feed, Offer, open_feed
from rectoverso.workflow.curating.look import Looked, Looker, declarations, eyes_of
from rectoverso.workflow.curating.root import Root
from rectoverso.workflow.curating.workers import Work, Workers
from rectoverso.workflow.digests import of_file
from rectoverso.workflow.extras import optional_part
from rectoverso.workflow.files import make_folder, unusable
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.progress import Listener, Progress, silent

TO_ASK = "to-ask.csv"
PARTS = "parts"
STATE_VERSION = 2
"""How it is kept: what another version began is begun anew."""
LOOKED_AT_ONCE = 64
"""After so many pictures what was seen is on the disk."""
ENTRY = "curated"
ENTRIES_AT_ONCE = 1000

Table = TypeVar("Table")


@dataclass(frozen=True, slots=True)
class CurateRequest:
    """What `verso curate` was asked for. ``make_eyes``: by ``faces`` and ``text``, what makes the finder of them in
    each process, else what this machine has; without one they are not looked for. ``redraws``: write every picture
    anew from its pixels, which the bounded process decoded: whatever learns from the set reads no stranger's file.
    """

    source: Path
    out: Path
    rules: Path | None = None
    about: Path | None = None
    answers: Path | None = None
    processes: int = 0
    make_eyes: Mapping[str, MakeEye] | None = None
    redraws: bool = False


@dataclass(frozen=True, slots=True)
class Curated:
    """What came of it."""

    out: Path
    manifest: Digest
    pictures: Digest
    summary: Summary
    milder: tuple[str, ...]
    passed_over: int
    lost: tuple[str, ...]
    ledger_index: int
    declared: int = 0
    declarations_left_out: int = 0
    astray: int = 0
    answers_unused: int = 0

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "out": str(self.out),
            "pictures": str(self.out / PICTURES),
            "manifest": self.manifest,
            "pictures_digest": self.pictures,
            **self.summary.plain(),
            "faces_looked_for": self.summary.looked_by("faces"),
            "text_looked_for": self.summary.looked_by("text"),
            "milder_rules": list(self.milder),
            "passed_over": self.passed_over,
            "links_left_out": self.astray,
            "answers_unused": self.answers_unused,
            "columns_lost": list(self.lost),
            "declarations": {"compared": self.declared, "left_out": self.declarations_left_out},
            "ledger_index": self.ledger_index,
        }


def curate(
    request: CurateRequest, home_path: Path, listener: Listener = silent, clock: Clock | None = None
) -> Curated:
    """Make a training set of a source.

    Raises FilesUnusable for a source, rules or answers that cannot be used, CurationUnusable, OutNotWritable,
    MissingExtra.
    """
    with optional_part("verso curate", "train"):
        import pyarrow  # noqa: F401, ICN001 - before hours are spent on looking
    rules = _rules(request.rules)
    about = _about(request.about)
    given = answers.read(request.answers) if request.answers else {}
    if left := answers.left_behind(request.out / TO_ASK, given):
        raise _not_there(request.out, "answers_reason", "answers_advice", count=left)
    if request.source.is_dir() and request.out.resolve().is_relative_to(request.source.resolve()):
        raise _not_there(request.out, "inside_reason", "inside_advice")
    feed = open_feed(request.source)
    declared = declarations(feed.root)
    home = Home.open(home_path)
    open_keys(home, listener=listener, clock=clock)
    with _opened(request.out) as curation:
        job = _Job(request, feed, curation, rules, about, given, listener, clock or SystemClock())
        job.look()
        job.compare()
        job.decide()
        job.write()
        left_out = sum(records.left_out for records in declared)
        done = job.account(home)
        return replace(done, declared=sum(map(len, declared)), declarations_left_out=left_out)


class _Job:
    """One curation, step by step; each step goes on where it was."""

    def __init__(
        self,
        request: CurateRequest,
        feed: Feed,
        curation: Curation,
        rules: Rules,
        about: About,
        given: Mapping[str, answers.Given],
        listener: Listener,
        clock: Clock,
    ) -> None:
        self._out = request.out
        self._feed = feed
        self._curation = curation
        self._rules = rules
        self._about = about
        self._given = given
        self._listener = listener
        self._clock = clock
        self._eyes = dict(EYES if request.make_eyes is None else request.make_eyes)
        self._looking = {about: eye.name if eye else "" for about, eye in eyes_of(self._eyes).items()}
        self._redraws = request.redraws
        self._processes = request.processes or os.cpu_count() or 1

    def look(self) -> None:
        """Look at all pictures; where the source is not as it was, from the start."""
        stamp = (
            f"{STATE_VERSION} {__version__} {self._feed.stamp} {agents_date()} {json.dumps(self._looking)}"
        )
        stamp += " redraws" if self._redraws else ""
        if self._curation.note("stamp") != stamp:
            self._curation.begin(stamp)
        done = self._curation.looked_at()
        workers: Workers[Offer, Looked] = Workers(
            _looker, (self._feed.root, self._eyes, self._redraws), self._processes, _ended
        )
        looks = workers.answers(islice(self._feed.offers(), done, None))
        while group := list(islice(looks, LOOKED_AT_ONCE)):
            self._curation.keep_looks(
                (look.place, look.source, look.record, look.pixels, look.printed) for look in group
            )
            done += len(group)
            self._tell("curating", done, self._feed.total)

    def compare(self) -> None:
        """Compare all with all, once."""
        if not self._curation.note(COMPARED):
            copies.compare(self._curation, lambda done, total: self._tell("comparing_copies", done, total))
            self._curation.forget_prints()

    def decide(self) -> None:
        """Decide on all; where rules or answers are others than before, anew."""
        facts = {digest: answer.plain() for digest, answer in sorted(self._given.items())}
        by = f"{self._rules.digest} {hashlib.sha256(json.dumps(facts).encode()).hexdigest()}"
        if self._curation.note("decided") == by:
            return
        for note in ("decided", "finished", "date"):
            self._curation.set_note(note, "")
        self._curation.forget_verdicts()
        shutil.rmtree(self._parts, ignore_errors=True)
        verdicts.decide(self._curation, self._rules, self._given, copies.groups(self._curation))
        self._curation.set_note("decided", by)

    def write(self) -> None:
        """Write the pictures that are kept, in parts; not where that was finished, and is as it was."""
        if self._is_finished():
            return
        if not self._parts.is_dir():
            self._curation.forget_written()
        kept = self._curation.counts().get(Action.KEEP, 0)
        columns = self._columns()
        done = self._curation.written()
        for count in parts.write_parts(self._curation, self._feed, self._parts, columns, self._processes):
            done += count
            self._tell("writing_set", done, kept)
        if self._curation.note(FAILED):
            # Decided without those that could not be written: a copy of theirs may be kept.
            for note in (FAILED, "decided"):
                self._curation.set_note(note, "")
            self.decide()
            self.write()

    def account(self, home: Home) -> Curated:
        """Write the papers, put the parts together, and tell the ledger."""
        manifest = self._manifest()
        with (self._out / MANIFEST).open(encoding="utf-8") as lines:
            summary = Summary.of(map(json.loads, islice(lines, 1, None)))
        columns = self._columns()
        pictures = self._pictures(columns, manifest)
        milder = tuple(self._rules.milder_than(Rules.read()))
        # Of the first time that this was decided: what is run again is the same.
        date = self._curation.note("date") or self._clock.now().date().isoformat()
        self._curation.set_note("date", date)
        made = Made(self._feed.name, date, __version__, manifest, self._rules.digest, agents_date(), milder)
        used = set[str]()
        answers.write(self._out / TO_ASK, self._asked(used), self._given)
        papers.write(self._out, summary, made, self._about, pictures, columns)
        index = self._record(home, summary, manifest, pictures)
        shutil.rmtree(self._parts, ignore_errors=True)
        return Curated(
            self._out,
            manifest,
            pictures,
            summary,
            milder,
            self._feed.passed_over,
            self._feed.lost,
            index,
            astray=self._feed.astray,
            answers_unused=len(self._given.keys() - used),
        )

    def _is_finished(self) -> bool:
        finished = self._curation.note("finished")
        return (
            bool(finished) and (self._out / PICTURES).is_file() and of_file(self._out / PICTURES) == finished
        )

    def _pictures(self, columns: tuple[str, ...], manifest: Digest) -> Digest:
        """The parts in one file."""
        if self._is_finished():
            return Digest(self._curation.note("finished") or "")
        unfinished = self._out / f".{PICTURES}.part"
        parts.join(self._parts, unfinished, columns, manifest)
        put_durably(unfinished, self._out / PICTURES)
        pictures = of_file(self._out / PICTURES)
        self._curation.set_note("finished", pictures)
        return pictures

    @property
    def _parts(self) -> Path:
        return self._out / STATE / PARTS

    def _columns(self) -> tuple[str, ...]:
        return parts.columns_of(name for name in parts.OPTIONAL if self._curation.has_right(name))

    def _manifest(self) -> Digest:
        """What was decided by, then a line for every picture, in the order of the source: what was seen, what became of
        it, and why.
        """
        unfinished = self._out / f".{MANIFEST}.part"
        with unfinished.open("w", encoding="utf-8") as file:
            for line in chain([self._head()], map(_line, self._curation.rows())):
                file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
        put_durably(unfinished, self._out / MANIFEST)
        return of_file(self._out / MANIFEST)

    def _head(self) -> dict[str, Any]:
        return {
            "curation": 1,
            "version": __version__,
            "source": sound(self._feed.name),
            "rules": self._rules.model_dump(mode="json"),
            "agents": agents_date(),
            "looked_for_by": self._looking,
            "pictures": self._curation.looked_at(),
        }

    def _asked(self, used: set[str]) -> Iterator[tuple[str, str, str]]:
        """Who was to be asked about, also what was answered; ``used`` gets the digests of those."""
        for row in self._curation.rows(None if self._given else Action.ASK):
            verdict, digest = row.verdict or {}, str(row.looked.get("digest", ""))
            if digest in self._given:
                used.add(digest)
            if row.action == Action.ASK or "answer" in verdict:
                yield digest, row.source, "; ".join(reason["rule"] for reason in verdict.get("reasons", ()))

    def _record(self, home: Home, summary: Summary, manifest: Digest, pictures: Digest) -> int:
        """The entry of this set in the ledger of the home, made once."""
        facts: dict[str, Json] = {
            "manifest": manifest,
            "pictures": pictures,
            "rules": self._rules.digest,
            "seen": summary.total,
            **{action.value: summary.actions[action] for action in Action},
        }
        keys = open_keys(home)
        with home.lock(), home.database.transaction() as tx:
            home.lineage.keep(tx, manifest, self._kept_digests())
            known = _entry_of(home, tx, manifest, pictures)
            return open_ledger(home, keys, self._clock).append(tx, ENTRY, facts) if known is None else known

    def _kept_digests(self) -> Iterator[Digest]:
        """What `verso erase` finds this set by: the files that its pictures were."""
        for row in self._curation.rows(Action.KEEP):
            if digest := row.looked.get("digest"):
                yield Digest(digest)

    def _tell(self, stage: str, done: int, total: int) -> None:
        self._listener(Progress(Message(f"progress.{stage}"), done, total))


def _entry_of(home: Home, tx: Transaction, *digests: Digest) -> int | None:
    """The entry that has these digests already: a curation may have been killed after it."""
    signs = [sign.encode() for sign in (f'"{ENTRY}"', *digests)]
    for start in range(0, home.log.size(tx), ENTRIES_AT_ONCE):
        for at, entry in home.log.entries(tx, start, start + ENTRIES_AT_ONCE).items():
            if all(sign in entry for sign in signs):
                return at
    return None


@contextmanager
def _opened(out: Path) -> Iterator[Curation]:
    """The state of the curation in a folder, which nobody else works on meanwhile."""
    if out.is_dir() and not (out / STATE).is_dir() and any(out.iterdir()):
        raise _not_there(out, "reason", "advice")
    make_folder(out / STATE)
    (out / STATE).chmod(PRIVATE_FOLDER)
    try:
        with exclusive(out / STATE / "lock", 0, out):
            curation = Curation(state_in(out))
            try:
                yield curation
            finally:
                curation.close()
    except HomeBusy as error:
        if error.facts.get("home") == out:
            raise _not_there(out, "busy_reason", "busy_advice") from error
        raise
    except (sqlite3.Error, OSError) as error:
        raise OutNotWritable(out=out, system=getattr(error, "strerror", None) or error) from error


def _not_there(out: Path, reason: str, advice: str, **facts: object) -> CurationUnusable:
    why, what_to_do = (Phrase(Message(f"curate.mismatch.{name}", facts)) for name in (reason, advice))
    return CurationUnusable(out=out, reason=why, advice=what_to_do)


def _rules(path: Path | None) -> Rules:
    return Rules.read() if path is None else _read(path, Rules.read, "rules")


def _about(path: Path | None) -> About:
    return About() if path is None else _read(path, About.read, "about")


def _read(path: Path, read: Callable[[str], Table], kind: str) -> Table:
    """A TOML file by ``read``. Raises FilesUnusable, which says what is wrong in it."""
    try:
        return read(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise unusable(path, "unreadable_file", system=error.strerror or error) from error
    except ValueError as error:
        facts = {"problem": " ".join(str(error).split())[:300]}
        reason, advice = (
            Phrase(Message(f"curate.unusable.{kind}_{part}", facts)) for part in ("reason", "advice")
        )
        raise FilesUnusable(files=path, reason=reason, advice=advice) from error


def _looker(root: Root, eyes: Mapping[str, MakeEye], redraws: bool) -> Work[Offer, Looked]:
    return Looker(root, eyes, redraws=redraws).look


def _ended(offer: Offer) -> Looked:
    nothing = {"rights": {}, "signals": [], "problem": "image_stopped"}
    return Looked(offer.place, offer.source, nothing)


def _line(row: Row) -> dict[str, Any]:
    """A picture's line in the manifest."""
    told = {name: value for name, value in row.looked.items() if name != "redraw"}
    verdict = row.verdict or {"reasons": []}
    written = {"written": row.written} if row.written else {}
    return {"picture": row.place, "source": row.source, "action": row.action, **told, **verdict, **written}
