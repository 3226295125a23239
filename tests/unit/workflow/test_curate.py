"""A set that a lawyer can sign: what was planted is found, what is left is trained on, and every picture is accounted
for."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw

from rectoverso.cli.main import main
from rectoverso.errors import CurationUnusable, FilesUnusable, OutNotWritable
from rectoverso.types import Pixels
from rectoverso.verso.curate.eyes import Eye
from rectoverso.verso.curate.metadata import examined
from rectoverso.verso.curate.signal import SignalKind
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.workflow import curate as curate_module
from rectoverso.workflow.curate import Curated, CurateRequest, curate
from rectoverso.workflow.curated import curation_of
from rectoverso.workflow.curating import look
from rectoverso.workflow.digests import of_bytes, of_file
from rectoverso.workflow.ledgers import check_ledger
from unit.verso.conftest import encoded, photo
from unit.verso.curate.crawl import OPT_OUTS, beside
from work import ends_at_white_corner, has_white_corner

SIDE = 128
GPS = {1: "N", 2: (51.0, 30.0, 0.0), 3: "E", 4: (0.0, 7.0, 0.0)}


def jpeg_with_secrets(pixels: Pixels, orientation: int = 1) -> bytes:
    """A JPEG that tells where, with what and by whom it was taken, and has a second picture behind it."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = "Camera Maker", "SECRET PERSON", orientation
    exif.get_ifd(0x8825).update(GPS)
    exif.get_ifd(0x8769)[0x927C] = b"SECRET NOTE"
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90, exif=exif, comment=b"SECRET COMMENT")
    return file.getvalue() + b"SECRET TRAILER"


def write(folder: Path, **pictures: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        suffix = ".jpg" if data.startswith(b"\xff\xd8") else ".png"
        (folder / f"{name}{suffix}").write_bytes(data)


def lines(out: Path) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]
    assert [row["picture"] for row in rows] == list(range(len(rows)))
    return {Path(row["source"]).stem: row for row in rows}


@pytest.fixture(scope="module", autouse=True)
def in_this_process() -> Iterator[None]:
    """Our own pictures need no bounded process; what two processes make is compared with it below."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(look, "opened", open_picture)
        yield


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: its keys take longer to make than a set."""
    HOME.append(tmp_path_factory.mktemp("home"))
    return HOME[-1]


HOME: list[Path] = []


def run(source: Path, out: Path, **more: Any) -> Curated:
    more.setdefault("make_eyes", {})
    return curate(CurateRequest(source, out, processes=1, **more), HOME[-1])


def set_of(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(out / "pictures.parquet").to_pylist()
    return rows


def test_every_kind_of_opt_out_drops_its_picture_with_its_own_words(tmp_path: Path) -> None:
    source = tmp_path / "crawl"
    write(source, **{kind.value: to_png(photo(100 + at, SIDE)) for at, kind in enumerate(OPT_OUTS)})
    write(source, free=to_png(photo(1, SIDE)))
    for kind, plant in OPT_OUTS.items():
        plant(source / f"{kind}.png")
    curated = run(source, tmp_path / "set")
    found = lines(tmp_path / "set")
    assert len(OPT_OUTS) >= 9
    for kind in OPT_OUTS:
        said = [row for row in found[kind]["signals"] if row["says"] == "reserved"]
        assert [row["kind"] for row in said] == [kind], kind
        assert all(said[0][name] for name in ("raw", "sha256", "where"))
        assert found[kind]["action"] == "drop"
        assert found[kind]["reasons"][0]["rule"] == "signals.reserved"
    assert found["free"]["action"] == "keep"
    assert curated.summary.plain()["actions"] == {"drop": len(OPT_OUTS), "keep": 1}


def test_constrained_and_unclear_are_no_yes_and_people_decide(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    write(source, **{name: to_png(photo(at, SIDE)) for at, name in enumerate(("yes", "when", "what"))})
    beside(source / "yes.png", headers={"content-usage": "train-ai=y"})
    beside(source / "when.png", headers={"tdm-reservation": "perhaps"})
    beside(source / "what.png", headers={"content-usage": "train-ai=unless-paid"})
    run(source, out)
    assert {name: row["action"] for name, row in lines(out).items()} == {
        "yes": "keep",
        "when": "ask",
        "what": "ask",
    }

    with (out / "to-ask.csv").open(encoding="utf-8") as file:
        asked = list(csv.DictReader(file))
    assert [row["source"] for row in asked] == ["what.png", "when.png"]
    for row, answer in zip(asked, ("keep", "drop"), strict=True):
        row |= {"answer": answer, "by": "Anna Muster", "why": "licence on file"}
    with (tmp_path / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, asked[0])
        table.writeheader()
        table.writerows(asked)
    run(source, out, answers=tmp_path / "answers.csv")
    found = lines(out)
    assert {name: row["action"] for name, row in found.items()} == {
        "yes": "keep",
        "when": "drop",
        "what": "keep",
    }
    assert found["what"]["answer"] == {"answer": "keep", "by": "Anna Muster", "why": "licence on file"}
    assert not (out / "to-ask.csv").exists()
    assert len(set_of(out)) == 2


def test_a_sidecar_that_cannot_be_read_is_asked_about(tmp_path: Path) -> None:
    source = tmp_path / "crawl"
    write(source, broken=to_png(photo(1, SIDE)), whole=to_png(photo(2, SIDE)))
    (source / "broken.png.json").write_text('{"headers": {"tdm-reservation"')
    run(source, tmp_path / "set")
    found = lines(tmp_path / "set")
    assert found["broken"]["reasons"] == [
        {"rule": "rights.sidecar_unreadable", "action": "ask", "about": "broken.png.json"}
    ]
    assert found["whole"]["action"] == "keep"


def test_broken_records_of_a_registry_stop_before_anything_is_made(tmp_path: Path) -> None:
    write(tmp_path / "crawl", a=to_png(photo(1, SIDE)))
    (tmp_path / "crawl" / "declarations.jsonl").write_text("{")
    with pytest.raises(FilesUnusable):
        run(tmp_path / "crawl", tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_an_answer_takes_no_reservation_back(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    write(source, no=to_png(photo(1, SIDE)), free=to_png(photo(2, SIDE)))
    beside(source / "no.png", headers={"tdm-reservation": "1"})
    digest = of_bytes((source / "no.png").read_bytes())
    (tmp_path / "answers.csv").write_text(f"digest,answer,by\n{digest},keep,Anna\n")
    run(source, out, answers=tmp_path / "answers.csv")
    assert lines(out)["no"]["action"] == "drop"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six originals, five copies of each of three, and the set that comes of them."""
    folder = tmp_path_factory.mktemp("copies")
    source = folder / "pictures"
    originals = {f"a{at}": photo(200 + at, 192) for at in range(6)}
    write(source, **{name: to_png(pixels) for name, pixels in originals.items()})
    for name, pixels in list(originals.items())[:3]:
        image = Image.fromarray(pixels)
        copies = {
            "exact": to_png(pixels),
            "resized": encoded(np.asarray(image.resize((100, 100), Image.Resampling.LANCZOS))),
            "recompressed": encoded(pixels, "JPEG", quality=60),
            "mirrored": encoded(np.ascontiguousarray(pixels[:, ::-1])),
            "cut": encoded(np.ascontiguousarray(pixels[:173, 19:])),
        }
        write(source, **{f"b-{name}-{kind}": data for kind, data in copies.items()})
    run(source, folder / "set")
    return folder / "set"


@pytest.mark.parametrize("kind", ["exact", "resized", "recompressed", "mirrored", "cut"])
def test_planted_copies_are_found(copied: Path, kind: str) -> None:
    found = lines(copied)
    for name in ("a0", "a1", "a2"):
        row = found[f"b-{name}-{kind}"]
        assert row["action"] == "drop", row
        assert row["copy"]["source"] == f"{name}.png"
        assert row["reasons"][0]["rule"] == ("copies.exact" if kind == "exact" else "copies.near")


def test_originals_and_strangers_are_kept(copied: Path) -> None:
    assert {row["title"] for row in set_of(copied)} == {f"a{at}.png" for at in range(6)}


def test_a_reservation_goes_with_the_picture_to_its_copies(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    pixels = photo(5, 160)
    write(source, a=to_png(pixels), b=encoded(pixels, "JPEG", quality=70), c=to_png(photo(6, 160)))
    beside(source / "b.jpg", headers={"tdm-reservation": "1"})
    run(source, out)
    found = lines(out)
    assert found["a"]["action"] == found["b"]["action"] == "drop"
    assert found["a"]["reasons"] == [{"rule": "copies.of_reserved", "action": "drop", "about": "b.jpg"}]
    assert found["c"]["action"] == "keep"


def test_the_first_copy_that_may_be_kept_is(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    pixels = photo(7, 160)
    write(
        source, a=to_png(pixels), b=encoded(pixels, "JPEG", quality=80), c=encoded(pixels, "JPEG", quality=50)
    )
    beside(source / "a.png", consent="withdrawn")
    run(source, out)
    assert {name: row["action"] for name, row in lines(out).items()} == {
        "a": "drop",
        "b": "keep",
        "c": "drop",
    }


def test_nothing_but_the_picture_is_written(tmp_path: Path) -> None:
    source, out = tmp_path / "camera", tmp_path / "set"
    straight, turned, webp = photo(11, SIDE, 96), photo(12, SIDE, 96), photo(13, SIDE)
    write(source, straight=jpeg_with_secrets(straight), turned=jpeg_with_secrets(turned, 6))
    exif = Image.Exif()
    exif[0x013B] = "SECRET PERSON"
    (source / "web.webp").write_bytes(encoded(webp, "WEBP", lossless=True, exif=exif.tobytes()))
    curated = run(source, out)
    found = lines(out)
    assert {"exif", "gps", "maker_note", "comment", "trailer"} <= set(found["straight"]["metadata"])
    assert found["straight"]["in_file"] == {"owner": "SECRET PERSON"}  # kept, in the manifest alone
    assert b"SECRET" not in (out / "pictures.parquet").read_bytes()
    for row in set_of(out):
        data = row["image"]["bytes"]
        before = next(source.glob(f"{Path(row['title']).stem}.*")).read_bytes()
        assert examined(data).kinds == ()
        assert np.array_equal(open_picture(data, ""), open_picture(before, ""))  # upright, and as it was seen
    written = {name: row["written"] for name, row in found.items()}
    assert written["straight"]["media_type"] == "image/jpeg"  # its coefficients are as they were
    assert written["turned"]["removed"][-1] == "redrawn"
    assert curated.summary.changed == 3


def test_a_clean_picture_stays_byte_for_byte(tmp_path: Path) -> None:
    data = encoded(photo(3, SIDE), "JPEG", quality=85)
    write(tmp_path / "pictures", a=data, b=to_png(photo(4, SIDE)))
    run(tmp_path / "pictures", tmp_path / "set")
    first, second = set_of(tmp_path / "set")
    assert first["image"]["bytes"] == data
    assert second["image"]["bytes"] == (tmp_path / "pictures" / "b.png").read_bytes()


class _Finds:
    """Sees a face in every picture with a white corner."""

    def find(self, pixels: Pixels) -> Sequence[object]:
        return [object()] * has_white_corner(pixels)


class _Fails:
    def find(self, _: Pixels) -> Sequence[object]:
        raise RuntimeError("out of order")


def finds() -> Eye:
    return Eye("finder 1", _Finds())


def fails() -> Eye:
    return Eye("finder 2", _Fails())


def cornered(seed: int) -> bytes:
    """A picture with a white corner."""
    pixels = photo(seed, SIDE)
    pixels[:8, :8] = 255
    return to_png(pixels)


def test_faces_without_consent_are_asked_about_and_not_looked_for_is_said(tmp_path: Path) -> None:
    source = tmp_path / "people"
    write(source, face=cornered(1), consented=cornered(2), none=to_png(photo(3, SIDE)))
    beside(source / "consented.png", consent="yes")
    curated = run(source, tmp_path / "set", make_eyes={"faces": finds})
    found = lines(tmp_path / "set")
    assert found["face"]["faces"] == {"looked": True, "found": 1, "by": "finder 1"}
    assert found["face"]["text"] == {"looked": False}
    assert {name: row["action"] for name, row in found.items()} == {
        "face": "ask",
        "consented": "keep",
        "none": "keep",
    }
    assert curated.summary.looked_by("faces") == "finder 1"
    assert curated.summary.looked_by("text") is None
    sheet = (tmp_path / "set" / "datasheet.md").read_text("utf-8")
    assert "finder 1" in sheet
    assert "Printed words were **not looked for**" in sheet


@pytest.mark.parametrize("eyes", [{}, {"faces": fails}])
def test_a_detector_that_is_missing_or_fails_has_not_looked(tmp_path: Path, eyes: dict[str, Any]) -> None:
    write(tmp_path / "people", face=cornered(1))
    curated = run(tmp_path / "people", tmp_path / "set", make_eyes=eyes)
    assert lines(tmp_path / "set")["face"]["faces"] == {"looked": False}
    assert curated.summary.looked_by("faces") is None
    assert "没有找过" in (tmp_path / "set" / "datasheet.zh.md").read_text("utf-8")


def test_what_this_machine_has_looks_for_words_and_says_who_looked(tmp_path: Path) -> None:
    written = Image.new("RGB", (SIDE, SIDE), "white")
    ImageDraw.Draw(written).text((8, 40), "PRINTED WORDS", fill="black", font_size=14)
    write(tmp_path / "pictures", words=to_png(np.asarray(written)), calm=to_png(photo(1, SIDE)))
    curated = run(tmp_path / "pictures", tmp_path / "set", make_eyes=None)
    found = lines(tmp_path / "set")
    assert found["words"]["text"]["found"] >= 1
    assert found["calm"]["text"] == {"looked": True, "found": 0, "by": "rows of letters 2"}
    assert curated.summary.looked_by("text") == "rows of letters 2"
    assert len({row["faces"]["looked"] for row in found.values()}) == 1


def test_what_cannot_be_opened_is_left_out_with_its_reason(tmp_path: Path) -> None:
    source = tmp_path / "pictures"
    write(
        source, good=to_png(photo(1, SIDE)), broken=to_png(photo(2, SIDE))[:-2000], tiny=to_png(photo(3, 4))
    )
    (source / "text.jpg").write_bytes(b"no picture")
    run(source, tmp_path / "set")
    about = {
        name: [reason["about"] for reason in row["reasons"]] for name, row in lines(tmp_path / "set").items()
    }
    assert about == {
        "good": [],
        "broken": ["image_damaged"],
        "tiny": ["too_small"],
        "text": ["image_unsupported"],
    }


def test_the_rules_can_be_changed_and_what_is_milder_is_told(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    write(
        source,
        agents=to_png(photo(1, SIDE)),
        noncommercial=to_png(photo(2, SIDE)),
        free=to_png(photo(3, SIDE)),
    )
    OPT_OUTS[SignalKind.ROBOTS_AGENTS](source / "agents.png")
    beside(source / "noncommercial.png", licence="cc-by-nc-4.0")
    rules = tmp_path / "rules.toml"
    rules.write_text('kinds.robots_agents = { reserved = "keep" }\nlicences."CC-BY-NC*" = "drop"\n')
    curated = run(source, out, rules=rules)
    actions = {name: row["action"] for name, row in lines(out).items()}
    assert actions == {"agents": "keep", "noncommercial": "drop", "free": "keep"}
    assert curated.milder == ("kinds.robots_agents.reserved",)
    assert "kinds.robots_agents.reserved" in (out / "datasheet.md").read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["[signals", 'signals.reserved = "perhaps"', "other = 1", 'kinds.fax = { reserved = "keep" }']
)
def test_rules_that_are_none_are_told_before_anything_is_made(tmp_path: Path, text: str) -> None:
    write(tmp_path / "pictures", a=to_png(photo(1, SIDE)))
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(FilesUnusable):
        run(tmp_path / "pictures", tmp_path / "set", rules=tmp_path / "rules.toml")
    assert not (tmp_path / "set").exists()


def test_tables_bring_their_columns(tmp_path: Path) -> None:
    pictures = [{"bytes": to_png(photo(at, SIDE)), "path": f"p{at}.png"} for at in range(4)]
    table = pa.table(
        {
            "image": pictures,
            "label": [0, 1, 0, 1],
            "caption": ["one", "two", None, "four"],
            "licence": ["CC0-1.0"] * 3 + [None],
            "url": ["https://a.example/x/1.png", None, None, None],
            "headers": [None, '{"TDM-Reservation": "1"}', None, None],
            "robots_txt": [None, None, "User-agent: CCBot\nDisallow: /", None],
        }
    )
    names = {"info": {"features": {"label": {"names": ["sea", "land"]}}}}
    pq.write_table(
        table.replace_schema_metadata({b"huggingface": json.dumps(names).encode()}), tmp_path / "t.parquet"
    )
    site = tmp_path / "sites" / "a.example"
    site.mkdir(parents=True)
    (site / "tdmrep.json").write_text('[{"location": "/x/", "tdm-reservation": 1}]')
    run(tmp_path / "t.parquet", tmp_path / "set")
    rows = (tmp_path / "set" / "manifest.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(row)["action"] for row in rows] == ["drop", "drop", "drop", "keep"]
    (kept,) = set_of(tmp_path / "set")
    assert (kept["label"], kept["caption"], kept["title"], kept["licence"]) == (
        "land",
        "four",
        "p3.png",
        None,
    )


def test_a_csv_names_its_pictures(tmp_path: Path) -> None:
    write(tmp_path / "files", a=to_png(photo(1, SIDE)), b=to_png(photo(2, SIDE)))
    (tmp_path / "t.csv").write_text(
        "file,label,licence,ai_txt\nfiles/a.png,x,CC0-1.0,\n"
        'files/b.png,y,,"User-Agent: *\nDisallow: /"\nfiles/c.png,,,\n'
    )
    run(tmp_path / "t.csv", tmp_path / "set")
    assert [row["action"] for row in lines(tmp_path / "set").values()] == ["keep", "drop", "drop"]
    assert [(row["label"], row["licence"]) for row in set_of(tmp_path / "set")] == [("x", "CC0-1.0")]


def test_classes_and_the_files_of_a_mirrored_site(tmp_path: Path) -> None:
    source = tmp_path / "mirror"
    write(source / "open.example" / "sea", a=to_png(photo(1, SIDE)))
    write(source / "closed.example" / "sea", b=to_png(photo(2, SIDE)))
    (source / "closed.example" / "robots.txt").write_text("User-agent: GPTBot\nDisallow: /sea/\n")
    run(source, tmp_path / "set")
    found = lines(tmp_path / "set")
    assert found["a"]["action"] == "keep"
    assert found["a"]["rights"]["label"] == "open.example"
    assert found["b"]["action"] == "drop"
    assert found["b"]["signals"][0]["where"] == "closed.example/robots.txt"


def test_a_host_cannot_lead_out_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
    write(tmp_path / "crawl", a=to_png(photo(1, SIDE)))
    (tmp_path / "crawl" / "sites").mkdir()
    beside(tmp_path / "crawl" / "a.png", url="https://..%2f../x.png")
    run(tmp_path / "crawl", tmp_path / "set")
    assert lines(tmp_path / "set")["a"]["action"] == "keep"


def test_the_same_source_gives_the_same_set_and_one_entry(tmp_path: Path) -> None:
    write(tmp_path / "pictures", **{f"p{at}": jpeg_with_secrets(photo(at, SIDE)) for at in range(5)})
    first = run(tmp_path / "pictures", tmp_path / "set")
    again = run(tmp_path / "pictures", tmp_path / "set")
    other = run(tmp_path / "pictures", tmp_path / "other")
    assert first.manifest == again.manifest == other.manifest == of_file(tmp_path / "set" / "manifest.jsonl")
    assert (
        first.pictures == again.pictures == other.pictures == of_file(tmp_path / "set" / "pictures.parquet")
    )
    assert first.ledger_index == again.ledger_index == other.ledger_index
    assert check_ledger(HOME[-1]).holds
    (tmp_path / "set" / "pictures.parquet").unlink()
    assert run(tmp_path / "pictures", tmp_path / "set").pictures == first.pictures


def test_a_source_that_changed_is_looked_at_anew(tmp_path: Path) -> None:
    source, out = tmp_path / "pictures", tmp_path / "set"
    write(source, a=to_png(photo(1, SIDE)), b=to_png(photo(2, SIDE)))
    run(source, out)
    beside(source / "b.png", headers={"tdm-reservation": "1"})
    run(source, out)
    assert {name: row["action"] for name, row in lines(out).items()} == {"a": "keep", "b": "drop"}
    assert len(set_of(out)) == 1


def test_two_at_once_are_told_apart_and_foreign_folders_stay_as_they_are(tmp_path: Path) -> None:
    write(tmp_path / "pictures", a=to_png(photo(1, SIDE)))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    with pytest.raises(CurationUnusable):
        run(tmp_path / "pictures", tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["mine.txt"]
    with pytest.raises(CurationUnusable):
        run(tmp_path / "pictures", tmp_path / "pictures" / "set")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutNotWritable):
        run(tmp_path / "pictures", tmp_path / "file")


KILLED = """
import sys
from pathlib import Path
from rectoverso.workflow.curate import CurateRequest, curate
if __name__ == "__main__":
    source, out, home, processes = sys.argv[1:]
    request = CurateRequest(Path(source), Path(out), processes=int(processes), make_eyes={})
    curate(request, Path(home), lambda told: print(told.stage.key, told.done, flush=True))
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_as_if_it_was_not(tmp_path: Path) -> None:
    source = tmp_path / "pictures"
    write(source, **{f"p{at:03d}": jpeg_with_secrets(photo(at, 64)) for at in range(150)})
    write(source, **{f"q{at:03d}": encoded(photo(at, 64), "JPEG", quality=70) for at in range(20)})
    (tmp_path / "killed.py").write_text(KILLED)
    whole = run(source, tmp_path / "whole")
    command = [
        sys.executable,
        str(tmp_path / "killed.py"),
        str(source),
        str(tmp_path / "set"),
        str(tmp_path / "h"),
        "2",
    ]
    for after in (1, 2, 3):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert process.stdout is not None
        for number, _ in enumerate(process.stdout, 1):
            if number == after:
                break
        time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for name in ("manifest.jsonl", "pictures.parquet", "croissant.json"):
        assert (tmp_path / "set" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert of_file(tmp_path / "set" / "manifest.jsonl") == whole.manifest


@pytest.mark.slow
def test_a_picture_that_ends_its_process_is_told_and_costs_no_other(tmp_path: Path) -> None:
    source = tmp_path / "people"
    write(source, **{f"calm{at}": to_png(photo(at, SIDE)) for at in range(12)}, fatal=cornered(99))
    request = CurateRequest(source, tmp_path / "set", processes=2, make_eyes={"faces": ends_at_white_corner})
    curate(request, HOME[-1])
    found = lines(tmp_path / "set")
    assert found.pop("fatal")["reasons"] == [
        {"rule": "unreadable", "action": "drop", "about": "image_stopped"}
    ]
    assert all(row["faces"]["looked"] for row in found.values())


def test_two_processes_make_what_one_makes(tmp_path: Path) -> None:
    write(tmp_path / "pictures", **{f"p{at}": jpeg_with_secrets(photo(at, 64)) for at in range(20)})
    one = run(tmp_path / "pictures", tmp_path / "one")
    two = curate(CurateRequest(tmp_path / "pictures", tmp_path / "two", processes=2, make_eyes={}), HOME[-1])
    assert (one.manifest, one.pictures) == (two.manifest, two.pictures)


def test_training_carries_the_manifest_and_a_changed_set_does_not(tmp_path: Path) -> None:
    write(tmp_path / "pictures", **{f"p{at}": to_png(photo(at, 64)) for at in range(3)})
    curated = run(tmp_path / "pictures", tmp_path / "set")
    pictures = tmp_path / "set" / "pictures.parquet"
    assert curation_of(str(pictures)).manifest == curated.manifest
    assert curation_of("digits").manifest is None
    table = pq.read_table(pictures)
    pq.write_table(table.slice(0, 2), pictures)
    changed = curation_of(str(pictures))
    assert changed.manifest is None
    assert [note.key for note in changed.notes] == ["data.note.curation_unproven"]


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(curate_module, "EYES", {})
    write(tmp_path / "pictures", a=to_png(photo(1, SIDE)), b=to_png(photo(2, SIDE)))
    beside(tmp_path / "pictures" / "b.png", headers={"content-usage": "train-ai=?"})
    with pytest.raises(SystemExit) as left:
        main(["curate", "pictures", "--out", "set", "--processes", "1", "--home", "home"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert "1 of 2 pictures kept" in told
    assert "to-ask.csv" in told
    assert "not looked for" in told
    with pytest.raises(SystemExit) as left:
        main(["curate", "nowhere", "--out", "set", "--home", "home", "--json"])
    assert left.value.code == 2
