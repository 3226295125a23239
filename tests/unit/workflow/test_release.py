"""The one door: what it promises about every draft."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from authority import Authority, authority
from doors import Says, draft_of, through
from rectoverso.errors import HomeBusy, LedgerBroken, OutNotWritable
from rectoverso.i18n import explain
from rectoverso.store.vault import Cipher
from rectoverso.store.works import Work
from rectoverso.types import AssetId, Decision, Draft, Finding, Maker, Outcome, ReportOutcome
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.verso.mark.credential import CredentialSigner
from rectoverso.verso.mark.label import MEDIA_TYPES, SUFFIXES
from rectoverso.verso.mark.signature import local
from rectoverso.verso.picture import sniff, to_png
from rectoverso.verso.verify.bounded import verify_file
from rectoverso.workflow import digests
from rectoverso.workflow.delivery import file_name
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import check_ledger, open_ledger
from rectoverso.workflow.registry import add_works
from rectoverso.workflow.release import Door, release


def _raise() -> None:
    raise RuntimeError("this check is broken")


def test_the_credential_says_of_peoples_part_what_the_draft_does_and_no_more(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    drafts = [draft_of("silent"), replace(draft_of("alone"), oversight="fully_autonomous")]
    files = [passage.path for passage in through(door(), tmp_path / "out", drafts)]
    stated = [b"humanOversightLevel" in path.read_bytes() for path in files if path]
    assert stated == [False, True]
    assert files[1] is not None
    assert b"fully_autonomous" in files[1].read_bytes()


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    (tmp_path / "tsa").mkdir()
    with authority(tmp_path / "tsa") as found:
        yield found


def test_nothing_leaves_without_the_stamp_that_was_asked_for(
    door: Callable[..., Door], tmp_path: Path, tsa: Authority
) -> None:
    """Held with the reason while the authority is silent; the same request again is decided again."""
    home = door().home
    home.time_stamp_authority = "http://127.0.0.1:9/"
    (held,) = through(door(), tmp_path / "out")
    assert held.asset.decision is Decision.HOLD
    assert "mark.time_stamp_failed" in {reason["key"] for reason in held.asset.reasons}
    home.time_stamp_authority = tsa.url
    (released,) = through(door(), tmp_path / "out")
    assert released.path is not None
    anchors = (door().keys.ca_certificate + tsa.root).decode()
    report = verify_file(released.path, anchors_pem=anchors)
    assert report.outcome is ReportOutcome.TRUSTED
    assert "verify.evidence.time_stamp" in {row.key for row in report.evidence}
    (again,) = through(door(), tmp_path / "out")
    assert again.repeated
    assert tsa.asked == 1
    home.time_stamp_authority = ""
    assert home.time_stamp_authority == ""


def test_a_key_service_can_sign_for_a_home(door: Callable[..., Door], tmp_path: Path) -> None:
    asked: list[bytes] = []
    keys = door().keys

    def service(digest: bytes) -> bytes:
        asked.append(digest)
        return local(keys.signers[-1].key or b"")(digest)

    signer = CredentialSigner(keys.signers[-1].chain, service, keys.ca_certificate)
    (passage,) = through(replace(door(), signer=signer), tmp_path / "out")
    assert passage.path is not None
    report = verify_file(passage.path, anchors_pem=keys.ca_certificate.decode())
    assert report.outcome is ReportOutcome.TRUSTED
    assert len(asked) == 1


def test_a_key_service_that_fails_holds_the_image(door: Callable[..., Door], tmp_path: Path) -> None:
    keys = door().keys

    def service(_digest: bytes) -> bytes:
        raise ConnectionError("the service is away")

    signer = CredentialSigner(keys.signers[-1].chain, service, keys.ca_certificate)
    (passage,) = through(replace(door(), signer=signer), tmp_path / "out")
    assert passage.asset.decision is Decision.HOLD
    assert passage.path is None


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_door_can_let_out_files_of_one_kind(
    door: Callable[..., Door], tmp_path: Path, media_type: str
) -> None:
    (first,) = through(door(), tmp_path / "out")
    (passage,) = through(replace(door(), media_type=media_type), tmp_path / "out")
    assert passage.path is not None
    assert (sniff(passage.path.read_bytes()), passage.path.suffix) == (media_type, SUFFIXES[media_type])
    assert passage.asset.id != first.asset.id
    report = verify_file(passage.path, anchors_pem=door().keys.ca_certificate.decode())
    assert report.outcome is ReportOutcome.TRUSTED
    assert report.watermark.found


def test_a_good_draft_is_released_logged_and_read_only(door: Callable[..., Door], tmp_path: Path) -> None:
    (passage,) = through(door(), tmp_path / "out")
    assert passage.asset.decision is Decision.RELEASE
    assert passage.path is not None
    assert digests.of_bytes(passage.path.read_bytes()) == passage.asset.file_digest
    assert passage.path.stat().st_mode & 0o222 == 0
    assert check_ledger(tmp_path / "home").counts["released"] == 1


@pytest.mark.parametrize(
    ("outcome", "decision"), [(Outcome.REVIEW, Decision.HOLD), (Outcome.BLOCK, Decision.REFUSE)]
)
def test_a_finding_stops_a_draft_and_says_why(
    door: Callable[..., Door], tmp_path: Path, outcome: Outcome, decision: Decision
) -> None:
    (passage,) = through(door(Says(outcome)), tmp_path / "out")
    assert passage.asset.decision is decision
    assert passage.asset.reasons
    assert passage.path is None
    assert not (tmp_path / "out").exists()


def test_a_held_draft_is_kept_encrypted_and_a_refused_one_not_at_all(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    (held,) = through(door(Says(Outcome.REVIEW)), tmp_path / "out")
    (refused,) = through(door(Says(Outcome.BLOCK)), tmp_path / "out", [draft_of("other")])
    home = door().home
    assert home.blobs.get(held.asset.id).startswith(b"\x89PNG")
    assert not refused.asset.has_picture
    assert list(home.blobs.all()) == [held.asset.id]
    for file in (tmp_path / "home").rglob("*"):
        assert not file.is_file() or b"\x89PNG" not in file.read_bytes()


def test_a_check_that_crashes_holds_the_image(door: Callable[..., Door], tmp_path: Path) -> None:
    (passage,) = through(door(Says(misbehave=_raise)), tmp_path / "out")
    assert passage.asset.decision is Decision.HOLD


def test_a_check_that_does_not_answer_holds_the_image(door: Callable[..., Door], tmp_path: Path) -> None:
    slow = Says(misbehave=lambda: time.sleep(2))
    (passage,) = through(door(slow, timeout_s=0.1), tmp_path / "out")
    assert passage.asset.decision is Decision.HOLD


def test_a_required_check_that_was_not_made_holds_the_image(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    (passage,) = through(door(Says(name="something-else")), tmp_path / "out")
    assert passage.asset.decision is Decision.HOLD


def test_an_image_that_cannot_be_marked_is_held_not_released_bare(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    (passage,) = through(door(), tmp_path / "out", [draft_of(side=8)])
    assert passage.asset.decision is Decision.HOLD
    assert [reason["key"] for reason in passage.asset.reasons[-2:]] == [
        "release.mark_failed",
        "mark.watermark_too_small",
    ]


def test_the_same_request_is_decided_once_and_delivered_again(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    (first,) = through(door(), tmp_path / "out")
    (second,) = through(door(), tmp_path / "elsewhere")
    assert second.repeated
    assert second.asset == first.asset
    assert second.path is not None
    assert first.path is not None
    assert second.path.read_bytes() == first.path.read_bytes()
    assert check_ledger(tmp_path / "home").counts["released"] == 1


def test_another_policy_is_another_request(door: Callable[..., Door], tmp_path: Path) -> None:
    (general,) = through(door(), tmp_path / "out")
    (medical,) = through(door(use="medical"), tmp_path / "out")
    assert general.asset.decision is Decision.RELEASE
    assert medical.asset.decision is Decision.HOLD


def test_a_file_altered_after_delivery_is_put_right_by_the_next_pass(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    (passage,) = through(door(), tmp_path / "out")
    assert passage.path is not None
    passage.path.chmod(0o644)
    passage.path.write_bytes(b"altered")
    (again,) = through(door(), tmp_path / "out")
    assert digests.of_bytes(passage.path.read_bytes()) == again.asset.file_digest


def test_only_one_process_is_at_the_door(door: Callable[..., Door]) -> None:
    first, second = door(), door()
    with first.home.lock(), pytest.raises(HomeBusy), second.home.lock(wait_s=0.1):
        pass


def test_orphans_of_a_killed_pass_are_swept(door: Callable[..., Door], tmp_path: Path) -> None:
    orphan = AssetId("0123456789ab")
    door().home.blobs.put(orphan, b"left by a killed process", Cipher(bytes(32)))
    through(door(), tmp_path / "out")
    assert orphan not in door().home.blobs.all()


def test_a_process_sweeps_once_and_again_where_it_could_not_record(
    door: Callable[..., Door], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To sweep is to look at every stored picture."""
    orphan, blobs = AssetId("0123456789ab"), door().home.blobs
    through(door(), tmp_path / "out")
    blobs.put(orphan, b"left by another process", Cipher(bytes(32)))
    through(door(), tmp_path / "out", [draft_of("two")])
    assert orphan in blobs.all()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", lambda *_: _raise())
        with pytest.raises(RuntimeError):
            through(door(), tmp_path / "out", [draft_of("three")])
    assert len(list(blobs.all())) == 4
    through(door(), tmp_path / "out", [draft_of("two")])
    assert len(list(blobs.all())) == 2
    blobs.put(orphan, b"left by another process", Cipher(bytes(32)))
    monkeypatch.setattr("rectoverso.workflow.orphans._EVERY_S", -1)
    through(door(), tmp_path / "out", [draft_of("two")])
    assert orphan not in blobs.all()


def test_the_ledger_says_nothing_private(door: Callable[..., Door], tmp_path: Path) -> None:
    secret = Draft(
        draft_of().pixels,
        digests.of_facts(x=1),
        Maker("m", "1"),
        seed=None,
        source="/home/anna/secret-client.png",
    )
    through(door(), tmp_path / "out", [secret])
    home = door().home
    ledger = open_ledger(home, open_keys(home))
    assert ledger.entry(ledger.size() - 1)["kind"] == "released"
    assert all(b"secret-client" not in ledger.entry_bytes(index) for index in range(ledger.size()))


def test_a_hold_by_accident_is_decided_again_when_asked_again(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    (accident,) = through(door(Says(misbehave=_raise)), tmp_path / "out")
    (after,) = through(door(), tmp_path / "out")
    (again,) = through(door(), tmp_path / "out")
    assert accident.asset.decision is Decision.HOLD
    assert after.asset.decision is Decision.RELEASE
    assert again.asset == after.asset


def test_a_hold_for_a_reason_stays_a_hold(door: Callable[..., Door], tmp_path: Path) -> None:
    (held,) = through(door(Says(Outcome.REVIEW)), tmp_path / "out")
    (again,) = through(door(), tmp_path / "out")
    assert again.repeated
    assert again.asset == held.asset


def test_works_are_read_while_the_door_is_kept_and_not_before(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    """A work registered after the door was set up is compared with all the same."""
    seen: list[int] = []
    slow = door()

    def checks(works: Sequence[Work]) -> list[Says]:
        seen.append(len(works))
        return [Says()]

    passages = release([draft_of()], replace(slow, checks=checks), tmp_path / "out")
    picture = tmp_path / "work.png"
    picture.write_bytes(to_png(draft_of().pixels))
    add_works([picture], tmp_path / "home")
    list(passages)
    assert seen == [1]


def test_a_place_that_cannot_be_written_is_told_before_anything_is_decided(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    with pytest.raises(OutNotWritable):
        through(door(), tmp_path / "out")
    assert not door().home.assets.all()


def test_where_nothing_leaves_no_folder_remains(door: Callable[..., Door], tmp_path: Path) -> None:
    through(door(Says(Outcome.REVIEW)), tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()
    (tmp_path / "old").mkdir()
    through(door(Says(Outcome.REVIEW)), tmp_path / "old" / "out")
    assert (tmp_path / "old").exists()
    assert not (tmp_path / "old" / "out").exists()


def test_a_long_name_is_cut_to_what_file_systems_take(door: Callable[..., Door], tmp_path: Path) -> None:
    draft = replace(draft_of(), seed=None, source="图" * 120 + ".png")
    (passage,) = through(door(), tmp_path / "out", [draft])
    assert passage.path is not None
    assert passage.path.exists()


def test_a_name_that_is_no_text_still_names_the_file() -> None:
    """It did stop the whole batch."""
    draft = replace(draft_of(), source="caf\udce9.png")
    assert file_name(draft, AssetId("a1b2c3d4e5f6"), None) == "caf\\udce9-a1b2c3d4e5f6.png"


@pytest.mark.parametrize("lie", ["decision = 'release'", "decision = 'release', file_digest = pixels_digest"])
def test_a_held_draft_does_not_leave_because_its_row_says_so(
    door: Callable[..., Door], tmp_path: Path, lie: str
) -> None:
    at_door, out = door(Says(Outcome.REVIEW)), tmp_path / "out"
    through(at_door, out)
    with at_door.home.database.transaction() as tx:
        tx.connection.exec_driver_sql(f"UPDATE assets SET {lie}")
    with pytest.raises(LedgerBroken, match="does not say so") as told:
        through(at_door, out)
    assert "does not" not in explain(told.value, "zh")
    assert not out.exists()


def test_a_released_row_gives_out_no_other_picture(door: Callable[..., Door], tmp_path: Path) -> None:
    at_door, out = door(), tmp_path / "out"
    (passage,) = through(at_door, out)
    assert passage.path is not None
    passage.path.unlink()
    other = digests.of_bytes(b"another picture")
    with at_door.home.database.transaction() as tx:
        key = at_door.home.data_keys.of(tx, f"assets/{passage.asset.id}")
        at_door.home.blobs.put(passage.asset.id, b"another picture", key)
        tx.connection.exec_driver_sql("UPDATE assets SET file_digest = ?", (other,))
    with pytest.raises(LedgerBroken):
        through(at_door, out)
    assert not passage.path.exists()


@pytest.mark.parametrize(
    "name", ["../elsewhere.png", "../elsewhere-{id}.png", "{out}/../elsewhere-{id}.png", "other.png"]
)
def test_a_row_does_not_choose_where_a_file_goes(
    door: Callable[..., Door], tmp_path: Path, name: str
) -> None:
    at_door, out = door(), tmp_path / "out"
    (passage,) = through(at_door, out)
    before = {path.name for path in tmp_path.iterdir()}, {path.name for path in out.iterdir()}
    asked = name.format(id=passage.asset.id, out=out)
    with at_door.home.database.transaction() as tx:
        key = at_door.home.data_keys.raw(tx, f"assets/{passage.asset.id}")
        at_door.home.assets.change(tx, replace(passage.asset, file_name=asked), key)
    with pytest.raises(LedgerBroken):
        through(at_door, out)
    assert before == ({path.name for path in tmp_path.iterdir()}, {path.name for path in out.iterdir()})


def test_a_row_does_not_pass_another_file_off_as_the_released_one(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    at_door, out = door(), tmp_path / "out"
    (passage,) = through(at_door, out)
    assert passage.path is not None
    passage.path.unlink()
    passage.path.write_bytes(b"another picture")
    with at_door.home.database.transaction() as tx:
        other = digests.of_bytes(b"another picture")
        tx.connection.exec_driver_sql("UPDATE assets SET file_digest = ?", (other,))
    with pytest.raises(LedgerBroken):
        through(at_door, out)


@dataclass(frozen=True)
class Slow(Says):
    """Answers at once when it was loaded, and else too late."""

    loaded: list[bool] = field(default_factory=list)

    def load(self) -> None:
        time.sleep(3)
        self.loaded.append(True)

    def examine(self, draft: Draft) -> Finding:
        if not self.loaded:
            self.load()
        return super().examine(draft)


def test_what_a_check_has_to_load_costs_no_draft_its_time(door: Callable[..., Door], tmp_path: Path) -> None:
    (passage,) = through(door(Slow(), timeout_s=2), tmp_path / "out")
    assert passage.asset.decision is Decision.RELEASE


@dataclass(frozen=True)
class Damaged(Says):
    """Cannot load, and therefore not examine either."""

    def load(self) -> None:
        raise ValueError("damaged")

    def examine(self, draft: Draft) -> Finding:
        self.load()
        return super().examine(draft)


def test_a_check_that_cannot_load_holds(door: Callable[..., Door], tmp_path: Path) -> None:
    (passage,) = through(door(Damaged()), tmp_path / "out")
    assert passage.asset.decision is Decision.HOLD


@dataclass(frozen=True)
class Newer(Says):
    version: int = 2


def test_a_check_that_became_another_is_asked_again(door: Callable[..., Door], tmp_path: Path) -> None:
    through(door(), tmp_path / "out")
    (again,) = through(door(), tmp_path / "out")
    (anew,) = through(door(Newer(Outcome.REVIEW)), tmp_path / "out")
    assert (again.repeated, anew.repeated) == (True, False)
    assert anew.asset.decision is Decision.HOLD
