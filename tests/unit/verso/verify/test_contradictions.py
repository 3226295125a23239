"""Every pair of layers that can disagree, each shown by a file that somebody really could make."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rectoverso.i18n import say
from rectoverso.types import AssetId, LedgerReading, Maker, Message, Origin, Report, ReportOutcome
from rectoverso.verso.mark import credential, label, watermark
from rectoverso.verso.mark.credential import ManifestFacts
from rectoverso.verso.mark.order import Marked
from rectoverso.verso.screen.fingerprint import fingerprint
from rectoverso.verso.verify.contradictions import Witness, contradictions
from rectoverso.verso.verify.verifier import verify_bytes
from unit.verso.conftest import ASSET, MAKER, Studio, encoded, photo
from unit.verso.verify.conftest import Shelf
from unit.verso.verify.test_verifier import OTHER, rows

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def marked(studio: Studio) -> Marked:
    return studio.release(photo(11, 96))


def labelled(
    marked: Marked, *, origin: Origin = Origin.AI, asset: AssetId = ASSET, block: str | None = None
) -> bytes:
    """The picture with a label of one's own, unsigned."""
    told = replace(label.label_for(origin, MAKER, asset, NOW, "a tool"), aigc=block)
    return label.write(marked.pixels, label.xmp_packet(told), "image/png", told.aigc)


def signed(studio: Studio, data: bytes, *, origin: Origin = Origin.AI, asset: AssetId = ASSET) -> bytes:
    """Signed by the studio's own key, round the door."""
    facts = ManifestFacts(asset, origin, Maker("m", "1"), NOW, "rectoverso", "0.1.0")
    return credential.sign(data, "image/png", facts, studio.signer)


def contradiction(report: Report) -> tuple[str, list[str]]:
    """The one row that tells of a contradiction, and the layers that it names."""
    (row,) = (row for row in report.evidence if ".contradiction_" in row.key)
    assert report.outcome is ReportOutcome.CHANGED
    assert report.ai_generated is None
    named = [
        fact.key.removeprefix("verify.witness.") for fact in row.facts.values() if isinstance(fact, Message)
    ]
    assert say(row).startswith("Contradiction: ")
    assert say(row, "zh").startswith("矛盾：")
    return row.key.removeprefix("verify.evidence.contradiction_"), named


def test_no_layer_of_a_released_file_contradicts_another(
    studio: Studio, marked: Marked, shelf: Shelf
) -> None:
    report = verify_bytes(marked.data, anchors_pem=studio.anchors, records=shelf)
    assert report.outcome is ReportOutcome.TRUSTED
    assert not {row for row in rows(report) if row.startswith("contradiction")}


def test_asset_of_credential_and_watermark(studio: Studio, marked: Marked) -> None:
    report = verify_bytes(
        signed(studio, labelled(marked, asset=OTHER), asset=OTHER), anchors_pem=studio.anchors
    )
    told = [row for row in report.evidence if row.key.endswith("contradiction_asset")]
    assert report.outcome is ReportOutcome.CHANGED
    assert [(row.facts["says"], row.facts["but"]) for row in told] == [(OTHER, ASSET), (ASSET, OTHER)]


def test_asset_of_credential_and_label(studio: Studio) -> None:
    plain = Marked(b"", "image/png", photo(3, 96))
    report = verify_bytes(signed(studio, labelled(plain, asset=OTHER)), anchors_pem=studio.anchors)
    assert contradiction(report) == ("asset", ["credential", "label"])


def test_asset_of_watermark_and_label(marked: Marked) -> None:
    assert contradiction(verify_bytes(labelled(marked, asset=OTHER))) == ("asset", ["watermark", "label"])


def test_a_small_pictures_mark_and_the_label_of_its_own_asset_agree(studio: Studio) -> None:
    small = studio.release(photo(2, 32))
    assert verify_bytes(labelled(small)).outcome is ReportOutcome.WATERMARK_ONLY
    assert contradiction(verify_bytes(labelled(small, asset=OTHER)))[0] == "asset"


def test_maker_of_credential_and_label(studio: Studio, marked: Marked) -> None:
    data = signed(studio, labelled(marked, origin=Origin.CAPTURED))
    report = verify_bytes(data, anchors_pem=studio.anchors)
    assert contradiction(report) == ("maker", ["credential", "label"])


@pytest.mark.parametrize(("said", "origin"), [("0", Origin.AI), ("1", Origin.CAPTURED)])
def test_maker_of_credential_and_chinas_block(
    said: str, origin: Origin, studio: Studio, marked: Marked
) -> None:
    block = json.dumps({"Label": said, "ContentProducer": "x", "ProduceID": "1"})
    data = signed(studio, labelled(marked, origin=origin, block=block), origin=origin)
    report = verify_bytes(data, anchors_pem=studio.anchors)
    layers = {name for row in report.evidence for name in _layers(row)}
    assert report.outcome is ReportOutcome.CHANGED
    assert {"credential", "aigc"} <= layers


def test_maker_of_label_and_record(marked: Marked, shelf: Shelf) -> None:
    """The commonest lie: the proof stripped, and `taken by a camera` written in its place."""
    report = verify_bytes(labelled(marked, origin=Origin.CAPTURED), records=shelf)
    assert contradiction(report) == ("maker", ["record", "label"])
    assert verify_bytes(labelled(marked, origin=Origin.CAPTURED)).outcome is ReportOutcome.WATERMARK_ONLY


def test_maker_of_a_strangers_credential_and_record(
    studio: Studio, stranger: Studio, marked: Marked, shelf: Shelf
) -> None:
    """C2PA's second use case: the credential replaced by one's own, the watermark left."""
    data = signed(stranger, encoded(marked.pixels), origin=Origin.CAPTURED)
    anchors = studio.anchors + stranger.anchors  # even somebody who is trusted
    report = verify_bytes(data, anchors_pem=anchors, records=shelf)
    told = {row.key.removeprefix("verify.evidence.") for row in report.evidence}
    assert report.outcome is ReportOutcome.CHANGED
    assert {"contradiction_maker", "contradiction_bytes"} <= told


def test_picture_of_watermark_and_fingerprint(studio: Studio) -> None:
    """What the mark changed in one picture, added to another one that this home released as well."""
    shelf, before, unmarked = Shelf(), photo(11, 320), photo(12, 320)
    source = studio.release(before)
    shelf.put(ASSET, source)
    shelf.put(OTHER, studio.release(unmarked, asset=OTHER))
    forged = (unmarked.astype(int) + source.pixels - before).clip(0, 255).astype("uint8")
    report = verify_bytes(encoded(forged), records=shelf)
    assert report.watermark.asset == ASSET
    assert contradiction(report)[0] == "picture_asset"
    row = next(row for row in report.evidence if ".contradiction_" in row.key)
    assert row.facts == {"asset": ASSET, "name": OTHER}
    assert report.recovered is not None
    assert (report.recovered.asset, report.recovered.by) == (OTHER, "fingerprint")


def test_picture_of_watermark_and_a_registered_work(shelf: Shelf) -> None:
    shelf.works["The lighthouse"] = fingerprint(photo(77, 96))
    report = verify_bytes(encoded(watermark.embed(photo(77, 96), ASSET)), records=shelf)
    assert contradiction(report)[0] == "picture_work"
    assert report.recovered is None


def test_bytes_of_credential_and_record(studio: Studio, shelf: Shelf) -> None:
    again = studio.release(photo(11, 96), media_type="image/webp")
    report = verify_bytes(again.data, anchors_pem=studio.anchors, records=shelf)
    assert report.outcome is ReportOutcome.CHANGED
    assert "contradiction_bytes" in rows(report)


def test_time_of_credential_and_ledger(studio: Studio, marked: Marked, shelf: Shelf) -> None:
    """The record says that the release was taken in a day before the picture was made."""
    made = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # the studio's clock
    (known,) = shelf.released
    for recorded, outcome in (
        (made - timedelta(days=1), "changed"),
        (made + timedelta(seconds=3), "trusted"),
    ):
        reading = LedgerReading(found=True, index=0, size=9, event="released", at=recorded.isoformat())
        shelf.released = [replace(known, ledger=reading)]
        report = verify_bytes(marked.data, anchors_pem=studio.anchors, records=shelf)
        assert report.outcome.value == outcome
        assert ("contradiction_time" in rows(report)) is (outcome == "changed")


@pytest.mark.parametrize(
    ("stamp", "ledger", "names"),
    [
        ("2026-11-23T11:00:00Z", None, ["credential", "time_stamp"]),
        ("2026-11-23T13:00:00Z", "2026-11-23T12:05:00Z", ["time_stamp", "ledger"]),
        ("2026-11-23T12:09:00+00:00", "2026-11-23T12:01:00.123Z", []),
        ("not a time", "2026-11-23T12:01:00", []),
    ],
)
def test_times_come_in_their_order_give_or_take_ten_minutes(
    stamp: str, ledger: str | None, names: list[str]
) -> None:
    told = contradictions(
        [
            Witness("credential", time="2026-11-23T12:00:00Z"),
            Witness("time_stamp", time=stamp),
            Witness("ledger", time=ledger),
        ]
    )
    assert [name for row in told for name in _layers(row)] == names


def _layers(row: Message) -> list[str]:
    return [
        fact.key.removeprefix("verify.witness.") for fact in row.facts.values() if isinstance(fact, Message)
    ]
