"""Taking an order: what is asked for is looked at as far as that needs no network of neurons, and kept as a job."""

from __future__ import annotations

from pathlib import Path

from rectoverso.errors import DataNotFound, KeyReused, QueueFull, RunNotFound, UploadNotFound
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.types import Digest, Message
from rectoverso.workflow.curated import PICTURES
from rectoverso.workflow.jobs.asked import (
    GenerateAsked,
    RegisterAsked,
    SealAsked,
    TermsAsked,
    TrainAsked,
    Wanted,
)
from rectoverso.workflow.registry import demand_readable
from rectoverso.workflow.replication import fingerprints_of
from rectoverso.workflow.shipped import DEMO, SHIPPED
from rectoverso.workflow.systems import demand_preset
from rectoverso.workflow.terms import Terms

BUILT_IN = ("digits", "shapes")
"""Training sets that need not be sent."""
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


def run_in(home: Home, name: str) -> Path:
    """The folder of a run of this home; the shipped one for `demo`. Raises RunNotFound."""
    folder = SHIPPED if name == DEMO else home.runs_path / name
    whole = (
        folder / "run.json",
        fingerprints_of(folder),
    )  # what it draws is compared with what it learnt from
    if not all(part.is_file() for part in whole):
        raise RunNotFound(path=name, reason=Phrase(Message("train.run.unfinished")))
    return folder


def placed(home: Home, setting: str) -> str:
    """A setting, with the folder of the run that it names, if it names one (`perception.network`). Raises
    RunNotFound.
    """
    key, _, value = setting.partition("=")
    is_run = value and key.rpartition(".")[2] == "network"
    return f"{key}={run_in(home, value)}" if is_run else setting


def data_in(home: Home, name: str) -> str:
    """DATA, by the id of a training set that was sent, or one that is built in. Raises DataNotFound."""
    if name in BUILT_IN:
        return name
    pictures = home.datasets_path / name / "curated" / PICTURES
    if not pictures.is_file():
        raise DataNotFound(data=name, builtins=", ".join(BUILT_IN))
    return str(pictures)


def _demand_known(home: Home, asked: Wanted) -> None:
    if isinstance(asked, TermsAsked):
        terms_of(asked).rules(home.path)
    if isinstance(asked, SealAsked):
        terms_of(asked).check(asked.origin)
    if isinstance(asked, RegisterAsked):
        for work in asked.works:
            demand_readable(work.cells)
    if isinstance(asked, GenerateAsked):
        run_in(home, asked.run)
    for digest in asked.sent:
        if not home.uploads.has(Digest(digest)):
            raise UploadNotFound(digest=digest)
        home.uploads.used(Digest(digest))
    if isinstance(asked, TrainAsked):
        demand_preset(asked.system, asked.preset, [placed(home, one) for one in asked.settings])
        for data in filter(None, (asked.data, asked.data_b)):
            data_in(home, data)
