"""The sample grids of a training, as people may look at them while it goes on: previews, and never files to use.

They have not passed the door. So what is shown of one is made to be of no other use: small, with the words of a draft
across its edge, and labelled in the file as made by AI and as a draft (ADR 0035).
"""

from __future__ import annotations

import re

import numpy as np
from PIL import Image

from rectoverso.types import Origin, Pixels
from rectoverso.verso.mark.label import SOURCE_TYPES, Label, write, xmp_packet
from rectoverso.verso.mark.visible import Wanted, put
from rectoverso.verso.picture import open_picture
from rectoverso.workflow.jobs.kept import SAMPLES, Files

MOST_PX = 768
"""The longer side of what is shown."""
WORDS = ("AI DRAFT, NOT RELEASED", "AI DRAFT", "AI")
_NAME = re.compile(rf"{SAMPLES}/(\d{{9}})\.png")


def samples_of(run: Files) -> list[str]:
    """The names of the sample grids of a run, the oldest first; each is the number of images seen until then."""
    return [found[1] for name in run.names() if (found := _NAME.fullmatch(name))]


def preview(run: Files, name: str) -> bytes:
    """A sample grid as it may be shown (PNG). ``name`` is one of `samples_of`. Raises ImageUnreadable."""
    pixels = open_picture(run.read(f"{SAMPLES}/{name}.png"), name)
    return as_draft(_small(pixels), WORDS, Origin.AI)


def as_draft(pixels: Pixels, words: tuple[str, ...], origin: Origin) -> bytes:
    """A picture that has not passed the door, as a file for people to look at (PNG): ``words``, the first choice first,
    say on it and in it that it is a draft.
    """
    shown = put(pixels, [Wanted("preview", words, "bottom_left", 0.04, 4.5)])
    label = Label(source_type=SOURCE_TYPES[origin], tool=f"rectoverso: {words[0].lower()}")
    return write(shown.pixels, xmp_packet(label), "image/png")


def _small(pixels: Pixels) -> Pixels:
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert("RGB")
    image.thumbnail((MOST_PX, MOST_PX))
    return np.asarray(image)
