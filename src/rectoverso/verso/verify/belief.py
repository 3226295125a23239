"""What the bounded process says is believed in its form alone: each answer is of its type, and every sentence in it is
one that can be said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import numpy as np

from rectoverso import errors
from rectoverso.errors import DicomUnreadable, ImageUnreadable
from rectoverso.i18n import say
from rectoverso.types import Message, Pixels, Report
from rectoverso.verso.anonymise.dicom.outcome import Deidentified
from rectoverso.verso.anonymise.remains.kinds import Kind
from rectoverso.verso.verify import frames
from rectoverso.verso.verify.bounds import Job
from rectoverso.verso.verify.labels import Camera

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from rectoverso.verso.curate.examination import Examination
    from rectoverso.verso.law.lint import Answer
    from rectoverso.verso.mark.credential import CredentialReading

_CHANNELS = (1, 3, 4)
_UID = re.compile(r"2\.25\.[0-9]{1,39}")
"""Of a DICOM file it becomes the name."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stranger's picture: uint8 HWC, upright, in sRGB. ``block``: China's AIGC block that came with it. ``says_ai``:
    its label or its credential says that AI took part; ``camera``: where it says that a camera took it.
    """

    pixels: Pixels = field(repr=False)
    block: str | None = None
    says_ai: bool = False
    camera: Camera = ""


Clauses: TypeAlias = "tuple[tuple[Answer, ...], ...]"
Kinds: TypeAlias = "tuple[Kind, ...]"
Heard: TypeAlias = (
    "Report | Opened | Clauses | CredentialReading | Examination | Kinds | Deidentified | Unreadable"
)
"""The answers to what a job asks for: a report, a picture, clauses by law, what a manifest says, all about a picture
to be trained on, kinds of what lies beside a picture, a DICOM file without its patient, or why there is none of it.
"""
Unreadable: TypeAlias = ImageUnreadable | DicomUnreadable


def believed(said: Mapping[str, Any], job: Job, more: Callable[[], bytes]) -> Heard:
    """The answer to what the job asks for; ``more`` gives the frame after it. Raises PipeEnded for anything else."""
    answer: Heard
    try:
        match job.asks:
            case "report":
                answer = _report(said["report"])
            case "picture":
                answer = _picture(said, job, more())
            case "clauses":
                answer = _clauses(said["clauses"], job)
            case "manifest":
                answer = _form_of_manifests().validate_python(said["manifest"])
            case "examination":
                answer = _examination(said, job, more)
            case "remains":
                answer = tuple(map(Kind, said["remains"]))
            case "dicom":
                answer = _deidentified(said["dicom"], more())
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise frames.PipeEnded from error
    return answer


def unreadable(code: str, facts: Mapping[str, Any]) -> Unreadable:
    """The error of that code. Raises PipeEnded for one that is none."""
    kinds: dict[str, type[Unreadable]] = {kind.code: kind for kind in ImageUnreadable.__subclasses__()}
    del kinds[errors.ImageStopped.code]
    kinds[DicomUnreadable.code] = DicomUnreadable
    try:
        return kinds[code](**{name: str(fact)[:200] for name, fact in facts.items()})
    except KeyError as error:
        raise frames.PipeEnded from error


def _report(said: Any) -> Report:
    report = _form().validate_python(said)
    if report.inquiry or (report.recovered and report.recovered.service):  # nobody in there asks a network
        raise frames.PipeEnded
    for row in report.evidence:
        say(row)
    asked = (report.watermark.p_value, report.ingrained.p_value)
    if not all(p_value is None or 0 < p_value <= 1 for p_value in asked):
        raise frames.PipeEnded
    return report


def _picture(said: Mapping[str, Any], job: Job, raw: bytes) -> Opened:
    block, says_ai, camera = said["block"], said["says_ai"], said["camera"]
    if not isinstance(block, str | None) or not isinstance(says_ai, bool) or camera not in get_args(Camera):
        raise frames.PipeEnded
    return Opened(_pixels(said["picture"], job, raw), block, says_ai, camera)


def _pixels(shape: Any, job: Job, raw: bytes) -> Pixels:
    height, width, channels = (int(side) for side in shape)
    is_one = channels in _CHANNELS and min(height, width) > 0 and prod((height, width, channels)) == len(raw)
    if not is_one or height * width > job.limits.max_pixels:
        raise frames.PipeEnded
    return np.frombuffer(raw, np.uint8).reshape(height, width, channels).copy()


def _examination(said: Mapping[str, Any], job: Job, more: Callable[[], bytes]) -> Examination:
    from rectoverso.verso.curate.examination import believed

    shape = said["picture"]
    pixels = None if shape is None else _pixels(shape, job, more())
    found = believed(said["examination"], pixels, 1 + len(job.packets))
    if (found.pixels is None) == (found.problem is None):
        raise frames.PipeEnded
    return found


def _clauses(said: Any, job: Job) -> Clauses:
    from rectoverso.verso.law import law

    return tuple(_answers(law(name).clauses, rows) for name, rows in zip(job.laws, said, strict=True))


def _answers(clauses: Any, rows: Any) -> tuple[Answer, ...]:
    from rectoverso.verso.law.lint import Answer, State

    answers = []
    for clause, row in zip(clauses, rows, strict=True):
        message = Message(str(row["key"]), dict(row["facts"]))
        say(message)
        answers.append(Answer(clause, State(row["state"]), message))
    return tuple(answers)


def _deidentified(said: Any, data: bytes) -> Deidentified:
    """The file under a name that is one, or the reasons why there is none."""
    held = tuple(Message(str(row["key"]), dict(row["facts"])) for row in said["held"])
    done = {str(what): int(count) for what, count in said["done"].items()}
    for message in (*held, *(Message(f"anonymise.done.{what}", {"count": done[what]}) for what in done)):
        say(message)
    ours = all(message.key.startswith("anonymise.") for message in held)
    is_file = data[:128] == bytes(128) and data[128:132] == b"DICM" and _UID.fullmatch(said["uid"])
    if not ours or bool(held) is bool(is_file) or (held and data):
        raise frames.PipeEnded
    return Deidentified(None if held else data, "" if held else str(said["uid"]), held, done)


@cache
def _form() -> TypeAdapter[Report]:
    from pydantic import TypeAdapter

    return TypeAdapter(Report)


@cache
def _form_of_manifests() -> TypeAdapter[CredentialReading]:
    from pydantic import TypeAdapter

    from rectoverso.verso.mark.credential import CredentialReading

    return TypeAdapter(CredentialReading)
