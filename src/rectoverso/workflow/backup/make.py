"""`verso backup`: a whole home in one file, while the home goes on working.

1. Moment   At the door, so that nobody decides meanwhile: the records, the keys, and which files there are. A
            stored picture is there before its row is, so every picture that the records name is among them.
2. Check    The ledger of that moment holds.
3. Copy     The files, while others work. A stored picture never changes; where one is gone or sealed anew it was
            erased, and the backup begins once more, the last time with the door shut.
4. Name     The manifest, the keys under the passphrase, and only then the name that was asked for. Killed before,
            there is no backup, and the next one to that name removes what was left.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from rectoverso.errors import BackupUnsettled, HomeNotPermitted, OutNotWritable
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store import master, snapshot
from rectoverso.store.atomic import make_private_folder, put_durably
from rectoverso.store.home import Home
from rectoverso.store.lock import exclusive
from rectoverso.types import Digest
from rectoverso.version import __version__
from rectoverso.workflow.backup.archive import Manifest, Writing, writing
from rectoverso.workflow.backup.check import demand_holds, ledger_in, pictures_missing
from rectoverso.workflow.backup.contents import BLOBS, CHECKPOINT, DATABASE, Listed, listed, sealed_folder_of
from rectoverso.workflow.backup.sealed import demand_long, keys_in, seal
from rectoverso.workflow.files import make_folder
from rectoverso.workflow.ledgers import existing_home, open_ledger

_TRIES = 3
_FOLDER_TRIES = 100
_WAIT_S = 60.0
_WHOLE = "backup"
_Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Made:
    """A backup, by the digest of its manifest."""

    digest: Digest
    manifest: Manifest

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        said = self.manifest
        return {
            "digest": self.digest,
            "made_at": said.made_at,
            "files": len(said.files),
            "bytes": said.size,
            "keys": said.keys,
            "master": said.master,
            "ledger": {"size": said.ledger_size, "root": said.ledger_root},
            "links": list(said.links),
            "absent": list(said.absent),
        }


@dataclass(frozen=True, slots=True)
class _Moment:
    """What there was at one moment; ``marks`` tell stored pictures from others by their names."""

    found: Listed
    marks: Mapping[str, _Mark]
    keys: Mapping[str, bytes]
    has_master: bool
    ring: str
    seen: bytes | None


class _Gone(Exception):
    """A stored picture is not there any more, or not the same."""


def back_up(home_path: Path, out: Path, passphrase: str | None, clock: Clock | None = None) -> Made:
    """Write a backup of a home to a new file; without a passphrase its keys are left out.

    Raises HomeMissing, OutNotWritable, BadSetting, HomeBusy, BackupUnsettled, and LedgerBroken for a home whose ledger
    does not hold: nothing is written then, and the backups from before are what there is.
    """
    if passphrase is not None:
        demand_long(passphrase)
    home = existing_home(home_path)
    make_folder(out.parent)
    if out.exists():
        raise OutNotWritable(out=out, system="it exists already")
    for attempt in range(1, _TRIES + 1):
        with suppress(_Gone), _unfinished(out, home) as folder:
            made = _made(home, folder, passphrase, clock or SystemClock(), shut=attempt == _TRIES)
            put_durably(folder / _WHOLE, out)
            return made
    raise BackupUnsettled(home=home_path)


def _made(home: Home, folder: Path, passphrase: str | None, clock: Clock, *, shut: bool) -> Made:
    database = folder / DATABASE
    with ExitStack() as door:
        door.enter_context(home.lock())
        moment = _moment(home, database)
        if not shut:
            door.close()
        seen = [] if moment.seen is None else [moment.seen]
        state = ledger_in(database, moment.ring, seen)
        demand_holds(state)
        with writing(folder / _WHOLE) as archive:
            with database.open("rb") as file:
                archive.add(DATABASE, file)
            _copy(archive, home.path, moment)
            manifest = Manifest(
                program=__version__,
                made_at=clock.now().isoformat(timespec="seconds"),
                keys="none" if not moment.keys else "left_out" if passphrase is None else "sealed",
                master=passphrase is not None and moment.has_master,
                ledger_size=state.size,
                ledger_root=state.root,
                ledger_keys=moment.ring,
                files=archive.files,
                links=moment.found.links,
                absent=tuple(sorted(pictures_missing(database, archive.files))),
            )
            digest = Digest(hashlib.sha256(manifest.text).hexdigest())
            is_sealed = passphrase is not None and moment.keys
            archive.close(manifest, seal(moment.keys, passphrase or "", digest) if is_sealed else None)
    return Made(digest, manifest)


# 1. Moment


def _moment(home: Home, database: Path) -> _Moment:
    """Hold the door. The checkpoint that was seen is older than the records: they go on from it."""
    with exclusive(
        home.path / "master-key.lock", _WAIT_S, home.path
    ):  # or the keys would be of another moment
        seen, keys = home.last_checkpoint, home.keys
        snapshot.take(home.database, database)
        found = listed(home.path)
        return _Moment(
            found,
            {name: _mark(path.stat()) for name, path in found.files.items() if _is_picture(name)},
            keys_in(home.keys_path) if keys else {},
            bool(master.in_folder(home.keys_path)),
            open_ledger(home, keys).ring.text if keys else "",
            seen,
        )


def _mark(stat: os.stat_result) -> _Mark:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _is_picture(name: str) -> bool:
    return name.startswith(f"{BLOBS}/")


# 3. Copy


def _copy(archive: Writing, home: Path, moment: _Moment) -> None:
    files = moment.found.files
    if moment.seen is not None:  # as it was then: the records have to go on from it
        archive.add(CHECKPOINT, BytesIO(moment.seen))
    for folder in sorted({folder for name in files if (folder := sealed_folder_of(name))}):
        _copy_together(archive, home, home / folder)
    for name, path in sorted(files.items()):
        if sealed_folder_of(name) or name == CHECKPOINT:
            continue
        with ExitStack() as held:
            if (file := _opened(held, home, path)) is None:
                if _is_picture(name):
                    raise _Gone
                continue  # an upload or an unfinished file that nothing wants any more
            if _is_picture(name) and _mark(os.fstat(file.fileno())) != moment.marks[name]:
                raise _Gone
            archive.add(name, file)


def _copy_together(archive: Writing, home: Path, folder: Path) -> None:
    """All files of a folder as they are at one moment. Once they are open, it does not matter that a training removes
    them; where it did so before, once more.
    """
    for _ in range(_FOLDER_TRIES):
        names = _names_in(folder)
        with ExitStack() as held:
            files = {name: _opened(held, home, folder / name) for name in names}
            if None not in files.values() and _names_in(folder) == names:
                for name, file in files.items():
                    archive.add(f"{folder.relative_to(home).as_posix()}/{name}", file)  # type: ignore[arg-type]
                return
    raise BackupUnsettled(home=home)


def _names_in(folder: Path) -> list[str]:
    """What is whole there; nothing where the folder was erased meanwhile."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def _opened(held: ExitStack, home: Path, path: Path) -> IO[bytes] | None:
    try:
        return held.enter_context(path.open("rb"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HomeNotPermitted(home=home, system=error) from error


# 4. Name


@contextmanager
def _unfinished(out: Path, home: Home) -> Iterator[Path]:
    """A folder beside the backup for what is not whole yet; what a killed backup left in it is removed."""
    folder = out.with_name(f".{out.name}.unfinished")
    try:
        make_private_folder(folder)
        with exclusive(folder / "lock", 0, home.path):
            try:
                for left in folder.iterdir():
                    if left.name != "lock":
                        left.unlink()
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise OutNotWritable(out=out.parent, system=error.strerror or error) from error
