"""The main job, end to end, as its user would do it: train, generate, verify, seal, check."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import verso
from rectoverso.recto.data.shapes import scene


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, small_run: Path) -> Path:
    """A home with a few released images in ``out``."""
    place = tmp_path_factory.mktemp("job")
    told = verso(
        "generate",
        small_run,
        "--out",
        place / "out",
        "-n",
        6,
        "--seed",
        3,
        "--home",
        place / "home",
        "--json",
        code=None,
    )
    (place / "told.json").write_text(told.stdout)
    return place


def _told(place: Path) -> dict[str, list[dict[str, object]]]:
    return json.loads((place / "told.json").read_text())


def _released(place: Path) -> Path:
    return Path(str(_told(place)["released"][0]["path"]))


def _outcomes(files: Iterable[Path], place: Path, home: str = "home") -> list[str]:
    told = verso("verify", *files, "--home", place / home, "--json", code=None)
    return [report["outcome"] for report in json.loads(told.stdout)["reports"]]


def test_every_image_asked_for_is_accounted_for(place: Path) -> None:
    told = _told(place)
    seeds = [row["seed"] for decision in ("released", "held", "refused") for row in told[decision]]
    assert sorted(seeds) == [3, 4, 5, 6, 7, 8]
    assert told["released"]


def test_a_released_file_is_trusted_here_and_its_signer_unlisted_elsewhere(place: Path) -> None:
    assert _outcomes([_released(place)], place) == ["trusted"]
    assert _outcomes([_released(place)], place, home="no-home") == ["unlisted_signer"]


def test_the_official_reader_trusts_it_with_our_authority_only(place: Path) -> None:
    from c2pa import Context, Reader, Settings

    authority = (place / "home" / "keys" / "ca.pem").read_text()
    for anchors, state in ((authority, "Trusted"), (None, "Valid")):
        trust = {"trust": {"trust_anchors": anchors}} if anchors else {}
        settings = Settings.from_dict({"verify": {"remote_manifest_fetch": False}} | trust)
        with _released(place).open("rb") as file, Context(settings) as context:
            assert Reader("image/png", file, context=context).get_validation_state() == state


def test_the_same_seed_gives_the_same_file_alone_as_among_others(place: Path, small_run: Path) -> None:
    row = _told(place)["released"][-1]
    alone = verso(
        "generate",
        small_run,
        "--out",
        place / "alone",
        "--seed",
        row["seed"],
        "--home",
        place / "other",
        "--json",
    )
    (only,) = json.loads(alone.stdout)["released"]
    one, other = (_unmarked(Path(str(path))) for path in (row["path"], only["path"]))
    assert np.abs(one - other).mean() < 8  # the same picture under another asset's watermark


def _unmarked(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture, dtype=np.float64)


def test_a_copy_without_its_proof_is_known_by_its_watermark(place: Path, tmp_path: Path) -> None:
    with Image.open(_released(place)) as picture:
        Image.fromarray(np.asarray(picture)).save(tmp_path / "stripped.png")
        picture.convert("RGB").save(tmp_path / "again.jpg", quality=80)
    copies = [tmp_path / "stripped.png", tmp_path / "again.jpg"]
    assert _outcomes(copies, place) == ["watermark_only"] * 2


def test_an_unrelated_picture_says_nothing_was_found_and_not_that_it_is_real(
    place: Path, tmp_path: Path
) -> None:
    Image.fromarray(scene(200, size=256).image).save(tmp_path / "unrelated.png")
    assert _outcomes([tmp_path / "unrelated.png"], place) == ["nothing_found"]
    told = verso("verify", tmp_path / "unrelated.png", "--home", place / "home", code=1).stdout
    assert "does not mean" in told


def test_a_copy_of_a_registered_work_is_refused_and_the_work_is_named(place: Path, tmp_path: Path) -> None:
    poster = Image.fromarray(scene(14, size=256).image)
    poster.save(tmp_path / "poster.png")
    poster.resize((179, 179), Image.Resampling.BICUBIC).save(tmp_path / "copy.jpg", quality=60)
    home = ("--home", place / "home", "--json")
    verso(
        "registry", "add", tmp_path / "poster.png", "--title", "Two Rings", "--owner", "Studio Verso", *home
    )
    told = json.loads(
        verso("seal", tmp_path / "copy.jpg", "--out", tmp_path / "sealed", *home, code=1).stdout
    )
    (refused,) = told["refused"]
    assert "Two Rings" in json.dumps(refused["verdict"]["reasons"])
    assert not (tmp_path / "sealed").exists()
    verso("registry", "search", tmp_path / "copy.jpg", *home, code=1)


def test_an_image_made_elsewhere_is_sealed_in_its_own_format(place: Path, tmp_path: Path) -> None:
    kinds = ("PNG", "JPEG", "WEBP")
    sources = [tmp_path / f"scene.{kind.lower()}" for kind in kinds]
    for kind, source in zip(kinds, sources, strict=True):
        Image.fromarray(scene(77, size=256).image).save(source, kind, quality=95)
    told = verso("seal", *sources, "--out", tmp_path / "sealed", "--home", place / "home", "--json")
    sealed = {Path(row["source"]): Path(row["path"]) for row in json.loads(told.stdout)["released"]}
    for kind, source in zip(kinds, sources, strict=True):
        with Image.open(io.BytesIO(sealed[source].read_bytes())) as picture:
            assert picture.format == kind
    assert _outcomes(sealed.values(), place) == ["trusted"] * 3


def test_a_proof_can_be_written_for_every_released_image(place: Path) -> None:
    asset = _told(place)["released"][0]["asset"]
    assert verso("ledger", "prove", asset, "--home", place / "home").stdout.startswith(
        "c2sp.org/tlog-proof@v1"
    )


def test_the_ledger_holds_and_an_edited_row_is_found(place: Path, tmp_path: Path) -> None:
    import shutil
    import sqlite3

    verso("ledger", "check", "--home", place / "home")
    copy = tmp_path / "copied-home"
    shutil.copytree(place / "home", copy)
    (database,) = copy.glob("*.sqlite3")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE assets SET decision = 'refuse' WHERE decision = 'release'")
    connection.close()
    verso("ledger", "check", "--home", copy, code=1)
