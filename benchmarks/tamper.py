"""Every single-byte change of a released file, and every other small one: what the verifier says of each.

    python benchmarks/tamper.py            PNG, JPEG and WebP of 32 pixels; some minutes

Each byte is changed in one bit and in all eight; the file is cut after each of its bytes; bytes are put behind its end.
Wanted: `changed` or `could_not_check` of every one, where the whole file is `trusted`. A cut may take the whole
credential away, and then the watermark alone is found: that is `watermark_only`, which claims nothing that was
signed; it is counted apart. Verified in this process, as a tenth of a million files would take long otherwise; that the
bounded process says the same is a test. Writes results/tamper.json and the table of README.md; exits 1 for any other
answer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import report

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
KINDS = ("image/png", "image/jpeg", "image/webp")
SIDE = 32
WANTED = {"changed", "could_not_check"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dry", action="store_true", help="print only")
    asked = parser.parse_args()
    from unit.verso.conftest import Studio, make_signer, photo

    studio = Studio(make_signer("A studio"))
    rows = []
    for kind in KINDS:
        rows += measure(kind, studio.release(photo(4, SIDE), media_type=kind).data, studio.anchors)
        print("\n".join(map(line, rows[-4:])), flush=True)
    result = {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "side": SIDE, "rows": rows}
    if not asked.dry:
        place = HERE / "results" / "tamper.json"
        place.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        report.fill(HERE / "README.md", "tamper", table(result))
    return int(any(row["others"] for row in rows))


def measure(kind: str, data: bytes, anchors: str) -> list[dict[str, Any]]:
    """One row for each way of changing the file."""
    from rectoverso.verso.verify.verifier import verify_bytes

    assert verify_bytes(data, anchors_pem=anchors).outcome == "trusted"
    rows = []
    for how, files in changes(data):
        outcomes: Counter[str] = Counter()
        others = []
        for where, changed in files:
            outcome = verify_bytes(changed, anchors_pem=anchors).outcome.value
            outcomes[outcome] += 1
            if outcome not in WANTED and not (how == "cut" and outcome == "watermark_only"):
                others.append({"at": where, "outcome": outcome})
        rows.append(
            {"kind": kind, "bytes": len(data), "how": how, "outcomes": dict(outcomes), "others": others}
        )
    return rows


def changes(data: bytes) -> Iterator[tuple[str, Iterator[tuple[int, bytes]]]]:
    yield "one bit", flipped(data, 0x01)
    yield "all bits", flipped(data, 0xFF)
    yield "cut", ((at, data[:at]) for at in range(len(data)))
    behind = (b"\0", b"\xff", b"\n", b"%PDF", bytes(12), b"\0\0\0\0IEND\xaeB`\x82", data[-16:], data)
    yield "put behind", ((len(more), data + more) for more in behind)


def flipped(data: bytes, mask: int) -> Iterator[tuple[int, bytes]]:
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= mask
        yield at, bytes(changed)


def line(row: dict[str, Any]) -> str:
    found = row["outcomes"]
    told = [found.get(name, 0) for name in ("changed", "could_not_check", "watermark_only")]
    return report.row(
        row["kind"].removeprefix("image/"), row["how"], sum(found.values()), *told, len(row["others"])
    )


def table(result: dict[str, Any]) -> str:
    head = [
        "| file | change | files | `changed` | `could_not_check` | `watermark_only` | anything else |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*head, *map(line, result["rows"]), "", f"{result['side']} pixels, {result['date']}."])


if __name__ == "__main__":
    sys.exit(main())
