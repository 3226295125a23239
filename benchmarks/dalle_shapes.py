"""How many unseen captions of the built-in shapes a run of `dalle` draws right, by the shapes checker.

    python benchmarks/dalle_shapes.py RUN [--captions 500] [--out result.json] [--sheet drawn.png]

Scenes from index 10,000 on were in no training set. Each caption is drawn from its own seed: the first candidate,
and the one that the scorer chose. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from rectoverso.recto.data.pixels import to_pixels, to_tensor
from rectoverso.recto.data.shapes import scene
from rectoverso.recto.metrics.shapes_checker import is_right
from rectoverso.recto.nets.codes import CodeBook
from rectoverso.recto.nets.drawer import Drawer
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems.dalle_trio import DalleTrio
from rectoverso.recto.train import checkpoint
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.grid import contact_sheet
from rectoverso.recto.train.machine import describe
from rectoverso.recto.train.streams import Streams

FIRST = 10_000
TOGETHER = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--captions", type=int, default=500)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    generator = RunGenerator(asked.run)
    captions = [scene(FIRST + place, 8).caption for place in range(asked.captions)]
    began = time.monotonic()
    first, best = drawn(generator, captions)
    seconds = time.monotonic() - began
    rights = [
        [is_right(image, caption) for image, caption in zip(images, captions, strict=True)]
        for images in (best, first)
    ]
    single = [" a" not in caption[1:] for caption in captions]
    result = {
        "run": json.loads((asked.run / "run.json").read_text()),
        "captions": len(captions),
        "right_after_codes": round(after_codes(asked.run, generator, asked.captions), 4),
        "right": round(float(np.mean(rights[0])), 4),
        "right_first_candidate": round(float(np.mean(rights[1])), 4),
        "right_of_one_thing": round(
            float(np.mean([r for r, s in zip(rights[0], single, strict=True) if s])), 4
        ),
        "right_of_two": round(
            float(np.mean([r for r, s in zip(rights[0], single, strict=True) if not s])), 4
        ),
        "seconds_a_caption": round(seconds / len(captions), 3),
        "machine": describe(),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n")
    if asked.sheet:
        asked.sheet.write_bytes(contact_sheet(np.stack(best[:64])))


@torch.inference_mode()
def after_codes(run: Path, generator: RunGenerator, count: int) -> float:
    """The share of unseen real scenes that are still right when they come back from their codes: no prior can do better
    by much. Needs the state of the run, which holds the encoder.
    """
    cast = generator.recipe.cast(generator.shape, Streams(0))
    assert isinstance(cast, DalleTrio)
    checkpoint.load(RunFolder(run).state, cast.players)
    codes = cast.averaged()[0]
    assert isinstance(codes, CodeBook)
    scenes = [scene(FIRST + place, generator.shape.height_px) for place in range(count)]
    rights = []
    for start in range(0, count, TOGETHER):
        part = scenes[start : start + TOGETHER]
        code_NG = codes.codes(to_tensor(np.stack([one.image for one in part])))
        images = to_pixels(codes.decoder(code_NG))
        rights += [is_right(image, one.caption) for image, one in zip(images, part, strict=True)]
    return float(np.mean(rights))


@torch.inference_mode()
def drawn(generator: RunGenerator, captions: list[str]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The first candidate and the chosen one of each caption, each from the seed of its place."""
    drawer = generator.module
    assert isinstance(drawer, Drawer)
    width, first, best = generator.recipe.noise(generator.shape), [], []
    for start in range(0, len(captions), TOGETHER):
        part = captions[start : start + TOGETHER]
        noise = np.concatenate(
            [Streams(start + place).normals("sample", 0, 1, width) for place in range(len(part))]
        )
        candidate_NMCHW, fit_NM = drawer.judged(torch.from_numpy(noise), part)
        first += list(to_pixels(candidate_NMCHW[:, 0]))
        best += list(to_pixels(candidate_NMCHW[torch.arange(len(part)), fit_NM.argmax(1)]))
    return first, best


if __name__ == "__main__":
    main()
