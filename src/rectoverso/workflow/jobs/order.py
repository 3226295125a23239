"""Taking an order: what is asked for is looked at as far as that needs no network of neurons, and kept as a job."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from rectoverso.errors import KeyReused, QueueFull, UploadNotFound
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.types import Digest
from rectoverso.workflow.jobs.asked import (
    GenerateAsked,
    RegisterAsked,
    SealAsked,
    TermsAsked,
    TrainAsked,
    Wanted,
)
from rectoverso.workflow.jobs.kept import demand_data, demand_run, placed
from rectoverso.workflow.registry import demand_readable
from rectoverso.workflow.systems import demand_preset
from rectoverso.workflow.terms import Terms

MOST_OPEN = 1000
"""Items of one person's jobs that may wait or run."""


def order(
    home: Home,
    person: str,
    asked: Wanted,
    *,
    token: str | None = None,
    clock: Clock | None = None,
) -> tuple[Job, bool]:
    """Keep a job for ``person``, and whether it is new: of one ``token`` of theirs there is one job.

    Raises RunNotFound, DataNotFound, UploadNotFound and UnknownName for what there is none of, BadSetting for terms,
    QueueFull for somebody who has too much waiting, KeyReused for a token that stood for something else.
    """
    _demand_known(home, asked)
    if home.jobs.open_count(person) + asked.items > MOST_OPEN:
        raise QueueFull(most=MOST_OPEN)
    now = (clock or SystemClock()).now().isoformat(timespec="seconds")
    kept = asked.model_dump(mode="json", by_alias=True)
    job, is_new = home.jobs.add(asked.kind, person, kept, asked.items, now, token)
    if job.asked != kept:
        raise KeyReused(job=job.id)
    return job, is_new


def terms_of(asked: TermsAsked) -> Terms:
    """The terms on which pictures leave. Raises UnknownName and BadSetting."""
    return Terms.of(
        asked.use,
        asked.law,
        asked.producer,
        visible=asked.visible,
        file_format=asked.format,
        territory=asked.territory,
    )


def _demand_known(home: Home, asked: Wanted) -> None:
    if isinstance(asked, TermsAsked):
        terms_of(asked).rules(home.path)
    if isinstance(asked, SealAsked):
        terms_of(asked).check(asked.origin)
    if isinstance(asked, RegisterAsked):
        for work in asked.works:
            demand_readable(work.cells)
    if isinstance(asked, GenerateAsked):
        demand_run(home, asked.run)
    for digest in asked.sent:
        if not home.uploads.has(Digest(digest)):
            raise UploadNotFound(digest=digest)
        home.uploads.used(Digest(digest))
    if isinstance(asked, TrainAsked):
        demand_preset(
            asked.system, asked.preset, [placed(one, partial(_known, home)) for one in asked.settings]
        )
        for data in filter(None, (asked.data, asked.data_b)):
            demand_data(home, data)


def _known(home: Home, run: str) -> Path:
    """A run that a setting names. It is opened where it is needed; here a name will do."""
    demand_run(home, run)
    return Path(run)
