"""Pictures from pictures and maps, measured against what can't be fooled: data that training never saw.

    python benchmarks/conditional.py --data ../shared/data [--seconds 600] [--only spade ...] [--peer PyTorch-GAN]

``cyclegan``: from one drawing style to another. How far the result is from the true counterpart of the same concept,
beside the picture left as it is, and beside another project's CycleGAN given the same seconds (``--peer``).
``pix2pixhd``, ``spade``: road scenes from maps. How well a network that learnt on real scenes reads the classes of the
maps in what was made, beside how well it reads real scenes; proxy-FID, beside pix2pix given the same seconds.
``edgeconnect``: photographs with holes of 20 to 30%. PSNR, SSIM and proxy-LPIPS beside OpenCV's two ways to fill.

Each is trained once, on all cores, for the seconds asked; runs lie in ``--keep`` and are not trained again. Writes a
table into README.md and the figures into ``results/conditional.json``, which keeps the rows that were not asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from given import cyclegan_peer, pix2pix
from given.data import emoji, photographs, scenes
from given.likeness import distances
from given.segmenter import accuracy, taught
from numpy.typing import NDArray
from report import fill, row

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.holes import hole
from rectoverso.recto.metrics.proxy_training import proxy_features
from rectoverso.recto.metrics.score import Reference, score_images
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.sample.material import Material
from rectoverso.recto.systems import recipe
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.machine import describe

HERE = Path(__file__).parent
RESULT = HERE / "results" / "conditional.json"
SIZE, PHOTOGRAPH = 64, 256
VOID = 11
SEGMENTER_STEPS = 800
SHARE = (0.2, 0.3)
RADIUS = 5
Row = dict[str, Any]
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Bench:
    """Where data and runs lie, and how long each training takes."""

    data: Path
    keep: Path
    seconds: float
    peer: Path | None

    def run(self, system: str, dataset: Dataset) -> tuple[RunGenerator, Row]:
        """The trained run of a system, and what is to be said of its training."""
        path = self.keep / system
        if not (path / "weights").exists():
            train(recipe(system), dataset, path, max_seconds=self.seconds)
        told = json.loads((path / "run.json").read_text())
        return RunGenerator(path), {"system": system, "seconds": told["seconds"], "images": told["images"]}


def cyclegan(bench: Bench) -> list[Row]:
    """Noto to blob, on concepts that neither set showed."""
    data = emoji(bench.data, SIZE)
    features = proxy_features(both_styles(data.shown), bench.keep)
    rows = [{"system": "unchanged", **distances(data.held_a, data.held_b, features)}]
    generator, told = bench.run("cyclegan", data.shown)
    made, latency = timed(generator, [Material(image=image) for image in data.held_a])
    rows.append({**told, **distances(made, data.held_b, features), "latency_ms": latency})
    if bench.peer is not None:
        network, seen = cyclegan_peer.trained(bench.peer, data.shown, bench.seconds)
        made = cyclegan_peer.drawn(network, data.held_a)
        told = {"system": "PyTorch-GAN", "seconds": bench.seconds, "images": seen}
        rows.append({**told, **distances(made, data.held_b, features)})
    return rows


def both_styles(dataset: Dataset) -> Dataset:
    """Both sets as classes, for a network that is to know what tells them apart."""
    assert dataset.other is not None
    images = np.concatenate([dataset.images, dataset.other.images])
    labels = np.repeat([0, 1], [len(dataset), len(dataset.other)])
    return Dataset("styles", images, labels, ("a", "b"))


def maps(bench: Bench, systems: list[str]) -> list[Row]:
    """Road scenes from the maps of the other split."""
    shown, held = scenes(bench.data, SIZE)
    assert held.masks is not None
    segmenter = taught(shown, SEGMENTER_STEPS)
    reference = Reference(held, proxy_features(shown, bench.keep))
    real = accuracy(segmenter, held.images, held.masks, VOID)
    rows: list[Row] = [{"system": "real scenes", "read": real, "of_real": 1.0}]

    def judged(made: Images) -> Row:
        read = accuracy(segmenter, made, held.masks, VOID)
        fid = score_images(made, reference).value("proxy-FID")
        return {"read": read, "of_real": read / real, "proxy-FID": fid}

    for system in systems:
        generator, told = bench.run(system, shown)
        made, latency = timed(generator, [Material(image=mask[..., None]) for mask in held.masks])
        rows.append({**told, **judged(made), "latency_ms": latency})
    network, seen = pix2pix.trained(shown, bench.seconds)
    told = {"system": "pix2pix", "seconds": bench.seconds, "images": seen}
    return [*rows, {**told, **judged(pix2pix.drawn(network, held.masks, len(held.regions)))}]


def edgeconnect(bench: Bench) -> list[Row]:
    """Holes in photographs that were not shown."""
    shown, held = photographs(bench.data, PHOTOGRAPH)
    features = proxy_features(shown, bench.keep)
    holes = [hole(np.random.default_rng([7, n]), PHOTOGRAPH, PHOTOGRAPH, SHARE) for n in range(len(held))]
    masks = [np.where(hole_HW, 255, 0).astype(np.uint8) for hole_HW in holes]
    rows: list[Row] = [{"system": "holes left grey", **distances(_greyed(held, holes), held, features)}]
    for name, way in (("Telea", cv2.INPAINT_TELEA), ("Navier-Stokes", cv2.INPAINT_NS)):
        made = [cv2.inpaint(image, mask, RADIUS, way) for image, mask in zip(held, masks, strict=True)]
        rows.append({"system": name, **distances(np.stack(made).astype(np.uint8), held, features)})
    generator, told = bench.run("edgeconnect", shown)
    given = [Material(image=image, hole=mask) for image, mask in zip(held, masks, strict=True)]
    made, latency = timed(generator, given)
    share = float(np.mean([hole_HW.mean() for hole_HW in holes]))
    return [*rows, {**told, **distances(made, held, features), "latency_ms": latency, "share": share}]


def _greyed(images: Images, holes: list[NDArray[np.bool_]]) -> Images:
    return np.where(np.stack(holes)[..., None], np.uint8(128), images)


def timed(generator: RunGenerator, materials: list[Material]) -> tuple[Images, float]:
    """What is made of each, and the median milliseconds that one takes, on one thread."""
    made, taken = [], []
    for seed, material in enumerate(materials):
        began = time.perf_counter()
        made.append(generator.making.picture(seed, material))
        taken.append(time.perf_counter() - began)
    return np.stack(made), 1000 * float(np.median(taken))


def main() -> None:
    asked = arguments()
    asked.keep.mkdir(parents=True, exist_ok=True)
    bench = Bench(asked.data, asked.keep, asked.seconds, asked.peer)
    drawn_maps = [system for system in ("pix2pixhd", "spade") if system in asked.only]
    parts: dict[str, Callable[[], list[Row]]] = {
        "cyclegan": lambda: cyclegan(bench),
        "maps": lambda: maps(bench, drawn_maps),
        "edgeconnect": lambda: edgeconnect(bench),
    }
    wanted = {"maps" if name in ("pix2pixhd", "spade") else name for name in asked.only}
    results = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in (name for name in parts if name in wanted):
        facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": describe(), "torch": torch.__version__}
        results[name] = {**facts, "rows": parts[name]()}
        RESULT.write_text(json.dumps(results, indent=1) + "\n")
        fill(HERE / "README.md", "conditional", "\n\n".join(map(table, results.values())))


def table(part: dict[str, Any]) -> str:
    """The rows of one part."""
    columns = list(dict.fromkeys(key for one in part["rows"] for key in one))
    lines = [row(*columns), "|---" + "|--:" * (len(columns) - 1) + "|"]
    lines += [row(*(_told(one.get(column)) for column in columns)) for one in part["rows"]]
    return "\n".join([*lines, "", f"{part['date']}; {part['machine']}; torch {part['torch']}."])


def _told(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.3f}" if isinstance(value, float) else str(value)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = os.environ.get("RECTOVERSO_TEST_DATA")
    parser.add_argument("--data", type=Path, default=known and Path(known), required=known is None)
    parser.add_argument("--seconds", type=float, default=600.0)
    systems = ("cyclegan", "pix2pixhd", "spade", "edgeconnect")
    parser.add_argument("--only", nargs="+", choices=systems, default=systems)
    parser.add_argument("--peer", type=Path, help="a checkout of eriklindernoren/PyTorch-GAN")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "conditional")
    return parser.parse_args()


if __name__ == "__main__":
    main()
