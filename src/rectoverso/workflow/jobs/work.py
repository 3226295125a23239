"""Doing a job, one item at a time: the same calls that the command line makes, into the home instead of a folder.

Killed at any moment and done again, an item comes to the same end: a run goes on at its checkpoint, a curation at the
picture where it was, and what the door has decided stays decided, because the same item asks it the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rectoverso.errors import RectoversoError
from rectoverso.i18n import LANGUAGES, explain
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
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
from rectoverso.workflow.jobs.bundle import unpack
from rectoverso.workflow.jobs.order import data_in, placed, run_in, terms_of
from rectoverso.workflow.places import WORKING, without_places
from rectoverso.workflow.progress import Listener

MOST_NAME_BYTES = 200
CURATED, SOURCE = "curated", "source"


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
            return _register(home, asked, listener)


def failure(home: Home, error: RectoversoError) -> dict[str, Any]:
    """What is told of an item that failed: the code, and the sentences in every language, without where the home is."""
    detail = {name: without_places(explain(error, name), home) for name in LANGUAGES}
    return {"error": {"code": error.code, "detail": detail}}


def seed_of(job: Job, asked: GenerateAsked) -> int:
    """The first seed of a job: that which was asked for, else one of its own."""
    return int(job.id, 16) % (MAX_SEED - asked.count) if asked.seed is None else asked.seed


def _train(home: Home, job: Job, asked: TrainAsked, listener: Listener) -> dict[str, Any]:
    from rectoverso.workflow.train import TrainRequest, train_run

    run = home.runs_path / job.id
    is_begun = (run / "config.toml").is_file()
    if not is_begun:
        shutil.rmtree(run, ignore_errors=True)  # what a killed process had not even begun
    request = TrainRequest(
        system=asked.system,
        data=data_in(home, asked.data),
        data_b=None if asked.data_b is None else data_in(home, asked.data_b),
        run=run,
        preset=asked.preset,
        size=asked.size,
        seed=asked.seed,
        images=asked.images,
        max_seconds=asked.max_seconds,
        settings=tuple(placed(home, setting) for setting in asked.settings),
        skip_bad=True,
        resume=is_begun,
    )
    trained = train_run(request, home.path, listener).plain()
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


def _generate(home: Home, job: Job, asked: GenerateAsked, place: int, listener: Listener) -> dict[str, Any]:
    from rectoverso.recto.sample.controls import parse_controls
    from rectoverso.workflow.generate import generate_images
    from rectoverso.workflow.materials import Given

    first = place * SLICE
    with _decoded(home, asked.image, asked.mask, asked.style) as (image, mask, style):
        given = Given(
            images=tuple(filter(None, (image,))),
            masks=tuple(filter(None, (mask,))),
            prompts=tuple(filter(None, (asked.prompt,))),
            style=style,
            back=asked.back,
        )
        batch = generate_images(
            run_in(home, asked.run),
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


def _seal(home: Home, job: Job, asked: SealAsked, place: int, listener: Listener) -> dict[str, Any]:
    from rectoverso.workflow.seal import seal_files

    sent = asked.files[place]
    with TemporaryDirectory(prefix=WORKING) as folder:
        file = Path(folder) / (_plain_name(sent.name) or "picture")
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
    from rectoverso.workflow.curate import CurateRequest, curate

    folder = home.datasets_path / asked.dataset
    source = folder / f"{SOURCE}{asked.suffix}"
    if asked.suffix == ".zip":
        source = unpack(source, folder / SOURCE)
    told = curate(
        CurateRequest(source, folder / CURATED, processes=1, redraws=True), home.path, listener
    ).plain()
    own = ("out", "pictures")  # paths of this machine
    return {"dataset": asked.dataset, **{name: fact for name, fact in told.items() if name not in own}}


def _register(home: Home, asked: RegisterAsked, listener: Listener) -> dict[str, Any]:
    from rectoverso.workflow.registry import add_sent_works

    sent = [(Digest(work.digest), work.cells) for work in asked.works]
    entered = add_sent_works(sent, home.path, listener=listener)
    return {"works": [work.id for work in entered.works], "known": sorted(entered.known)}


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
    with TemporaryDirectory(prefix=WORKING) as folder:
        paths: list[Path | None] = []
        for number, digest in enumerate(digests):
            path = None if digest is None else Path(folder) / f"{number}.png"
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
