"""The bounded process: it loads what it needs, gives up everything else, and verifies one file after the other.

Started by `conversation`, and by nothing else. It is handed bytes and never a path, asks its starter for what the home
knows, and says at which layer it is, so that a crash can be told with its place.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from dataclasses import asdict
from functools import cache
from importlib import import_module
from math import ceil
from pkgutil import iter_modules
from typing import BinaryIO, cast

from rectoverso.errors import DicomUnreadable, ImageUnreadable
from rectoverso.verso.verify import frames
from rectoverso.verso.verify.bounds import Bounds, Job, Reads
from rectoverso.verso.verify.confinement import give_up, hold_memory
from rectoverso.verso.verify.opening import NotChecked, look
from rectoverso.verso.verify.questions import Asked
from rectoverso.verso.verify.records import Records
from rectoverso.verso.verify.verifier import verify_bytes

_GRACE = 5
"""Seconds after which this process ends itself where its starter, who would have ended it before, is gone."""


def serve() -> None:
    """Answer until nobody asks any more."""
    jobs, answers = sys.stdin.buffer, _own_output()
    bounds, reads = cast("tuple[Bounds, Reads]", frames.handed(jobs))
    held = hold_memory(bounds.most_memory, bounds.most_memory)
    _LOADS[reads]()
    frames.tell(answers, {"ready": [*held, *give_up()]})
    while True:
        try:
            job, data = frames.handed(jobs), frames.read(jobs)
        except frames.PipeEnded:
            return
        _answer(job, data, bounds, jobs, answers)


def warm_up() -> None:
    """Load all that a verification imports on its way, as nothing can be opened later: our modules by name, and what
    libraries load when they are first used by using them.
    """
    import cv2
    import numpy as np
    from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa  # noqa: F401
    from PIL import Image, ImageCms

    from rectoverso.verso import law, ledger, mark, verify
    from rectoverso.verso.anonymise import remains
    from rectoverso.verso.curate import examination
    from rectoverso.verso.mark import watermark
    from rectoverso.verso.mark.label import MEDIA_TYPES, Label, xmp_packet

    cv2.setNumThreads(1)
    for package in (law, ledger, mark, watermark, verify, remains):
        for module in iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    small = Image.fromarray(np.arange(768, dtype=np.uint8).reshape(16, 16, 3))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, '{"AIGC": {}}'
    for kind in MEDIA_TYPES.values():
        out = io.BytesIO()
        small.save(out, kind, icc_profile=profile, exif=exif, xmp=xmp_packet(Label(laws="cn eu", aigc="{}")))
        verify_bytes(out.getvalue())
        examination.examined(out.getvalue(), (xmp_packet(Label(laws="cn")),))
    watermark.detect(np.zeros((96, 96, 3), np.uint8), anyhow=True)
    _hold_all_laws()


def _load_dicom() -> None:
    import cv2

    from rectoverso.verso.anonymise.dicom.loading import load_all

    cv2.setNumThreads(1)
    load_all()


def _hold_all_laws() -> None:
    """A picture with words on it, under each law there is; the mark was looked for already, which takes longest."""
    import numpy as np

    from rectoverso.verso.law import law, laws
    from rectoverso.verso.law.lint import Sight, lint
    from rectoverso.verso.mark import visible
    from rectoverso.verso.mark.label import Label

    wanted = visible.Wanted("cn", ("AI生成",), "top_left", 0.1, 4.5)
    labelled = visible.put(np.zeros((256, 256, 3), np.uint8), [wanted])
    sight = Sight(labelled.pixels, Label(visible=visible.to_text(labelled.placed)), looked=1.0)
    for name in laws():
        lint(sight, law(name))


def _own_output() -> BinaryIO:
    """The pipe to the starter, out of reach of whatever a library prints."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _answer(job: Job, data: bytes, bounds: Bounds, jobs: BinaryIO, answers: BinaryIO) -> None:
    try:
        _within(bounds, data, job, answers)
        _read(job, data, jobs, answers)
    except (ImageUnreadable, DicomUnreadable) as error:
        facts = {name: str(fact) for name, fact in error.facts.items()}
        frames.tell(answers, {"unreadable": error.code, "facts": facts})
    except MemoryError:
        frames.tell(answers, {"failed": "memory"})
    finally:
        if hasattr(signal, "alarm"):
            signal.alarm(0)


def _read(job: Job, data: bytes, jobs: BinaryIO, answers: BinaryIO) -> None:
    match job.asks:
        case "report":
            _report(job, data, jobs, answers)
        case "picture":
            _picture(data, answers)
        case "clauses":
            _clauses(job, data, answers)
        case "manifest":
            _manifest(job, data, answers)
        case "examination":
            _examination(job, data, answers)
        case "remains":
            _remains(data, answers)
        case "dicom":
            _dicom(job, data, jobs, answers)


def _report(job: Job, data: bytes, jobs: BinaryIO, answers: BinaryIO) -> None:
    report = verify_bytes(
        data,
        anchors_pem=job.anchors_pem,
        records=cast("Records", Asked(jobs, answers)),
        ledgers=job.ledgers,
        proof=job.proof,
        limits=job.limits,
        entering=lambda layer: frames.tell(answers, {"at": layer}),
    )
    frames.tell(answers, {"report": asdict(report)})


def _picture(data: bytes, answers: BinaryIO) -> None:
    """The pixels, China's block where one came with them, and what the file says of AI and of a camera: all that is
    taken on of a file made elsewhere.
    """
    from rectoverso.verso.law import aigc
    from rectoverso.verso.picture import open_picture
    from rectoverso.verso.verify.labels import told_of_origin

    frames.tell(answers, {"at": "picture"})
    pixels = open_picture(data, "")
    frames.tell(answers, {"at": "label"})
    says_ai, camera = told_of_origin(data)
    told = {"picture": pixels.shape, "block": aigc.carried(data), "says_ai": says_ai, "camera": camera}
    frames.tell(answers, told)
    frames.write(answers, pixels.tobytes())


def _clauses(job: Job, data: bytes, answers: BinaryIO) -> None:
    from rectoverso.verso.law import law
    from rectoverso.verso.law.lint import lint
    from rectoverso.verso.law.lint import look as seen

    frames.tell(answers, {"at": "picture"})
    sight = seen(data, "")
    found = [lint(sight, law(name)) for name in job.laws]
    told = [[asdict(one.message) | {"state": one.state} for one in row] for row in found]
    frames.tell(answers, {"clauses": told})


def _manifest(job: Job, data: bytes, answers: BinaryIO) -> None:
    from rectoverso.verso.mark import credential

    frames.tell(answers, {"at": "credential"})
    anchors = job.anchors_pem.encode() if job.anchors_pem else None
    frames.tell(answers, {"manifest": asdict(credential.read_alone(data, anchors))})


def _examination(job: Job, data: bytes, answers: BinaryIO) -> None:
    from rectoverso.verso.curate import examination

    frames.tell(answers, {"at": "label"})
    said, pixels = examination.examined(data, job.packets)
    frames.tell(answers, {"examination": said, "picture": None if pixels is None else pixels.shape})
    if pixels is not None:
        frames.write(answers, pixels.tobytes())


def _remains(data: bytes, answers: BinaryIO) -> None:
    from rectoverso.verso.anonymise.remains import remains

    frames.tell(answers, {"at": "remains"})
    frames.tell(answers, {"remains": list(dict.fromkeys(remain.kind for remain in remains(data)))})


def _dicom(job: Job, data: bytes, jobs: BinaryIO, answers: BinaryIO) -> None:
    """The file without its patient. The key of the pseudonyms is not in here: what it makes is asked for."""
    from rectoverso.verso.anonymise.dicom.deidentify import deidentify

    frames.tell(answers, {"at": "dicom"})
    done = deidentify(data, cache(Asked(jobs, answers).keyed), name="", looked_at=job.looked_at)
    held = [asdict(why) for why in done.held]
    frames.tell(answers, {"dicom": {"uid": done.uid, "held": held, "done": dict(done.done)}})
    frames.write(answers, done.data or b"")


def _within(bounds: Bounds, data: bytes, job: Job, answers: BinaryIO) -> None:
    """Let this file have the time and memory that its size allows, and say its size to the starter."""
    pixels = _pixels(data, job)
    frames.tell(answers, {"pixels": pixels})
    if hasattr(signal, "alarm"):
        signal.alarm(ceil(bounds.seconds_for(pixels)) + _GRACE)
    hold_memory(min(bounds.memory_for(pixels, len(data)), bounds.most_memory), bounds.most_memory)


def _pixels(data: bytes, job: Job) -> int:
    """How many a file claims to have, 0 where that cannot be told; no more than are allowed."""
    if job.asks == "dicom":
        from rectoverso.verso.anonymise.dicom.deidentify import claimed_pixels

        return min(claimed_pixels(data), job.limits.max_pixels)
    try:
        header = look(data, job.limits)
    except NotChecked:
        return 0
    return header.width * header.height


_LOADS = {"pictures": warm_up, "dicom": _load_dicom}
"""By what a process reads."""


if __name__ == "__main__":
    serve()
