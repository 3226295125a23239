"""Look a picture up among the registered works, and draw for people what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rectoverso.errors import BadSetting, NothingRegistered, OutNotWritable
from rectoverso.i18n import LANGUAGES, Phrase, say
from rectoverso.types import Message, Outcome, Pixels
from rectoverso.verso.picture import read_bytes, to_png
from rectoverso.verso.review.evidence import best_alignment, drawn
from rectoverso.verso.screen.alignment import Transformation
from rectoverso.verso.screen.calibration import Calibration
from rectoverso.verso.screen.cascade import AnyMatch, Look
from rectoverso.verso.screen.chance import Chance
from rectoverso.verso.screen.similarity import chance_of, described, with_chance
from rectoverso.verso.screen.style import StyleMatch
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.calibration import in_force
from rectoverso.workflow.earlier import Earlier, earlier_decisions
from rectoverso.workflow.files import make_folder, unusable
from rectoverso.workflow.ledgers import existing_home
from rectoverso.workflow.registry import opened


@dataclass(frozen=True, slots=True)
class Found:
    """The works that a picture is similar to, what each stage found, and the files that show it.

    ``styles``: the registered styles, the one that it is most like first; ``earlier``: what was decided before about
    this picture and one of these works.
    """

    look: Look
    evidence: tuple[Path, ...] = ()
    styles: tuple[StyleMatch, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    calibration: Calibration | None = None

    @property
    def matches(self) -> Sequence[AnyMatch]:
        return [match for match in self.look.similar if match.outcome is not Outcome.PASS]

    @property
    def near_styles(self) -> Sequence[StyleMatch]:
        """The styles that a picture is so much like that people are to look."""
        return [match for match in self.styles if match.is_near]

    def chance(self, match: AnyMatch) -> Chance:
        """How often an unrelated picture is as near."""
        return chance_of(match, self.calibration)

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "matches": [
                match.plain() | {"unseen": match.work.is_unseen, "chance": self.chance(match).plain()}
                for match in self.matches
            ],
            "stages": [stage.plain() for stage in self.look.stages],
            "styles": [match.plain() for match in self.styles],
            "earlier": [one.plain() for one in self.earlier],
            "evidence": [str(file) for file in self.evidence],
            "crowded": self.look.crowded,
        }


def search_works(
    file: Path, home_path: Path, *, evidence: Path | None = None, original: Path | None = None
) -> Found:
    """The registered works that a picture is similar to, the gravest first.

    ``original`` is the file of one of them, which the register does not keep: the two are drawn side by side, and one
    over the other, into the folder ``evidence``. Raises ImageUnreadable; BadSetting for one of these without the other;
    FilesUnusable when the original is none of the works found; HomeMissing and NothingRegistered where there is nothing
    to compare with; OutNotWritable.
    """
    if (evidence is None) is not (original is None):
        reason, advice = (Phrase(Message(f"files.evidence_alone.{part}")) for part in ("reason", "advice"))
        raise BadSetting(setting="--evidence, --original", reason=reason, advice=advice)
    pixels = _pixels(file)
    existing_home(home_path).close()  # looking makes none
    home, registry = opened(home_path)
    works = registry.list()
    if not works:  # "similar to nothing" would be true, and misleading
        raise NothingRegistered(home=home_path)
    calibration = in_force(home, works)
    looked = registry.search(pixels, calibration)
    found = Found(looked, styles=tuple(registry.styles(pixels)), calibration=calibration)
    known = earlier_decisions(home, pixels, [match.work.id for match in found.matches])
    found = replace(found, earlier=tuple(known))
    if evidence is None or original is None or not found.matches:
        return found
    match, work = _original(original, found)
    make_folder(evidence)
    return replace(found, evidence=tuple(_written(evidence, match, found, pixels, work)))


def changes_of(match: dict[str, Any]) -> Message | None:
    """What seems to have been done to a work, given a match's JSON: to a part by its transformation, to the whole by
    its symmetry.
    """
    if "transformation" in match:
        return changes(match["transformation"])
    if "symmetry" not in match:
        return None
    turned = int(match["symmetry"].partition("turned_")[2] or 0)
    done = {"mirrored": "mirrored" in match["symmetry"], "turned": turned, "inverted": match["inverted"]}
    return changes({"changes": [name for name, is_so in done.items() if is_so], "turned": turned})


def changes(transformation: dict[str, Any]) -> Message | None:
    """What seems to have been done to a work, given a transformation's JSON: one message in another, in their order."""
    told = None
    for name in reversed(transformation["changes"]):
        numbers = {key: round(value * 100) for key, value in transformation.items() if key in _SHARES}
        one = Message(f"screen.change.{name}", numbers | {"turned": round(transformation["turned"])})
        told = Message("screen.change.and", {"one": one, "more": told}) if told else one
    return told


_SHARES = ("of_work", "of_picture", "stretched")


def _original(original: Path, found: Found) -> tuple[AnyMatch, Pixels]:
    """The match that this file is the work of, and its picture. Raises FilesUnusable."""
    data = read_bytes(original)
    digest = digests.of_bytes(data)
    for match in found.matches:
        if digest in (match.work.file_digest, match.work.original):
            return match, shared().open(data, name=str(original)).pixels
    raise unusable(original, "not_the_work")


def _written(folder: Path, match: AnyMatch, found: Found, picture: Pixels, work: Pixels) -> Iterator[Path]:
    """The sheets, and what they show in words and numbers."""
    alignment = best_alignment(picture, work, found.calibration.parts if found.calibration else None)
    chance = found.chance(match)
    sheets = drawn(picture, work, alignment)
    shown = Transformation.of(alignment).plain() if alignment else None
    told = changes(shown) if shown else None
    sentence = with_chance(described(match), chance)
    facts = {
        "said": {language: say(sentence, language) for language in LANGUAGES},
        "work": match.plain() | {"chance": chance.plain()},
        "points": alignment.inliers if alignment else 0,
        "transformation": shown,
        "changes": told and {language: say(told, language) for language in LANGUAGES},
        "stages": [stage.plain() for stage in found.look.stages],
        "earlier": [one.plain() for one in found.earlier if one.work == match.work.id],
    }
    files = {"points.png": to_png(sheets.beside), "facts.json": _json(facts)}
    if sheets.overlay is not None:
        files["overlay.png"] = to_png(sheets.overlay)
    for name, data in files.items():
        path = folder / f"{match.work.id}-{name}"
        try:
            path.write_bytes(data)
        except OSError as error:
            raise OutNotWritable(out=path, system=error.strerror or error) from error
        yield path


def _json(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, indent=2) + "\n").encode()


def _pixels(file: Path) -> Pixels:
    return shared().open(read_bytes(file), name=str(file)).pixels
