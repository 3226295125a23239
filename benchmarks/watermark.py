"""The watermark under attack, beside those of other projects: the same pictures, the same attacks, geometry unknown.

    python benchmarks/watermark.py --data bsds500/train.parquet [--count 40] [--generated FOLDER] [--null N] [--dry]
    python benchmarks/watermark.py --data bsds500/train.parquet --estimate

Ours is read as `verso verify` reads it: found at p <= 1e-6, and the id the one that was put in. The reader knows
neither original nor geometry. Beside each geometric attack stands what an oracle's alignment would give. Peers
(`marks/requirements.txt`, which `make bench-watermark` installs) are read blind as well, at the same error rate.

Writes ``results/watermark-DATE.json`` and tables into ``README.md``, and, where ``--look FILE`` says, a few originals
beside the marked pictures and 20 times their difference: to be looked at, for photographs of the data may not be
passed on.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from marks.attacks import ALL, LADDER, SMALL, Attack, Pixels, saved
from marks.peers import Peer, peers
from PIL import Image
from report import fill, row

from rectoverso.recto.train.machine import describe
from rectoverso.types import AssetId
from rectoverso.verso.mark import watermark
from rectoverso.verso.mark.watermark import spread
from rectoverso.verso.mark.watermark.pattern import pattern_of

HERE = Path(__file__).parent
SIDE = 512
SMALL_PX = (128, 64, 32)
SHOWN = 6
FORENSIC = b"the benchmark's own"
TUNED_ON = {*range(0, 300, 18), *range(0, 300, 25)}
"""The rows that the watermark was tried on while it was made."""


def main() -> None:
    asked = arguments()
    print(describe())
    if asked.estimate:
        estimate(asked)
        return
    sets = {f"photographs, {SIDE} px": squares(asked.data, asked.count, SIDE)}
    sets["photographs, 481x321 px"] = [np.asarray(one) for one in opened(asked.data, asked.count)]
    if asked.generated:
        sets["generated"] = [
            np.asarray(Image.open(file).convert("RGB")) for file in sorted(asked.generated.glob("*.png"))
        ]
    result: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": describe(), "sets": {}}
    for name, pictures in sets.items():
        result["sets"][name] = {"ours": ours(pictures, ALL)}
        print(name, json.dumps(result["sets"][name], indent=1))
    first = next(iter(sets))
    for peer in peers():
        result["sets"][first][peer.name] = theirs(peer, sets[first][: asked.peers], ALL)
        print(peer.name, json.dumps(result["sets"][first][peer.name], indent=1))
    for side in SMALL_PX:
        name = f"photographs, {side} px"
        result["sets"][name] = {"ours": ours(squares(asked.data, 3 * asked.count, side), SMALL)}
        print(name, json.dumps(result["sets"][name], indent=1))
    result["ladder"] = ladder(sets[first])
    result["forensic"] = forensic(sets[first])
    result["null"] = null(sets[first], asked.null)
    result["speed"] = speed(sets[first])
    print(json.dumps({name: result[name] for name in ("ladder", "forensic", "null", "speed")}, indent=1))
    if not asked.dry:
        file = HERE / "results" / f"watermark-{result['date']}.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
        fill(
            HERE / "README.md",
            "watermark",
            tables(result, first) + f"\n\nAll figures: [{file.name}](results/{file.name}).",
        )
    if asked.look:
        show(sets[first], asked.look)


def estimate(asked: argparse.Namespace) -> None:
    """Goes through every part with one picture, and prints how many minutes each would take in the whole run."""
    one = squares(asked.data, 1, SIDE)
    small = [squares(asked.data, 1, side) for side in SMALL_PX]
    generated = len([*asked.generated.glob("*.png")]) if asked.generated else 0
    parts: dict[str, tuple[Callable[[], Any], float]] = {
        "ours": (lambda: ours(one, ALL), 2 * asked.count + generated),
        "small pictures": (lambda: [ours(picture, SMALL) for picture in small], 3 * asked.count),
        "ladder": (lambda: ladder(one), asked.count),
        "forensic": (lambda: forensic(one), asked.count),
        "null": (lambda: [watermark.detect(one[0], f"{n}".encode()) for n in range(20)], asked.null / 20),
    }
    for peer in peers():
        parts[peer.name] = (lambda peer=peer: theirs(peer, one, ALL), asked.peers)
    minutes = {name: timed(part)[1] * times / 60 for name, (part, times) in parts.items()}
    print(json.dumps({name: round(value, 1) for name, value in minutes.items()}, indent=1))
    print(f"{sum(minutes.values()):.0f} minutes in all")


def ours(pictures: list[Pixels], attacks: tuple[Attack, ...]) -> dict[str, Any]:
    """PSNR, and for each attack the share of marks that were found and rightly read; ``oracle`` with it undone."""
    marked = [(marked_as(one, an_id(n)), an_id(n)) for n, one in enumerate(pictures)]
    found, known, oracle = dict[str, float](), dict[str, float](), dict[str, float]()
    for one in attacks:
        answers = [read(one.change(picture), asset) for picture, asset in marked]
        found[one.name], known[one.name] = (share([answer[at] for answer in answers]) for at in (0, 1))
        if one.undone is not None:
            answers = [
                read(one.undone(one.change(picture), picture.shape[:2]), asset) for picture, asset in marked
            ]
            oracle[one.name] = share([answer[0] for answer in answers])
    quality = quality_of(pictures, [picture for picture, _ in marked])
    return {"count": len(pictures), **quality, "found": found, "matched": known, "oracle": oracle}


def marked_as(picture: Pixels, asset: AssetId) -> Pixels:
    """With both marks, as the door puts them."""
    return watermark.embed(picture, asset, forensic_key=FORENSIC)


def forensic(pictures: list[Pixels]) -> dict[str, float]:
    """The share that the home that issued the id among a thousand knows by its private mark: with the public mark
    there, and after somebody who knows the public key and the original took exactly that away.
    """
    saves = {"": lambda pixels: pixels, ", JPEG 75": saved("JPEG", 75), ", JPEG 50": saved("JPEG", 50)}
    right: dict[str, list[bool]] = {}
    for number, picture in enumerate(pictures):
        asset = an_id(number)
        both = marked_as(picture, asset)
        public = spread.embedded(
            picture, int(asset, 16), [(pattern_of(watermark.PUBLIC_KEY), spread.LEAVING_ROOM)]
        )
        erased = np.clip(both.astype(int) - public + picture, 0, 255).astype(np.uint8)
        for name, one in {"both marks": both, "the public one erased": erased}.items():
            for after, save in saves.items():
                match = watermark.recognised(save(one), ISSUED, FORENSIC)
                is_right = match is not None and match.p_value <= watermark.FOUND_AT and match.asset == asset
                right.setdefault(name + after, []).append(is_right)
    return {name: share(answers) for name, answers in right.items()}


def theirs(peer: Peer, pictures: list[Pixels], attacks: tuple[Attack, ...]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    all_bits = [rng.integers(0, 2, peer.bits) for _ in pictures]
    marked = [peer.embed(one, bits) for one, bits in zip(pictures, all_bits, strict=True)]
    found = {
        one.name: share(
            [peer.found(one.change(picture), bits) for picture, bits in zip(marked, all_bits, strict=True)]
        )
        for one in attacks
    }
    return {"count": len(pictures), "bits": peer.bits, **quality_of(pictures, marked), "found": found}


def read(pixels: Pixels, asset: AssetId) -> tuple[bool, bool]:
    """Whether it is found and the id read right, and whether the home that issued the id among a thousand knows it: as
    it lies, and only then anyhow.
    """
    is_read: bool | None = None
    is_known: bool | None = None
    for anyhow in (False, True):
        detection = watermark.detect(np.ascontiguousarray(pixels), anyhow=anyhow)
        if is_read is None and 2 * detection.p_value <= watermark.FOUND_AT and detection.prefix:
            is_read = asset.startswith(detection.prefix)
        match = watermark.best_match(detection, ISSUED) if is_known is None else None
        if match and 2 * match.p_value <= watermark.FOUND_AT:
            is_known = match.asset == asset
        if is_read is not None and is_known is not None:
            break
    return bool(is_read), bool(is_known)


def ladder(pictures: list[Pixels]) -> dict[str, list[float]]:
    """The share found at a false positive rate of one in a thousand, for each step of each distortion."""
    marked = [marked_as(one, an_id(n)) for n, one in enumerate(pictures)]
    return {
        name: [
            share([watermark.detect(step(one), anyhow=True).p_value <= 1e-3 for one in marked])
            for step in steps
        ]
        for name, steps in LADDER.items()
    }


def null(pictures: list[Pixels], trials: int) -> dict[str, Any]:
    """Pictures without our mark, and with those of the peers, under many keys: how many look marked."""
    unmarked = [*pictures]
    for peer in peers():
        bits = np.random.default_rng(1).integers(0, 2, peer.bits)
        unmarked += [peer.embed(one, bits) for one in pictures[:5]]
    values = []
    for trial in range(trials):
        picture, key = unmarked[trial % len(unmarked)], f"key {trial // len(unmarked)}".encode()
        values.append(watermark.detect(picture, key).p_value)
    least = np.sort(values)
    return {
        "trials": trials,
        "with peers' marks": len(unmarked) - len(pictures),
        "at 1e-2": int((least <= 1e-2).sum()),
        "at 1e-4": int((least <= 1e-4).sum()),
        "at 1e-6": int((least <= 1e-6).sum()),
        "least": float(least[0]),
    }


def speed(pictures: list[Pixels]) -> dict[str, float]:
    """Milliseconds a megapixel on this thread, medians."""
    taken: dict[str, list[float]] = {"embed": [], "detect": [], "detect, anyhow": []}
    for number, picture in enumerate(pictures[:20]):
        marked, taken_embed = timed(lambda picture=picture, number=number: marked_as(picture, an_id(number)))
        taken["embed"].append(taken_embed)
        taken["detect"].append(timed(lambda marked=marked: watermark.detect(marked))[1])
        taken["detect, anyhow"].append(timed(lambda marked=marked: watermark.detect(marked, anyhow=True))[1])
    megapixels = pictures[0].shape[0] * pictures[0].shape[1] / 1e6
    return {name: float(np.median(times)) * 1000 / megapixels for name, times in taken.items()}


def timed(what: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    made = what()
    return made, time.perf_counter() - began


def opened(data: Path, count: int) -> list[Image.Image]:
    rows = pq.read_table(data, columns=["image"])["image"].to_pylist()
    rows = [one for number, one in enumerate(rows) if number not in TUNED_ON]
    chosen = rows[:: max(1, len(rows) // count)][:count]
    return [Image.open(io.BytesIO(one["bytes"])).convert("RGB") for one in chosen]


def squares(data: Path, count: int, side: int) -> list[Pixels]:
    """The middle of each photograph, as large as it is: from 321 pixels on it is enlarged, below it is a piece."""
    made = []
    for image in opened(data, count):
        cut = min(*image.size) if side >= min(image.size) else side
        left, top = (image.width - cut) // 2, (image.height - cut) // 2
        piece = image.crop((left, top, left + cut, top + cut))
        made.append(np.asarray(piece.resize((side, side), Image.Resampling.LANCZOS)))
    return made


def an_id(number: int) -> AssetId:
    return AssetId(f"{np.random.default_rng(number).integers(2**48):012x}")


ISSUED = [an_id(number) for number in range(1000)]


def quality_of(pictures: list[Pixels], marked: list[Pixels]) -> dict[str, float]:
    """PSNR: the mean of all pictures, and the least."""
    errors = [np.mean((one.astype(float) - other) ** 2) for one, other in zip(pictures, marked, strict=True)]
    values = [float(10 * np.log10(255**2 / max(1e-9, error))) for error in errors]
    return {"psnr_dB": float(np.mean(values)), "least_psnr_dB": min(values)}


def share(found: list[bool]) -> float:
    return round(float(np.mean(found)), 4)


def tables(result: dict[str, Any], first: str) -> str:
    """Ours beside the peers, then ours on the other sets, then the ladder, the null and the speed."""
    contestants = result["sets"][first]
    names = list(contestants)
    lines = [
        row(first, "aim", *names, "ours, matched", "ours, oracle"),
        row("---", *["--:"] * (len(names) + 3)),
    ]
    lines.append(row("pictures", "", *(contestants[name]["count"] for name in names), "", ""))
    lines.append(row("PSNR, dB", "43", *(f"{contestants[name]['psnr_dB']:.1f}" for name in names), "", ""))
    for attack in ALL:
        aim = "" if attack.aim is None else f"{attack.aim:.0%}"
        oracle = contestants["ours"]["oracle"].get(attack.name)
        cells = (f"{contestants[name]['found'][attack.name]:.0%}" for name in names)
        known = f"{contestants['ours']['matched'][attack.name]:.0%}"
        lines.append(row(attack.name, aim, *cells, known, "" if oracle is None else f"{oracle:.0%}"))
    others = [name for name in result["sets"] if name != first]
    attacks = list(
        dict.fromkeys(attack for name in others for attack in result["sets"][name]["ours"]["found"])
    )
    lines += ["", row("ours, read (and matched)", *others), row("---", *["--:"] * len(others))]
    lines.append(row("PSNR, dB", *(f"{result['sets'][name]['ours']['psnr_dB']:.1f}" for name in others)))
    for attack in attacks:
        lines.append(row(attack, *(both_shares(result["sets"][name]["ours"], attack) for name in others)))
    lines += ["", row("step of WAVES' range", *range(1, 6)), row("---", *["--:"] * 5)]
    lines += [row(name, *(f"{value:.0%}" for value in steps)) for name, steps in result["ladder"].items()]
    lines += [
        "",
        f"Known by the private mark: {json.dumps(result['forensic'])}.",
        "",
        f"Without our mark: {json.dumps(result['null'])}.",
        "",
        f"Milliseconds a megapixel: {json.dumps(result['speed'])}.",
    ]
    return "\n".join([*lines, "", f"{result['date']}; {result['machine']}."])


def both_shares(facts: dict[str, Any], attack: str) -> str:
    if attack not in facts["found"]:
        return ""
    return f"{facts['found'][attack]:.0%} ({facts['matched'][attack]:.0%})"


def show(pictures: list[Pixels], file: Path) -> None:
    """Original, marked, and 20 times the difference around grey, side by side."""
    rows = []
    for number, picture in enumerate(pictures[:SHOWN]):
        marked = marked_as(picture, an_id(number))
        difference = np.clip(128 + 20.0 * (marked.astype(float) - picture), 0, 255).astype(np.uint8)
        rows.append(np.concatenate([picture, marked, difference], axis=1))
    Image.fromarray(np.concatenate(rows)).save(file)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    folder = os.environ.get("RECTOVERSO_TEST_DATA")
    known = Path(folder) / "bsds500" / "train.parquet" if folder else None
    parser.add_argument("--data", type=Path, default=known, required=known is None)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--generated", type=Path, help="a folder of pictures that a run of ours made")
    parser.add_argument(
        "--peers", type=int, default=12, help="pictures for each peer, some of which are slow"
    )
    parser.add_argument("--null", type=int, default=100_000)
    parser.add_argument("--look", type=Path, help="where pictures to look at are written")
    parser.add_argument(
        "--estimate", action="store_true", help="print how long the whole run takes, and stop"
    )
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
