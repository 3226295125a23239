"""What was trained on a curated set says so, wherever it goes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.verso.picture import to_png
from rectoverso.workflow.curate import CurateRequest, curate
from rectoverso.workflow.ledgers import existing_home
from rectoverso.workflow.train import train_run
from unit.verso.conftest import photo
from unit.workflow.test_train import tiny_request


@pytest.mark.usefixtures("quick_trainings")
def test_a_run_carries_the_manifest_on_everything_it_makes(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for at in range(12):
        (tmp_path / "pictures" / f"p{at}.png").write_bytes(to_png(photo(at, 64)))
    home = tmp_path / "home"
    curated = curate(CurateRequest(tmp_path / "pictures", tmp_path / "set", processes=1), home)
    request = tiny_request(tmp_path / "run", data=str(tmp_path / "set" / "pictures.parquet"), images=16)
    train_run(request, home)
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text("utf-8"))
    assert config["data"]["manifests"] == [curated.manifest]
    assert (
        json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["data"]["manifest"] == curated.manifest
    )
    for card in ("card.md", "card.zh.md"):
        assert curated.manifest in (tmp_path / "run" / card).read_text("utf-8")
    assert RunGenerator(tmp_path / "run").maker.manifests == (curated.manifest,)
    opened = existing_home(home)
    with opened.database.read() as tx:
        entries = opened.log.entries(tx, 0, opened.log.size(tx)).values()
    trained = [entry for entry in entries if b'"run_trained"' in entry]
    assert json.loads(trained[-1])["manifests"] == [curated.manifest]
