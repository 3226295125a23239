"""Each step says found, valid, trusted: what of it is true of which file, and what it proves and does not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hostile import good_proof
from ledgers import RING
from rectoverso.i18n import say
from rectoverso.types import LAYERS, AssetId, Layer, Pixels, Report, ReportOutcome
from rectoverso.verso.mark import watermark
from rectoverso.verso.mark.order import Marked
from rectoverso.verso.mark.watermark import Match
from rectoverso.verso.verify.layers import does_not_prove, proves, state
from rectoverso.verso.verify.records import NoRecords
from rectoverso.verso.verify.render import render
from rectoverso.verso.verify.verifier import verify_bytes
from rectoverso.workflow.verify import plain
from unit.verso.conftest import ASSET, Studio, encoded, photo
from unit.verso.verify.conftest import Shelf


@pytest.fixture(scope="module")
def marked(studio: Studio) -> Marked:
    return studio.release(photo(11, 96))


def states(report: Report) -> list[str]:
    return [state(layer) for layer in report.layers.values()]


def test_a_trusted_file_at_home(studio: Studio, marked: Marked, shelf: Shelf) -> None:
    report = verify_bytes(marked.data, anchors_pem=studio.anchors, records=shelf)
    assert states(report) == ["held", "trusted", "unlisted", "held", "trusted", "trusted"]
    assert report.watermark.valid is True
    assert report.fingerprint.valid is True
    assert report.credential.code == "signingCredential.trusted"
    assert report.fingerprint.p_value is not None
    assert report.fingerprint.p_value < 1e-30


def test_the_same_file_elsewhere(marked: Marked) -> None:
    report = verify_bytes(marked.data)
    assert states(report) == ["held", "unlisted", "unlisted", "unasked", "unasked", "unlisted"]
    assert report.watermark.valid is None
    assert report.credential.code == "signingCredential.untrusted"


def test_one_byte_changed(studio: Studio, marked: Marked) -> None:
    report = verify_bytes(marked.data + b"x", anchors_pem=studio.anchors)
    assert states(report)[:2] == ["broken", "broken"]
    assert report.credential.trusted is True
    assert "assertion.dataHash.mismatch" in str(report.credential.code)
    assert report.label.trusted is False


def test_stripped_and_saved_again(marked: Marked, shelf: Shelf) -> None:
    report = verify_bytes(encoded(marked.pixels, "JPEG", quality=85), records=shelf)
    assert report.outcome is ReportOutcome.WATERMARK_ONLY
    assert states(report) == ["held", "absent", "unlisted", "broken", "broken", "absent"]
    assert report.watermark.valid is True
    assert report.ledger.code == "other_bytes"


def test_a_copied_watermark_is_not_valid(shelf: Shelf) -> None:
    report = verify_bytes(encoded(watermark.embed(photo(77, 96), ASSET)), records=shelf)
    assert state(report.watermark) == "broken"
    assert report.watermark.found is True


def test_a_home_that_has_taken_the_release_back(studio: Studio, marked: Marked, shelf: Shelf) -> None:
    from dataclasses import replace

    shelf.released[0] = replace(shelf.released[0], ledger=replace(shelf.released[0].ledger, revoked=7))
    report = verify_bytes(marked.data, anchors_pem=studio.anchors, records=shelf)
    assert (state(report.ledger), report.ledger.code) == ("broken", "revoked")


def test_what_the_home_knows_of_a_look_alike_says_nothing_of_this_file(
    studio: Studio, marked: Marked
) -> None:
    from dataclasses import replace

    home = Shelf()
    home.put(AssetId("b" * 12), replace(marked, data=marked.data + b"y"))
    older = replace(home.released[0].ledger, at="2020-01-01T00:00:00Z", revoked=7)
    home.released[0] = replace(home.released[0], ledger=older)
    report = verify_bytes(marked.data, anchors_pem=studio.anchors, records=home)
    assert (report.outcome, report.contradictions) == (ReportOutcome.TRUSTED, ())
    assert state(report.ledger) == "unasked"


def test_the_private_mark_is_the_homes_own() -> None:
    class Home(NoRecords):
        def recognised(self, picture: Pixels) -> Match:
            assert picture.shape == (96, 96, 3)
            return Match(ASSET, 1e-30)

    report = verify_bytes(encoded(photo(2, 96)), records=Home())
    assert (state(report.watermark), report.watermark.code) == ("trusted", "private")


def test_an_unmarked_picture(shelf: Shelf) -> None:
    report = verify_bytes(encoded(photo(50, 96)), records=shelf)
    assert states(report) == ["held", "absent", "absent", "absent", "unasked", "absent"]


def test_what_is_too_small_or_too_plain_was_not_asked(shelf: Shelf) -> None:
    assert verify_bytes(encoded(photo(1, 12))).watermark.code == "too_small"
    plain_one = verify_bytes(encoded(np.full((64, 64, 3), 200, np.uint8)), records=shelf)
    assert (plain_one.fingerprint.found, plain_one.fingerprint.code) == (None, "too_plain")


@pytest.mark.parametrize("laws", ["cn", "us-ca"])
def test_the_label_is_held_against_the_laws_that_it_names(laws: str, marked: Marked) -> None:
    from rectoverso.verso.mark.label import Label, write, xmp_packet

    data = write(
        marked.pixels, xmp_packet(Label(laws=laws, source_type="trainedAlgorithmicMedia")), "image/png"
    )
    report = verify_bytes(data)
    assert (report.laws, report.label.code, report.label.valid) == ((laws,), laws, False)
    assert any(row.key == "verify.evidence.law_missing" and row.facts["missing"] for row in report.evidence)


def test_a_label_that_only_names_its_laws_is_held_against_them(marked: Marked) -> None:
    from rectoverso.verso.mark.label import Label, write, xmp_packet

    report = verify_bytes(write(marked.pixels, xmp_packet(Label(laws="cn us-ca")), "image/png"))
    assert (report.laws, report.label.found, report.label.valid) == (("cn", "us-ca"), True, False)


def test_a_proof_of_another_ledger_or_file(marked: Marked) -> None:
    foreign = verify_bytes(marked.data, proof=good_proof()).ledger
    assert (foreign.found, foreign.trusted, foreign.code) == (None, False, "unknown_ledger")
    bytes_ = verify_bytes(marked.data, proof=good_proof(), ledgers=[RING]).ledger
    assert (bytes_.found, bytes_.valid, bytes_.code) == (True, False, "other_bytes")
    other = verify_bytes(encoded(photo(1)), proof=good_proof(), ledgers=[RING]).ledger
    assert (other.found, other.valid, other.code) == (False, False, "other_file")


def test_whatever_a_step_says_has_its_sentences() -> None:
    """A value that no step gives has none, and is not drawn; every one that some step gives is."""
    yes_no = (True, False, None)
    for name, found, valid, trusted in product(LAYERS, yes_no, yes_no, yes_no):
        layer = Layer(found=found, valid=valid, trusted=trusted)
        if (name, state(layer)) in NEVER:
            continue
        for language in ("en", "zh"):
            assert say(does_not_prove(name, layer), language)
            if (proved := proves(name, layer)) is not None:
                assert say(proved, language)
        assert (proves(name, layer) is not None) == (
            state(layer) not in ("unasked", "absent") and (name, state(layer)) != ("label", "unlisted")
        )


NEVER = {
    *(("opening", word) for word in ("trusted", "unlisted")),
    ("credential", "held"),
    ("watermark", "held"),
    *(("fingerprint", word) for word in ("trusted", "unlisted")),
    *(("ledger", word) for word in ("held", "unlisted")),
    ("label", "held"),
}


def test_it_is_printed_and_in_the_json(studio: Studio, marked: Marked, shelf: Shelf) -> None:
    report = verify_bytes(marked.data, anchors_pem=studio.anchors, records=shelf)
    for language in ("en", "zh"):
        rows = plain(report, language)
        text = "".join(render(report, language).split())
        for name in LAYERS:
            said = rows[name]
            assert {"found", "valid", "trusted", "p_value", "code", "proves", "does_not_prove"} <= set(said)
            for part in ("proves", "does_not_prove"):
                assert said[part] is None or "".join(said[part].split()) in text
    assert rows["evidence"][0]["layer"] == "credential"
    assert rows["watermark"]["asset"] == ASSET
