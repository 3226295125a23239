"""What other programs read of our files, and what `verso comply` says of files made by hand.

    python benchmarks/readers.py [--dry]

1  States: each kind of file as released, stamped, with a byte put behind it, with a byte of the picture and one of the
   manifest changed, and without its manifest; each with our root, a stranger's and the time-stamp authority's. The
   official C2PA reader, with nothing set but whom to trust, beside `credential.read`.
2  Fields: `exiftool` reads the XMP of files labelled for all laws (IPTC's, Adobe's and China's properties, and China's
   block in PNG text); each has to be what was written.
3  Laws: the files of the tests' corpus, each law's good and bad ones, and how many are judged right in every clause.

Seconds on one core. Writes the table of README.md and results/readers.json; exits 1 where anything differs. States need
`openssl` for stamps, fields `exiftool` (Debian: libimage-exiftool-perl); what is not installed is left out and said.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import report
from c2pa import C2paError, Context, Reader

from rectoverso.types import Digest, Draft, Origin
from rectoverso.verso.law import Labelling, law, laws, laws_named
from rectoverso.verso.law.lint import State, lint, look
from rectoverso.verso.mark import credential, label
from rectoverso.verso.mark.label import MEDIA_TYPES
from rectoverso.verso.mark.order import MarkFacts, mark

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
PROMPT = 'a red house, "old" & small'
FIELDS = {
    "XMP-iptcExt:DigitalSourceType": "source_type",
    "XMP-iptcExt:AISystemUsed": "system",
    "XMP-iptcExt:AISystemVersionUsed": "version",
    "XMP-iptcExt:AIPromptInformation": "prompt",
    "XMP-iptcExt:DigitalImageGUID": "unique_id",
    "XMP-photoshop:Credit": "provider",
}
"""By exiftool's name, the part of our label that it has to be."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dry", action="store_true", help="print only")
    asked = parser.parse_args()
    from authority import authority
    from unit.verso.conftest import Studio, make_signer

    ours, stranger = Studio(make_signer("A studio")), Studio(make_signer("A stranger"))
    rows = list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as folder:
        if shutil.which("openssl"):
            with authority(Path(folder)) as stamps:
                rows += [{"what": "states", **states(kind, ours, stranger, stamps)} for kind in MEDIA_TYPES]
                rows += [{"what": "laws", **judged(name, ours, stamps)} for name in laws()]
        if shutil.which("exiftool"):
            rows += [{"what": "fields", **fields(kind, ours, Path(folder))} for kind in MEDIA_TYPES]
    result = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "rows": rows, **versions()}
    print(table(result))
    if not asked.dry:
        (HERE / "results" / "readers.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        report.fill(HERE / "README.md", "readers", table(result))
    return int(any(row["differ"] for row in rows))


def states(kind: str, ours: Any, stranger: Any, stamps: Any) -> dict[str, Any]:
    from unit.verso.conftest import encoded, photo

    made = ours.release(photo(1, 64), media_type=kind).data
    stamped = studio_with(ours, stamps.url).release(photo(1, 64), media_type=kind).data
    files = {
        "released": made,
        "stamped": stamped,
        "a byte behind it": made + b"x",
        "a byte of the manifest": flipped(made, made.index(b"c2pa.actions.v2") + 200),
        "a byte of the picture": flipped(made, picture_byte(kind, made)),
        "cut short": made[: len(made) * 3 // 4],
        "without a manifest": encoded(photo(1, 64), MEDIA_TYPES[kind]),
    }
    roots = {
        "our root": ours.signer.anchors,
        "a stranger's": stranger.signer.anchors,
        "ours and the authority's": ours.signer.anchors + stamps.root,
    }
    differ, found = list[str](), dict[str, int]()
    for name, data in files.items():
        for whose, root in roots.items():
            mine, official = credential.read(data, kind, root).state.value, by_the_library(data, kind, root)
            found[mine] = found.get(mine, 0) + 1
            if mine != official:
                differ.append(f"{name}, {whose}: {mine} and {official}")
    return {"of": kind, "asked": sum(found.values()), "differ": differ, "found": found}


def by_the_library(data: bytes, kind: str, root: bytes) -> str:
    settings = {"version": 1, "trust": {"trust_anchors": root.decode()}}
    try:
        with (
            Context.from_dict(settings) as context,
            Reader(kind, io.BytesIO(data), context=context) as reader,
        ):
            return str(reader.get_validation_state()).lower()
    except C2paError.ManifestNotFound:
        return "none"
    except C2paError:
        return "unreadable"


def studio_with(studio: Any, url: str) -> Any:
    return type(studio)(replace(studio.signer, authority=url))


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def picture_byte(kind: str, data: bytes) -> int:
    """A byte that holds pixels: near the end of those kinds whose pixels come last, else behind its own mark."""
    marks = {"image/png": b"IDAT", "image/webp": b"VP8L", "image/avif": b"mdat", "image/jpeg": b"\xff\xda"}
    if kind in marks:
        return data.rindex(marks[kind]) + 40
    return len(data) // 2 if kind != "image/tiff" else 400


def fields(kind: str, studio: Any, folder: Path) -> dict[str, Any]:
    from unit.verso.conftest import ASSET, MAKER, StoppedClock, photo

    labelling = Labelling(tuple(laws_named(laws())), "A provider", "001", all_visible=True)
    draft = Draft(photo(1, 256), Digest("a" * 64), MAKER, Origin.AI, prompt=PROMPT)
    facts = MarkFacts("general 1", "art", "ledger.example", "prompt_guided", labelling)
    made = mark(draft, asset=ASSET, signer=studio.signer, clock=StoppedClock(), media_type=kind, facts=facts)
    file = folder / f"labelled.{kind.removeprefix('image/')}"
    file.write_bytes(made.data)
    run = subprocess.run(["exiftool", "-j", "-G1", "-a", str(file)], capture_output=True, check=True)
    read, own = json.loads(run.stdout)[0], label.read(made.data)
    expected: dict[str, Any] = {name: getattr(own, part) for name, part in FIELDS.items()}
    blocks = ["XMP-TC260:Aigc", *(["PNG:AIGC"] if kind == "image/png" else [])]
    differ = [name for name, value in expected.items() if not value or str(read.get(name)) != str(value)]
    differ += [name for name in blocks if block(read.get(name)) != json.loads(own.aigc)]
    return {"of": kind, "asked": len(expected) + len(blocks), "differ": differ}


def block(value: Any) -> Mapping[str, str] | None:
    """China's block, which exiftool gives as it is or takes apart."""
    return json.loads(value) if isinstance(value, str) else value


def judged(name: str, studio: Any, stamps: Any) -> dict[str, Any]:
    from unit.verso.law.corpus import CASES, Makers

    makers, differ, cases = (
        Makers(studio.signer, stamps.url),
        list[str](),
        [one for one in CASES if one.law == name],
    )
    for case in cases:
        answers = lint(look(case.make(makers)), law(name))
        said = {state: {one.clause.id for one in answers if one.state is state} for state in State}
        if (said[State.MISSING], said[State.CANNOT_TELL]) != (case.missing, case.cannot_tell):
            differ.append(case.name)
    bad = sum(bool(case.missing) for case in cases)
    return {
        "of": name,
        "asked": len(cases),
        "differ": differ,
        "found": {"good": len(cases) - bad, "bad": bad},
    }


def versions() -> dict[str, str]:
    from importlib.metadata import version

    found = {"c2pa-python": version("c2pa-python")}
    if shutil.which("exiftool"):
        run = subprocess.run(["exiftool", "-ver"], capture_output=True, check=True, text=True)
        found["exiftool"] = run.stdout.strip()
    return found


def table(result: Mapping[str, Any]) -> str:
    names = {
        "states": "the C2PA reader's state",
        "fields": "exiftool's fields",
        "laws": "`verso comply`, files",
    }
    lines = ["| what | of | asked | as ours | differ | |", "|---|---|--:|--:|---|---|"]
    lines += [line(names[row["what"]], row) for row in result["rows"]]
    parts = [f"{name} {result[name]}" for name in ("c2pa-python", "exiftool") if name in result]
    return "\n".join([*lines, "", f"{', '.join([*parts, result['date']])}."])


def line(name: str, row: Mapping[str, Any]) -> str:
    found = ", ".join(f"{count} {what}" for what, count in row.get("found", {}).items())
    return report.row(
        name,
        row["of"],
        row["asked"],
        row["asked"] - len(row["differ"]),
        "; ".join(row["differ"]) or "none",
        found,
    )


if __name__ == "__main__":
    sys.exit(main())
