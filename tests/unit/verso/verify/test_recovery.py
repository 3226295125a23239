"""What a file lost is found again, and nothing more is said of it than it shows."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from rectoverso.types import Pixels, Report, ReportOutcome
from rectoverso.verso.mark import binding, credential, signature
from rectoverso.verso.mark.order import Marked
from rectoverso.verso.screen.fingerprint import chance, fingerprint
from rectoverso.verso.verify.part import best_correlation, is_part
from rectoverso.verso.verify.verifier import verify_bytes
from unit.verso.conftest import ASSET, Studio, encoded, photo
from unit.verso.verify.conftest import Shelf
from unit.verso.verify.test_verifier import rows


@pytest.fixture(scope="module")
def marked(studio: Studio) -> Marked:
    return studio.release(photo(21, 320))


def _cropped(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[24:280, 40:296])


def _rescaled(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((160, 160), Image.Resampling.LANCZOS))


@pytest.mark.parametrize("attack", [lambda pixels: pixels, _cropped, _rescaled, np.fliplr, np.rot90])
def test_everything_stripped_the_credential_is_found(
    attack: object, studio: Studio, marked: Marked, shelf: Shelf
) -> None:
    data = encoded(np.ascontiguousarray(attack(marked.pixels)), "JPEG", quality=75)  # type: ignore[operator]
    report = verify_bytes(data, anchors_pem=studio.anchors, records=shelf)
    assert report.outcome in (ReportOutcome.WATERMARK_ONLY, ReportOutcome.REGISTERED_MATCH)
    _is_of_the_original(report, marked)
    assert {"recovered_trusted", f"recovered_by_{_by(report)}"} <= rows(report)


def test_without_a_watermark_the_fingerprint_finds_it_and_says_how_near(shelf: Shelf) -> None:
    unmarked = encoded(np.fliplr(photo(21, 320)), "JPEG", quality=40)
    report = verify_bytes(unmarked, records=shelf)
    assert report.outcome is ReportOutcome.REGISTERED_MATCH
    assert report.recovered is not None
    assert report.recovered.by == "fingerprint"
    assert report.recovered.state == "valid"  # nobody is trusted here
    assert 0 <= (report.recovered.distance or 0) <= 31
    assert report.recovered.p_value is not None
    assert report.recovered.p_value < 1e-20
    assert report.ai_generated is None
    assert "recovered_valid" in rows(report)


def test_a_file_with_its_credential_needs_none(studio: Studio, marked: Marked, shelf: Shelf) -> None:
    assert verify_bytes(marked.data, anchors_pem=studio.anchors, records=shelf).recovered is None


def test_elsewhere_and_for_another_picture_nothing_is_found(marked: Marked, shelf: Shelf) -> None:
    assert verify_bytes(encoded(marked.pixels)).recovered is None
    assert verify_bytes(encoded(photo(22, 320)), records=shelf).recovered is None


def test_what_is_kept_as_the_original_is_checked_itself(studio: Studio, marked: Marked, shelf: Shelf) -> None:
    """A store that somebody tampered with gives nothing to rely on."""
    (known,) = shelf.released
    at = marked.data.index(
        b"compositeWith" if b"compositeWith" in marked.data else b"trainedAlgorithmic", 5000
    )
    damaged = bytearray(marked.data)
    damaged[at] ^= 1
    object.__setattr__(known, "released", bytes(damaged))
    report = verify_bytes(encoded(marked.pixels), anchors_pem=studio.anchors, records=shelf)
    assert report.recovered is not None
    assert report.recovered.state == "invalid"
    assert "recovered_broken" in rows(report)


def test_the_manifest_names_both_bindings_and_its_asset(marked: Marked) -> None:
    store = signature.store_of(marked.data)
    assert store is not None
    name = signature.manifest_id(store)
    assert name == credential.read(marked.data, "image/png").manifest_id
    assert name is not None
    assert binding.asset_of(name) == ASSET
    assert binding.WATERMARK.encode() in store
    assert binding.FINGERPRINT.encode() in store
    assert fingerprint(marked.pixels).hex().encode() in store
    assert binding.queried(binding.query(ASSET), binding.WATERMARK) == ASSET


@pytest.mark.parametrize(
    "value", ["", "%%%", binding.query("0123456789AB"), binding.query("012"), "//79/P38", "é"]
)
def test_a_value_that_no_mark_reads_is_none(value: str) -> None:
    assert binding.queried(value, binding.WATERMARK) is None
    assert binding.queried(binding.query("0" * 64), "com.example.other") is None


def test_chance_grows_with_distance_and_with_every_comparison() -> None:
    assert chance(0, 1) < chance(31, 1) < chance(80, 1) < chance(128, 1)
    assert chance(31, 1000) == pytest.approx(1000 * chance(31, 1))
    assert chance(31, 800_000) < 1e-25
    assert chance(128, 8) == 1


def test_a_part_is_a_part_and_another_picture_is_not() -> None:
    whole = photo(30, 240, 300)
    part = np.rot90(whole[40:200, 100:280])
    assert is_part(np.ascontiguousarray(part), whole)
    assert not is_part(photo(31, 160, 180), whole)
    assert not is_part(np.full((50, 50, 3), 90, np.uint8), whole)
    assert best_correlation(whole[:3, :], whole) == 0


def _by(report: Report) -> str:
    assert report.recovered is not None
    return report.recovered.by


def _is_of_the_original(report: Report, marked: Marked) -> None:
    found = report.recovered
    assert found is not None
    assert (found.asset, found.state, found.signer, found.ai_generated) == (
        ASSET,
        "trusted",
        "A studio",
        True,
    )
    assert Image.open(io.BytesIO(marked.data)).size == (320, 320)
