"""Anonymise files: pictures lose their metadata and their faces, DICOM files their patients.

1  each file is opened as what its first bytes say it is, in a bounded process
2  what it holds is listed, then taken out, and the result is looked at anew (``verso.anonymise``)
3  what passes is written under a name that says nothing; what does not is held, with the reason
4  a list of what was written goes beside the files, and its digest into the ledger

Faces that a generator fills make a picture that is in part generated, so it leaves by the door like every other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import BadSetting, ImageUnsupported, MissingExtra, NotVerified, RectoversoError
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.atomic import write_atomically
from rectoverso.store.home import Home
from rectoverso.types import Decision, Message, Pixels
from rectoverso.verso.anonymise.bare import bare, bare_type, without_unseen
from rectoverso.verso.anonymise.dicom.pseudonyms import Secret
from rectoverso.verso.anonymise.faces import FaceFinder, Finder
from rectoverso.verso.anonymise.obscure import Hidden, hide
from rectoverso.verso.anonymise.ways import Way
from rectoverso.verso.ledger.entry import Json
from rectoverso.verso.mark.label import SUFFIXES
from rectoverso.verso.picture import read_bytes, sniff, to_png
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.anonymised import LIST, Anonymised, Blank, Treated, listed
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.files import SUFFIXES as PICTURE_SUFFIXES
from rectoverso.workflow.files import results_in, unusable
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.scratch import scratch

if TYPE_CHECKING:
    from rectoverso.workflow.fill import Filler

_DICOM_SUFFIXES = (".dcm", ".dicom")
_DICM = slice(128, 132)


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
    and DetectorMissing or DetectorUnsound where faces are to be hidden, RunNotFound where there is nothing to fill them
    with: nothing was written then.
    """
    wanted.check()
    sources = Sources.of(files, out)
    if wanted.faces and finder is None:
        finder = FaceFinder()
    filler = _filler(wanted.fill, home_path, listener, clock) if wanted.fill else None
    home = Home.open(home_path)
    keys = open_keys(home, listener=listener, clock=clock)
    rows: list[Treated] = []
    index = None
    with results_in(out), scratch(home, may_be_on_disk=True) as blanks:
        worker = _Worker(home, out, wanted, finder, blanks)
        try:
            for number, (path, relative) in enumerate(sources.files, 1):
                rows.append(worker.treat(path, relative))
                listener(Progress(Message("progress.anonymising"), number, len(sources.files)))
            if filler:
                rows = list(worker.filled(rows, filler))
        finally:  # also of what was written until somebody ended it
            if any(row.path for row in rows):
                written = listed(rows, out)
                write_atomically(out / LIST, written)
                facts = _facts(rows, wanted) | {"list": digests.of_bytes(written)}
                with home.lock(), home.database.transaction() as tx:
                    index = open_ledger(home, keys, clock or SystemClock()).append(tx, "anonymised", facts)
    return Anonymised(tuple(rows), index, sources.left_out)


def _filler(run: Path, home_path: Path, listener: Listener, clock: Clock | None) -> Filler:
    with training_part("Filling faces"):
        from rectoverso.workflow.fill import Filler

    return Filler(run, home_path, listener, clock)


def _facts(rows: Sequence[Treated], wanted: Wanted) -> dict[str, Json]:
    """What the ledger is told."""
    written = [row for row in rows if row.path]
    return {
        "written": len(written),
        "held": sum(bool(row.held) for row in rows),
        "dicom": sum(row.kind == "dicom" for row in written),
        "faces": wanted.faces.value if wanted.faces else None,
        "looked_at": wanted.looked_at,
    }


@dataclass(frozen=True, slots=True)
class Sources:
    """Each file, and what it is called within what was typed. ``left_out``: how many others lie in the folders."""

    files: tuple[tuple[Path, Path], ...]
    left_out: int

    @classmethod
    def of(cls, given: Iterable[Path], out: Path) -> Sources:
        """Of folders, the pictures and DICOM files in them, but for hidden ones and for results of before.

        Raises FilesUnusable where there is none.
        """
        given, results, left_out = list(given), out.resolve(), 0
        found: dict[Path, tuple[Path, Path]] = {}
        for path in given:
            if not path.is_dir():
                found.setdefault(path.resolve(), (path, Path(path.name)))
                continue
            for one in _inside(path, results):
                if _is_meant(one):
                    found.setdefault(one.resolve(), (one, one.relative_to(path)))
                else:
                    left_out += 1
        if not found:
            raise unusable(", ".join(map(str, given)) or "FILE", "no_pictures")
        return cls(tuple(found.values()), left_out)


def _inside(folder: Path, results: Path) -> list[Path]:
    """The files in and below a folder that are not hidden, but for the results where these lie in it."""
    within = folder.resolve() in results.parents
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not (within and results in path.resolve().parents)
    )


def _is_meant(path: Path) -> bool:
    return path.suffix.lower() in {*PICTURE_SUFFIXES, *_DICOM_SUFFIXES} or _is_dicom(_start(path))


def _start(path: Path) -> bytes:
    with suppress(OSError), path.open("rb") as file:
        return file.read(_DICM.stop)
    return b""


def _is_dicom(start: bytes) -> bool:
    return start[_DICM] == b"DICM"


class _Worker:
    """Treats one file after the other; those that a generator is to fill wait for it in the folder ``blanks``."""

    def __init__(self, home: Home, out: Path, wanted: Wanted, finder: Finder | None, blanks: Path) -> None:
        self._secret = Secret(home.vault.pseudonym_key)
        self._out, self._wanted, self._finder, self._blanks = out, wanted, finder, blanks
        self._waiting: dict[str, Blank] = {}

    def treat(self, path: Path, relative: Path) -> Treated:
        """One file. What goes wrong with it is in the answer, and never stops the others."""
        row = Treated(str(path), "picture")
        try:
            data = read_bytes(path)
            if _is_dicom(data[: _DICM.stop]) or path.suffix.lower() in _DICOM_SUFFIXES:
                row = replace(row, kind="dicom")
                return self._dicom(row, data)
            return self._picture(row, relative, data)
        except NotVerified as error:
            facts = {"problems": error.facts["problems"]}
            return replace(row, held=(Message("anonymise.held.not_bare", facts),))
        except RectoversoError as error:
            return replace(row, error=error)

    def _dicom(self, row: Treated, data: bytes) -> Treated:
        if find_spec("pydicom") is None:
            raise MissingExtra(task="Anonymising DICOM", package="pydicom", extra="medical")
        looked_at = self._wanted.looked_at
        got = shared("dicom").deidentify(data, self._secret, name=row.source, looked_at=looked_at)
        row = replace(row, done=dict(got.done), held=got.held)
        return row if got.data is None else self._written(row, got.data, Path(f"{got.uid}.dcm"))

    def _picture(self, row: Treated, relative: Path, data: bytes) -> Treated:
        media_type = sniff(data)
        if media_type == "application/octet-stream":
            raise ImageUnsupported(path=row.source)
        pixels = shared().open(data, name=row.source).pixels
        row = replace(row, found=tuple(kind.value for kind in shared().remains(data, name=row.source)))
        if self._wanted.faces and self._finder:
            hidden = _hidden(pixels, self._finder, self._wanted.faces)
            if hidden is None:
                return replace(row, held=(Message("anonymise.held.not_looked"),))
            row = replace(row, faces=len(hidden.faces))
            if hidden.still:
                return replace(row, held=(Message("anonymise.held.face", {"count": hidden.still}),))
            pixels = hidden.pixels
            if self._wanted.faces is Way.FILL and hidden.faces:
                self._wait(row, hidden, media_type)
                return row
        pixels = without_unseen(pixels)
        media_type = bare_type(media_type, pixels)
        return self._written(row, bare(pixels, media_type), self._name(relative, SUFFIXES[media_type]))

    def _wait(self, row: Treated, hidden: Hidden, media_type: str) -> None:
        """Not in memory: a folder of photographs has more pixels than a machine has room for."""
        kept = self._blanks / f"{len(self._waiting)}.png"
        kept.write_bytes(to_png(without_unseen(hidden.pixels)))
        self._waiting[row.source] = Blank(kept, hidden.faces, media_type)

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

    def filled(self, rows: Sequence[Treated], filler: Filler) -> Iterator[Treated]:
        """The rows, those that wait for a generator with what became of them at the door."""
        passages = dict(zip(self._waiting, filler.fill(list(self._waiting.values()), self._out), strict=True))
        for row in rows:
            passage = passages.get(row.source)
            if passage is None:
                yield row
            elif passage.asset.decision is Decision.RELEASE and passage.path:
                digest = digests.of_bytes(passage.path.read_bytes())
                yield replace(row, path=passage.path, asset=passage.asset.id, digest=digest)
            else:
                facts = {"decision": passage.asset.decision.value}
                yield replace(row, asset=passage.asset.id, held=(Message("anonymise.held.door", facts),))


def _hidden(pixels: Pixels, finder: Finder, way: Way) -> Hidden | None:
    """None where the finder failed: then nobody looked."""
    try:
        return hide(pixels, finder, way)
    except Exception:  # noqa: BLE001 - of somebody else's network, which throws anything
        return None
