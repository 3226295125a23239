"""Fuzzing of the verifier: bytes that a fuzzer makes up, guided by which lines of ours and Pillow's they reach.

    python benchmarks/fuzz_verify.py                     every target for ten minutes, one after the other
    python benchmarks/fuzz_verify.py --only png --seconds 60

Each target (`tests/hostile.py`) runs in a process of its own under atheris, which is not a dependency of the package:
`pip install atheris` into an environment of your own. Files are verified in that process, without the worker that
bounds them elsewhere, so that nothing hides what goes wrong. Wanted: no exception, no crash, no answer `trusted` for a
changed file, at most 2 s of processor time for a file and 1 GB of memory. Files of over a megapixel are left out: what
size alone costs is measured by `benchmarks/verification.py`. Writes results/fuzz_verify.json and the table of
README.md, one row a target, rows of other targets kept. Exits 1 when anything was found; the inputs that did
it are then in --found.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import report

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
RESULT = HERE / "results" / "fuzz_verify.json"
SLOWEST_S, LARGEST_MB = 2.0, 1024


def main() -> int:
    asked = arguments()
    if asked.inside:
        fuzz(asked.inside, asked.seconds, asked.found)
    rows = []
    for name in asked.only or every_target():
        rows.append(run(name, asked.seconds, asked.found))
        print(line(rows[-1]), flush=True)
        if not asked.dry:
            keep(rows[-1])
    return int(any(row["found"] for row in rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", help="a target; may be given several times")
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--found", type=Path, default=Path("fuzz-found"), help="folder for what was found")
    parser.add_argument("--dry", action="store_true", help="keep no results")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    return parser.parse_args()


def every_target() -> list[str]:
    from hostile import TARGETS

    return list(TARGETS)


def run(name: str, seconds: int, found: Path) -> dict[str, Any]:
    """One target in a process of its own, which may die of what it finds."""
    found.mkdir(parents=True, exist_ok=True)
    (found / f"{name}.json").unlink(missing_ok=True)
    command = [sys.executable, __file__, "--inside", name, "--seconds", str(seconds), "--found", str(found)]
    began = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    told = json.loads((found / f"{name}.json").read_text()) if (found / f"{name}.json").exists() else {}
    done = re.findall(r"^#(\d+)", ended.stderr, re.MULTILINE)
    row = {
        "target": name,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "versions": {package: version(package) for package in ("atheris", "pillow", "c2pa-python")},
        "seconds": round(time.monotonic() - began),
        "files": int(done[-1]) if done else 0,
        "slowest_cpu_s": None,
        "largest_mb": None,
        "found": ended.returncode != 0,
        **told,
    }
    row["found"] |= (row["slowest_cpu_s"] or 0) > SLOWEST_S or (row["largest_mb"] or 0) > LARGEST_MB
    if row["found"]:
        (found / f"{name}.log").write_text(ended.stdout + ended.stderr)
        row["said"] = ended.stdout.strip()[-600:]
    return row


def fuzz(name: str, seconds: int, found: Path) -> None:
    """Does not return: the fuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["rectoverso.verso", "PIL"]):
        from hostile import TARGETS

        target = TARGETS[name]
        seeds = target.seeds()
    corpus = found / f"{name}-corpus"
    corpus.mkdir(exist_ok=True)
    for index, seed in enumerate(seeds):
        target.ask(seed)
        (corpus / f"seed-{index}").write_bytes(seed)
    told = {"slowest_cpu_s": 0.0, "largest_mb": 0.0}

    def one(data: bytes) -> None:
        began = time.process_time()
        target.ask(data)
        took = time.process_time() - began
        if took > told["slowest_cpu_s"]:
            told["slowest_cpu_s"], told["largest_mb"] = round(took, 3), peak_mb()
            (found / f"{name}-slowest").write_bytes(data)
            (found / f"{name}.json").write_text(json.dumps(told))
        if took > SLOWEST_S:
            raise TimeoutError(f"{took:.1f} s of processor time")

    def last() -> None:
        (found / f"{name}.json").write_text(json.dumps(told | {"largest_mb": peak_mb()}))

    limits = [f"-max_total_time={seconds}", "-timeout=60", f"-rss_limit_mb={LARGEST_MB}", "-max_len=65536"]
    quiet = ["-print_final_stats=1", f"-artifact_prefix={found}/{name}-", "-report_slow_units=3600"]
    atheris.Setup([__file__, *limits, *quiet, str(corpus)], one)
    import atexit

    atexit.register(last)
    atheris.Fuzz()


def peak_mb() -> float:
    """The most memory this process held so far (Linux)."""
    status = Path("/proc/self/status").read_text()
    return round(int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024, 1)


def keep(row: dict[str, Any]) -> None:
    """Put the row among those of the other targets."""
    rows = {one["target"]: one for one in json.loads(RESULT.read_text())} if RESULT.exists() else {}
    rows[row["target"]] = row
    RESULT.write_text(json.dumps(list(rows.values()), indent=2) + "\n", encoding="utf-8")
    report.fill(HERE / "README.md", "fuzz_verify", table(list(rows.values())))


def line(row: dict[str, Any]) -> str:
    cells = (row["target"], row["seconds"], row["files"], row["slowest_cpu_s"], row["largest_mb"])
    return report.row(*cells, "yes" if row["found"] else "nothing")


def table(rows: list[dict[str, Any]]) -> str:
    head = [
        "| what is made up | s | files | slowest, s of processor time | memory, MB | found |",
        "|---|--:|--:|--:|--:|---|",
    ]
    versions = ", ".join(f"{name} {number}" for name, number in rows[0]["versions"].items())
    return "\n".join([*head, *map(line, rows), "", f"{versions}, {max(row['date'] for row in rows)}."])


if __name__ == "__main__":
    sys.exit(main())
