"""Whole folders: what is written says nothing, what is held is told, and the ledger knows of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import planted
from rectoverso.errors import BadSetting, FilesUnusable, NotVerified, RunNotFound
from rectoverso.store.home import Home
from rectoverso.types import Pixels
from rectoverso.verso.anonymise.faces import Face
from rectoverso.verso.anonymise.remains import remains
from rectoverso.verso.anonymise.ways import Way
from rectoverso.workflow import anonymise as module
from rectoverso.workflow import digests
from rectoverso.workflow.anonymise import Wanted, anonymise
from rectoverso.workflow.anonymised import LIST, Anonymised
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import check_ledger, open_ledger

SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/avif": "avif"}


class Sees:
    """One face in every picture, once; ``stubborn``: at every look."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.seen, self.stubborn = False, stubborn

    def find(self, pixels: Pixels) -> list[Face]:  # noqa: ARG002 - a fake
        self.seen = not self.seen
        return [Face(8, 8, 12, 12, 0.9)] if self.seen or self.stubborn else []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of one person, named after her, in a folder that is too."""
    folder = tmp_path / "in" / planted.WORDS
    folder.mkdir(parents=True)
    for media_type, suffix in SUFFIXES.items():
        (folder / f"{planted.WORDS}.{suffix}").write_bytes(planted.FILES[media_type]())
    (folder / f"{planted.WORDS}.tif").write_bytes(planted.tiff(1))
    return tmp_path / "in"


def everything_in(out: Path) -> bytes:
    return b"".join(
        path.as_posix().encode() + path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
    )


def entry(home: Path, index: int) -> dict[str, object]:
    opened = Home.open(home)
    return open_ledger(opened, open_keys(opened)).entry(index)


def test_no_byte_of_a_name_is_left_in_pictures_their_names_or_the_list(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = anonymise([folder], out, tmp_path / "home")
    assert done.exit_code == 0
    assert len({row.path for row in done.rows}) == 5
    assert planted.NAME not in everything_in(out)
    for row in done.rows:
        assert row.path is not None
        assert remains(row.path.read_bytes()) == ()
        assert "gps" in row.found
        assert "opt_out" in row.found
        assert row.faces is None


def test_the_ledger_has_the_digest_of_the_list_and_no_name(folder: Path, tmp_path: Path) -> None:
    out, home = tmp_path / "out", tmp_path / "home"
    done = anonymise([folder], out, home)
    assert done.ledger_index is not None
    told = entry(home, done.ledger_index)
    assert told["kind"] == "anonymised"
    assert told["list"] == digests.of_bytes((out / LIST).read_bytes())
    assert (told["written"], told["held"], told["faces"]) == (5, 0, None)
    assert planted.WORDS not in json.dumps(told)
    assert check_ledger(home).holds
    files = json.loads((out / LIST).read_text())["files"]
    assert [digests.of_bytes((out / row["file"]).read_bytes()) for row in files] == [
        row["sha256"] for row in files
    ]


def test_names_are_kept_where_that_is_asked_and_no_file_is_written_over(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    other = tmp_path / "other" / planted.WORDS
    other.mkdir(parents=True)
    Image.fromarray(np.full((8, 8, 3), 9, np.uint8)).save(other / f"{planted.WORDS}.png")
    done = anonymise([folder, tmp_path / "other"], out, tmp_path / "home", Wanted(keep_names=True))
    names = sorted(row.path.relative_to(out).as_posix() for row in done.rows if row.path)
    assert len(names) == len(set(names)) == 6
    assert f"{planted.WORDS}/{planted.WORDS}.png" in names
    assert f"{planted.WORDS}/{planted.WORDS} 2.png" in names


def grey_png(path: Path, value: int) -> Path:
    Image.fromarray(np.full((40, 40, 3), value, np.uint8)).save(path)
    return path


def test_results_are_no_sources_and_the_list_keeps_what_still_lies_there(tmp_path: Path) -> None:
    out, home = tmp_path / "out", tmp_path / "home"
    first = grey_png(tmp_path / "a.png", 10)
    (before,) = anonymise([tmp_path], out, home).rows
    first.unlink()
    second = grey_png(tmp_path / "b.png", 20)
    done = anonymise([tmp_path, second, tmp_path / "." / "b.png"], out, home)
    assert [Path(row.source).name for row in done.rows] == ["b.png"]
    listed = json.loads((out / LIST).read_text())["files"]
    assert {row["file"] for row in listed} == {row.path.name for row in (before, *done.rows) if row.path}
    assert done.ledger_index is not None
    told = entry(home, done.ledger_index)
    assert (told["written"], told["list"]) == (1, digests.of_bytes((out / LIST).read_bytes()))


def test_results_may_lie_around_or_among_the_sources(tmp_path: Path) -> None:
    inside = tmp_path / "pictures"
    inside.mkdir()
    source = grey_png(inside / "a.png", 10).read_bytes()
    for out in (tmp_path, inside):
        (row,) = anonymise([inside / "a.png" if out is inside else inside], out, tmp_path / "home").rows
        assert row.path is not None
        assert row.path.parent == out
    assert (inside / "a.png").read_bytes() == source


def test_other_files_of_a_folder_are_counted_and_left_alone(folder: Path, tmp_path: Path) -> None:
    for name in ("IMG_1.HEIC", "film.mp4", ".hidden.txt"):
        (folder / name).write_bytes(b"no picture")
    assert anonymise([folder], tmp_path / "out", tmp_path / "home").left_out == 2


def test_a_picture_at_which_the_detector_fails_is_held(tmp_path: Path) -> None:
    class Fails:
        def find(self, pixels: Pixels) -> list[Face]:
            raise RuntimeError(pixels.shape)

    done = anonymise(
        [grey_png(tmp_path / "a.png", 10)],
        tmp_path / "out",
        tmp_path / "home",
        Wanted(Way.BLUR),
        finder=Fails(),
    )
    assert [why.key for why in done.rows[0].held] == ["anonymise.held.not_looked"]
    assert done.rows[0].faces is None
    assert not (tmp_path / "out").exists()


def test_what_was_written_until_somebody_ended_it_is_in_the_list_and_the_ledger(tmp_path: Path) -> None:
    for value in (10, 20, 30):
        grey_png(tmp_path / f"{value}.png", value)

    def ends(progress: object) -> None:
        if getattr(progress, "done", 0) == 2:
            raise KeyboardInterrupt

    out, home = tmp_path / "out", tmp_path / "home"
    with pytest.raises(KeyboardInterrupt):
        anonymise([tmp_path], out, home, listener=ends)
    files = json.loads((out / LIST).read_text())["files"]
    assert sorted(row["file"] for row in files) == sorted(path.name for path in out.glob("*.png"))
    assert len(files) == 2
    assert check_ledger(home).size == 2


def test_a_file_that_does_not_come_out_bare_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaves(*_: object) -> bytes:
        raise NotVerified(path="x", problems="exif: APP1")

    monkeypatch.setattr(module, "bare", leaves)
    done = anonymise([grey_png(tmp_path / "a.png", 10)], tmp_path / "out", tmp_path / "home")
    assert [why.key for why in done.rows[0].held] == ["anonymise.held.not_bare"]
    assert done.exit_code == 1


def test_what_lies_under_nothing_is_gone_too(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(1, 256, (40, 40, 4), np.uint8)
    pixels[10:20, 10:20, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "a.webp", lossless=True, exact=True)
    (row,) = anonymise([tmp_path / "a.webp"], tmp_path / "out", tmp_path / "home").rows
    assert row.path is not None
    written = np.array(Image.open(row.path))
    assert not written[10:20, 10:20].any()
    assert np.array_equal(written[30:], pixels[30:])


def test_without_pydicom_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.dcm").write_bytes(bytes(128) + b"DICM")
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    (row,) = anonymise([tmp_path / "a.dcm"], tmp_path / "out", tmp_path / "home").rows
    assert row.error is not None
    assert (row.error.code, row.error.facts["extra"]) == ("missing_extra", "medical")


@pytest.mark.parametrize("way", [Way.PIXELATE, Way.BLUR])
def test_faces_are_hidden_and_counted(tmp_path: Path, way: Way) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    done = anonymise([tmp_path / "a.png"], tmp_path / "out", tmp_path / "home", Wanted(way), finder=Sees())
    (row,) = done.rows
    assert row.faces == 1
    assert row.path is not None
    changed = (np.array(Image.open(row.path)) != pixels).any(axis=2)
    assert changed[10:18, 10:18].any()
    assert not changed[30:, 30:].any()


def test_a_picture_in_which_a_face_stays_is_held_and_not_written(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "a.png")
    done = anonymise(
        [tmp_path / "a.png"],
        tmp_path / "out",
        tmp_path / "home",
        Wanted(Way.BLUR),
        finder=Sees(stubborn=True),
    )
    assert [why.key for why in done.rows[0].held] == ["anonymise.held.face"]
    assert (done.exit_code, done.ledger_index) == (1, None)
    assert not (tmp_path / "out").exists()


def test_a_bad_file_is_told_and_stops_no_other(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.png").write_text("no picture")
    (folder / "many.tif").write_bytes(planted.tiff())
    done = anonymise([folder, folder / "missing.png"], tmp_path / "out", tmp_path / "home")
    errors = {Path(row.source).name: row.error.code for row in done.rows if row.error}
    assert errors == {
        "bad.png": "image_unsupported",
        "many.tif": "image_animated",
        "missing.png": "image_not_found",
    }
    assert sum(bool(row.path) for row in done.rows) == 5
    assert done.exit_code == 2


def test_a_generator_without_faces_to_fill_is_told_before_anything_is_done(
    folder: Path, tmp_path: Path
) -> None:
    for wanted in (Wanted(Way.FILL), Wanted(Way.BLUR, fill=tmp_path), Wanted(fill=tmp_path)):
        with pytest.raises(BadSetting):
            anonymise([folder], tmp_path / "out", tmp_path / "home", wanted, finder=Sees())
    with pytest.raises(RunNotFound):
        anonymise([folder], tmp_path / "out", tmp_path / "home", Wanted(Way.FILL, tmp_path), finder=Sees())
    with pytest.raises(FilesUnusable):
        anonymise([], tmp_path / "out", tmp_path / "home")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "home").exists()


def test_patients_of_a_folder_get_pseudonyms_of_its_home(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    from patients import NAME, file_of, patient

    inside = tmp_path / "in"
    inside.mkdir()
    (inside / f"{NAME}1").write_bytes(file_of(patient()))  # known by its first bytes
    (inside / f"{NAME}2.dcm").write_bytes(file_of(patient(day="20260401")))
    (inside / f"{NAME}3.dcm").write_text("no DICOM")
    shown = patient(day="20260402")
    shown.BurnedInAnnotation = "YES"
    (inside / f"{NAME}4.dcm").write_bytes(file_of(shown))
    out, home = tmp_path / "out", tmp_path / "home"

    def read(done: Anonymised) -> list[object]:
        return [pydicom.dcmread(row.path) for row in done.rows if row.path]

    done = anonymise([inside], out, home)
    assert [bool(row.path) for row in done.rows] == [True, True, False, False]
    assert done.exit_code == 2
    one, two = read(done)
    assert one.PatientID == two.PatientID
    assert NAME.encode() not in everything_in(out)
    again = anonymise([inside], tmp_path / "again", home, Wanted(looked_at=True))
    assert [row.path.name for row in done.rows[:2] if row.path] == [
        row.path.name for row in again.rows[:2] if row.path
    ]
    assert again.rows[3].path is not None
    assert again.ledger_index is not None
    assert entry(home, again.ledger_index)["looked_at"] is True
    (elsewhere, *_) = read(anonymise([inside], tmp_path / "elsewhere", tmp_path / "other home"))
    assert elsewhere.PatientID != one.PatientID


def test_the_command_says_what_it_did_and_leaves_with_its_code(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rectoverso.cli.main import main

    def run(*more: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main(
                [
                    "anonymise",
                    str(folder),
                    "--out",
                    str(tmp_path / "out"),
                    "--home",
                    str(tmp_path / "home"),
                    *more,
                ]
            )
        return int(left.value.code or 0), capsys.readouterr().out

    code, out = run("--json")
    told = json.loads(out)
    assert (code, len(told["files"]), told["ledger_index"]) == (0, 5, 1)
    for language in ("en", "zh"):
        monkeypatch.setenv("RECTOVERSO_LANG", language)
        code, out = run()
        assert code == 0
        assert {"en": "place (GPS)", "zh": "地点（GPS）"}[language] in out
    image = io.BytesIO()
    picture = planted.picture()
    picture.save(image, "GIF", save_all=True, append_images=[picture.rotate(90)])
    (folder / "film.gif").write_bytes(image.getvalue())
    assert run()[0] == 2


@pytest.mark.usefixtures("quick_trainings")
def test_faces_that_a_run_fills_leave_by_the_door_and_it_never_sees_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rectoverso.recto.data.shapes import scene
    from rectoverso.recto.sample.making import Making
    from rectoverso.types import ReportOutcome
    from rectoverso.verso.mark import label
    from rectoverso.workflow.train import TrainRequest, train_run
    from rectoverso.workflow.verify import reports

    scenes = tmp_path / "scenes"
    scenes.mkdir()
    for index in range(16):
        Image.fromarray(scene(index, 32).image).save(scenes / f"{index}.png")
    settings = (
        "batch=4",
        "nets.generator_width=8",
        "nets.critic_width=8",
        "nets.critic_downs=1",
        "threads=1",
    )
    settings += ("nets.edge_width=8", "nets.piece_px=16")
    home = tmp_path / "home"
    train_run(
        TrainRequest("edgeconnect", str(scenes), tmp_path / "run", size=32, images=8, settings=settings), home
    )
    shown, picture = [], Making.picture

    def watched(self: Making, seed: int, material: object) -> Pixels:
        shown.append(material)
        return picture(self, seed, material)

    monkeypatch.setattr(Making, "picture", watched)
    pixels = scene(40, 96).image
    Image.fromarray(pixels).save(tmp_path / "roe.png", exif=planted.exif())
    wanted = Wanted(Way.FILL, tmp_path / "run")
    done = anonymise([tmp_path / "roe.png"], tmp_path / "out", home, wanted, finder=Sees())
    (row,) = done.rows
    assert row.asset  # the door has decided, whichever way: so short a run may well bring back what it learnt
    assert len(np.unique(shown[0].image[10:18, 10:18].reshape(-1, 3), axis=0)) == 1
    if row.path is None:
        assert [why.key for why in row.held] == ["anonymise.held.door"]
        return
    assert "roe" not in row.path.name
    told = label.read(row.path.read_bytes())
    assert told is not None
    assert told.source_type == label.SOURCE_TYPES["edited"]
    assert planted.NAME not in row.path.read_bytes()
    (report,) = reports([row.path], home, [], [])
    assert report.outcome is ReportOutcome.TRUSTED
