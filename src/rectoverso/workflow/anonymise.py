"""Anonymise files: pictures lose their metadata and their faces, DICOM files their patients.

1  each file is opened as what its first bytes say it is, pictures in the bounded process
2  what it holds is listed, then taken out, and the result is looked at anew (``verso.anonymise``)
3  what passes is written under a name that says nothing; what does not is held, with the reason
4  a list of what was written goes beside the files, and its digest into the ledger

Faces that a generator fills make a picture that is in part generated, so it leaves by the door like every other one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import BadSetting, ImageUnsupported, RectoversoError
from rectoverso.i18n import Phrase, explain, say
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.atomic import write_atomically
from rectoverso.store.home import Home
from rectoverso.types import Decision, Message
from rectoverso.verso.anonymise.bare import SUFFIXES, bare, bare_type
from rectoverso.verso.anonymise.faces import THRESHOLD, Face, FaceFinder, Finder
from rectoverso.verso.anonymise.obscure import hide
from rectoverso.verso.anonymise.remains import remains
from rectoverso.verso.anonymise.ways import Way
from rectoverso.verso.picture import read_bytes, sniff
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.extras import optional_part
from rectoverso.workflow.files import SUFFIXES as PICTURE_SUFFIXES
from rectoverso.workflow.files import results_in, unusable
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.progress import Listener, Progress, silent

if TYPE_CHECKING:
    from rectoverso.types import Pixels

LIST = "anonymised.json"
"""The list of what was written, beside it. It names no source."""

MEASURED = {"found": 64, "faces": 65, "at_least": 0.93, "threshold": THRESHOLD}
"""The detector on 46 photographs of BSDS500: benchmarks/results/face_recall-2026-11-27.json."""

_DICM = slice(128, 132)


@dataclass(frozen=True, slots=True)
class Treated:
    """What became of one file. ``path`` is where it was written, None where it is held or could not be read.

    ``found``: kinds of things that the file held beside its picture; ``faces``: how many were hidden, None where none
    were looked for; ``done``: of a DICOM file, how many elements were treated how; ``held``: why it was not written.
    """

    source: str
    kind: str
    path: Path | None = None
    found: tuple[str, ...] = ()
    faces: int | None = None
    done: dict[str, int] = field(default_factory=dict)
    held: tuple[Message, ...] = ()
    error: RectoversoError | None = None
    asset: str | None = None
    digest: str | None = None

    def plain(self, language: str) -> dict[str, Any]:
        """As `--json` prints it."""
        error = {"code": self.error.code, "message": explain(self.error, language)} if self.error else None
        return {
            "source": self.source,
            "kind": self.kind,
            "path": str(self.path) if self.path else None,
            "sha256": self.digest,
            "found": list(self.found),
            "faces": self.faces,
            "done": self.done,
            "held": [{"key": why.key, "text": say(why, language)} for why in self.held],
            "asset": self.asset,
            "error": error,
        }


@dataclass(frozen=True, slots=True)
class Anonymised:
    """What became of all files, and where the ledger says so (None where nothing was written)."""

    rows: tuple[Treated, ...]
    ledger_index: int | None = None

    @property
    def exit_code(self) -> int:
        """0 where every file was written, 1 where one is held, 2 where one could not be read."""
        if any(row.error for row in self.rows):
            return 2
        return 1 if any(row.held for row in self.rows) else 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. ``faces``: what becomes of them, None to leave them; ``fill``: the run that fills them.

    ``looked_at``: people saw that the pixels of these DICOM files show no words. ``keep_names``: pictures keep their
    names and folders, which may themselves name somebody.
    """

    faces: Way | None = None
    fill: Path | None = None
    looked_at: bool = False
    keep_names: bool = False

    def check(self) -> None:
        """Raise BadSetting for a generator without faces to fill, or the other way round."""
        if (self.faces is Way.FILL) is not (self.fill is not None):
            reason, advice = (Phrase(Message(f"anonymise.bad_fill.{part}")) for part in ("reason", "advice"))
            raise BadSetting(setting="fill", reason=reason, advice=advice)


def anonymise(
    files: Iterable[Path],
    out: Path,
    home_path: Path,
    wanted: Wanted = Wanted(),
    *,
    finder: Finder | None = None,
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Anonymised:
    """Anonymise ``files`` (files, or folders of pictures and DICOM files) into ``out``; originals stay as they are.

    ``finder`` is what finds faces, where not our own. Raises FilesUnusable without a file, BadSetting, OutNotWritable,
    and DetectorMissing or DetectorUnsound where faces are to be hidden: nothing was written then.
    """
    wanted.check()
    sources = list(_sources(files))
    if wanted.faces and finder is None:
        finder = FaceFinder()
    home = Home.open(home_path)
    keys = open_keys(home, listener=listener, clock=clock)
    with results_in(out):
        worker = _Worker(home, out, wanted, finder)
        rows = []
        for number, (path, relative) in enumerate(sources, 1):
            rows.append(worker.treat(path, relative))
            listener(Progress(Message("progress.anonymising"), number, len(sources)))
        rows = list(worker.filled(rows, wanted, home_path, listener, clock))
        written = [row for row in rows if row.path]
        if not written:
            return Anonymised(tuple(rows))
        listed = _list(rows, out)
        write_atomically(out / LIST, listed)
    facts = {
        "written": len(written),
        "held": sum(bool(row.held) for row in rows),
        "dicom": sum(row.kind == "dicom" for row in written),
        "faces": wanted.faces.value if wanted.faces else None,
        "looked_at": wanted.looked_at,
        "list": digests.of_bytes(listed),
    }
    with home.lock(), home.database.transaction() as tx:
        index = open_ledger(home, keys, clock or SystemClock()).append(tx, "anonymised", facts)
    return Anonymised(tuple(rows), index)


def _sources(files: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file and what it is called within what was typed: of folders, the pictures and DICOM files in them."""
    given, seen = list(files), set()
    for path in given:
        inside = sorted(one for one in path.rglob("*") if _is_meant(one, path)) if path.is_dir() else [path]
        for one in inside:
            if one not in seen:
                seen.add(one)
                yield one, one.relative_to(path) if path.is_dir() else Path(one.name)
    if not seen:
        raise unusable(", ".join(map(str, given)), "no_pictures")


def _is_meant(path: Path, folder: Path) -> bool:
    if not path.is_file() or any(part.startswith(".") for part in path.relative_to(folder).parts):
        return False
    return path.suffix.lower() in {*PICTURE_SUFFIXES, ".dcm", ".dicom"} or _is_dicom(_start(path))


def _start(path: Path) -> bytes:
    with suppress(OSError), path.open("rb") as file:
        return file.read(132)
    return b""


def _is_dicom(start: bytes) -> bool:
    return start[_DICM] == b"DICM"


class _Worker:
    """Treats one file after the other; those that a generator is to fill wait for it."""

    def __init__(self, home: Home, out: Path, wanted: Wanted, finder: Finder | None) -> None:
        self._home, self._out, self._wanted, self._finder = home, out, wanted, finder
        self._waiting: dict[int, tuple[Pixels, tuple[Face, ...], str]] = {}
        self._count = 0

    def treat(self, path: Path, relative: Path) -> Treated:
        """One file. What goes wrong with it is in the answer, and never stops the others."""
        self._count += 1
        kind = "picture"
        try:
            data = read_bytes(path)
            if _is_dicom(data[:132]) or path.suffix.lower() in (".dcm", ".dicom"):
                kind = "dicom"
                return self._dicom(path, data)
            return self._picture(path, relative, data)
        except RectoversoError as error:
            return Treated(str(path), kind, error=error)

    def _dicom(self, path: Path, data: bytes) -> Treated:
        with optional_part("Anonymising DICOM", "medical"):
            from rectoverso.verso.anonymise.dicom.deidentify import deidentify

        key = self._home.vault.pseudonym_key
        got = deidentify(data, key, name=str(path), looked_at=self._wanted.looked_at)
        row = Treated(str(path), "dicom", done=dict(got.done), held=got.held)
        return row if got.data is None else self._written(row, got.data, Path(f"{got.uid}.dcm"))

    def _picture(self, path: Path, relative: Path, data: bytes) -> Treated:
        media_type = sniff(data)
        if media_type == "application/octet-stream":
            raise ImageUnsupported(path=str(path))
        pixels = shared().open(data, name=str(path)).pixels
        found = tuple(dict.fromkeys(remain.kind.value for remain in remains(data)))
        row = Treated(str(path), "picture", found=found)
        if self._wanted.faces and self._finder:
            hidden = hide(pixels, self._finder, self._wanted.faces)
            row, pixels = replace(row, faces=len(hidden.faces)), hidden.pixels
            if hidden.still:
                return replace(row, held=(Message("anonymise.held.face", {"count": hidden.still}),))
            if self._wanted.faces is Way.FILL and hidden.faces:
                self._waiting[self._count - 1] = (pixels, hidden.faces, media_type)
                return row
        media_type = bare_type(media_type, pixels)
        return self._written(row, bare(pixels, media_type), self._name(relative, SUFFIXES[media_type]))

    def _name(self, relative: Path, suffix: str) -> Path:
        return relative.with_suffix(suffix) if self._wanted.keep_names else Path(suffix)

    def _written(self, row: Treated, data: bytes, name: Path) -> Treated:
        """The file under its name, or, of a bare suffix, under one made of its digest; never over another one."""
        digest = digests.of_bytes(data)
        path = self._out / (name if name.stem and not name.name.startswith(".") else f"{digest[:16]}{name}")
        stem, number = path.stem, 2
        while path.exists() and digests.of_bytes(path.read_bytes()) != digest:
            path, number = path.with_stem(f"{stem} {number}"), number + 1
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
        return replace(row, path=path, digest=digest)

    def filled(
        self,
        rows: Sequence[Treated],
        wanted: Wanted,
        home_path: Path,
        listener: Listener,
        clock: Clock | None,
    ) -> Iterator[Treated]:
        """The rows, those that wait for a generator with what became of them at the door."""
        if not self._waiting or wanted.fill is None:
            yield from rows
            return
        from rectoverso.workflow.fill import Filler

        filler = Filler(wanted.fill, home_path, listener, clock)
        passages = dict(zip(self._waiting, filler.fill(list(self._waiting.values()), self._out), strict=True))
        for number, row in enumerate(rows):
            passage = passages.get(number)
            if passage is None:
                yield row
            elif passage.asset.decision is Decision.RELEASE and passage.path:
                digest = digests.of_bytes(passage.path.read_bytes())
                yield replace(row, path=passage.path, asset=passage.asset.id, digest=digest)
            else:
                facts = {"decision": passage.asset.decision.value}
                yield replace(row, asset=passage.asset.id, held=(Message("anonymise.held.door", facts),))


def _list(rows: Sequence[Treated], out: Path) -> bytes:
    """What was written, by the names that it has now; nothing of where it came from."""
    files = [
        {
            "file": row.path.relative_to(out).as_posix(),
            "sha256": row.digest,
            "kind": row.kind,
            "found": list(row.found),
            "faces": row.faces,
            "done": row.done,
            "asset": row.asset,
        }
        for row in rows
        if row.path
    ]
    files.sort(key=lambda row: str(row["file"]))
    detector = {"name": "CenterFace", "sha256": FaceFinder.digest, **MEASURED}
    told = {"files": files, "detector": detector if any(row.faces is not None for row in rows) else None}
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
