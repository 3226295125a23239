"""Does `verso audit` catch a run that learnt by heart, and does it leave an ordinary one alone?

    python benchmarks/audit.py --estimate                how long it would take here
    python benchmarks/audit.py                           CIFAR-10 of RECTOVERSO_TEST_DATA, both files
    python benchmarks/audit.py --data digits --few 300 --many 900 --size 16 --images 20000 --private-images 20000 --dry

1. `learnt by heart`: a run on 500 pictures that sees each of them hundreds of times. It should be caught at p < 0.001.
2. `ordinary`: a run on 50,000 that sees as many in all. It should not be. The pictures held out are the same for all.
3. `one picture`: a run on 3,000 and one more that is there a hundred and fifty times. What of it is seen is told.
4. `private`: a run on the 50,000 with differential privacy (`dpmerf`). At most 1.5 % of members should be recognised at
   1 % false positives; so many pictures are asked about that chance alone seldom gives more.
5. `null splits`: unseen pictures are parted by lot into as many members and others, two hundred times, and each parting
   is judged by the scores that the ordinary run's attacks gave them. No p-value of these means anything, so that those
   of at most x have a share of at most x.

What is done lies in ``--place``, trainings that were cut off too, and is not done again: stop it and start it as you
like. Writes results/audit-DATE.json and the table of README.md, unless --dry.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import report
from pictures import known_cifar
from PIL import Image

import rectoverso
from rectoverso.recto.data.source import open_source
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.verso.audit import exchange
from rectoverso.verso.audit.attack import Attack, Share
from rectoverso.verso.audit.versions import Versions
from rectoverso.workflow.audit import Audited, drawn_by, scores_of
from rectoverso.workflow.members import Asked
from rectoverso.workflow.progress import silent

SPLITS, LOTS = 200, 999
LEVELS = (0.05, 0.01)
CANARY_AMONG, CANARY_TIMES = 3_000, 150
TRIED_IMAGES, TRIED_PICTURES = 2_000, 100


def main() -> None:
    asked = arguments()
    asked.place.mkdir(parents=True, exist_ok=True)
    few, many, canary, unseen = parted(asked)
    told = estimate(asked, few)
    print(told, file=sys.stderr, flush=True)
    if asked.estimate:
        return
    began = time.monotonic()
    plain = {"system": asked.system, "images": asked.images, "settings": asked.settings}
    private = {"system": "dpmerf", "images": asked.private_images}
    private |= {"private": budget(many), "channels": channels(many)}
    rows = [
        row_of(asked, "learnt by heart", few, unseen, asked.pictures, **plain),
        row_of(asked, "ordinary", many, unseen, asked.pictures, **plain),
        row_of(asked, "one picture", canary, unseen, asked.pictures, **plain),
        row_of(asked, "private", many, unseen, asked.private_pictures, **private),
    ]
    null = once(asked, "null splits", lambda: null_splits(asked, asked.place / "ordinary", unseen))
    result = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "asked": {name: str(value) for name, value in vars(asked).items() if name != "place"},
        "seconds": round(time.monotonic() - began, 1),
        "rows": rows,
        "null_splits": null,
    }
    print(table(result))
    if not asked.dry:
        report.keep("audit", result, table(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cifar = known_cifar()
    known = [str(cifar), str(cifar.with_name("test.parquet"))] if cifar else ["digits"]
    parser.add_argument(
        "--data", nargs="+", default=known, help="what verso train takes; all are put together"
    )
    parser.add_argument("--few", type=int, default=500)
    parser.add_argument("--many", type=int, default=50_000)
    parser.add_argument("--system", default="dcgan")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--images", type=int, default=200_000, help="how many each run sees")
    parser.add_argument("--private-images", type=int, default=100_000)
    parser.add_argument("--set", action="append", default=[], dest="settings", help="as in verso train")
    parser.add_argument("--pictures", type=int, default=1_000)
    parser.add_argument("--private-pictures", type=int, default=4_000)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument(
        "--place", type=Path, default=Path("out/audit-benchmark"), help="what is done lies there"
    )
    parser.add_argument("--estimate", action="store_true", help="print how long the whole takes, and stop")
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def parted(asked: argparse.Namespace) -> tuple[Path, Path, Path, Path]:
    """The data by lot: few to learn by heart, many, one of the others among some of these, and the rest of the others,
    which no run sees.
    """
    files = tuple(asked.place / f"{name}.parquet" for name in ("few", "many", "canary", "unseen"))
    if all(file.exists() for file in files):
        return files
    sets = [open_source(data, size=asked.size) for data in asked.data]
    image_NHWC = np.concatenate([one.images for one in sets])
    if asked.few + asked.many + 301 > len(image_NHWC):
        raise SystemExit(f"{len(image_NHWC)} pictures: too few for --few, --many and three hundred held out")
    lot = np.random.default_rng(0).permutation(len(image_NHWC))
    few, many, (one, *unseen) = np.split(lot, [asked.few, asked.few + asked.many])
    canary = [*many[:CANARY_AMONG], *[one] * CANARY_TIMES]
    for file, places in zip(files, (few, many, canary, unseen), strict=True):
        written(file, image_NHWC, places)
    return files


def written(file: Path, image_NHWC: np.ndarray, places: Sequence[int]) -> None:
    """Pictures as one Parquet file. They have no classes: whose picture it was is asked, and nothing easier."""
    rows = []
    for number, place in enumerate(places):
        png = io.BytesIO()
        Image.fromarray(np.squeeze(image_NHWC[place])).save(png, "PNG")
        rows.append({"image": {"bytes": png.getvalue(), "path": f"{number}.png"}})
    half = file.with_suffix(".half")
    pq.write_table(pa.Table.from_pylist(rows), half)
    half.replace(file)


def budget(data: Path) -> str:
    """Of a privacy that is worth something, for so many pictures."""
    return f"epsilon=10,delta=1e-5,pictures={pq.read_metadata(data).num_rows}"


def channels(data: Path) -> int:
    """What everybody knows of the pictures; a private run does not find it by looking."""
    first = next(pq.ParquetFile(data).iter_batches(1, columns=["image"])).column(0)[0].as_py()
    return len(Image.open(io.BytesIO(first["bytes"])).getbands())


def once(asked: argparse.Namespace, name: str, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What was found of this name before; else it is done now, and kept."""
    kept = asked.place / f"{name.replace(' ', '-')}.json"
    if not kept.exists():
        found = do()
        half = kept.with_suffix(".half")
        half.write_text(json.dumps(found), encoding="utf-8")
        half.replace(kept)
    found = dict(json.loads(kept.read_text(encoding="utf-8")))
    print(name, {k: v for k, v in found.items() if k != "p_values"}, file=sys.stderr, flush=True)
    return found


def row_of(
    asked: argparse.Namespace, name: str, data: Path, unseen: Path, pictures: int, **training: Any
) -> dict[str, Any]:
    """Train on data, audit, and keep what came of it."""
    run, home = asked.place / name.replace(" ", "-"), asked.place / "home"

    def done() -> dict[str, Any]:
        begun = (run / "config.toml").exists()
        rectoverso.train(data=data, out=run, size=asked.size, home=home, resume=begun, **training)
        found = rectoverso.audit(
            run, data=data, held_out=unseen, pictures=pictures, samples=asked.samples, home=home
        )
        return row(name, found, found.facts["data"]["images"])

    return once(asked, name, done)


def estimate(asked: argparse.Namespace, data: Path) -> str:
    """How long all that is left would take here, by a short training and one look of the slowest attack."""
    left = [name for name in ("learnt by heart", "ordinary", "one picture") if not _is_done(asked, name)]
    run, began = asked.place / "tried", time.monotonic()
    if not (run / "card.md").exists():
        rectoverso.train(
            asked.system, data=data, out=run, size=asked.size, images=TRIED_IMAGES, settings=asked.settings,
            home=asked.place / "tried-home",
        )  # fmt: skip
    status = [json.loads(line) for line in (run / "status.jsonl").read_text().splitlines()]
    speed = max(one.get("images_per_s") or 0 for one in status)
    generator = RunGenerator(run)
    pictures = open_source(str(data), size=asked.size).images[:TRIED_PICTURES]
    nobody = Versions(np.ones(len(pictures), bool), 0, 0, 0.0)
    shown = Asked(pictures, None, np.ones(len(pictures), bool), pictures, nobody)
    began = time.monotonic()
    scores_of(generator, shown, pictures, silent)
    one_s = (time.monotonic() - began) / len(pictures)
    looks = 2 * asked.pictures * (len(left) + (not _is_done(asked, "null splits")))
    looks += 2 * asked.private_pictures * (not _is_done(asked, "private"))
    minutes = (len(left) * asked.images / max(speed, 1e-9) + looks * one_s) / 60
    return (
        f"about {minutes:.0f} minutes are left: {len(left)} trainings of {asked.images:,} images at {speed:,.0f}/s, "
        f"{looks:,} pictures to attack at {1 / one_s:.1f}/s; the private run and drawing come on top"
    )


def _is_done(asked: argparse.Namespace, name: str) -> bool:
    return (asked.place / f"{name.replace(' ', '-')}.json").exists()


def row(name: str, found: Audited, images: int) -> dict[str, Any]:
    told = found.facts["membership"]
    attacks = {
        one["attack"]: {"p_value": one["p_value"], "area": one["area"], "at": one["at"]}
        for one in told["attacks"]
    }
    return {
        "run": name,
        "images": images,
        "asked": [told["members"], told["others"]],
        "p_value": told["p_value"],
        "would_notice": told["would_notice"],
        "short": found.facts["short"],
        "suspects": found.facts["replication"]["suspects"],
        "copies": found.facts["extraction"]["copies"]["found"],
        "kinds": found.facts["kinds"],
        "drawn": found.facts["replication"]["compared"],
        "attacks": attacks,
    }


def null_splits(asked: argparse.Namespace, run: Path, unseen: Path) -> dict[str, Any]:
    """How often partings that mean nothing are called something."""
    generator = RunGenerator(run)
    data = open_source(str(unseen), size=generator.size, channels=generator.shape.channels)
    count = min(2 * asked.pictures, len(data) * 2 // 3) // 2 * 2
    shown = Asked(
        data.images[:count],
        None,
        np.arange(count) < count // 2,
        data.images[count:],
        Versions(np.ones(count, bool), 0, 0, 0.0),
    )
    scores = scores_of(generator, shown, drawn_by(generator, data, asked.samples, silent), silent)
    exchange.LOTS = LOTS
    draw, p_values = np.random.default_rng(1), []
    for split in range(SPLITS):
        is_member_N = draw.permutation(shown.is_member_N)
        attacks = [Attack.of(name, score_N, is_member_N) for name, score_N in scores.items()]
        p_values.append(exchange.by_lot(attacks, 0.05, seed=split).p_value)
    shares = {level: Share(int(sum(p <= level for p in p_values)), SPLITS) for level in LEVELS}
    return {
        "splits": SPLITS,
        "pictures": count,
        "lots": LOTS,
        "p_values": p_values,
        "shares": {str(level): share.plain() for level, share in shares.items()},
    }


def table(result: dict[str, Any]) -> str:
    names = list(result["rows"][0]["attacks"])
    told = f"{result['date']}, {result['machine']}; {int(result['asked']['images']):,} images seen by each."
    head = report.row(
        "run", "pictures", "p", *(f"{name}: TPR at 1 %, area" for name in names), "suspects, copies", "short"
    )
    lines = [told, "", head, report.row("---", *["--:"] * (len(names) + 4))]
    for one in result["rows"]:
        cells = [_cell(one["attacks"].get(name)) for name in names]
        suspects = f"{one['suspects']}, {one['copies']} of {one['drawn']:,}"
        lines.append(
            report.row(
                one["run"],
                f"{one['images']:,}",
                f"{one['p_value']:.1g}",
                *cells,
                suspects,
                ", ".join(one["short"]) or "no",
            )
        )
    null = result["null_splits"]
    shares = "; ".join(
        f"p <= {level} in {share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%})"
        for level, share in null["shares"].items()
    )
    return "\n".join(
        [*lines, "", f"{null['splits']} null splits of {null['pictures']:,} unseen pictures: {shares}."]
    )


def _cell(attack: dict[str, Any] | None) -> str:
    if attack is None:
        return "-"
    if not attack["at"]:
        return f"{attack['area']:.2f}"
    rate = attack["at"][0]["true_positive_rate"]
    return f"{rate['value']:.1%} ({rate['low']:.1%} to {rate['high']:.1%}), {attack['area']:.2f}"


if __name__ == "__main__":
    main()
