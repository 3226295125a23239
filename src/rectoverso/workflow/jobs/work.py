"""Doing a job, one item at a time: the same calls that the command line makes, into the home instead of a folder.

Killed at any moment and done again, an item comes to the same end: a run goes on at its checkpoint, a curation with
what it has seen (`workflow.jobs.keeping`), and what the door has decided stays decided, because the same item asks it
the same. What is sealed in the home lies in the open for as long as an item works on it (`workflow.scratch`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rectoverso.errors import DataNotFound, RectoversoError
from rectoverso.i18n import LANGUAGES, explain
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.store.sealed_folder import SealedFolder
from rectoverso.types import Digest, Maker
from rectoverso.verso.picture import to_png
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.jobs.asked import (
    MAX_SEED,
    SLICE,
    CurateAsked,
    GenerateAsked,
    RegisterAsked,
    SealAsked,
    TrainAsked,
    asked_of,
)
from rectoverso.workflow.jobs.bundle import count_pictures, unpack
from rectoverso.workflow.jobs.keeping import LOOKED, KeepingLooks, KeepingRun
from rectoverso.workflow.jobs.kept import (
    BUILT_IN,
    CURATED,
    SOURCE,
    TOLD,
    demand_data,
    demand_run,
    draws,
    open_data,
    opened_run,
    placed,
    run_of,
    set_of,
)
from rectoverso.workflow.jobs.order import terms_of
from rectoverso.workflow.places import without_places
from rectoverso.workflow.progress import Listener
from rectoverso.workflow.scratch import scratch
from rectoverso.workflow.shipped import SHIPPED

MOST_NAME_BYTES = 200
_TAKES = 4
"""So many times the size of what a training set and its run are now they may take together when it is trained; so many
times its own a set, when it is looked through, and this much for each picture.
"""
_PICTURE_TAKES = 20 << 10
"""Bytes, however small it is (docs/log.md, 2026-11-28): a file of its own, and twice what is known of it, while that is
sealed or given back.
"""


def do(home: Home, job: Job, place: int, listener: Listener) -> dict[str, Any]:
    """Do one item of a job; returns what came of it. Raises as what it calls, and what the listener raises."""
    asked = asked_of(job.asked)
    match asked:
        case TrainAsked():
            return _train(home, job, asked, listener)
        case GenerateAsked():
            return _generate(home, job, asked, place, listener)
        case SealAsked():
            return _seal(home, job, asked, place, listener)
        case CurateAsked():
            return _curate(home, asked, listener)
        case RegisterAsked():
            return _register(home, job, asked, listener)


def failure(home: Home, error: RectoversoError) -> dict[str, Any]:
    """What is told of an item that failed: the code, and the sentences in every language, without where the home is."""
    detail = {name: without_places(explain(error, name), home) for name in LANGUAGES}
    return {"error": {"code": error.code, "detail": detail}}


def seed_of(job: Job, asked: GenerateAsked) -> int:
    """The first seed of a job: that which was asked for, else one of its own."""
    return int(job.id, 16) % (MAX_SEED - asked.count) if asked.seed is None else asked.seed


def _train(home: Home, job: Job, asked: TrainAsked, listener: Listener) -> dict[str, Any]:
    """Train in the open, where nobody else looks, and keep what comes of it sealed as it comes: killed at any moment,
    the run goes on at the checkpoint that was sealed last.
    """
    from rectoverso.workflow.train import TrainRequest, train_run

    sets = [demand_data(home, data) for data in filter(None, (asked.data, asked.data_b))]
    kept = home.folders.made(run_of(job.id))
    room = _TAKES * (kept.size + sum(one.size for one in sets if one))
    with scratch(home, job.id, room=room) as folder:
        run = kept.unseal(folder / "run")
        is_begun = (run / "config.toml").is_file()
        request = TrainRequest(
            system=asked.system,
            data=open_data(home, asked.data, folder),
            data_b=None if asked.data_b is None else open_data(home, asked.data_b, folder),
            run=run,
            preset=asked.preset,
            size=asked.size,
            seed=asked.seed,
            images=asked.images,
            max_seconds=asked.max_seconds,
            settings=tuple(
                placed(setting, partial(_opened_beside, home, folder)) for setting in asked.settings
            ),
            skip_bad=True,
            resume=is_begun,
            keeps_decoded=False,
        )
        keeping = KeepingRun(kept, run, listener)
        try:
            trained = train_run(request, home.path, keeping).plain()
        finally:
            keeping.keep()
    told = (
        "images",
        "seconds",
        "images_per_s",
        "weights_digest",
        "data_digest",
        "data_images",
        "notes",
        "asks",
    )
    return {"run": job.id, **{name: trained[name] for name in told}}


def _opened_beside(home: Home, folder: Path, run: str) -> Path:
    """Another run that a training needs, for as long as it has its folder, at the same path each time."""
    files = demand_run(home, run)
    return files.unseal(folder / run, draws) if isinstance(files, SealedFolder) else SHIPPED


def _generate(home: Home, job: Job, asked: GenerateAsked, place: int, listener: Listener) -> dict[str, Any]:
    from rectoverso.recto.sample.controls import parse_controls
    from rectoverso.workflow.generate import generate_images
    from rectoverso.workflow.materials import Given

    if asked.between:
        return _between(home, asked, listener)
    first = place * SLICE
    with ExitStack() as held:
        image, mask, style = held.enter_context(_decoded(home, asked.image, asked.mask, asked.style))
        given = Given(
            images=tuple(filter(None, (image,))),
            masks=tuple(filter(None, (mask,))),
            prompts=tuple(filter(None, (asked.prompt,))),
            style=style,
            back=asked.back,
        )
        batch = generate_images(
            held.enter_context(opened_run(home, asked.run)),
            None,
            home.path,
            count=min(SLICE, asked.count - first),
            seed=seed_of(job, asked) + first,
            label=asked.label,
            controls=parse_controls(asked.truncation, asked.mix, asked.layers, asked.edit),
            given=given,
            tell_prompt=asked.tell_prompt,
            terms=replace(terms_of(asked), person=job.person),
            listener=listener,
        )
    return _rows(batch)


def _between(home: Home, asked: GenerateAsked, listener: Listener) -> dict[str, Any]:
    from rectoverso.recto.sample.controls import parse_controls
    from rectoverso.workflow.interpolate import interpolate_images

    with opened_run(home, asked.run) as run:
        batch = interpolate_images(
            run,
            None,
            home.path,
            seeds=asked.between,
            steps=asked.steps,
            label=asked.label,
            controls=parse_controls(asked.truncation, asked.mix, asked.layers, asked.edit),
            terms=terms_of(asked),
            listener=listener,
        )
    return _rows(batch)


def _seal(home: Home, job: Job, asked: SealAsked, place: int, listener: Listener) -> dict[str, Any]:
    from rectoverso.workflow.seal import seal_files

    sent = asked.files[place]
    with scratch(home) as folder:
        file = folder / (_plain_name(sent.name) or "picture")
        file.write_bytes(home.uploads.get(Digest(sent.digest)))
        batch = seal_files(
            [file],
            None,
            home.path,
            origin=asked.origin,
            maker=Maker(asked.maker, asked.maker_version),
            terms=replace(terms_of(asked), person=job.person),
            listener=listener,
        )
    for failed in batch.failed:
        raise type(failed.error)(**failed.error.facts | {"path": sent.name})
    return _rows(batch)


def _curate(home: Home, asked: CurateAsked, listener: Listener) -> dict[str, Any]:
    """Look a set through, and keep what is to be learnt from; what was sent is then not needed any more. Killed before
    its end it goes on with what it has seen, and comes to the same.
    """
    kept, source = home.folders.find(set_of(asked.dataset)), f"{SOURCE}{asked.suffix}"
    if kept is None:
        raise DataNotFound(data=asked.name, builtins=", ".join(BUILT_IN))
    if not kept.has(TOLD):
        with scratch(home, room=_room_to_curate(home, kept, source)) as folder:
            keeping = KeepingLooks(kept, folder / CURATED, listener)
            kept.write(TOLD, json.dumps(_curated(home, asked.dataset, source, keeping)).encode())
    for spent in (source, LOOKED):
        kept.remove(spent)
    told: dict[str, Any] = json.loads(kept.read(TOLD))
    return told


def _room_to_curate(home: Home, kept: SealedFolder, source: str) -> int:
    """Of tiny pictures what is known takes more than they do: it is opened once to count them."""
    with scratch(home, room=kept.size) as folder:
        pictures = count_pictures(kept.unseal(folder, source.__eq__) / source)
    return _TAKES * kept.size + _PICTURE_TAKES * pictures


def _curated(home: Home, dataset: str, source: str, keeping: KeepingLooks) -> dict[str, Any]:
    from rectoverso.workflow.curate import CurateRequest, curate

    kept, out = keeping.kept, keeping.folder
    pictures = kept.unseal(out.parent, source.__eq__) / source
    os.utime(pictures, (0, 0))  # by the times of its files, too, a source is known to be the same
    if pictures.suffix == ".zip":
        pictures = unpack(pictures, out.parent / SOURCE)
    keeping.bring_back()
    try:
        told = curate(CurateRequest(pictures, out, processes=1, redraws=True), home.path, keeping).plain()
    except BaseException:
        keeping.keep()  # whoever stopped it may have it go on
        raise
    for paper in out.iterdir():
        if paper.is_file():
            kept.put(f"{CURATED}/{paper.name}", paper)
    own = ("out", "pictures")  # paths of this machine
    return {"dataset": dataset, **{name: fact for name, fact in told.items() if name not in own}}


def _register(home: Home, job: Job, asked: RegisterAsked, listener: Listener) -> dict[str, Any]:
    """Killed after its pictures were destroyed, it has entered them: what is left is to say so."""
    from rectoverso.workflow.jobs.sweep import forget_pictures
    from rectoverso.workflow.registry import add_sent_works

    there = {work.file_digest: work.id for work in home.works.all()} if asked.fingerprints_only else {}
    sent = [(Digest(work.digest), work.cells) for work in asked.works]
    gone = [digest for digest, _ in sent if digest in there and not home.uploads.has(digest)]
    works, known, contested = [there[digest] for digest in gone], frozenset[str](), frozenset[str]()
    if left := [one for one in sent if one[0] not in gone]:
        entered = add_sent_works(left, home.path, listener=listener)
        works += [work.id for work in entered.works]
        known, contested = entered.known, entered.contested
    if asked.fingerprints_only:
        forget_pictures(home, [digest for digest, _ in sent], job.id)
    return {"works": works, "known": sorted(known), "contested": sorted(contested)}


def _rows(batch: Batch) -> dict[str, Any]:
    """What became of the pictures. What was found of each stands with the image."""
    plain = batch.plain()
    kept = ("asset", "seed", "verdict", "ledger_index")
    return {
        decision: [{name: row[name] for name in kept} for row in plain[decision]]
        for decision in ("released", "held", "refused")
    }


@contextmanager
def _decoded(home: Home, *digests: str | None) -> Iterator[Sequence[Path | None]]:
    """Pictures that were sent, decoded in the bounded process, as PNG files for as long as they are needed."""
    if not any(digests):
        yield [None] * len(digests)
        return
    with scratch(home) as folder:
        paths: list[Path | None] = []
        for number, digest in enumerate(digests):
            path = None if digest is None else folder / f"{number}.png"
            if path is not None and digest is not None:
                opened = shared().open(home.uploads.get(Digest(digest)), name=digest[:12])
                path.write_bytes(to_png(opened.pixels))
            paths.append(path)
        yield paths


def _plain_name(name: str) -> str:
    """What a file was called, if that is a name and no more, as long as file systems take: it will be part of the
    released file's.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    return "" if last in (".", "..") else last.encode()[:MOST_NAME_BYTES].decode(errors="ignore")
