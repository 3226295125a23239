"""The command names the training pictures that drawn ones are nearest to, with what the data said of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rectoverso
from rectoverso.cli.main import main
from rectoverso.errors import CreditUnknown, FilesUnusable, RunNotFound
from rectoverso.recto.data.shapes import scene
from rectoverso.recto.data.source import open_source
from rectoverso.types import Attribution
from rectoverso.verso.picture import to_png
from rectoverso.workflow.attributions import ATTRIBUTIONS, read_attributions, write_attributions
from rectoverso.workflow.credit import credit_files
from rectoverso.workflow.replication import FINGERPRINTS


def _written(folder: Path, *numbers: int) -> list[Path]:
    """Scenes as files. The run is trained on 0 to 79."""
    paths = [folder / f"scene-{number}.png" for number in numbers]
    for path, number in zip(paths, numbers, strict=True):
        path.write_bytes(to_png(scene(number, size=32).image))
    return paths


def test_a_run_keeps_what_its_training_pictures_are_called(run: Path) -> None:
    told = read_attributions(run, 80)
    assert len(told) == 80
    assert {"a/0.png", "b/1.png"} <= {one.file for one in told}


def test_a_training_picture_is_named_by_its_file(run: Path, tmp_path: Path) -> None:
    credited = credit_files(run, _written(tmp_path, 17))
    ((_, _, names),) = credited.pictures
    assert names[0].attribution.file == "b/17.png"
    assert names[0].line == "b/17.png"
    assert credited.compared_with == 80


def test_a_new_picture_names_nobody_and_says_so(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = _written(tmp_path, 5000, 5001, 5002, 5003)
    credited = credit_files(run, files)
    assert sum(bool(names) for _, _, names in credited.pictures) <= 1
    with pytest.raises(SystemExit) as ended:
        main(["credit", str(run), str(files[0])])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert "nobody is named" in told
    assert "may have had no part" in told


def test_a_catalogue_says_whose_they_are(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue = tmp_path / "works.csv"  # the pictures themselves need not be here any more
    catalogue.write_text("file,title,owner,licence\nb/17.png,The Square,A. Painter,CC BY 4.0\n")
    (file,) = _written(tmp_path, 17)
    with pytest.raises(SystemExit):
        main(["credit", str(run), str(file), "--catalogue", str(catalogue), "--json"])
    told = json.loads(capsys.readouterr().out)
    first = told["pictures"][0]["credits"][0]
    assert (first["title"], first["owner"], first["licence"]) == ("The Square", "A. Painter", "CC BY 4.0")
    assert first["times_nearer"] > 1
    assert 0 < first["chance"] <= 0.05


def test_a_catalogue_of_other_pictures_is_told(run: Path, tmp_path: Path) -> None:
    catalogue = tmp_path / "works.csv"
    catalogue.write_text("file,owner\n17.png,A. Painter\n")
    files = _written(tmp_path, 17)
    with pytest.raises(FilesUnusable, match=r"begins with 17\.png, and they are called as [ab]/\d+\.png is"):
        rectoverso.credit(run, files, catalogue=catalogue)
    (run / ATTRIBUTIONS).unlink()
    with pytest.raises(FilesUnusable, match="had no names"):
        rectoverso.credit(str(run), str(files[0]), catalogue=str(catalogue))


def test_the_facade_names_as_the_command_does(run: Path, tmp_path: Path) -> None:
    (file,) = _written(tmp_path, 17)
    assert rectoverso.credit(run, file).plain() == credit_files(run, [file]).plain()


def test_a_batch_is_told_together(run: Path, tmp_path: Path) -> None:
    credited = credit_files(run, _written(tmp_path, 17, 18, 19))
    counts = {named.attribution.file: count for named, count in credited.works}
    assert {"b/17.png", "a/18.png", "b/19.png"} <= set(counts)
    assert [count for _, count in credited.works] == sorted(counts.values(), reverse=True)
    assert credited.plain()["works"][0]["pictures"] == credited.works[0][1]


def test_a_run_from_before_names_were_kept_names_by_number(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / ATTRIBUTIONS).unlink()
    with pytest.raises(SystemExit):
        main(["credit", str(run), str(_written(tmp_path, 17)[0])])
    assert "  1  #" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["no fingerprints", "cut short", "of another set", "no list"])
def test_what_is_missing_or_damaged_names_nobody(damage: str, run: Path, tmp_path: Path) -> None:
    if damage == "no fingerprints":
        (run / FINGERPRINTS).unlink()
    elif damage == "cut short":
        (run / FINGERPRINTS).write_bytes((run / FINGERPRINTS).read_bytes()[:500])
    elif damage == "of another set":
        (run / ATTRIBUTIONS).write_text('[{"file": "a.png"}]')
    else:
        (run / ATTRIBUTIONS).write_text('{"file": "a.png"}')
    with pytest.raises(CreditUnknown):
        credit_files(run, _written(tmp_path, 17))


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound):
        credit_files(tmp_path, _written(tmp_path, 17))


def test_names_from_data_cannot_write_over_a_terminal(run: Path) -> None:
    rows = [{"file": "\x1b[2Jx", "title": "", "owner": "y" * 900, "licence": ""}] * 80
    (run / ATTRIBUTIONS).write_text(json.dumps(rows))
    one = read_attributions(run, 80)[0]
    assert "\x1b" not in one.file
    assert len(one.owner) == 200


def test_columns_of_a_parquet_file_say_whom_to_name(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pictures = [
        {"bytes": to_png(scene(number, size=32).image), "path": f"{number}.png"} for number in range(12)
    ]
    table = {"image": pictures, "artist": ["A. Painter", None] * 6, "license": ["CC0"] * 12}
    pq.write_table(pa.table(table), tmp_path / "works.parquet")
    dataset = open_source(tmp_path / "works.parquet", size=32)
    assert dataset.attributions[:2] == (
        Attribution("works.parquet[0]", "0.png", "A. Painter", "CC0"),
        Attribution("works.parquet[1]", "1.png", "", "CC0"),
    )


def test_pictures_that_were_held_out_are_not_listed(tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    folder.mkdir()
    _written(folder, *range(12))
    dataset = open_source(folder, size=32)
    write_attributions(tmp_path, dataset, np.array([0, 3]))
    told = [one.file for one in read_attributions(tmp_path, 10)]
    assert dataset.attributions[0].file not in told
    assert dataset.attributions[3].file not in told
    assert told == [one.file for at, one in enumerate(dataset.attributions) if at not in (0, 3)]
