"""How often does the pixel test see a row of letters that was drawn into an image, and how often one that was not?

    python benchmarks/burned_in.py [--draws 24] [--keep]

The images are those of pydicom's own test files that hold one of CT, MR, NM, PT, RTDOSE or SEG in grey, and that show
no words (looked at). Lines of 8 to 21 letters as scanners print them (a name, an id, a date) are drawn into them at
random places with Pillow's own font, 9 to 24 pixels high, with a dark edge or without; half of them in the lightest
value, as devices write, half in one from 150 to 255.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import report
from PIL import Image, ImageDraw, ImageFont

from rectoverso.verso.anonymise.dicom.burned_in import grey_frames, rows_in
from rectoverso.verso.anonymise.dicom.pixels import PixelsUnusable, plain_pixels
from rectoverso.verso.screen.replication import upper_bound

MODALITIES = {"CT", "MR", "NM", "PT", "RTDOSE", "SEG"}
LINES = ("ROE^JANE", "ID 4711-0815", "12.03.1984 F", "St Elsewhere Hospital")


def images() -> dict[str, np.ndarray]:
    """The first frame of each file, in grey, once for each picture that differs."""
    found: dict[str, np.ndarray] = {}
    for file in sorted(Path(pydicom.__file__).parent.glob("data/test_files/*.dcm")):
        try:
            dataset = pydicom.dcmread(file)
            if dataset.get("Modality") not in MODALITIES or dataset.get("SamplesPerPixel") != 1:
                continue
            plain_pixels(dataset)
            frame = next(grey_frames(dataset.pixel_array, samples=1))
        except (PixelsUnusable, AttributeError, ValueError, pydicom.errors.InvalidDicomError):
            continue
        if min(frame.shape) >= 64 and not any(np.array_equal(frame, other) for other in found.values()):
            found[file.stem] = frame
    return found


def drawn(frame: np.ndarray, random: np.random.Generator) -> np.ndarray:
    image = Image.fromarray(frame)
    size = int(random.integers(9, 25))
    font = ImageFont.load_default(size)
    line = LINES[int(random.integers(len(LINES)))]
    while font.getlength(line) > frame.shape[1] - 8 and len(line) > 4:
        line = line[:-1]
    x = int(random.integers(2, max(3, frame.shape[1] - int(font.getlength(line)) - 2)))
    y = int(random.integers(2, max(3, frame.shape[0] - size - 4)))
    edge, ink = int(random.integers(2)), 255 if random.integers(2) else int(random.integers(150, 256))
    ImageDraw.Draw(image).text((x, y), line, ink, font, stroke_width=edge, stroke_fill=0)
    return np.array(image)


def words_in(frame: np.ndarray) -> bool:
    """As `verso anonymise` decides it of a frame."""
    return rows_in(grey_frames(frame, samples=1)) > 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=24)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    random = np.random.default_rng(0)
    shown = images()
    alarms = {name: words_in(frame) for name, frame in shown.items()}
    seen = [words_in(drawn(frame, random)) for frame in shown.values() for _ in range(asked.draws)]
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "images": {name: list(frame.shape) for name, frame in shown.items()},
        "with_an_alarm": [name for name, rows in alarms.items() if rows],
        "drawn": len(seen),
        "seen": sum(seen),
        "recall_at_least": round(1 - upper_bound(len(seen) - sum(seen), len(seen)), 3),
    }
    print(json.dumps(result, indent=1))
    if asked.keep:
        report.keep("burned_in", result, told(result))


def told(result: dict[str, Any]) -> str:
    """The table in the README."""
    head = ("lines drawn", "seen", "recall at least (95 %)", "images without words with an alarm")
    alarms = f"{len(result['with_an_alarm'])} of {len(result['images'])}"
    row = report.row(result["drawn"], result["seen"], f"{result['recall_at_least']:.1%}", alarms)
    return "\n".join([report.row(*head), report.row("--:", "--:", "--:", "--:"), row])


if __name__ == "__main__":
    main()
