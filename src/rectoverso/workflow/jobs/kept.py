"""The training sets and runs of a service: sealed in its home, and plain only while something works on them.

A set has ``source.zip`` or ``source.parquet`` until it is looked through, then what `verso curate` made of it in
``curated/``, and what was told of that. A run has what `verso train` writes (`recto.train.folder`). Whoever learns or
draws opens them into a folder of their own (`workflow.scratch`); pages and the API read single files.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rectoverso.errors import DataNotFound, RunExists, RunNotFound
from rectoverso.i18n import Phrase
from rectoverso.store.home import Home
from rectoverso.store.sealed_folder import SealedFolder
from rectoverso.types import Message
from rectoverso.workflow.curated import MANIFEST, PICTURES, RESULT
from rectoverso.workflow.files import results_in
from rectoverso.workflow.ledgers import existing_home
from rectoverso.workflow.replication import FINGERPRINTS, PRIVATE
from rectoverso.workflow.scratch import scratch
from rectoverso.workflow.shipped import DEMO, SHIPPED

BUILT_IN = ("digits", "shapes")
"""Training sets that need not be sent."""
CURATED, SOURCE, TOLD = "curated", "source", "told.json"
SAMPLES, STATE = "samples", "state"
REPORT, WEIGHTS = "run.json", "weights/generator.safetensors"
_LEARNT_FROM = (PICTURES, MANIFEST, RESULT)
_TAKES = 2
"""So many times its size a run may take while it is opened: what it has, and what is written beside it."""


class Files(Protocol):
    """What a folder holds, by relative paths; sealed or not."""

    def names(self) -> list[str]: ...

    def has(self, name: str) -> bool: ...

    def read(self, name: str) -> bytes:
        """Raises FileNotFoundError."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]: ...


class PlainFiles:
    """A folder that is not sealed: the run that comes with the package."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        files = (path for path in self._folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self._folder).as_posix() for path in files)

    def has(self, name: str) -> bool:
        return (self._folder / name).is_file()

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def pieces(self, name: str) -> Iterator[bytes]:
        yield self.read(name)


def set_of(dataset: str) -> str:
    """How the home names what it keeps of a training set."""
    return f"datasets/{dataset}"


def run_of(job: str) -> str:
    """How the home names what it keeps of a run, which has the id of the job that trained it."""
    return f"runs/{job}"


def files_of_run(home: Home, name: str) -> Files | None:
    """The files of a run as far as it is; of the shipped one for `demo`. None before there are any."""
    return PlainFiles(SHIPPED) if name == DEMO else home.folders.find(run_of(name))


def demand_run(home: Home, name: str) -> Files:
    """The files of a run that can draw, and be compared with what it learnt from. Raises RunNotFound."""
    files = files_of_run(home, name)
    compared = (FINGERPRINTS, f"{PRIVATE}/{FINGERPRINTS}")
    if files is None or not files.has(REPORT) or not any(map(files.has, compared)):
        raise RunNotFound(path=name, reason=Phrase(Message("train.run.unfinished")))
    return files


def demand_data(home: Home, name: str) -> SealedFolder | None:
    """A training set that was sent and looked through; None for one that is built in. Raises DataNotFound."""
    if name in BUILT_IN:
        return None
    kept = home.folders.find(set_of(name))
    if kept is None or not kept.has(f"{CURATED}/{PICTURES}"):
        raise DataNotFound(data=name, builtins=", ".join(BUILT_IN))
    return kept


@contextmanager
def opened_run(home: Home, name: str) -> Iterator[Path]:
    """The folder of a run to draw from, plain for as long as the block lasts. Raises RunNotFound."""
    files = demand_run(home, name)
    if not isinstance(files, SealedFolder):
        yield SHIPPED
        return
    with scratch(home, room=_TAKES * files.size) as folder:
        yield files.unseal(folder / name, draws)


def bring_out(home_path: Path, name: str, out: Path) -> None:
    """Write a run that a service trained into a new folder, for its owner: all that draws, and that the door asks for.
    Raises HomeMissing, RunNotFound, RunExists, OutNotWritable.
    """
    files = demand_run(existing_home(home_path), name)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunExists(path=out)
    with results_in(out):
        if isinstance(files, SealedFolder):
            files.unseal(out, draws)
        else:
            shutil.copytree(SHIPPED, out, dirs_exist_ok=True)


def draws(name: str) -> bool:
    """Whether a run draws with a file: samples and checkpoints are of the training."""
    return name.partition("/")[0] not in (SAMPLES, STATE)


def open_data(home: Home, name: str, folder: Path) -> str:
    """DATA as `verso train` takes it: the name of a set that is built in, or where one was opened below ``folder``.
    Raises DataNotFound.
    """
    kept = demand_data(home, name)
    if kept is None:
        return name
    wanted = {f"{CURATED}/{one}" for one in _LEARNT_FROM}
    return str(kept.unseal(folder / name, wanted.__contains__) / CURATED / PICTURES)


def placed(setting: str, place_of: Callable[[str], Path]) -> str:
    """A setting, with the folder of the run that it names, if it names one."""
    run = run_in(setting)
    return setting if run is None else f"{setting.partition('=')[0]}={place_of(run)}"


def run_in(setting: str) -> str | None:
    """The run that a setting names, if it names one (`perception.network`)."""
    key, _, value = setting.partition("=")
    return value if value and key.rpartition(".")[2] == "network" else None
