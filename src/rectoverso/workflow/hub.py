"""A run's folder to and from a Hugging Face hub repository.

What travels is named here, file by file, and nothing else does: weights, config, report, cards and directions. Samples
are drafts, which nobody screened or marked, so they stay at home, as do checkpoints, inversions of other people's
pictures and the training images' fingerprints. Only safetensors, JSON, TOML and Markdown are taken in, and only to
where a run has them; nothing is unpickled. A run comes whole, with the weights that its record states, or not at all.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from rectoverso.errors import (
    HubFailed,
    OutNotWritable,
    RectoversoError,
    RunExists,
    RunNotFound,
    WeightsChanged,
)
from rectoverso.i18n import Phrase
from rectoverso.store.atomic import sync_folder, write_durably
from rectoverso.store.home import Home
from rectoverso.types import Message
from rectoverso.workflow import digests
from rectoverso.workflow.extras import optional_part
from rectoverso.workflow.files import make_folder
from rectoverso.workflow.standing import demand_not_held

SHARED = re.compile(
    r"config\.toml|run\.json|card(\.zh)?\.md|README\.md|directions\.json|weights/[\w-]+\.safetensors"
)
"""The only names that travel, whole."""
MAX_BYTES = 4_000_000_000
RECORD = "run.json"
OWN_PICTURE = re.compile(r"^!\[[^\]\n]*\]\((?!\w+:)[^)\n]*\).*\n(?:.+\n)*\n?", re.MULTILINE)
"""A Markdown paragraph that begins with a picture of this folder, where pictures are drafts."""


class Hub(Protocol):
    """What is needed of a hub; revisions are commits."""

    def create(self, repository: str, *, private: bool) -> None:
        """Make the repository unless it is there. Raises when it is to be private and is public."""
        ...

    def send(self, repository: str, files: dict[str, Path | bytes], message: str) -> str:
        """Put files there in one commit and return its address; bytes are a file's whole content."""
        ...

    def list(self, repository: str, revision: str | None) -> tuple[str, dict[str, int]]:
        """The commit that the revision means, and the files there with their sizes in bytes."""
        ...

    def fetch(self, repository: str, name: str, commit: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Travelled:
    """What went or came, and where it lies; ``left`` are files that were there and were not taken."""

    repository: str
    place: str
    files: tuple[str, ...]
    left: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "repository": self.repository,
            "place": self.place,
            "files": list(self.files),
            "left": list(self.left),
        }


def push_run(
    run: Path, repository: str, home: Path | None = None, *, public: bool = False, hub: Hub | None = None
) -> Travelled:
    """Put a run into ``repository`` (made if need be; private unless ``public``). What is known against it counts, by
    its own files and by ``home``. Raises RunNotFound, RunHeld, MissingExtra, HubFailed.
    """
    files = shared_files(run)
    demand_not_held(run, Home.existing(home) if home else None)
    hub = hub or _hub()
    place = _asked(repository, lambda: _send(hub, repository, files, public=public))
    return Travelled(repository, place, tuple(files))


def shared_files(run: Path) -> dict[str, Path]:
    """What travels of a run, by its name there; links are not followed. Raises RunNotFound."""
    found = {path.relative_to(run).as_posix(): path for path in sorted(run.rglob("*")) if _is_own(run, path)}
    files = {name: path for name, path in found.items() if SHARED.fullmatch(name)}
    _check_whole(run, files)
    return files


def pull_run(repository: str, run: Path, *, revision: str | None = None, hub: Hub | None = None) -> Travelled:
    """Bring a run from ``repository`` into the new folder ``run``, all of it or nothing. Files that no run has are left
    there.

    Raises RunExists, RunNotFound (what is there is no run), WeightsChanged, MissingExtra, HubFailed, OutNotWritable.
    """
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise RunExists(path=run)
    hub = hub or _hub()
    commit, sizes = _asked(repository, lambda: hub.list(repository, revision))
    names = [name for name in sorted(sizes) if SHARED.fullmatch(name) and sizes[name] <= MAX_BYTES]
    _check_whole(Path(repository), names)
    final = run.resolve()
    # Beside its place, so that one rename makes it the run; killed before that, no half of one is taken for it.
    unfinished = final.with_name(f".{final.name}.pulling-{secrets.token_hex(4)}")
    try:
        for name in names:
            data = _asked(repository, lambda name=name: hub.fetch(repository, name, commit))  # type: ignore[misc]
            _put(unfinished.joinpath(*PurePosixPath(name).parts), data)
        _check_weights(repository, unfinished, names)
        _become(unfinished, final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Travelled(repository, str(run), tuple(names), tuple(sorted(sizes.keys() - set(names))))


def _send(hub: Hub, repository: str, files: dict[str, Path], *, public: bool) -> str:
    hub.create(repository, private=not public)
    card = files.get("card.md")
    there = files | ({"README.md": card} if card and "README.md" not in files else {})
    sent = {name: _without_pictures(path) if name.endswith(".md") else path for name, path in there.items()}
    return hub.send(repository, sent, "A run of Rectoverso")


def _without_pictures(card: Path) -> bytes:
    """A card as it travels: the samples that it shows at home do not."""
    return OWN_PICTURE.sub("", card.read_text(encoding="utf-8")).encode()


def _put(file: Path, data: bytes) -> None:
    make_folder(file.parent)
    try:
        write_durably(file, data, mode=0o644)
    except OSError as error:
        raise OutNotWritable(out=file, system=error.strerror or error) from error


def _become(unfinished: Path, final: Path) -> None:
    """One rename, which takes the place of nothing but an empty folder."""
    try:
        unfinished.rename(final)
    except OSError as error:
        if final.exists():
            raise RunExists(path=final) from error
        raise OutNotWritable(out=final, system=error.strerror or error) from error
    sync_folder(final.parent)


def _check_weights(repository: str, run: Path, names: list[str]) -> None:
    """Raise WeightsChanged, with its name, for a file of weights that is not the one in the run's record."""
    try:
        stated = dict(json.loads((run / RECORD).read_bytes())["weights"])
    except (OSError, ValueError, KeyError, TypeError):
        stated = {}
    for name in names:
        file = PurePosixPath(name)
        if file.parent.name == "weights" and stated.get(file.name) != digests.of_bytes(
            (run / name).read_bytes()
        ):
            raise WeightsChanged(repository=repository, file=name, record=RECORD)


def _is_own(run: Path, path: Path) -> bool:
    return path.is_file() and path.resolve() == run.resolve() / path.relative_to(run)


def _check_whole(place: Path, names: Any) -> None:
    for needed, problem in (
        ("config.toml", "train.run.no_config"),
        ("weights/generator.safetensors", "train.run.no_weights"),
    ):
        if needed not in names:
            raise RunNotFound(path=place, reason=Phrase(Message(problem)))


def _asked(repository: str, ask: Callable[[], Any]) -> Any:
    """Ask the hub; whatever goes wrong there becomes HubFailed."""
    try:
        return ask()
    except RectoversoError:
        raise
    except Exception as error:  # the client, its transport and the hub have many kinds
        problem = str(error).strip().splitlines() or [type(error).__name__]
        raise HubFailed(repository=repository, problem=problem[0].rstrip(".")) from error


def _hub() -> Hub:
    with optional_part("Reaching the hub", "hub"):
        from rectoverso.workflow.hugging_face import HuggingFace

        return HuggingFace()
