"""Whom to name with pictures that a run drew: the training pictures that they are nearest to, if to any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from rectoverso.errors import CreditUnknown, RunNotFound
from rectoverso.i18n import Phrase
from rectoverso.types import Attribution, Message
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.screen.credit import ORDINARY, Credits, Near, credits_of
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow.attributions import read_attributions, with_catalogue
from rectoverso.workflow.files import picture_files
from rectoverso.workflow.replication import fingerprints_of


@dataclass(frozen=True, slots=True)
class Named:
    """A training picture that is to be named, and what its source says of it."""

    near: Near
    attribution: Attribution

    @property
    def line(self) -> str:
        """Its title, owner and licence, or what else it is known by; nothing where the data had no names."""
        told = self.attribution
        title = f"“{told.title}”" if told.title else told.file
        return ", ".join(part for part in (title, told.owner, told.licence) if part)

    def plain(self) -> dict[str, Any]:
        return asdict(self.attribution) | {
            "training_image": self.near.training_image,
            "times_nearer": round(self.near.times, 2),
            "chance": round(self.near.chance, 6),
        }


@dataclass(frozen=True, slots=True)
class Credited:
    """What was asked about: each file with whom to name, the nearest first. ``compared_with``: how many training
    pictures there are; ``strangers``: how many others tell what is usual.
    """

    pictures: tuple[tuple[Path, Credits, tuple[Named, ...]], ...]
    compared_with: int
    strangers: int

    @property
    def works(self) -> list[tuple[Named, int]]:
        """Over all files: each training picture once, as near as it came, and with how many of them it is listed."""
        listed = [named for _, _, names in self.pictures for named in names]
        counts = Counter(named.near.training_image for named in listed)
        best: dict[int, Named] = {}
        for named in sorted(listed, key=lambda one: one.near.chance):
            best.setdefault(named.near.training_image, named)
        return sorted(
            ((best[image], count) for image, count in counts.items()),
            key=lambda row: (-row[1], row[0].near.chance, row[0].near.training_image),
        )

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "pictures": [
                {
                    "path": str(path),
                    "chance": round(found.chance, 6),
                    "credits": [named.plain() for named in names],
                }
                for path, found, names in self.pictures
            ],
            "works": [named.plain() | {"pictures": count} for named, count in self.works],
            "compared_with": self.compared_with,
            "strangers": self.strangers,
            "ordinary": ORDINARY,
        }


def credit_files(run: Path, files: Iterable[Path], *, catalogue: Path | None = None) -> Credited:
    """The training pictures of ``run`` that each of the files (or of those in folders) is nearest to, where it is
    nearer to them than new pictures are.

    ``catalogue`` says whom to name with the files of the training set, by their paths in it; the files need not be
    here. Raises RunNotFound, CreditUnknown, ImageUnreadable, FilesUnusable, BadCatalogue.
    """
    paths = picture_files(files)
    fingerprints, told = _kept(run)
    if catalogue is not None:
        told = with_catalogue(told, catalogue)
    pictures = (shared().open(read_bytes(path), name=str(path)).pixels for path in paths)
    found = credits_of(pictures, fingerprints)
    rows = tuple(
        (path, one, tuple(Named(near, told[near.training_image]) for near in one.near))
        for path, one in zip(paths, found, strict=True)
    )
    return Credited(rows, len(fingerprints.features), len(fingerprints.strangers))


def _kept(run: Path) -> tuple[Fingerprints, list[Attribution]]:
    """What a run keeps of its training pictures."""
    if not (run / "config.toml").is_file():
        raise RunNotFound(path=run, reason=Phrase(Message("train.run.no_config")))
    try:
        fingerprints = Fingerprints.load(fingerprints_of(run))
        told = read_attributions(fingerprints_of(run).parent, len(fingerprints.features))
    except FileNotFoundError as error:
        raise _unknown(run, "no_fingerprints") from error
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise _unknown(run, "damaged", problem=error) from error
    if not len(fingerprints.strangers):
        raise _unknown(run, "few", count=len(fingerprints.features))
    return fingerprints, told


def _unknown(run: Path, problem: str, /, **facts: object) -> CreditUnknown:
    reason, advice = (Phrase(Message(f"credit.{problem}.{part}", facts)) for part in ("reason", "advice"))
    return CreditUnknown(run=run, reason=reason, advice=advice)
