"""Verification with what a home can add, and with a home that is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from rectoverso.errors import FilesUnusable
from rectoverso.recto.data.shapes import scene
from rectoverso.types import ReportOutcome
from rectoverso.verso.mark.watermark import PUBLIC_KEY, spread
from rectoverso.verso.mark.watermark.pattern import pattern_of
from rectoverso.verso.picture import to_png
from rectoverso.workflow import verify
from rectoverso.workflow.keys import init_keys
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.verify import exit_code, reports
from unit.verso.conftest import photo

Picture = Callable[..., Path]


def _sealed(tmp_path: Path, home: Path, picture: Picture) -> Path:
    path = seal_files([picture("one.png")], tmp_path / "out", home).passages[0].path
    assert path is not None
    return path


def test_at_home_a_released_file_is_trusted_and_in_the_ledger(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    (report,) = reports([_sealed(tmp_path, home, picture)], home, [])
    assert report.outcome is ReportOutcome.TRUSTED
    assert report.ledger.found
    assert exit_code([report]) == 0


def test_elsewhere_its_signer_is_unlisted_until_their_certificate_is_given(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    file, elsewhere = _sealed(tmp_path, home, picture), tmp_path / "elsewhere"
    (stranger,) = reports([file], elsewhere, [])
    (friend,) = reports([file], elsewhere, [home / "keys" / "ca.pem"])
    assert stranger.outcome is ReportOutcome.UNLISTED_SIGNER
    assert friend.outcome is ReportOutcome.TRUSTED
    assert not elsewhere.exists()


def test_a_home_with_damaged_keys_still_verifies_what_it_can(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    file = _sealed(tmp_path, home, picture)
    (home / "keys" / "signer.key").write_text("damaged")
    (report,) = reports([file], home, [])
    assert report.outcome is ReportOutcome.UNLISTED_SIGNER
    assert not report.ledger.found


def test_a_trust_file_that_is_no_certificate_is_refused(home: Path, picture: Picture) -> None:
    with pytest.raises(FilesUnusable, match="certificate"):
        list(reports([picture("one.png")], home, [picture("two.png")]))


def test_a_trust_file_that_is_cut_short_is_refused_and_one_with_a_key_gives_its_certificate_alone(
    home: Path, tmp_path: Path
) -> None:
    init_keys(home)
    whole = (home / "keys" / "ca.pem").read_text() + (home / "keys" / "signer.key").read_text()
    both, short = tmp_path / "both.pem", tmp_path / "short.pem"
    both.write_text(whole)
    short.write_text(whole[:300])
    anchors = verify._anchors(None, [both])
    assert anchors == (home / "keys" / "ca.pem").read_text()
    with pytest.raises(FilesUnusable, match="certificate"):
        verify._anchors(None, [both, short])


def test_a_copy_of_a_released_picture_without_any_mark_is_recognised(tmp_path: Path, home: Path) -> None:
    poster = tmp_path / "poster.png"
    poster.write_bytes(to_png(scene(14, size=256).image))
    seal_files([poster], tmp_path / "out", home)
    (report,) = reports([poster], home, [])
    assert report.outcome is ReportOutcome.REGISTERED_MATCH
    assert exit_code([report]) == 1


def test_the_home_alone_knows_its_picture_once_the_public_watermark_was_erased(
    tmp_path: Path, home: Path
) -> None:
    before = np.asarray(Image.fromarray(photo(8, 512)).filter(ImageFilter.GaussianBlur(1.5)))
    draft, erased = tmp_path / "draft.png", tmp_path / "erased.png"
    draft.write_bytes(to_png(before))
    (passage,) = seal_files([draft], tmp_path / "out", home).passages
    assert passage.path is not None
    number = int(passage.asset.id, 16)
    public = spread.embedded(before, number, [(pattern_of(PUBLIC_KEY), spread.LEAVING_ROOM)])
    after = np.asarray(Image.open(passage.path)).astype(int) - public + before
    erased.write_bytes(to_png(np.clip(after, 0, 255).astype(np.uint8)))

    (at_home,), (elsewhere,) = (list(reports([erased], place, [])) for place in (home, tmp_path / "nowhere"))
    assert at_home.outcome is ReportOutcome.WATERMARK_ONLY
    assert at_home.watermark.asset == passage.asset.id
    assert "verify.evidence.watermark_private" in {row.key for row in at_home.evidence}
    assert elsewhere.outcome is ReportOutcome.NOTHING_FOUND
