"""Faces and words are looked for by what there is, and not looked for is another answer than none found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rectoverso.types import Pixels
from rectoverso.verso.curate.eyes import Eye
from rectoverso.verso.picture import to_png
from rectoverso.workflow.curating.eyes import for_text
from unit.verso.conftest import photo
from unit.verso.curate.crawl import beside
from unit.workflow.curating.sets import SIDE, cornered, finds, lines, run, write


class _Fails:
    def find(self, _: Pixels) -> Sequence[object]:
        raise RuntimeError("out of order")


def fails() -> Eye:
    return Eye("finder 2", _Fails())


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
    assert found["calm"]["text"] == {"looked": True, "found": 0, "by": for_text().name}
    assert curated.summary.looked_by("text") == for_text().name
    assert len({row["faces"]["looked"] for row in found.values()}) == 1
