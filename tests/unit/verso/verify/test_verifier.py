"""The verification: every outcome for its reason, and no way from a changed file to a good answer."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from assets.pictures import png_bomb
from rectoverso.i18n import say
from rectoverso.types import AssetId, Maker, Origin, Pixels, Report, ReportOutcome
from rectoverso.verso.mark import credential, label, png, watermark
from rectoverso.verso.mark.order import Marked
from rectoverso.verso.screen.fingerprint import fingerprint
from rectoverso.verso.verify.bounded import verify_file
from rectoverso.verso.verify.verifier import verify_bytes
from unit.verso.conftest import ASSET, Studio, encoded, leant, photo
from unit.verso.verify.conftest import Shelf

OTHER = AssetId("fedcba987654")


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return photo(11, 96)


@pytest.fixture(scope="module")
def marked(studio: Studio, picture: Pixels) -> Marked:
    return studio.release(picture)


def rows(report: Report) -> set[str]:
    for row in report.evidence:
        assert say(row)
        assert say(row, "zh")
    return {row.key.removeprefix("verify.evidence.") for row in report.evidence}


# The outcomes


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
def test_a_released_file_is_trusted(media_type: str, studio: Studio, picture: Pixels) -> None:
    marked = studio.release(picture, media_type=media_type)
    report = verify_bytes(marked.data, name="a.png", anchors_pem=studio.anchors)
    assert report.outcome is ReportOutcome.TRUSTED
    assert (report.path, report.signer, report.ai_generated) == ("a.png", "A studio", True)
    assert report.watermark.found
    assert report.watermark.asset == ASSET
    assert report.watermark.p_value is not None
    assert report.watermark.p_value < 1e-6
    assert rows(report) == {"credential_trusted", "watermark_public", "label"}


def test_at_home_the_ledger_and_the_record_are_told_too(studio: Studio, marked: Marked, shelf: Shelf) -> None:
    report = verify_bytes(marked.data, anchors_pem=studio.anchors, records=shelf)
    assert report.outcome is ReportOutcome.TRUSTED
    assert (report.ledger.found, report.ledger.valid, report.ledger.trusted) == (True, True, True)
    assert (report.ledger.index, report.ledger.size, report.ledger.code) == (0, 9, "released")
    assert {"ledger_found", "near_asset"} <= rows(report)


def test_without_its_root_the_signer_is_unlisted(marked: Marked, stranger: Studio) -> None:
    for anchors in (None, stranger.anchors):
        report = verify_bytes(marked.data, anchors_pem=anchors)
        assert report.outcome is ReportOutcome.UNLISTED_SIGNER
        assert report.signer == "A studio"


@pytest.mark.parametrize(
    ("key", "outcome"),
    [(watermark.PUBLIC_KEY, ReportOutcome.WATERMARK_ONLY), (b"another", ReportOutcome.NOTHING_FOUND)],
)
def test_an_ingrained_mark_alone_is_a_watermark_and_nothing_more(key: bytes, outcome: ReportOutcome) -> None:
    report = verify_bytes(encoded(leant(photo(1, 64), 6, key)))
    assert report.outcome is outcome
    assert report.ingrained.found is (outcome is ReportOutcome.WATERMARK_ONLY)
    assert report.ingrained.found is ("ingrained_found" in rows(report))
    assert report.watermark.found is False  # it is no mark of ours that names an asset
    assert (report.watermark.asset, report.ai_generated, report.contradictions) == (None, None, ())


def test_an_ingrained_mark_does_not_help_a_file_that_was_changed(studio: Studio) -> None:
    data = studio.release(leant(photo(1, 64), 6)).data
    whole, changed = (verify_bytes(one, anchors_pem=studio.anchors) for one in (data, data + b"x"))
    assert whole.ingrained.found
    assert whole.outcome is ReportOutcome.TRUSTED
    assert changed.ingrained.found
    assert changed.outcome is ReportOutcome.CHANGED


def test_bytes_added_after_the_end_are_a_change(studio: Studio, marked: Marked, shelf: Shelf) -> None:
    report = verify_bytes(marked.data + b"x", anchors_pem=studio.anchors, records=shelf)
    assert report.outcome is ReportOutcome.CHANGED
    assert {"credential_invalid_signed", "container_damaged", "pixels_identical"} <= rows(report)


def test_one_changed_pixel_under_the_old_credential_is_a_change(
    studio: Studio, marked: Marked, shelf: Shelf
) -> None:
    """Every chunk kept, the pixels exchanged, all checksums right."""
    pixels = marked.pixels.copy()
    pixels[40, 40] = 255 - pixels[40, 40]
    data = [chunk for chunk in png.chunks(encoded(pixels)) if chunk[0] == b"IDAT"]
    kept = [chunk for chunk in png.chunks(marked.data) if chunk[0] != b"IDAT"]
    report = verify_bytes(png.join([*kept[:-1], *data, kept[-1]]), anchors_pem=studio.anchors, records=shelf)
    assert report.outcome is ReportOutcome.CHANGED
    assert "pixels_changed" in rows(report)
    assert report.ai_generated is True


def test_without_its_credential_the_watermark_still_speaks(marked: Marked, shelf: Shelf) -> None:
    stripped = encoded(marked.pixels)
    alone = verify_bytes(stripped)
    assert alone.outcome is ReportOutcome.WATERMARK_ONLY
    assert alone.watermark.asset == ASSET
    assert alone.ai_generated is None
    at_home = verify_bytes(stripped, records=shelf)
    assert at_home.outcome is ReportOutcome.WATERMARK_ONLY
    assert at_home.ai_generated is True
    assert at_home.ledger.found
    assert "pixels_identical" in rows(at_home)


def test_saved_again_as_jpeg_80_it_is_recognised(marked: Marked, shelf: Shelf) -> None:
    report = verify_bytes(encoded(marked.pixels, "JPEG", quality=80), records=shelf)
    assert report.outcome is ReportOutcome.WATERMARK_ONLY
    assert report.watermark.asset == ASSET
    assert "saved_again" in rows(report)


def test_a_small_pictures_shorter_mark_is_completed_by_the_home(studio: Studio) -> None:
    small, shelf = studio.release(photo(2, 32)), Shelf()
    shelf.put(ASSET, small)
    assert verify_bytes(encoded(small.pixels)).watermark.asset is None
    assert verify_bytes(encoded(small.pixels), records=shelf).watermark.asset == ASSET


def test_a_near_identical_copy_without_marks_is_a_match(picture: Pixels) -> None:
    shelf = Shelf(works={"The lighthouse": fingerprint(picture)})
    report = verify_bytes(encoded(picture, "JPEG", quality=70), records=shelf)
    assert report.outcome is ReportOutcome.REGISTERED_MATCH
    assert "near_work" in rows(report)


def test_a_released_picture_made_smaller_loses_its_mark_and_is_still_a_match(
    shelf: Shelf, marked: Marked
) -> None:
    smaller = Image.fromarray(marked.pixels).resize((70, 70), Image.Resampling.LANCZOS)
    report = verify_bytes(encoded(np.asarray(smaller)), records=shelf)
    assert report.outcome is ReportOutcome.REGISTERED_MATCH
    assert {"near_asset", "resized"} <= rows(report)
    assert report.ledger.found
    assert report.ai_generated is None


def test_an_unrelated_picture_has_nothing(shelf: Shelf) -> None:
    report = verify_bytes(encoded(photo(50, 120)), records=shelf)
    assert report.outcome is ReportOutcome.NOTHING_FOUND
    assert report.ai_generated is None
    assert report.signer is None
    assert not report.watermark.found


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not_a_picture"),
        (encoded(photo(1), "GIF"), "other_kind"),
        (encoded(photo(1), "TIFF")[:300], "damaged"),
        (encoded(photo(1), "AVIF")[:300], "damaged"),
        (b"<svg/>", "other_kind"),
        (encoded(photo(1))[:500], "damaged"),
        (encoded(photo(1), "JPEG")[:400], "damaged"),
        (encoded(photo(1), "WEBP")[:100], "damaged"),
    ],
)
def test_what_cannot_be_checked_is_answered_calmly(data: bytes, reason: str) -> None:
    report = verify_bytes(data)
    assert report.outcome is ReportOutcome.COULD_NOT_CHECK
    assert [row.key for row in report.evidence] == [f"verify.reason.{reason}"]
    assert report.opening.code == reason
    assert not any(layer.found for name, layer in report.layers.items() if name != "opening")


def test_more_than_one_frame_is_not_checked(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    frames = [Image.fromarray(photo(seed)) for seed in range(2)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert [row.key for row in verify_file(path).evidence] == ["verify.reason.animated"]


# Contradictions


def test_a_watermark_copied_to_another_picture_is_a_contradiction(shelf: Shelf) -> None:
    forged = watermark.embed(photo(77, 96), ASSET)
    report = verify_bytes(encoded(forged), records=shelf)
    assert report.outcome is ReportOutcome.CHANGED
    assert "contradiction_picture" in rows(report)
    assert report.ai_generated is None
    assert verify_bytes(encoded(forged)).outcome is ReportOutcome.WATERMARK_ONLY


def test_a_credential_that_names_another_asset_than_the_watermark_is_a_contradiction(
    studio: Studio, marked: Marked
) -> None:
    """A signed file whose picture already carried another asset's mark: only possible by going round the
    door.
    """
    facts = credential.ManifestFacts(
        OTHER, Origin.AI, Maker("m", "1"), datetime.now(UTC), "rectoverso", "0.1.0"
    )
    data = credential.sign(encoded(marked.pixels), "image/png", facts, studio.signer)
    report = verify_bytes(data, anchors_pem=studio.anchors)
    assert report.outcome is ReportOutcome.CHANGED
    assert "contradiction_asset" in rows(report)
    assert report.watermark.asset == ASSET
    assert report.ai_generated is None


def test_other_bytes_under_a_released_assets_credential_are_a_change(
    studio: Studio, picture: Pixels, shelf: Shelf
) -> None:
    """C2PA leaves padding uncovered; the record of the home does not."""
    again = studio.release(picture, media_type="image/webp")
    report = verify_bytes(again.data, anchors_pem=studio.anchors, records=shelf)
    assert report.outcome is ReportOutcome.CHANGED
    assert "contradiction_bytes" in rows(report)


def test_remains_of_a_credential_are_a_change(studio: Studio, marked: Marked) -> None:
    """The chunk that holds the credential renamed, its checksum made right: hidden, not gone."""
    chunks = [(b"caBx" if kind == b"caBX" else kind, body) for kind, body in png.chunks(marked.data)]
    report = verify_bytes(png.join(chunks), anchors_pem=studio.anchors)
    assert report.outcome is ReportOutcome.CHANGED
    assert "credential_unreadable" in rows(report)


# No way to a good answer


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
def test_no_single_changed_byte_of_a_released_file_goes_unseen(media_type: str, studio: Studio) -> None:
    """Every 127th, from another place in each kind of file; the next test takes all."""
    begin = list(label.MEDIA_TYPES).index(media_type)
    _no_byte_goes_unseen(_released(studio, media_type), studio, slice(begin, None, 127), [0x01, 0x80])


@pytest.mark.slow
@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
def test_no_single_changed_byte_at_all_goes_unseen(media_type: str, studio: Studio) -> None:
    _no_byte_goes_unseen(_released(studio, media_type), studio, slice(None), [0x01, 0x80, 0xFF])


def _no_byte_goes_unseen(data: bytes, studio: Studio, places: slice, masks: list[int]) -> None:
    assert verify_bytes(data, anchors_pem=studio.anchors).outcome is ReportOutcome.TRUSTED
    for at in range(len(data))[places]:
        for mask in masks:
            changed = bytearray(data)
            changed[at] ^= mask
            report = verify_bytes(bytes(changed), anchors_pem=studio.anchors)
            assert report.outcome in (ReportOutcome.CHANGED, ReportOutcome.COULD_NOT_CHECK), (at, mask)


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
def test_a_spoilt_name_of_the_manifest_hides_nothing(media_type: str, studio: Studio) -> None:
    data = _released(studio, media_type)
    start = data.index(b"jumdc2pa")
    for at in range(start, start + 8):
        changed = bytearray(data)
        changed[at] ^= 1
        report = verify_bytes(bytes(changed), anchors_pem=studio.anchors)
        # A PNG with a wrong checksum is not opened at all.
        unopened = ReportOutcome.COULD_NOT_CHECK if media_type == "image/png" else ReportOutcome.CHANGED
        assert report.outcome is unopened


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_files_never_raise_and_are_never_trusted(data: st.DataObject, studio: Studio) -> None:
    for media_type in label.MEDIA_TYPES:
        original = _released(studio, media_type)
        at = data.draw(st.integers(0, len(original) - 1))
        length = data.draw(st.integers(0, 40))
        put = data.draw(st.binary(max_size=40))
        mutated = original[:at] + put + original[at + length :]
        report = verify_bytes(mutated, anchors_pem=studio.anchors)
        if mutated != original:
            assert report.outcome is not ReportOutcome.TRUSTED


_FILES: dict[str, bytes] = {}


def _released(studio: Studio, media_type: str) -> bytes:
    if media_type not in _FILES:
        _FILES[media_type] = studio.release(photo(4, 16), media_type=media_type).data
    return _FILES[media_type]


_LIMITED = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))
begin = time.process_time()
from pathlib import Path
from rectoverso.verso.verify.verifier import verify_bytes
report = verify_bytes(Path(sys.argv[1]).read_bytes())
took = time.process_time() - begin
# Not ru_maxrss, which begins at the size of the process that started this one.
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
print(report.outcome, report.evidence[0].key, took, peak, "torch" in sys.modules, "c2pa" in sys.modules)
"""


@pytest.mark.parametrize(("name", "reason"), [("empty", "empty"), ("bomb", "too_many_pixels")])
def test_an_empty_file_and_a_bomb_cost_next_to_nothing(name: str, reason: str, tmp_path: Path) -> None:
    """Each in a process of its own, with 500 MB of address space, imports counted."""
    path = tmp_path / f"{name}.png"
    path.write_bytes(b"" if name == "empty" else png_bomb())
    command = [sys.executable, "-c", _LIMITED, str(path)]
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=20, env={"OPENBLAS_NUM_THREADS": "1"}
    )
    outcome, key, took, peak, has_torch, has_c2pa = result.stdout.split()
    assert (outcome, key) == ("could_not_check", f"verify.reason.{reason}")
    assert float(took) < 1
    assert float(peak) < 200
    assert (has_torch, has_c2pa) == ("False", "False")


def test_a_label_that_is_a_bomb_is_passed_over() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"ha" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]><x>&b;</x>'
    data = label.write(photo(1), bomb, "image/png")
    report = verify_bytes(data)
    assert report.outcome is ReportOutcome.NOTHING_FOUND
    assert "label" not in rows(report)


def test_a_missing_file_is_an_answer(tmp_path: Path) -> None:
    report = verify_file(tmp_path / "missing.png")
    assert report.outcome is ReportOutcome.COULD_NOT_CHECK
    assert report.path.endswith("missing.png")


def test_grey_and_transparent_pictures_are_verified(studio: Studio) -> None:
    for channels in (1, 4):
        data = studio.release(photo(6, 64, channels=channels)).data
        assert verify_bytes(data, anchors_pem=studio.anchors).outcome is ReportOutcome.TRUSTED
