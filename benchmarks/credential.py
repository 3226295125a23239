"""What a credential costs: milliseconds to sign and to verify, and bytes in the file, for each kind of file.

    python benchmarks/credential.py

One 512-pixel picture with the spectrum of photographs, one core, the certificates that a home makes. `sign` is the
whole of `credential.sign`, `library` the same manifest signed by the C2PA library alone (which leaves the watermark's
action unbound), in turns with it; `verify` is `credential.read` with the home's root. Processor time is counted, so
that a busy machine matters little. The stamped file is signed once, with an authority on this machine, for its size.
Writes the table of README.md and results/credential-DATE.json; `--dry` only prints. Exits 1 when a goal is missed: sign
2 ms, verify 3 ms, 5 KB without a stamp and 15 KB with one.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
import report
from c2pa import Builder, C2paSignerInfo, Context, Signer

from rectoverso.store.certificates import make_authority
from rectoverso.types import AssetId, Digest, Maker, Origin
from rectoverso.verso.mark import credential
from rectoverso.verso.mark.credential import CredentialSigner, CredentialState, ManifestFacts
from rectoverso.verso.mark.label import MEDIA_TYPES, Label, write, xmp_packet

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
SIDE = 512
GOALS = {"sign_ms": 2.0, "verify_ms": 3.0, "bytes": 5120, "stamped_bytes": 15360}
SETTINGS = {
    "version": 1,
    "verify": {"verify_after_sign": False},
    "builder": {"thumbnail": {"enabled": False}, "created_assertion_labels": ["c2pa.ingredient"]},
}
FACTS = ManifestFacts(
    asset=AssetId("0123456789ab"),
    origin=Origin.AI,
    maker=Maker("default/default", "0.1.0", Digest("5" * 64), Digest("6" * 64)),
    created=datetime(2026, 11, 27, 12, tzinfo=UTC),
    generator="rectoverso",
    generator_version="0.1.0",
    watermark="0123456789ab",
    policy="general 1",
    use="general",
    ledger="rectoverso.local/0123456789abcdef",
    oversight="fully_autonomous",
)


def main() -> int:
    asked = arguments()
    made = make_authority("Rectoverso development", "XX", datetime.now(UTC))
    signer = CredentialSigner(made.leaf + made.intermediate, made.leaf_key, made.root)
    rows = []
    for media_type in MEDIA_TYPES:
        rows.append(measure(media_type, signer, asked.rounds))
        print(line(rows[-1]), flush=True)
    stamp(rows, signer)
    result = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {platform.system()}",
        "c2pa-python": version("c2pa-python"),
        "rounds": asked.rounds,
        "goals": GOALS,
        "rows": rows,
    }
    print(table(result))
    if not asked.dry:
        report.keep("credential", result, table(result))
    return int(any(row.get(name, 0) > goal for row in rows for name, goal in GOALS.items()))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def measure(media_type: str, signer: CredentialSigner, rounds: int) -> dict[str, Any]:
    plain = write(picture(), xmp_packet(Label(asset=str(FACTS.asset))), media_type)
    signed = credential.sign(plain, media_type, FACTS, signer)
    assert credential.read(signed, media_type, signer.anchors).state is CredentialState.TRUSTED
    calls: dict[str, Callable[[], object]] = {
        "sign": lambda: credential.sign(plain, media_type, FACTS, signer),
        "library": lambda: by_the_library(plain, media_type, signer),
        "verify": lambda: credential.read(signed, media_type, signer.anchors),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds):
        names = list(calls)[turn % 3 :] + list(calls)[: turn % 3]
        for name in names:
            began = time.process_time()
            calls[name]()
            times[name].append(1e3 * (time.process_time() - began))
    row: dict[str, Any] = {"media_type": media_type, "bytes": len(signed) - len(plain), "file": len(plain)}
    for name, taken in times.items():
        row[f"{name}_ms"] = round(median(taken), 2)
        row[f"{name}_p95_ms"] = round(quantiles(taken, n=20)[-1], 2)
    return row


def by_the_library(plain: bytes, media_type: str, signer: CredentialSigner) -> bytes:
    out = io.BytesIO()
    info = C2paSignerInfo("es256", signer.chain, signer.key, None)
    with (
        Signer.from_info(info) as key,
        Context.from_dict(SETTINGS) as context,
        Builder(json.dumps(credential.manifest(FACTS, media_type)), context) as builder,
    ):
        builder.sign(key, media_type, io.BytesIO(plain), out)
    return out.getvalue()


def stamp(rows: list[dict[str, Any]], signer: CredentialSigner) -> None:
    """The size of each stamped file; left out on a machine without openssl, which is the authority's tool."""
    if not shutil.which("openssl"):
        return
    from authority import authority

    with tempfile.TemporaryDirectory() as folder, authority(Path(folder)) as tsa:
        for row in rows:
            plain = write(picture(), xmp_packet(Label(asset=str(FACTS.asset))), row["media_type"])
            stamped = credential.sign(plain, row["media_type"], FACTS, replace(signer, authority=tsa.url))
            reading = credential.read(stamped, row["media_type"], signer.anchors + tsa.root)
            assert reading.stamp is not None
            assert reading.stamp.trusted
            row["stamped_bytes"] = len(stamped) - len(plain)


def picture() -> np.ndarray:
    """Noise whose amplitude falls as 1/f, as that of photographs does."""
    rng = np.random.default_rng(1)
    distance = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)) + 1 / SIDE
    layers = [np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIDE, SIDE))) / distance).real for _ in range(3)]
    scaled = [127 + 50 * layer / layer.std() for layer in layers]
    return np.clip(np.rint(np.stack(scaled, axis=2)), 0, 255).astype(np.uint8)


def line(row: dict[str, Any]) -> str:
    return report.row(
        row["media_type"].removeprefix("image/"),
        f"{row['sign_ms']:.2f}",
        f"{row['sign_p95_ms']:.2f}",
        f"{row['library_ms']:.2f}",
        f"{row['verify_ms']:.2f}",
        f"{row['verify_p95_ms']:.2f}",
        f"{row['bytes']:,}",
        f"{row.get('stamped_bytes', 0):,}",
    )


def table(result: dict[str, Any]) -> str:
    head = [
        "| file | sign, ms: median | p95 | library alone | verify, ms: median | p95 | bytes | with a stamp |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    end = f"c2pa-python {result['c2pa-python']}, {result['rounds']} rounds, {result['date']}."
    return "\n".join([*head, *map(line, result["rows"]), "", end])


if __name__ == "__main__":
    sys.exit(main())
