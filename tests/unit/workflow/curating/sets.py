"""Sources to curate, and the sets that come of them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.curate import examination
from rectoverso.verso.curate.examination import Examination
from rectoverso.verso.curate.eyes import Eye
from rectoverso.verso.picture import to_png
from rectoverso.workflow.curate import Curated, CurateRequest, curate
from unit.verso.conftest import photo
from work import has_white_corner

SIDE = 128
HOME: list[Path] = []
"""One for all: its keys take longer to make than a set."""
_GPS = {1: "N", 2: (51.0, 30.0, 0.0), 3: "E", 4: (0.0, 7.0, 0.0)}


def jpeg_with_secrets(pixels: Pixels, orientation: int = 1) -> bytes:
    """A JPEG that tells where, with what and by whom it was taken, and has a second picture behind it."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = "Camera Maker", "SECRET PERSON", orientation
    exif.get_ifd(0x8825).update(_GPS)
    exif.get_ifd(0x8769)[0x927C] = b"SECRET NOTE"
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90, exif=exif, comment=b"SECRET COMMENT")
    return file.getvalue() + b"SECRET TRAILER"


def picture(seed: int, side: int = SIDE) -> bytes:
    return to_png(photo(seed, side))


def cornered(seed: int) -> bytes:
    """A picture with a white corner."""
    pixels = photo(seed, SIDE)
    pixels[:8, :8] = 255
    return to_png(pixels)


class _Finds:
    """Sees a face in every picture with a white corner."""

    def find(self, pixels: Pixels) -> Sequence[object]:
        return [object()] * has_white_corner(pixels)


def finds() -> Eye:
    return Eye("finder 1", _Finds())


def write(folder: Path, **pictures: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        suffix = ".jpg" if data.startswith(b"\xff\xd8") else ".png"
        (folder / f"{name}{suffix}").write_bytes(data)


def run(source: Path, out: Path, **more: Any) -> Curated:
    more.setdefault("make_eyes", {})
    return curate(CurateRequest(source, out, processes=1, **more), HOME[-1])


def lines(out: Path) -> dict[str, dict[str, Any]]:
    """The lines of a manifest by the names of the pictures."""
    head, *rows = [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]
    assert head["curation"] == 1
    assert [row["picture"] for row in rows] == list(range(head["pictures"]))
    return {Path(row["source"]).stem: row for row in rows}


def actions(out: Path) -> dict[str, str]:
    return {name: row["action"] for name, row in lines(out).items()}


def rules_of(row: dict[str, Any]) -> list[str]:
    return [reason["rule"] for reason in row["reasons"]]


def set_of(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(out / "pictures.parquet").to_pylist()
    return rows


def examined_here(data: bytes, packets: Sequence[bytes], _: str) -> Examination:
    """As the bounded process does it, without one: our own pictures need none."""
    said, pixels = examination.examined(data, packets)
    return examination.believed(json.loads(json.dumps(said)), pixels, 1 + len(packets))
