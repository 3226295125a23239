"""The whole story once, on built-in images: train, register, generate, refuse, hold, verify, tell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from rectoverso.errors import DemoTooShort
from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.types import Message, Report
from rectoverso.verso.mark import png
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.generate import generate_images
from rectoverso.workflow.ledgers import Checked, check_ledger
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.registry import add_works
from rectoverso.workflow.release import Passage
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.story import write_story
from rectoverso.workflow.terms import Terms
from rectoverso.workflow.train import Trained, TrainRequest, train_run
from rectoverso.workflow.verify import reports

IMAGES = 48
WORKS = {"Two Rings": 14, "Star and Window": 15, "Red Roof": 23}
"""Titles of the registered works, and which built-in scene each is."""
UNRELATED_SCENE = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """A registered work, the altered copy of it that was offered, and how it fared."""

    work: Work
    work_file: Path
    copy_file: Path
    passage: Passage


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that happened, and where it lies."""

    folder: Path
    page: Path
    seconds: float
    trained: Trained
    works: tuple[tuple[Work, Path], ...]
    batch: Batch
    offer: Offer
    held: Passage
    reports: tuple[tuple[Path, Report], ...]
    ledger: Checked

    @property
    def released_file(self) -> Path:
        return self.reports[0][0]

    def plain(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "page": str(self.page),
            "contact_sheet": str(self.folder / "contact-sheet.png"),
            "seconds": round(self.seconds, 1),
            "trained": self.trained.plain(),
            "generated": {
                "released": len(self.batch.released),
                "held": len(self.batch.held) + 1,
                "refused": len(self.batch.refused) + 1,
            },
            "reports": [
                {"path": str(path), "outcome": report.outcome.value} for path, report in self.reports
            ],
            "ledger": self.ledger.plain(),
        }


def run_demo(out: Path, *, train_seconds: float, listener: Listener = silent) -> Told:
    """Tell the whole story in ``out`` (or, if that exists, a new folder beside it)."""
    started = time.monotonic()
    folder = _fresh(out)
    home = folder / "home"

    # Make: a generator, from pictures we may use.
    run = folder / "run"
    trained = train_run(
        TrainRequest("dcgan", "digits", run, size=32, max_seconds=train_seconds), home, listener
    )

    # Protect: works that nobody may copy.
    works = _register_works(folder / "works", home, listener)

    # Release: what may leave, leaves with its proof.
    batch = generate_images(run, folder / "released", home, count=IMAGES, seed=1, listener=listener)
    sheet = folder / "contact-sheet.png"
    if batch.sheet:
        sheet.write_bytes(batch.sheet.read_bytes())

    # Refuse: an altered copy of a registered work. Hold: a medical image, until a professional signs.
    offer = _offer_a_copy(works[0], folder, home)
    medical = generate_images(
        run, folder / "released", home, count=1, seed=1001, terms=Terms.of("medical"), listener=listener
    )

    # Verify: as anybody would, four files that look alike and are not.
    listener(Progress(Message("progress.verifying"), 0, 4))
    files = _four_files(batch, folder / "verify")
    found = tuple(zip(files, reports(files, home, []), strict=True))

    listener(Progress(Message("progress.telling"), 1, 1))
    told = Told(
        folder=folder,
        page=folder / "index.html",
        seconds=time.monotonic() - started,
        trained=trained,
        works=works,
        batch=batch,
        offer=offer,
        held=medical.passages[0],
        reports=found,
        ledger=check_ledger(home),
    )
    write_story(told, Home.open(home))
    return told


def _fresh(out: Path) -> Path:
    """``out``, or the first of out-2, out-3 ... that does not exist: a demo never touches what is there."""
    folder, number = out, 1
    while folder.exists():
        number += 1
        folder = out.with_name(f"{out.name}-{number}")
    folder.mkdir(parents=True)
    return folder


def _register_works(folder: Path, home: Path, listener: Listener) -> tuple[tuple[Work, Path], ...]:
    from rectoverso.recto.data.shapes import scene

    folder.mkdir()
    works = []
    for done, (title, index) in enumerate(WORKS.items(), start=1):
        file = folder / f"{title.lower().replace(' ', '-')}.png"
        Image.fromarray(scene(index, size=256).image).save(file)
        (work,) = add_works([file], home, title=title, owner="Studio Verso").works
        works.append((work, file))
        listener(Progress(Message("progress.registering"), done, len(WORKS)))
    return tuple(works)


def _offer_a_copy(work: tuple[Work, Path], folder: Path, home: Path) -> Offer:
    """Somebody scales a registered work to 70 %, saves it as a poor JPEG, and asks for our seal."""
    registered, file = work
    copy = folder / "offered" / "my-own-design.jpg"
    copy.parent.mkdir()
    with Image.open(file) as picture:
        side = round(picture.width * 0.7)
        picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC).save(copy, quality=60)
    batch = seal_files([copy], folder / "released", home)
    return Offer(registered, file, copy, batch.passages[0])


def _four_files(batch: Batch, folder: Path) -> list[Path]:
    from rectoverso.recto.data.shapes import scene

    folder.mkdir()
    original = _released_file(batch, folder)
    data = original.read_bytes()
    tampered = folder / "one-pixel-changed.png"
    tampered.write_bytes(with_one_pixel_changed(data))
    stripped = folder / "proof-removed.png"
    stripped.write_bytes(to_png(open_picture(data, original.name)))
    unrelated = folder / "unrelated.png"
    Image.fromarray(scene(UNRELATED_SCENE, size=256).image).save(unrelated)
    return [original, tampered, stripped, unrelated]


def _released_file(batch: Batch, folder: Path) -> Path:
    paths = [passage.path for passage in batch.released if passage.path]
    if not paths:
        raise DemoTooShort(folder=folder.parent)
    return paths[0]


def with_one_pixel_changed(data: bytes) -> bytes:
    """The same PNG file, every other chunk kept, credential included; the pixel in its middle one step off."""
    pixels = open_picture(data, "the released file")
    middle = (pixels.shape[0] // 2, pixels.shape[1] // 2)
    pixels[middle] ^= 1
    redrawn = [chunk for chunk in png.chunks(to_png(pixels)) if chunk[0] == b"IDAT"]
    before, after = _around_pixels(list(png.chunks(data)))
    return png.join([*before, *redrawn, *after])


def _around_pixels(
    chunks: list[tuple[bytes, bytes]],
) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """The chunks of a PNG before and after those that hold its pixels."""
    places = [place for place, (kind, _) in enumerate(chunks) if kind == b"IDAT"]
    return chunks[: places[0]], chunks[places[-1] + 1 :]
