"""A register is calibrated through the command: what it refuses, what it shows, and how the door goes by it."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from command import code_of
from rectoverso.errors import BadSetting, NothingRegistered, RateUnsupported, RecordDamaged
from rectoverso.store.home import Home
from rectoverso.types import Outcome
from rectoverso.verso.picture import to_png
from rectoverso.verso.screen import points
from rectoverso.verso.screen.calibration import Standing
from rectoverso.verso.screen.gallery import Gallery
from rectoverso.workflow import calibrate as calibrating
from rectoverso.workflow.calibrate import Calibrated, calibrate
from rectoverso.workflow.calibration import in_force, stands
from rectoverso.workflow.doctor import examine
from rectoverso.workflow.guard import Guard, sealed
from rectoverso.workflow.ledgers import erase, open_ledger
from rectoverso.workflow.registry import add_works, claim_works, remove_works
from rectoverso.workflow.seal import seal_files
from unit.verso.conftest import photo

STRANGERS = 40
RATE = 0.1


@pytest.fixture(autouse=True, scope="module")
def in_their_own_size() -> Iterator[None]:
    """Small pictures are enlarged to be looked at, which would be most of the time here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(points, "ENLARGED_SIDE_PX", 64)
        yield


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten works and strangers in two folders, 40 x 50 pixels: small pictures are compared fast."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, first, count in (("works", 0, 10), ("strangers", 500, STRANGERS)):
        (folder / name).mkdir()
        for number in range(count):
            (folder / name / f"{number:03d}.png").write_bytes(to_png(photo(first + number, 40, 50)))
    return folder


@pytest.fixture(scope="module")
def calibrated(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with these works, calibrated. Copy it before changing it."""
    home = tmp_path_factory.mktemp("home") / "home"
    add_works([pictures / "works"], home, owner="A. Painter")
    calibrate([pictures / "strangers"], home, rate=RATE, planted=2)
    return home


@pytest.fixture
def copied(calibrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(calibrated, tmp_path / "copied"))


def _copy_of(work: Path, to: Path) -> Path:
    file = io.BytesIO()
    Image.open(work).save(file, "JPEG", quality=70)
    to.write_bytes(file.getvalue())
    return to


def test_the_entry_of_the_ledger_says_what_changed_and_names_nobody(calibrated: Path) -> None:
    home = Home.open(calibrated)
    assert home.keys is not None
    entry = open_ledger(home, home.keys).entry(sealed(home).calibration or -1)
    assert entry["kind"] == "registry_calibrated"
    assert (entry["rate"], entry["works"], entry["pictures"]["compared"]) == (RATE, 10, STRANGERS)
    assert entry["limits"]["sketch"]["review"] < entry["limits"]["sketch"]["block"]
    assert set(entry["record"]) == {"commitment"}
    assert len(entry["register"]) == 64
    assert "Painter" not in json.dumps(entry)


def test_planted_copies_are_counted_by_what_was_done_to_them(calibrated: Path) -> None:
    found = stands(calibrated)
    assert found is not None
    assert found.calibration is not None
    rows = found.calibration.found
    assert {"saved", "mirrored", "cut_quarter", "pasted"} < set(rows)
    assert rows["mirrored"][0].called == rows["mirrored"][0].pictures == 2
    assert all(blocked.called <= shown.called for shown, blocked in rows.values())


def test_a_rate_that_so_few_pictures_cannot_show_is_refused_before_any_work(
    pictures: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("registry", "calibrate", "--negatives", str(pictures / "strangers"), "--home", str(home))
    assert code_of(*words, "--target-fpr", "0.001") == 2
    told = capsys.readouterr().err
    assert "0.075 or more" in told
    assert "3000 unrelated pictures" in told
    assert not home.exists()


def test_pictures_saved_again_do_not_make_a_rate_supported(pictures: Path, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(25):
        file = pictures / "strangers" / f"{number:03d}.png"
        shutil.copy(file, many)
        Image.open(file).save(many / f"{number}.jpg", quality=97)
        Image.open(file).save(many / f"{number}.webp", quality=95)
    home = tmp_path / "home"
    add_works([pictures / "works"], home)
    with pytest.raises(RateUnsupported, match="25 unrelated"):
        calibrate([many], home, rate=RATE, planted=0)
    assert sealed(Home.open(home)).calibration is None


def test_nothing_is_calibrated_for_no_works(pictures: Path, home: Path) -> None:
    with pytest.raises(NothingRegistered):
        calibrate([pictures / "strangers"], home, rate=RATE)


@pytest.mark.parametrize("rate", [0, -1, 0.6, float("nan")])
def test_a_rate_that_is_none_is_refused(pictures: Path, home: Path, rate: float) -> None:
    with pytest.raises(BadSetting):
        calibrate([pictures / "strangers"], home, rate=rate)


def test_copies_among_the_strangers_are_set_apart_told_and_counted_until_somebody_clears_them(
    pictures: Path, copied: Path, tmp_path: Path
) -> None:
    mixed = Path(shutil.copytree(pictures / "strangers", tmp_path / "mixed"))
    copy = _copy_of(pictures / "works" / "003.png", mixed / "copy.jpg")
    (mixed / "broken.png").write_bytes(b"no picture")
    done = calibrate([mixed], copied, rate=RATE, planted=0)
    assert [(one.name, one.match.work.title) for one in done.set_apart] == [(str(copy), "003")]
    assert done.near == ()
    assert done.unreadable == (str(mixed / "broken.png"),)
    calibration = done.calibration
    assert calibration.pictures["set_apart"] == 1
    assert calibration.with_copies.called == calibration.review.called + 1
    assert calibration.with_copies.pictures == calibration.review.pictures + 1 == STRANGERS + 1
    assert calibration.block.called == 0

    cleared = calibrate([mixed], copied, rate=RATE, honest=[copy], planted=0).calibration
    assert (cleared.pictures["set_apart"], cleared.pictures["cleared"]) == (0, 1)
    assert cleared.block.called == 0
    assert cleared.moved["sketch.block"] == "laxer"


def test_weak_copies_among_the_strangers_count_and_are_shown(
    pictures: Path, copied: Path, tmp_path: Path
) -> None:
    mixed = Path(shutil.copytree(pictures / "strangers", tmp_path / "mixed"))
    work, other = Image.open(pictures / "works" / "004.png"), Image.open(pictures / "strangers" / "009.png")
    gallery, weak = Gallery(Home.open(copied).works.all()), mixed / "weak.png"
    for percent in range(5, 60, 5):
        Image.blend(work, other, percent / 100).save(weak)
        (nearest, *_) = gallery.compared(np.asarray(Image.open(weak)), at_least=1)
        if nearest.outcome is Outcome.REVIEW:
            break
    done = calibrate([mixed], copied, rate=RATE, planted=0)
    assert [(one.name, one.match.work.title) for one in done.near] == [(str(weak), "004")]
    assert done.set_apart == ()
    assert done.calibration.pictures["compared"] == STRANGERS + 1


def test_the_door_goes_by_it_and_decides_anew(pictures: Path, copied: Path, tmp_path: Path) -> None:
    home = Home.open(copied)
    entry = sealed(home).calibration
    _go_by(home, None)
    copy = _copy_of(pictures / "works" / "005.png", tmp_path / "copy.jpg")
    (before,) = seal_files([copy], tmp_path / "out", copied).passages
    (again,) = seal_files([copy], tmp_path / "out", copied).passages
    _go_by(home, entry)
    (after,) = seal_files([copy], tmp_path / "out", copied).passages
    assert again.repeated
    assert not after.repeated
    assert _chance(before.asset.findings)["basis"] == "shipped"
    assert _chance(after.asset.findings)["basis"] == "calibrated"
    assert _chance(after.asset.findings)["pictures"] == STRANGERS


def _chance(findings: list[dict[str, Any]]) -> dict[str, Any]:
    found = next(row for row in findings if row["check"] == "similarity")
    chance: dict[str, Any] = found["evidence"]["work"]["chance"]
    return chance


def test_the_sentence_of_a_refusal_says_how_rare_it_is_in_both_languages(
    pictures: Path,
    copied: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = _copy_of(pictures / "works" / "006.png", tmp_path / "copy.jpg")
    for language, words in (("en", "at 95 % confidence at most 1 in 13"), ("zh", "至多每 13 张 1 张")):
        monkeypatch.setenv("RECTOVERSO_LANG", language)
        code_of("seal", str(copy), "--out", str(tmp_path / "out"), "--home", str(copied))
        assert words in capsys.readouterr().out
        assert code_of("registry", "search", str(copy), "--home", str(copied)) == 1
        assert words in capsys.readouterr().out
    assert code_of("registry", "search", str(copy), "--home", str(copied), "--json") == 1
    assert json.loads(capsys.readouterr().out)["matches"][0]["chance"]["basis"] == "calibrated"


def test_a_register_that_changed_is_told_everywhere_and_one_that_changed_much_is_not_gone_by(
    pictures: Path, copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _standing(copied) is Standing.IN_FORCE
    remove_works(["001"], copied)
    claim_works(["002"], copied, state=_withdrawn(), reason="taken back")
    assert _standing(copied) is Standing.WORKS_CHANGED
    assert code_of("registry", "list", "--home", str(copied)) == 0
    assert "works added: 0, removed: 2" in capsys.readouterr().out
    for number in range(3):
        (tmp_path / f"new{number}.png").write_bytes(to_png(photo(900 + number, 40, 50)))
    add_works([tmp_path / f"new{number}.png" for number in range(3)], copied)
    assert _standing(copied) is Standing.STALE
    row = next(row for row in examine(copied) if row.message.key == "doctor.calibration")
    assert row.state == "note"
    assert row.fix is not None
    assert "shipped limits are used again" in row.plain("en")["text"]
    copy = _copy_of(pictures / "works" / "007.png", tmp_path / "copy.jpg")
    (passage,) = seal_files([copy], tmp_path / "out", copied).passages
    assert _chance(passage.asset.findings)["basis"] == "shipped"


def _withdrawn() -> Any:
    from rectoverso.store.rights import State

    return State.WITHDRAWN


def _standing(home: Path, clock: Any = None) -> Standing:
    found = stands(home, clock)
    assert found is not None
    return found.standing


def test_it_ends_after_half_a_year(copied: Path) -> None:
    class Later:
        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(days=181)

    assert _standing(copied, Later()) is Standing.EXPIRED


def test_a_calibration_that_was_erased_or_is_another_entry_is_not_gone_by(copied: Path) -> None:
    home = Home.open(copied)
    entry = sealed(home).calibration
    assert entry is not None
    for other in (entry - 1, entry + 99, 10**20):
        _go_by(home, other)
        assert _standing(copied) is Standing.UNREADABLE
        with pytest.raises(RecordDamaged):
            in_force(home, [])
    _go_by(home, entry)
    assert _standing(copied) is Standing.IN_FORCE
    erase(copied, str(entry))
    assert _standing(copied) is Standing.NONE
    assert in_force(home, []) is None


@pytest.mark.parametrize("change", ["DELETE FROM openings", "UPDATE openings SET sealed = 'another'"])
def test_whoever_takes_away_what_it_rests_on_does_not_choose_the_limits(
    copied: Path, pictures: Path, tmp_path: Path, change: str
) -> None:
    home = Home.open(copied)
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql(change)
    assert _standing(copied) is Standing.UNREADABLE
    with pytest.raises(RecordDamaged):
        seal_files([pictures / "works" / "005.png"], tmp_path / "out", copied)
    assert not (tmp_path / "out").exists()
    erase(copied, str(sealed(home).calibration))  # the way out, and an entry
    assert _standing(copied) is Standing.NONE
    assert seal_files([pictures / "works" / "005.png"], tmp_path / "out", copied).passages


def _go_by(home: Home, entry: int | None) -> None:
    assert home.keys is not None
    guard = Guard(home, open_ledger(home, home.keys))
    with guard.changing():
        guard.say(calibration=entry)


def test_the_command_tells_limits_rates_and_what_was_found_again(
    pictures: Path, copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("registry", "calibrate", "--negatives", str(pictures / "strangers"), "--home", str(copied))
    words += ("--target-fpr", str(RATE), "--copies", "1")
    done: list[Calibrated] = []

    def once(*asked: Any, **how: Any) -> Calibrated:
        """What it says is asked three times, and measured once."""
        done.extend([] if done else [calibrate(*asked, **how)])
        return done[0]

    monkeypatch.setattr(calibrating, "calibrate", once)
    for language, said in (
        ("en", ("for people", "mirrored: 1", "entry")),
        ("zh", ("由人查看", "镜像：1", "账本")),
    ):
        monkeypatch.setenv("RECTOVERSO_LANG", language)
        assert code_of(*words) == 0
        told = capsys.readouterr().out
        assert all(word in told for word in said), told
    assert code_of(*words, "--json") == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["rate"] == RATE
    assert plain["fits"]["sketch"] in {"good", "doubtful", "bad", "too_few"}
    assert plain["review"]["at_most"] >= plain["review"]["rate"]
    assert "nulls" not in plain


def test_parquet_files_hold_strangers_too(
    pictures: Path, copied: Path, tmp_path: Path, parquet: Callable[[Path, list[bytes]], Path]
) -> None:
    files = [path.read_bytes() for path in sorted((pictures / "strangers").iterdir())]
    done = calibrate([parquet(tmp_path / "strangers.parquet", files)], copied, rate=RATE, planted=0)
    assert done.calibration.pictures["compared"] == STRANGERS


@pytest.fixture
def parquet() -> Callable[[Path, list[bytes]], Path]:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    def write(path: Path, files: list[bytes]) -> Path:
        pq.write_table(pa.table({"image": files}), path)
        return path

    return write


def test_nothing_of_the_strangers_is_kept(calibrated: Path, pictures: Path) -> None:
    home = Home.open(calibrated)
    assert len(home.works.all()) == 10
    assert len(list(home.traces)) == 10
    assert not list(home.blobs_path.rglob("*.png"))
    assert np.unique([work.owner for work in home.works.all()]).tolist() == ["A. Painter"]
    assert pictures.exists()
