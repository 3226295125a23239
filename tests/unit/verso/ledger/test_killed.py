"""Killed at any moment, a home opens again, its ledger holds together, and nothing is half there."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rectoverso.protocols import SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import AssetId
from rectoverso.verso.ledger.audit import Expected
from rectoverso.workflow.ledgers import open_ledger

HOMES = """
import sys
from pathlib import Path
from rectoverso.protocols import SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
import alembic.command, cryptography.x509, sqlalchemy
print("ready", flush=True)
for number in range(1000):
    home = Home.open(Path(sys.argv[1]) / f"{number:03}")
    Keys.create(home.keys_path, owner="Studio Moon", clock=SystemClock())
"""

DECISIONS = """
import os, sys
from itertools import count
from hashlib import sha256
from pathlib import Path
from rectoverso.protocols import SystemClock
from rectoverso.store.assets import Asset
from rectoverso.store.data_keys import draw
from rectoverso.store.home import Home
from rectoverso.store.vault import Cipher
from rectoverso.types import Decision, Maker, Origin
from rectoverso.workflow.ledgers import open_ledger
home = Home.open(Path(sys.argv[1]))
keys = home.keys
ledger = open_ledger(home, keys)
for number in count():
    with home.lock():
        asset, key, blob = home.assets.unused_id(), draw(), "0" * 64
        home.blobs.put(asset, os.urandom(20_000), Cipher(key))
        with home.database.transaction() as tx:
            index = ledger.append(tx, "released", {"asset": asset})
            home.assets.record(tx, Asset(
                asset, sha256(asset.encode()).hexdigest(), Decision.RELEASE, "now", index, Maker("m", "1"),
                Origin.AI, "general", None, None, "p", [], [], "f", "image/png", blob, blob, b"",
            ), key)
    if not number:
        print("ready", flush=True)
"""


def kill_midway(code: str, path: Path, after_s: float) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", code, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    time.sleep(after_s)
    worker.kill()
    assert worker.communicate()[1] == b""


@pytest.mark.parametrize("turn", range(3))
def test_a_home_killed_while_being_made_can_be_made_again(tmp_path: Path, turn: int) -> None:
    kill_midway(HOMES, tmp_path, random.Random(turn).uniform(0.01, 0.4))
    for path in sorted(tmp_path.iterdir()):
        home = Home.open(path)
        keys = home.keys or Keys.create(home.keys_path, owner="Studio Moon", clock=SystemClock())
        assert (keys.owner, home.works.all()) == ("Studio Moon", [])
        home.close()


def test_a_home_killed_at_the_door_is_whole(tmp_path: Path) -> None:
    home = Home.open(tmp_path)
    keys = Keys.create(home.keys_path, owner="Studio Moon", clock=SystemClock())
    ledger = open_ledger(home, keys)
    draw = random.Random(5)
    for _ in range(4):
        before = ledger.size()
        kill_midway(DECISIONS, tmp_path, draw.uniform(0.0, 0.25))
        with home.lock(2):
            home.blobs.sweep(home.assets.with_pictures())
        assets = home.assets.all()
        assert len(assets) > before
        assert (
            ledger.check(Expected(each.ledger_index, "released", each.id) for each in assets).problems == ()
        )
        assert set(home.blobs.all()) == {each.id for each in assets}
        assert list((tmp_path / "blobs").rglob("*.tmp")) == []
    last = home.assets.all()[-1]
    assert len(home.blobs.get(last.id)) == 20_000
    assert home.assets.by_id(AssetId(last.id)) == last
    home.close()
