"""Pictures from pictures, maps and words, measured against what can't be fooled: data that training never saw.

    python benchmarks/conditional.py --data ../shared/data [--seconds 600] [--only spade ...] [--peer PyTorch-GAN]

``cyclegan``: from one drawing style to another. How far the result is from the true counterpart of the same concept,
beside the picture left as it is, beside the same networks told the pairs, which nobody else is, and beside another
project's CycleGAN given the same seconds (``--peer``).
``streets``: `cyclegan` from maps in colours to photographs of streets and back, without pairs. How well the classes are
read in what was made, as below, and how much of the maps drawn from photographs is right.
``pix2pixhd``, ``spade``: road scenes from maps. How well a network that learnt on real scenes reads the classes of the
maps in what was made, beside how well it reads real scenes; proxy-FID, beside pix2pix given the same seconds.
``edgeconnect``: photographs with holes of 20 to 30%. PSNR, SSIM and proxy-LPIPS beside OpenCV's two ways to fill.
``shapes``, ``emoji``: what `dalle` and `textgan` draw from unseen captions, read by an exact checker, or searched for
among ten.
``invert``: unseen pictures in the latent space of ``default``, and after tuning.

Each is trained once, on all cores, for the seconds asked; runs lie in ``--keep`` and are not trained again, with a
sheet of what each made of the first of the held-out data. Writes a table into README.md and the figures into
``results/conditional.json``, which keeps the rows that were not asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from given import cyclegan_peer, pix2pix, told_pairs
from given.data import (
    captioned_emoji,
    cifar,
    drawn_scenes,
    emoji,
    held_groups,
    photographs,
    scenes,
    shown_pairs,
    unseen_scenes,
)
from given.likeness import distances, of_class
from given.segmenter import accuracy, taught
from given.streets import agreement, coloured, streets
from given.words import drawn, retrieved, right_after_codes, shapes_right
from numpy.typing import NDArray
from report import fill, row

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.holes import hole
from rectoverso.recto.metrics.proxy_training import proxy_features
from rectoverso.recto.metrics.score import Reference, score_images
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.sample.invert import invert as search
from rectoverso.recto.sample.material import Material
from rectoverso.recto.sample.tuned import tuned
from rectoverso.recto.systems import recipe
from rectoverso.recto.train.grid import COLUMNS, contact_sheet
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.machine import describe
from rectoverso.workflow.train import fingerprint

HERE = Path(__file__).parent
RESULT = HERE / "results" / "conditional.json"
SIZE, PHOTOGRAPH = 64, 256
VOID = 11
SEGMENTER_STEPS = 800
SHARE = (0.2, 0.3)
RADIUS = 5
CAPTIONS, SHOWN = 500, 32
WORDED = ("dalle", "textgan")
INVERTED, TUNED_STEPS = 20, 100
Row = dict[str, Any]
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Bench:
    """Where data and runs lie, how long each training takes, and which systems draw from words."""

    data: Path
    keep: Path
    seconds: float
    peer: Path | None
    worded: Sequence[str]

    def run(self, system: str, dataset: Dataset, name: str | None = None) -> tuple[RunGenerator, Row]:
        """The trained run of a system, and what is to be said of its training."""
        path = self.path(name or system)
        told = _report(path)
        if told and told["data"]["digest"] != str(dataset.digest):
            raise SystemExit(f"{path} was trained on other data: it may have seen what is asked here")
        if not told or not told["finished"]:
            train(
                recipe(system),
                dataset,
                path,
                max_seconds=self.seconds,
                resume=(path / "config.toml").exists(),
            )
            told = _report(path)
        fingerprint(path, dataset)  # without which no picture of the run leaves by the door
        return RunGenerator(path), {"system": system, "seconds": told["seconds"], "images": told["images"]}

    def path(self, name: str) -> Path:
        return self.keep / name

    def show(self, name: str, *sets: Images) -> None:
        """A sheet of the first pictures of each set, in rows."""
        firsts = range(0, min(SHOWN, len(sets[0])), COLUMNS)
        rows = [part[first : first + COLUMNS] for first in firsts for part in sets]
        self.path(f"{name}.png").write_bytes(contact_sheet(np.concatenate(rows)))


def _report(run: Path) -> dict[str, Any]:
    """What a run says of itself; nothing where there is none."""
    path = run / "run.json"
    return json.loads(path.read_text()) if path.exists() else {}


def cyclegan(bench: Bench) -> list[Row]:
    """Noto to blob, on concepts that neither set showed; ``taken for it``: for a blob, by a network that learnt to tell
    the styles apart.
    """
    data = emoji(bench.data, SIZE)
    features = proxy_features(both_styles(data.shown), bench.keep)

    def judged(made: Images) -> Row:
        return {**distances(made, data.held_b, features), "taken for it": of_class(made, features, 1)}

    rows = [
        {"system": "unchanged", **judged(data.held_a)},
        {"system": "the true ones", "taken for it": of_class(data.held_b, features, 1)},
    ]
    generator, told = bench.run("cyclegan", data.shown)
    made, latency = timed(generator, [Material(image=image) for image in data.held_a])
    rows.append({**told, **judged(made), "latency_ms": latency})
    bench.show("cyclegan", data.held_a, made, data.held_b)
    network, seen = told_pairs.trained(*shown_pairs(bench.data, data.shown), bench.seconds)
    told = {"system": "told the pairs", "seconds": bench.seconds, "images": seen}
    rows.append({**told, **judged(told_pairs.drawn(network, data.held_a))})
    if bench.peer is not None:
        network, seen = cyclegan_peer.trained(bench.peer, data.shown, bench.seconds)
        made = cyclegan_peer.drawn(network, data.held_a)
        bench.show("cyclegan-peer", data.held_a, made, data.held_b)
        told = {"system": "PyTorch-GAN", "seconds": bench.seconds, "images": seen}
        rows.append({**told, **judged(made)})
    return rows


def both_styles(dataset: Dataset) -> Dataset:
    """Both sets as classes, for a network that is to know what tells them apart."""
    assert dataset.other is not None
    images = np.concatenate([dataset.images, dataset.other.images])
    labels = np.repeat([0, 1], [len(dataset), len(dataset.other)])
    return Dataset("styles", images, labels, ("a", "b"))


def unpaired_streets(bench: Bench) -> list[Row]:
    """Maps of streets of which no photograph was shown as photographs, and photographs as maps."""
    data = streets(bench.data, SIZE)
    held, true = data.held.images, data.held.masks
    assert true is not None
    segmenter, drawn_maps = taught(scenes(bench.data, SIZE)[0], SEGMENTER_STEPS), coloured(true)
    real = accuracy(segmenter, held, true, VOID)
    rows: list[Row] = [{"system": "real scenes", "read": real, "of_real": 1.0, "maps right": 1.0}]

    def judged(photographs: Images, maps: Images) -> Row:
        read = accuracy(segmenter, photographs, true, VOID)
        right = agreement(maps, true, VOID)
        return {"read": read, "of_real": read / real, "maps right": right}

    rows.append({"system": "unchanged", **judged(drawn_maps, held)})
    generator, told = bench.run("cyclegan", data.shown, "cyclegan-streets")
    there, latency = timed(generator, [Material(image=image) for image in drawn_maps])
    back, _ = timed(generator, [Material(image=image, back=True) for image in held])
    bench.show("cyclegan-streets", drawn_maps, there, held, back)
    return [*rows, {**told, **judged(there, back), "latency_ms": latency}]


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
        bench.show(system, made, held.images)
    network, seen = pix2pix.trained(shown, bench.seconds)
    told = {"system": "pix2pix", "seconds": bench.seconds, "images": seen}
    made = pix2pix.drawn(network, held.masks, len(held.regions))
    bench.show("pix2pix", made, held.images)
    return [*rows, {**told, **judged(made)}]


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
    bench.show("edgeconnect", _greyed(held, holes), made, held)
    share = float(np.mean([hole_HW.mean() for hole_HW in holes]))
    return [*rows, {**told, **distances(made, held, features), "latency_ms": latency, "share": share}]


def _greyed(images: Images, holes: list[NDArray[np.bool_]]) -> Images:
    return np.where(np.stack(holes)[..., None], np.uint8(128), images)


def shapes(bench: Bench) -> list[Row]:
    """Scenes from captions that were not shown, counted by the checker."""
    shown, unseen, rows = drawn_scenes(SIZE), unseen_scenes(SIZE, CAPTIONS), list[Row]()
    for system in bench.worded:
        name = f"{system}-shapes"
        generator, told = bench.run(system, shown, name)
        rights, made = shapes_right(generator, [one.caption for one in unseen])
        bench.show(name, made)
        rows.append({**told, **rights})
        if (bench.path(name) / "state").exists() and system == "dalle":
            after = right_after_codes(bench.path(name), generator, unseen)
            rows[-1]["right, real scenes after codes"] = after
    return rows


def captioned(bench: Bench) -> list[Row]:
    """Emoji from captions that were not shown, each searched for among ten."""
    shown, held = captioned_emoji(bench.data, SIZE)
    assert held.captions is not None
    groups = held_groups(bench.data)
    features, rows = proxy_features(shown, bench.keep), list[Row]()
    for system in bench.worded:
        generator, told = bench.run(system, shown, f"{system}-emoji")
        _, made = drawn(generator, held.captions)
        bench.show(f"{system}-emoji", made, held.images)
        rows.append({**told, **retrieved(made, held.images, groups, features), "chance": 0.1})
    return rows


def invert(bench: Bench) -> list[Row]:
    """Pictures that were not shown, found in the latent space and then tuned to; CPU seconds of one thread."""
    shown, held = cifar(bench.data)
    generator, told = bench.run("default", shown)
    found, nearer, seconds = [], [], []
    for target in held[:INVERTED]:
        began = time.process_time()
        first = search(generator.painter, target, critic=generator.critic())
        after = tuned(generator.painter, first.code, target, critic=generator.critic(), steps=TUNED_STEPS)
        seconds.append(time.process_time() - began)
        found.append(first)
        nearer.append(after)
    bench.show(
        "invert", held[:INVERTED], *(np.stack([one.picture for one in ones]) for ones in (found, nearer))
    )
    before_N, after_N = ([one.psnr_db for one in ones] for ones in (found, nearer))
    return [
        {
            **told,
            "PSNR of the code": float(np.mean(before_N)),
            "PSNR after tuning": float(np.mean(after_N)),
            "worst": min(after_N),
            "CPU s each": float(np.mean(seconds)),
        }
    ]


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
    bench = Bench(asked.data, asked.keep, asked.seconds, asked.peer, asked.worded)
    drawn_maps = [system for system in ("pix2pixhd", "spade") if system in asked.only]
    parts: dict[str, Callable[[], list[Row]]] = {
        "cyclegan": lambda: cyclegan(bench),
        "streets": lambda: unpaired_streets(bench),
        "maps": lambda: maps(bench, drawn_maps),
        "edgeconnect": lambda: edgeconnect(bench),
        "shapes": lambda: shapes(bench),
        "emoji": lambda: captioned(bench),
        "invert": lambda: invert(bench),
    }
    wanted = {"maps" if name in ("pix2pixhd", "spade") else name for name in asked.only}
    results = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in (name for name in parts if name in wanted):
        facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": describe(), "torch": torch.__version__}
        rows = [{**one, "date": facts["date"]} for one in parts[name]()]
        measured = {one["system"] for one in rows}
        before = results.get(name, {"rows": []})["rows"]
        results[name] = {**facts, "rows": [*rows, *(one for one in before if one["system"] not in measured)]}
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
    systems = ("cyclegan", "streets", "pix2pixhd", "spade", "edgeconnect", "shapes", "emoji", "invert")
    parser.add_argument("--only", nargs="+", choices=systems, default=systems)
    parser.add_argument("--worded", nargs="+", choices=WORDED, default=WORDED, help="of shapes and emoji")
    parser.add_argument("--peer", type=Path, help="a checkout of eriklindernoren/PyTorch-GAN")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "conditional")
    return parser.parse_args()


if __name__ == "__main__":
    main()
