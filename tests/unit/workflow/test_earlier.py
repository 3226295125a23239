"""Whoever decides sees what was decided before of the same picture and the same work."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from rectoverso.store.home import Home
from rectoverso.store.reviews import Choice
from rectoverso.store.rights import State
from rectoverso.types import AssetId
from rectoverso.verso.picture import to_png
from rectoverso.workflow.earlier import earlier_decisions
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.people import LOCAL
from rectoverso.workflow.precedents import Precedents
from rectoverso.workflow.registry import add_works, claim_works
from rectoverso.workflow.review import Said, decide
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.search import search_works
from rectoverso.workflow.sheets import evidence_of
from unit.verso.conftest import photo


def test_earlier_decisions_are_told_with_the_evidence(home: Path, tmp_path: Path) -> None:
    pixels = photo(5, 240, 320)
    (tmp_path / "work.png").write_bytes(to_png(pixels))
    (work,) = add_works([tmp_path / "work.png"], home, owner="A. Painter").works
    (tmp_path / "copy.png").write_bytes(to_png(np.ascontiguousarray(pixels[::2, ::2])))
    assert search_works(tmp_path / "copy.png", home).earlier == ()
    (first,) = seal_files([tmp_path / "copy.png"], tmp_path / "out", home).passages
    claim_works([work.id], home, state=State.DISPUTED, reason="somebody else says so")
    (second,) = seal_files([tmp_path / "copy.png"], tmp_path / "out", home).passages

    found = search_works(
        tmp_path / "copy.png", home, evidence=tmp_path / "shown", original=tmp_path / "work.png"
    )
    told = [(one.asset, one.decision, one.claim, one.doubt) for one in found.earlier]
    assert told == [
        (second.asset.id, "hold", "disputed", "disputed"),
        (first.asset.id, "refuse", "asserted", None),
    ]
    assert {one.distance for one in found.earlier} == {None}
    facts = json.loads((tmp_path / "shown" / f"{work.id}-facts.json").read_text())
    assert [one["decision"] for one in facts["earlier"]] == ["hold", "refuse"]
    assert [stage["stage"] for stage in facts["stages"]] == ["digest", "hash", "points", "geometry"]
    assert facts["work"]["rights"]["asked"] == "block"
    assert facts["work"]["claim"] == "disputed"


def test_a_version_of_the_picture_counts_and_another_picture_does_not(home: Path, tmp_path: Path) -> None:
    pixels = photo(5, 240, 320)
    (tmp_path / "work.png").write_bytes(to_png(pixels))
    (work,) = add_works([tmp_path / "work.png"], home, owner="A. Painter").works
    seal_files([tmp_path / "work.png"], tmp_path / "out", home)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=60)
    with Image.open(file) as image:
        version = np.asarray(image)
    opened = Home.open(home)
    (one,) = earlier_decisions(opened, version, ["00000000", work.id])
    assert one.distance is not None
    assert earlier_decisions(opened, photo(6, 240, 320), [work.id]) == []
    assert earlier_decisions(opened, version, ["00000000"]) == []
    with opened.database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE assets SET fingerprint = x'0102'")  # it does not open
    assert earlier_decisions(opened, version, [work.id]) == []


def test_whoever_decides_on_a_held_draft_sees_what_people_and_the_door_said_before(
    home: Path, tmp_path: Path
) -> None:
    pixels = photo(5, 240, 320)
    (tmp_path / "work.png").write_bytes(to_png(pixels))
    (work,) = add_works([tmp_path / "work.png"], home, owner="A. Painter").works

    def sealed(quality: int) -> AssetId:
        Image.fromarray(pixels).save(tmp_path / "copy.jpg", "JPEG", quality=quality)
        (passage,) = seal_files([tmp_path / "copy.jpg"], tmp_path / "out", home).passages
        return passage.asset.id

    stopped = sealed(95)
    claim_works([work.id], home, state=State.DISPUTED, reason="somebody else says so")
    approved, refused, waiting, last = map(sealed, (90, 85, 80, 75))
    opened = Home.open(home)
    keys, precedents = open_keys(opened), Precedents(opened)

    def told(asset: AssetId) -> list[tuple[str, str]]:
        found = opened.assets.by_id(asset)
        assert found is not None
        assert precedents.of(found, "00000000") == []
        shown = [(one.asset, one.outcome) for one in precedents.of(found, work.id)]
        (evidence,) = evidence_of(opened, found, "en")["works"]
        assert [(one["asset"], one["outcome"]) for one in evidence["earlier"]] == shown
        return shown

    assert told(last) == [(stopped, "stopped")]
    decide(opened, keys, approved, Said(Choice.APPROVE, "licensed"), LOCAL)
    decide(opened, keys, refused, Said(Choice.REFUSE, "no licence"), LOCAL)
    assert told(last) == [(refused, "refused"), (approved, "approved"), (stopped, "stopped")]
    assert told(approved) == [(stopped, "stopped")]
    erase(home, What.ASSET, stopped)
    assert (stopped, "stopped") not in told(last)
    assert waiting not in dict(told(last))
