"""Files labelled under laws: every mark is there, everything reads back, and other readers see the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from rectoverso.errors import LabelNoRoom
from rectoverso.types import Origin, ReportOutcome
from rectoverso.verso.law import Labelling, law, laws, laws_named
from rectoverso.verso.law.lint import State, lint, look
from rectoverso.verso.mark import label, png, visible, watermark
from rectoverso.verso.mark.label import MEDIA_TYPES
from rectoverso.verso.mark.order import MarkFacts
from rectoverso.verso.verify.verifier import verify_bytes
from unit.verso.conftest import ASSET, Studio, photo
from unit.verso.mark.test_credential import told

EVERY = MarkFacts(labelling=Labelling(laws_named(laws()), "A provider", "001", all_visible=True))


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
@pytest.mark.parametrize(("side", "channels"), [(32, 3), (64, 1), (128, 4), (256, 3), (300, 1), (512, 4)])
def test_a_labelled_file_meets_its_laws_and_verifies(
    media_type: str, side: int, channels: int, studio: Studio
) -> None:
    if media_type == "image/jpeg" and channels == 4:
        channels = 3
    marked = studio.release(photo(2, side, channels=channels), media_type=media_type, facts=EVERY)
    sight = look(marked.data)
    missing = {
        (name, one.clause.asks)
        for name in laws()
        for one in lint(sight, law(name))
        if one.state is State.MISSING
    }
    assert missing == {("eu", "time_stamp")}  # nobody stamps in this test
    assert watermark.detect(marked.pixels).found
    report = verify_bytes(marked.data, anchors_pem=studio.anchors)
    assert report.outcome is ReportOutcome.TRUSTED
    assert report.watermark.asset in (ASSET, None) or report.watermark.found
    assert report.laws == laws()


@pytest.mark.parametrize("side", [64, 300])
def test_what_was_screened_is_what_leaves(side: int, studio: Studio) -> None:
    """Outside the words only the watermark differs from the draft, by a little."""
    picture = photo(2, side)
    marked = studio.release(picture, facts=MarkFacts(labelling=Labelling(laws_named(["cn"]), "A", "A")))
    (placed,) = visible.from_text(_read(marked.data).visible)
    shown = marked.pixels[:side].astype(int)
    away = np.ones((side, side), bool)
    if side >= visible.INSIDE_FROM_PX:
        away[placed.top - placed.size :, placed.left - placed.size :] = False
    assert np.abs(shown - picture)[away].max() <= 24
    assert np.mean((shown - picture)[away] ** 2) < 12


def _read(data: bytes) -> label.Label:
    found = label.read(data)
    assert found is not None
    return found


def test_without_a_law_nothing_is_added(studio: Studio) -> None:
    found = _read(studio.release(photo(1)).data)
    assert (found.laws, found.visible, found.aigc, found.provider, found.unique_id) == (None,) * 5


def test_each_law_adds_its_own(studio: Studio) -> None:
    def labelled(name: str) -> label.Label:
        facts = MarkFacts(labelling=Labelling(laws_named([name]), "A provider", "001"))
        return _read(studio.release(photo(1), facts=facts).data)

    assert json.loads(labelled("cn").aigc or "")["ContentProducer"] == "001"
    assert (labelled("eu").aigc, labelled("eu").visible, labelled("eu").laws) == (None, None, "eu")
    assert labelled("us-ca").provider == "A provider"


def test_the_credential_says_which_words_were_placed_where(studio: Studio) -> None:
    for side in (64, 300):
        data = studio.release(photo(2, side), facts=EVERY).data
        actions = told(data, studio.signer.anchors)["assertion_store"]["c2pa.actions.v2"]["actions"]
        stated = [one["changes"][0] for one in actions if one["action"] == "c2pa.addedText"]
        placed = visible.from_text(_read(data).visible)
        assert [one["description"] for one in stated] == [one.text.replace("\n", "") for one in placed]
        assert len(stated) == 3
        for change, place in zip(stated, placed, strict=True):
            shape = change["region"][0]["shape"]
            assert (shape["origin"]["x"], shape["origin"]["y"]) == (place.left, place.top)
    plain = told(studio.release(photo(2, 64)).data, studio.signer.anchors)
    kinds = [one["action"] for one in plain["assertion_store"]["c2pa.actions.v2"]["actions"]]
    assert "c2pa.addedText" not in kinds


def test_a_png_holds_the_block_once_in_xmp_and_once_in_text(studio: Studio) -> None:
    data = studio.release(photo(1), facts=EVERY).data
    texts = [text.decode() for keyword, text in png.texts(data) if keyword == b"AIGC"]
    assert texts == [_read(data).aigc]
    assert data.count(b"TC260:AIGC>") == 2  # an element opens and closes


def test_an_edited_picture_says_so(studio: Studio) -> None:
    marked = studio.release(photo(1, 300), origin=Origin.EDITED, facts=EVERY)
    texts = {one.law: one.text for one in visible.from_text(_read(marked.data).visible)}
    assert texts == {"cn": "AI合成", "eu": "AI", "us-ca": "AI altered"}


def test_a_picture_too_narrow_does_not_leave(studio: Studio) -> None:
    with pytest.raises(LabelNoRoom):
        studio.release(photo(1, 400, 8), facts=EVERY)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_exiftool_reads_every_field(media_type: str, studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / f"labelled.{media_type.removeprefix('image/')}"
    file.write_bytes(studio.release(photo(1, 256), media_type=media_type, facts=EVERY).data)
    run = subprocess.run(["exiftool", "-j", "-G1", "-a", str(file)], capture_output=True, check=True)
    read = json.loads(run.stdout)[0]
    own = _read(file.read_bytes())
    assert read["XMP-iptcExt:DigitalSourceType"].endswith("trainedAlgorithmicMedia")
    assert read["XMP-iptcExt:AISystemUsed"] == "runs/first"
    assert read["XMP-iptcExt:AISystemVersionUsed"] == "dcgan 1"
    assert read["XMP-iptcExt:DigitalImageGUID"] == own.unique_id
    assert read["XMP-photoshop:Credit"] == "A provider"
    assert _block(read["XMP-TC260:Aigc"])["ProduceID"] == ASSET
    if media_type == "image/png":
        assert _block(read["PNG:AIGC"]) == _block(read["XMP-TC260:Aigc"])


def _block(value: str | dict[str, str]) -> dict[str, str]:
    return dict(json.loads(value)) if isinstance(value, str) else value
