"""What marking and verification cost, here and in the bounded process: milliseconds a file, and the first of them.

    python benchmarks/verification.py

Pictures of 512 pixels with the spectrum of photographs, released and without marks, of each kind; verified in turns by
`verifier.verify_bytes` and by `BoundedVerifier`, whose difference is what the other process and its pipes cost. Marking
is all of `mark.order`: watermark, label, credential, and all read back. Then pictures of 8192 x 8192 pixels, each once,
with the memory that the bounded process takes at most. Wall time, because waiting for the other process counts. Writes
the table of README.md and results/verification-DATE.json; `--dry` only prints. Exits 1 when a file of 512 pixels takes
over 60 ms to mark or 100 to verify by the median, or a large one is not verified.
"""

from __future__ import annotations

import argparse
import io
import platform
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import report
from PIL import Image

from rectoverso.verso.mark.label import MEDIA_TYPES
from rectoverso.verso.verify.bounded import BoundedVerifier
from rectoverso.verso.verify.bounds import Bounds, Job
from rectoverso.verso.verify.verifier import verify_bytes

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
SIDE, LARGE = 512, 8192
GOAL_MS, MARK_GOAL_MS = 100.0, 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--dry", action="store_true", help="print only")
    asked = parser.parse_args()
    from unit.verso.conftest import Studio, encoded, make_signer, photo

    studio, verifier = Studio(make_signer("A studio")), BoundedVerifier()
    first_ms = timed(lambda: verifier.verify(b"x"))
    rows = []
    for kind, name in MEDIA_TYPES.items():
        release = partial(studio.release, photo(1, SIDE), media_type=kind)
        files = {"released": release().data, "without marks": encoded(photo(2, SIDE), name)}
        rows += [
            measure(kind, what, data, studio.anchors, verifier, asked.rounds) for what, data in files.items()
        ]
        rows[-2]["mark_ms"] = round(median(timed(release) for _ in range(asked.rounds)), 1)
        print("\n".join(map(line, rows[-2:])), flush=True)
    result = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {platform.system()}",
        "rounds": asked.rounds,
        "first_ms": round(first_ms),
        "bounds": {name: getattr(Bounds(), name) for name in Bounds.__dataclass_fields__},
        "rows": rows,
        "large": [
            large(kind, mode)
            for kind, mode in (("JPEG", "RGB"), ("PNG", "RGBA"), ("TIFF", "RGBA"), ("AVIF", "RGB"))
        ],
    }
    print(table(result))
    if not asked.dry:
        report.keep("verification", result, table(result))
    slow = any(
        row["bounded_ms"] > GOAL_MS or row["mark_ms"] > MARK_GOAL_MS
        for row in rows
        if row["what"] == "released"
    )
    return int(slow or any(row["outcome"] == "could_not_check" for row in result["large"]))


def measure(
    kind: str, what: str, data: bytes, anchors: str, verifier: BoundedVerifier, rounds: int
) -> dict[str, Any]:
    calls: dict[str, Callable[[], object]] = {
        "here": lambda: verify_bytes(data, anchors_pem=anchors),
        "bounded": lambda: verifier.verify(data, Job(anchors)),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(timed(call))
    return {
        "kind": kind,
        "what": what,
        **{f"{name}_ms": round(median(taken), 1) for name, taken in times.items()},
    }


def large(kind: str, mode: str) -> dict[str, Any]:
    """One large picture, in a bounded process of its own."""
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, (LARGE // 16, LARGE // 16, len(mode)), dtype=np.uint8)
    picture = Image.fromarray(small, mode).resize((LARGE, LARGE), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, kind, **{"PNG": {"compress_level": 1}, "AVIF": {"speed": 10}}.get(kind, {}))
    del picture, small
    verifier = BoundedVerifier()
    verifier.verify(b"x")
    began = time.perf_counter()
    outcome = verifier.verify(out.getvalue()).outcome.value
    took = time.perf_counter() - began
    peak = peak_mb(verifier)
    verifier.close()
    row = {
        "kind": kind,
        "mode": mode,
        "bytes": len(out.getvalue()),
        "seconds": round(took, 1),
        "outcome": outcome,
    }
    print(row | peak, flush=True)
    return row | peak


def peak_mb(verifier: BoundedVerifier) -> dict[str, float]:
    """The most memory and address space that the bounded process had so far (Linux)."""
    if verifier._with is None or sys.platform != "linux":  # noqa: SLF001 - nobody else needs its number
        return {}
    status = Path(f"/proc/{verifier._with._process.pid}/status").read_text()  # noqa: SLF001
    found = {name: re.search(rf"{name}:\s+(\d+)", status) for name in ("VmHWM", "VmPeak")}
    return {name: round(int(match[1]) / 1024) for name, match in found.items() if match}


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - began)


def line(row: dict[str, Any]) -> str:
    name = row["kind"].removeprefix("image/")
    between = round(row["bounded_ms"] - row["here_ms"], 1)
    return report.row(name, row["what"], row.get("mark_ms", ""), row["here_ms"], row["bounded_ms"], between)


def table(result: dict[str, Any]) -> str:
    head = [
        "| file of 512 pixels | | marking, ms | verified in one process, ms | bounded, ms | difference |",
        "|---|---|--:|--:|--:|--:|",
    ]
    other = [
        "| file of 8192 x 8192 | MB | s | memory, MB | address space, MB | answer |",
        "|---|--:|--:|--:|--:|---|",
        *(
            report.row(
                f"{row['kind']}, {row['mode']}",
                round(row["bytes"] / 1e6, 1),
                row["seconds"],
                row.get("VmHWM", "-"),
                row.get("VmPeak", "-"),
                f"`{row['outcome']}`",
            )
            for row in result["large"]
        ),
    ]
    first = f"the first file of all waits {result['first_ms']} ms for the process"
    end = f"Median of {result['rounds']}; {first}. {result['machine']}, {result['date']}."
    return "\n".join([*head, *map(line, result["rows"]), "", *other, "", end])


if __name__ == "__main__":
    sys.exit(main())
