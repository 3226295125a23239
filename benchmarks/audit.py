"""Does `verso audit` catch a run that learnt by heart, and does it leave an ordinary one alone?

    python benchmarks/audit.py                           CIFAR-10 of RECTOVERSO_TEST_DATA; half an hour on two quiet
    cores python benchmarks/audit.py --data digits --many 800 --few 300 --size 16 --images 60000       small python
    benchmarks/audit.py --private RUN --private-data DATA --private-held-out DATA         a private run besides

1. `learnt by heart`: a run on 500 pictures that sees each of them hundreds of times. It should be caught at p < 0.001.
2. `ordinary`: a run on 45,000 that sees as many in all. It should not be. The pictures held out are the same for both.
3. `null splits`: unseen pictures are parted by lot into as many members and others, two hundred times, and each
parting is
   judged by the scores that the ordinary run's attacks gave them. No p-value of these means anything, so that those
   of at most x have a share of at most x.
4. With --private, the true positive rate at 1 % false positives of a private run, which should be at most 1.5 %.

Writes results/audit-DATE.json and the table of README.md, unless --dry.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import report
from pictures import known_cifar

import rectoverso
from rectoverso.verso.audit import exchange
from rectoverso.verso.audit.attack import Attack, Share
from rectoverso.workflow.audit import Audited, audit_run, drawn_by, scores_of
from rectoverso.workflow.members import Asked, AuditRequest
from rectoverso.workflow.progress import silent

SPLITS, LOTS = 200, 999
LEVELS = (0.05, 0.01)


def main() -> None:
    asked = arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        few, many, unseen = parted(asked, place)
        rows = [row("learnt by heart", audited(asked, few, unseen, place / "few"), asked.few)]
        print(rows[-1], file=sys.stderr, flush=True)
        rows.append(row("ordinary", audited(asked, many, unseen, place / "many"), asked.many))
        print(rows[-1], file=sys.stderr, flush=True)
        null = null_splits(asked, place / "many", unseen)
        if asked.private:
            request = AuditRequest(
                asked.private,
                asked.private_data,
                asked.private_held_out,
                asked.pictures,
                asked.samples,
            )
            found = audit_run(request, place / "home")
            rows.append(row("private", found, found.facts["data"]["images"]))
    result = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "asked": {name: str(value) for name, value in vars(asked).items()},
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
    parser.add_argument("--data", default=str(known_cifar() or "digits"), help="what verso train takes")
    parser.add_argument("--few", type=int, default=500)
    parser.add_argument("--many", type=int, default=45_000)
    parser.add_argument("--system", default="dcgan")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--images", type=int, default=200_000, help="how many each run sees")
    parser.add_argument("--set", action="append", default=[], dest="settings", help="as in verso train")
    parser.add_argument("--pictures", type=int, default=1_000)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--private", type=Path, help="a run that was trained with differential privacy")
    parser.add_argument("--private-data", default="", help="what it was trained on")
    parser.add_argument("--private-held-out", default=None)
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def parted(asked: argparse.Namespace, place: Path) -> tuple[Path, Path, Path]:
    """The data by lot in three: few to learn by heart, many, and all others, which no run sees."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

    from rectoverso.recto.data.source import open_source

    data = open_source(asked.data, size=asked.size)
    if asked.few + asked.many + 300 > len(data):
        raise SystemExit(
            f"{asked.data} has {len(data)} pictures: too few for --few, --many and some held out"
        )
    lot = np.random.default_rng(0).permutation(len(data))
    files = []
    for name, places in zip(
        ("few", "many", "unseen"), np.split(lot, [asked.few, asked.few + asked.many]), strict=True
    ):
        rows = []
        for at in places:
            file = io.BytesIO()
            Image.fromarray(np.squeeze(data.images[at])).save(file, "PNG")
            label = {} if data.labels is None else {"label": data.classes[int(data.labels[at])]}
            rows.append({"image": {"bytes": file.getvalue(), "path": f"{at}.png"}} | label)
        files.append(place / f"{name}.parquet")
        pq.write_table(pa.Table.from_pylist(rows), files[-1])
    return files[0], files[1], files[2]


def audited(asked: argparse.Namespace, data: Path, unseen: Path, run: Path) -> Audited:
    """Train on data, and audit."""
    home = run.parent / "home"
    rectoverso.train(
        asked.system,
        data=data,
        out=run,
        size=asked.size,
        images=asked.images,
        settings=asked.settings,
        home=home,
    )
    return rectoverso.audit(
        run, data=data, held_out=unseen, pictures=asked.pictures, samples=asked.samples, home=home
    )


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
        "drawn": found.facts["replication"]["compared"],
        "attacks": attacks,
    }


def null_splits(asked: argparse.Namespace, run: Path, unseen: Path) -> dict[str, Any]:
    """How often partings that mean nothing are called something."""
    from rectoverso.recto.data.source import open_source
    from rectoverso.recto.sample.generator import RunGenerator
    from rectoverso.verso.audit.versions import Versions

    generator = RunGenerator(run)
    data = open_source(str(unseen), size=generator.size, channels=generator.shape.channels)
    count = min(2 * asked.pictures, len(data) * 2 // 3) // 2 * 2
    shown = Asked(
        data.images[:count],
        None if data.labels is None or not generator.classes else data.labels[:count],
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
    told = f"{result['date']}, {result['machine']}; {result['asked']['data']}, {result['asked']['images']} images seen."
    head = report.row(
        "run", "pictures", "p", *(f"{name}: TPR at 1 %, area" for name in names), "suspects", "short"
    )
    lines = [told, "", head, report.row("---", *["--:"] * (len(names) + 4))]
    for one in result["rows"]:
        cells = [_cell(one["attacks"].get(name)) for name in names]
        suspects = f"{one['suspects']} of {one['drawn']:,}"
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
