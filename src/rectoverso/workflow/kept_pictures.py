"""What a service keeps of pictures that people sent to learn from, and of those who are named with them: found, and
taken out with `verso erase`.

A set that was looked through goes on without the picture, as another set with a manifest of its own, so that what is
trained on it from now on did not learn from the picture; whoever sends the same file again gets that set. What was not
looked through yet goes whole. Of a run that learnt from the picture its samples and checkpoints go, since those of some
systems show what they are made from, and whom the picture was to be credited to; a person's name goes from all that a
run says, for classes have names too. Its weights are for people to decide on, and while they stay, its fingerprints do
too: the door knows by them what must not come out again.

All of it is sealed anew with other keys, before those are kept (`store.sealed_folder`).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from zlib import error as ZlibError

from rectoverso.errors import RecordDamaged
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.jobs import Job
from rectoverso.store.sealed_folder import SealedFolder
from rectoverso.types import Digest
from rectoverso.verso.registry.offers import of_rows
from rectoverso.workflow.attributions import ATTRIBUTIONS
from rectoverso.workflow.curated import MANIFEST
from rectoverso.workflow.curating.without import Line, Without, lines_of, take_out
from rectoverso.workflow.jobs.bundle import MOST_BYTES
from rectoverso.workflow.jobs.kept import CURATED, SOURCE, TOLD, draws, run_of, set_of
from rectoverso.workflow.scratch import scratch
from rectoverso.workflow.scrubbed import says, scrubbed
from rectoverso.workflow.served import TAKEN_OUT

_TAKES = 3
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Meant:
    """Pictures by the digests of their files, and the name of a person ("" for none)."""

    files: Collection[Digest] = ()
    name: str = ""

    def has(self, line: Line) -> bool:
        """Whether a picture is meant, by its line in a manifest: it is one of these, or its line says the name."""
        return line.get("digest") in self.files or says(json.dumps(line, ensure_ascii=False), self.name)


@dataclass(frozen=True, slots=True)
class InSets:
    """What was found: ``sets`` by their ids, with those of their pictures that are meant; ``whole``: sets that were not
    looked through yet, which go as they are; ``titles``: what the pictures are called where they are credited.
    """

    sets: Mapping[str, tuple[Line, ...]]
    whole: tuple[str, ...] = ()
    titles: frozenset[str] = frozenset()

    @property
    def is_anything(self) -> bool:
        return bool(self.sets or self.whole)

    @property
    def files(self) -> set[Digest]:
        """The digests of the pictures."""
        return {Digest(line["digest"]) for lines in self.sets.values() for line in lines if "digest" in line}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was sealed anew, by the keys that are to be kept, and what is left of each set."""

    keys: Mapping[str, bytes]
    left: Mapping[str, Without]
    whole: tuple[str, ...] = ()


def in_sets(home: Home, meant: Meant) -> InSets:
    """The pictures that are meant in the sets of a home."""
    sets, whole = {}, []
    for dataset in _datasets(home):
        kept = home.folders.find(set_of(dataset))
        if kept is None:
            continue
        if kept.has(TOLD):
            lines = lines_of(kept.pieces(f"{CURATED}/{MANIFEST}"))
            if found := tuple(filter(meant.has, lines)):
                sets[dataset] = found
        elif any(_is_meant(name, digest, meant) for name, digest in _sent(home, kept)):
            whole.append(dataset)
    titles = frozenset(_title(line) for lines in sets.values() for line in lines)
    return InSets(sets, tuple(whole), titles)


def titles_in(home: Home, dataset: str) -> frozenset[str]:
    """What all pictures of a set are called where they are credited; none where that cannot be read any more."""
    with suppress(RecordDamaged, FileNotFoundError):
        if (kept := home.folders.find(set_of(dataset))) is not None:
            return frozenset(map(_title, lines_of(kept.pieces(f"{CURATED}/{MANIFEST}"))))
    return frozenset()


def weights_told(home: Home, tx: Transaction, job: Job) -> str | None:
    """The digest of the weights that came of a training."""
    results = [one["result"] for one in home.jobs.told(tx, job.id) if "result" in one]
    return next((one["weights_digest"] for one in results if "weights_digest" in one), None)


def prepare(home: Home, found: InSets, meant: Meant, runs: Collection[str]) -> Prepared:
    """Seal anew, beside what there is, the sets without these pictures and the runs (by the digests of their weights)
    without what goes of them.
    """
    keys, left, whole = dict[str, bytes](), dict[str, Without](), list(found.whole)
    for dataset, lines in found.sets.items():
        kept = home.folders.find(set_of(dataset))
        assert kept is not None  # noqa: S101 - it was there, and the door is held
        with scratch(home, room=_TAKES * kept.size) as folder:
            rest = take_out(kept.unseal(folder, _stays) / CURATED, {line["picture"] for line in lines})
            if not rest.members:
                whole.append(dataset)
                continue
            told = json.loads((folder / TOLD).read_bytes()) | _told(rest)
            (folder / TOLD).write_text(json.dumps(told, ensure_ascii=False))
            keys[set_of(dataset)], left[dataset] = home.folders.beside(set_of(dataset), folder), rest
    for job, weights in list(_trained(home)):
        kept = home.folders.find(run_of(job.id))
        if kept is not None and (
            key := _run_without(home, job.id, kept, found, meant, descends=weights in runs)
        ):
            keys[run_of(job.id)] = key
    return Prepared(keys, left, tuple(whole))


def _stays(name: str) -> bool:
    """Of a set that was just looked through what was sent may still be there: it goes anyway."""
    return name == TOLD or name.startswith(f"{CURATED}/")


def take_out_of(home: Home, tx: Transaction, prepared: Prepared) -> int:
    """Keep what was prepared; returns how many data keys were destroyed."""
    for of, key in prepared.keys.items():
        home.folders.change(tx, of, key)
    for rest in prepared.left.values():
        home.lineage.keep(tx, rest.manifest, rest.members)
    for job in home.jobs.all(tx):
        if job.kind == "curate" and job.asked["dataset"] in prepared.left:
            home.jobs.change(tx, job.id, partial(_told_anew, rest=prepared.left[job.asked["dataset"]]))
    return len(prepared.keys) + sum(home.folders.destroy(tx, set_of(one)) for one in prepared.whole)


def _datasets(home: Home) -> list[str]:
    with home.database.read() as tx:
        return sorted({job.asked["dataset"] for job in home.jobs.all(tx) if job.kind == "curate"})


def _trained(home: Home) -> Iterator[tuple[Job, str | None]]:
    """The jobs that trained runs, with the digests of the weights that came of them. A run that is being trained is
    its worker's: it seals that with the key that there is.
    """
    with home.database.read() as tx:
        for job in home.jobs.all(tx):
            if job.kind == "train" and not job.is_open:
                yield job, weights_told(home, tx, job)


def _title(line: Line) -> str:
    return str(line.get("rights", {}).get("title") or line["source"])


def _sent(home: Home, kept: SealedFolder) -> Iterator[tuple[str, Digest]]:
    """The pictures of a set as it was sent: their names in it, and the digests of their files."""
    for name in kept.names():
        if not name.startswith(f"{SOURCE}."):
            continue
        with scratch(home, room=_TAKES * kept.size) as folder:
            yield from _in_source(kept.unseal(folder, name.__eq__) / name)


def _in_source(source: Path) -> Iterator[tuple[str, Digest]]:
    if source.suffix == ".parquet":
        with suppress(Exception):  # one that cannot be read holds no picture that anything learns from
            for data, *_ in of_rows(source, ()):
                yield "", _digest(data or b"")
        return
    left = MOST_BYTES
    with (
        suppress(zipfile.BadZipFile, ZlibError, RuntimeError, OSError, EOFError),
        zipfile.ZipFile(source) as archive,
    ):
        for entry in archive.infolist():
            left -= entry.file_size
            if left < 0:
                return  # so much is not unpacked to be learnt from either
            yield entry.filename, _digest_in(archive, entry)


def _digest_in(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Digest:
    digest = hashlib.sha256()
    with archive.open(entry) as packed:
        while piece := packed.read(_PIECE):
            digest.update(piece)
    return Digest(digest.hexdigest())


def _digest(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).hexdigest())


def _is_meant(name: str, digest: Digest, meant: Meant) -> bool:
    return digest in meant.files or says(name, meant.name)


def _run_without(
    home: Home, run: str, kept: SealedFolder, found: InSets, meant: Meant, *, descends: bool
) -> bytes | None:
    """A run sealed anew without what goes of it, by its new key; None where nothing does."""
    if not descends and not meant.name:
        return None
    texts = {name: kept.read(name).decode("utf-8", "replace") for name in kept.names() if _is_text(name)}
    if not descends and not any(says(text, meant.name) for text in texts.values()):
        return None
    with scratch(home, room=_TAKES * kept.size) as folder:
        kept.unseal(folder, draws if descends else lambda _: True)
        for name, text in texts.items():
            told = _uncredited(text, found) if PurePosixPath(name).name == ATTRIBUTIONS else text
            told = scrubbed(told, (), meant.name, instead=TAKEN_OUT)
            (folder / name).write_text(told, encoding="utf-8")
        return home.folders.beside(run_of(run), folder)


def _is_text(name: str) -> bool:
    return draws(name) and name.endswith((".toml", ".json", ".jsonl", ".md"))


def _uncredited(text: str, found: InSets) -> str:
    """Attributions, with empty lines for the pictures that are meant."""
    rows = [dict.fromkeys(row, "") if row.get("title") in found.titles else row for row in json.loads(text)]
    return json.dumps(rows, ensure_ascii=False)


def _told(rest: Without) -> dict[str, Any]:
    return {"manifest": rest.manifest, "pictures_digest": rest.pictures, **rest.summary.plain()}


def _told_anew(told: Any, *, rest: Without) -> Any:
    """What a job tells, where that is of the set."""
    return told | {"result": told["result"] | _told(rest)} if "result" in told else told
