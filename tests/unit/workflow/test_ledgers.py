"""The ledger of a home, checked against its store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256

from browser import NODE, ask, given, of_ledger
from ledgers import tamper
from rectoverso.errors import (
    EntryNotFound,
    HomeMissing,
    KeysLost,
    LedgerKeyUnusable,
    NotALedger,
    NotReleased,
    OutNotWritable,
    RegisterAltered,
    StateUnusable,
)
from rectoverso.i18n import say
from rectoverso.store.home import Home
from rectoverso.store.ledger_keys import LedgerKeys
from rectoverso.store.signers import PictureSigner
from rectoverso.types import AssetId, Maker, Origin, Report, ReportOutcome
from rectoverso.verso.ledger.proof import beside, verify_proof
from rectoverso.verso.mark import credential
from rectoverso.verso.mark.credential import CredentialSigner, ManifestFacts
from rectoverso.verso.picture import to_png
from rectoverso.verso.verify.credentials import RETIRED
from rectoverso.workflow.keys import init_keys, open_keys, rotate_keys
from rectoverso.workflow.ledgers import (
    check_ledger,
    erase,
    ledger_keys,
    open_ledger,
    opened,
    prove_entry,
    revoke,
    write_page,
)
from rectoverso.workflow.registry import add_works, remove_works
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.signers import in_force
from rectoverso.workflow.verify import reports
from rectoverso.workflow.watch import check_export, export_ledger, monitor
from unit.verso.conftest import photo

Picture = Callable[..., Path]


def test_a_new_home_has_its_keys_in_the_ledger(home: Path) -> None:
    init_keys(home, "Studio Verso")
    checked = check_ledger(home)
    assert checked.holds
    assert checked.size == 1


def test_every_change_of_the_register_is_an_entry(home: Path, picture: Picture) -> None:
    add_works([picture("one.png", 1), picture("two.png", 2)], home)
    remove_works(["one"], home)
    opened = Home.open(home)
    ledger = open_ledger(opened, open_keys(opened))
    kinds = [ledger.entry(index)["kind"] for index in range(ledger.size())]
    assert kinds == ["keys_created", "work_registered", "work_registered", "work_removed"]


def test_a_proof_of_an_asset_holds_offline(tmp_path: Path, home: Path, picture: Picture) -> None:
    (passage,) = seal_files([picture("one.png")], tmp_path / "out", home).passages
    index, text = prove_entry(home, passage.asset.id)
    opened = Home.open(home)
    ledger = open_ledger(opened, open_keys(opened))
    assert index == passage.asset.ledger_index
    assert not verify_proof(text, ledger.ring, ledger.entry_bytes(index)).problems


def test_pictures_that_are_gone_from_the_store_or_do_not_open_are_named(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    files = [picture(f"{number}.png", number) for number in range(5)]
    whole, gone, altered, exchanged, keyless = seal_files(files, tmp_path / "out", home).passages
    blobs = {
        passage.asset.id: home / "blobs" / passage.asset.id[:2] / passage.asset.id
        for passage in (whole, gone, altered, exchanged, keyless)
    }
    blobs[gone.asset.id].unlink()
    blobs[altered.asset.id].write_bytes(blobs[altered.asset.id].read_bytes()[:-1] + b"?")
    blobs[exchanged.asset.id].write_bytes(blobs[whole.asset.id].read_bytes())
    with Home.open(home).database.transaction() as tx:
        tx.connection.exec_driver_sql(f"DELETE FROM data_keys WHERE name = '{keyless.asset.id}'")
    problems = check_ledger(home).problems
    named = [str(problem.facts["asset"]) for problem in problems if problem.key == "release.picture_damaged"]
    assert sorted(named) == sorted(set(blobs) - {whole.asset.id})


def test_findings_that_were_changed_are_named_and_stop_no_verification(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    (passage,) = seal_files([picture("one.png")], tmp_path / "out", home).passages
    assert passage.path is not None
    with Home.open(home).database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE assets SET told = 'another'")
    (report,) = reports([passage.path], home, [])
    assert (report.outcome, report.ledger.found) == (ReportOutcome.TRUSTED, True)
    assert [problem.key for problem in check_ledger(home).problems] == ["release.findings_damaged"]


def test_a_ledger_whose_keys_are_gone_is_not_called_sound(home: Path, picture: Picture) -> None:
    add_works([picture("one.png")], home)
    for key in (home / "keys").iterdir():
        key.unlink()
    with pytest.raises(KeysLost):
        check_ledger(home)
    with pytest.raises(KeysLost):
        seal_files([picture("two.png")], home.parent / "out", home)
    assert not list((home / "keys").iterdir())


def test_no_home_is_not_an_empty_ledger(home: Path) -> None:
    with pytest.raises(HomeMissing):
        check_ledger(home)


def test_an_entry_that_is_not_there_is_said(home: Path) -> None:
    init_keys(home)
    for entry in ("7", "9" * 20, "9" * 5000, "no-such-asset"):
        with pytest.raises(EntryNotFound):
            prove_entry(home, entry)


def _released(tmp_path: Path, home: Path, picture: Picture) -> tuple[Path, str]:
    (passage,) = seal_files([picture("one.png")], tmp_path / "out", home).passages
    assert passage.path is not None
    return passage.path, passage.asset.id


def _told(file: Path, home: Path, *keys: str, trust: tuple[Path, ...] = ()) -> tuple[Report, set[str]]:
    (report,) = reports([file], home, trust, keys)
    return report, {row.key.removeprefix("verify.evidence.") for row in report.evidence}


def test_a_released_file_has_its_proof_beside_it_which_holds_anywhere(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    file, asset = _released(tmp_path, home, picture)
    key = tmp_path / "ledger.pub"
    key.write_text(ledger_keys(home))
    assert beside(file).stat().st_size < 2048
    assert beside(file).stat().st_mode & 0o777 == 0o444
    report, told = _told(file, tmp_path / "elsewhere", str(key), trust=(home / "keys" / "ca.pem",))
    assert report.outcome is ReportOutcome.TRUSTED
    assert (report.ledger.found, report.ledger.valid, report.ledger.trusted) == (True, True, True)
    assert (report.ledger.index, report.ledger.size, report.ledger.event) == (1, 2, "released")
    assert (report.ledger.proof, report.ledger.code) == ("holds", "released")
    assert report.ledger.at is not None
    assert abs(datetime.now(UTC) - datetime.fromisoformat(report.ledger.at)) < timedelta(minutes=5)
    assert "proof_holds" in told
    one_line = ledger_keys(home).splitlines()[0]
    assert _told(file, tmp_path / "elsewhere", one_line)[0].ledger.proof == "holds"
    assert _told(file, tmp_path / "elsewhere")[0].ledger.proof == "unknown_ledger"
    at_home, told = _told(file, home)
    assert {"proof_holds", "ledger_found"} <= told
    assert at_home.ledger.size == 2
    del asset


def test_a_proof_is_the_same_at_each_delivery(tmp_path: Path, home: Path, picture: Picture) -> None:
    file, _ = _released(tmp_path, home, picture)
    proof = beside(file).read_bytes()
    seal_files([picture("two.png", 2)], tmp_path / "out", home)
    rotate_keys(home)
    for damage in (lambda path: path.unlink(), lambda path: (path.unlink(), path.write_text("altered"))):
        damage(beside(file))
        seal_files([picture("one.png")], tmp_path / "out", home)
        assert beside(file).read_bytes() == proof
    (again,) = seal_files([picture("one.png")], tmp_path / "other", home).passages
    assert again.path is not None
    assert beside(again.path).read_bytes() == proof


@pytest.mark.parametrize("how", ["altered", "foreign", "of_another", "gone", "nonsense", "huge"])
def test_a_proof_that_does_not_hold_is_told(tmp_path: Path, home: Path, picture: Picture, how: str) -> None:
    file, _ = _released(tmp_path, home, picture)
    proof = beside(file)
    text = proof.read_text()
    proof.unlink()
    seal_files([picture("two.png", 2)], tmp_path / "out", home)
    foreign = seal_files([picture("one.png")], tmp_path / "foreign", tmp_path / "foreign-home").passages[0]
    other = next(path for path in (tmp_path / "out").glob("two*.tlog-proof"))
    assert foreign.path is not None
    texts = {
        "altered": text.replace("extra e", "extra f"),
        "foreign": beside(foreign.path).read_text(),
        "of_another": other.read_text(),
        "nonsense": "nonsense",
        "huge": "x" * 1_000_000,
    }
    expected = {
        "altered": ("proof_other_entry", "does_not_hold"),
        "foreign": ("proof_unknown_ledger", "unknown_ledger"),
        "of_another": ("proof_other_file", "other_file"),
        "gone": ("ledger_found", None),
        "nonsense": ("proof_unreadable", "does_not_hold"),
        "huge": ("proof_unreadable", "does_not_hold"),
    }
    if how in texts:
        proof.write_text(texts[how])
    report, told = _told(file, home)
    assert expected[how][0] in told
    assert report.ledger.proof == expected[how][1]
    assert report.ledger.found
    assert "proof_holds" not in told
    assert report.outcome is ReportOutcome.TRUSTED  # the signature and this home's own ledger still stand


def test_where_no_proof_lies_there_is_none_to_hold(tmp_path: Path, home: Path, picture: Picture) -> None:
    """Absent for whoever trusts a ledger, not asked for whoever trusts none; and no reason to doubt the file."""
    file, _ = _released(tmp_path, home, picture)
    beside(file).unlink()
    trust, elsewhere = (home / "keys" / "ca.pem",), tmp_path / "elsewhere"
    for keys, found in (((ledger_keys(home),), False), ((), None)):
        report, told = _told(file, elsewhere, *keys, trust=trust)
        assert (report.ledger.found, report.ledger.valid, report.ledger.trusted) == (found, None, None)
        assert (report.ledger.proof, report.ledger.code, report.ledger.index) == (None, None, None)
        assert not [row for row in told if "proof" in row or "ledger" in row]
        assert report.outcome is ReportOutcome.TRUSTED


def test_a_file_that_was_recorded_with_other_bytes_is_changed(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    """Bytes that no signature covers may differ and the credential still holds; the proof covers every byte."""
    import struct
    import zlib

    file, _ = _released(tmp_path, home, picture)
    data = file.read_bytes()
    at = data.index(b"\0" * 64, data.index(b"caBX"))
    chunk = data.rindex(b"caBX", 0, at) - 4
    (length,) = struct.unpack(">I", data[chunk : chunk + 4])
    altered = bytearray(data)
    altered[at + 5] ^= 1  # padding inside the C2PA container
    body = bytes(altered[chunk + 4 : chunk + 8 + length])
    altered[chunk + 8 + length : chunk + 12 + length] = struct.pack(">I", zlib.crc32(body))
    file.chmod(0o644)
    file.write_bytes(altered)
    keys = ledger_keys(home).splitlines()[0]
    trust = (home / "keys" / "ca.pem",)
    report, told = _told(file, tmp_path / "elsewhere", keys, trust=trust)
    if "credential_trusted" not in told:
        pytest.skip("this container has no byte that nothing covers")
    assert (report.outcome, report.ledger.proof) == (ReportOutcome.CHANGED, "other_file")
    assert "proof_other_bytes" in told


def test_a_revoked_release_is_said_and_not_delivered_again(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    file, asset = _released(tmp_path, home, picture)
    _, index = revoke(home, asset, "the sitter asked for it")
    assert revoke(home, asset, "again")[1] == index
    report, told = _told(file, home)
    assert report.outcome is ReportOutcome.CHANGED
    assert (report.ledger.revoked, report.ledger.reason) == (index, "the sitter asked for it")
    assert "revoked_because" in told
    assert check_ledger(home).holds
    (again,) = seal_files([picture("one.png")], tmp_path / "again", home).passages
    assert (again.path, again.asset.revoked, again.repeated) == (None, index, True)
    for nobody in ("000000000000", "no"):
        with pytest.raises(NotReleased):
            revoke(home, nobody, "x")


def test_a_revocation_taken_back_in_the_tables_is_found(tmp_path: Path, home: Path, picture: Picture) -> None:
    _, asset = _released(tmp_path, home, picture)
    revoke(home, asset, "x")
    tamper(home / "verso.sqlite3", "UPDATE assets SET revoked = NULL")
    keys = [problem.key for problem in check_ledger(home).problems]
    assert keys == ["ledger.entry_unclaimed", "ledger.register_altered"]
    with pytest.raises(RegisterAltered):  # it would be delivered again
        seal_files([picture("one.png")], tmp_path / "again", home)
    assert not (tmp_path / "again").exists()


def test_personal_data_is_only_committed_to_and_can_be_erased(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    init_keys(home, "Anna Muster")
    work = picture("face.png", 3)
    add_works([work], home, title="Anna", owner="Anna Muster")
    _, asset = _released(tmp_path, home, picture)
    _, index = revoke(home, asset, "Anna Muster asked for it")
    opened_home = Home.open(home)
    ledger = open_ledger(opened_home, open_keys(opened_home))
    everything = b"".join(ledger.entry_bytes(at) for at in range(ledger.size()))
    digest = sha256(work.read_bytes()).hexdigest()
    assert not any(word in everything for word in (b"Anna", b"Muster", digest[:8].encode()))
    assert opened(opened_home, ledger, index, "reason") == "Anna Muster asked for it"
    assert opened(opened_home, ledger, 0, "owner") == "Anna Muster"

    assert erase(home, str(index)) == (index, 1)
    assert erase(home, str(index)) == (index, 0)
    assert opened(opened_home, ledger, index, "reason") is None
    assert opened(opened_home, ledger, 0, "owner") == "Anna Muster"
    assert check_ledger(home).holds
    assert not any(b"asked for it" in path.read_bytes() for path in home.glob("verso.sqlite3*"))
    assert _told(tmp_path / "out" / f"one-{asset}.png", home)[0].ledger.revoked == index


def test_an_opening_that_was_altered_does_not_open(home: Path) -> None:
    init_keys(home, "Anna Muster")
    tamper(home / "verso.sqlite3", "UPDATE openings SET sealed = 'Berta'")
    opened_home = Home.open(home)
    assert opened(opened_home, open_ledger(opened_home, open_keys(opened_home)), 0, "owner") is None


def test_keys_change_and_everything_still_verifies(tmp_path: Path, home: Path, picture: Picture) -> None:
    file, _ = _released(tmp_path, home, picture)
    first = ledger_keys(home)
    monitor(home, tmp_path / "seen.json")
    index, described = rotate_keys(home)
    assert index == 2
    assert [key.name for key in described if "ledger" in key.name] == ["ledger.key"] * 2 + [
        "ledger-2.key"
    ] * 2
    purposes = [say(key.purpose, "en") for key in described if "ledger" in key.name]
    assert ["signs no more" in purpose for purpose in purposes] == [True, True, False, False]
    (two,) = seal_files([picture("two.png", 2)], tmp_path / "out", home).passages
    assert two.path is not None
    assert check_ledger(home).holds
    elsewhere = tmp_path / "elsewhere"
    assert [_told(path, elsewhere, ledger_keys(home))[0].ledger.proof for path in (file, two.path)] == [
        "holds"
    ] * 2
    assert [_told(path, elsewhere, first)[0].ledger.proof for path in (file, two.path)] == [
        "holds",
        "does_not_hold",
    ]
    watched = monitor(home, tmp_path / "seen.json")
    assert (watched.problems, watched.rotations, watched.before) == ((), (2,), 2)
    export_ledger(home, tmp_path / "pub")
    assert check_export(tmp_path / "pub", [first]).holds
    assert monitor(tmp_path / "pub", tmp_path / "seen.json").problems == ()


def test_a_certificate_stays_good_for_what_it_signed_and_for_nothing_later(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    file, _ = _released(tmp_path, home, picture)
    stolen = open_keys(Home.open(home)).signers[0]
    index, described = rotate_keys(home)
    keys = open_keys(Home.open(home))
    assert [one.key is None for one in keys.signers] == [True, False]
    assert not (home / "keys" / "signer.key").exists()
    assert stolen.key
    assert stolen.key not in b"".join(path.read_bytes() for path in (home / "keys").iterdir())
    assert {key.name for key in described if "signer" in key.name} == {"signer.pem", f"signer-{index}.key"}
    entry = open_ledger(Home.open(home), keys).entry(index)
    assert (entry["retired"], entry["signer"]) == tuple(_fingerprint(one) for one in keys.signers)

    (new,) = seal_files([picture("two.png", 2)], tmp_path / "out", home).passages
    facts = ManifestFacts(AssetId("0" * 12), Origin.AI, Maker("", ""), datetime.now(UTC), "a thief", "1")
    signer = CredentialSigner(stolen.chain, stolen.key)
    forged = tmp_path / "forged.png"
    forged.write_bytes(credential.sign(to_png(photo(3, 96)), "image/png", facts, signer))
    assert new.path is not None
    found = list(reports([file, new.path, forged], home, []))
    assert [one.outcome for one in found] == ["trusted", "trusted", "unlisted_signer"]
    assert (found[2].credential.code, found[2].credential.trusted) == (RETIRED, False)
    assert f"entry {index}" in say(found[2].credential.evidence[0])

    rotate_keys(home)
    assert [one.outcome for one in reports([file, new.path], home, [])] == ["trusted"] * 2
    assert [one.key is None for one in open_keys(Home.open(home)).signers] == [True, True, False]
    assert check_ledger(home).holds


def _fingerprint(signer: PictureSigner) -> str:
    return signer.leaf.fingerprint(SHA256()).hex()


def test_a_rotation_killed_before_its_entry_was_written_never_happened(home: Path) -> None:
    init_keys(home)
    keys = open_keys(Home.open(home))
    LedgerKeys.generate(1).keep(home / "keys")
    keys.next_signer(1, datetime.now(UTC)).keep(home / "keys")
    again = open_keys(Home.open(home))
    assert in_force(again, open_ledger(Home.open(home), again).ring) == keys.signers[0]
    assert check_ledger(home).holds
    before = ledger_keys(home)
    add = Home.open(home)
    with add.database.transaction() as tx:
        open_ledger(add, open_keys(add)).append(tx, "note", {})
    assert ledger_keys(home) == before
    index, described = rotate_keys(home)
    assert index == 2
    assert {key.name for key in described if "ledger" in key.name} == {"ledger.key", "ledger-2.key"}
    assert not (home / "keys" / "signer-1.key").exists()
    assert check_ledger(home).holds


def test_what_is_no_ledger_or_state_or_key_is_said(tmp_path: Path, home: Path) -> None:
    init_keys(home)
    (tmp_path / "state").write_text("{}")
    with pytest.raises(StateUnusable):
        monitor(home, tmp_path / "state")
    for nothing in (tmp_path / "nowhere", tmp_path, tmp_path / "state"):
        with pytest.raises(NotALedger):
            monitor(nothing, tmp_path / "seen.json")
        with pytest.raises(NotALedger):
            check_export(nothing)
    for bad in ("nonsense", str(tmp_path / "state"), "x" * 5000):
        with pytest.raises(LedgerKeyUnusable):
            monitor(home, tmp_path / "seen.json", [bad])
    assert not (tmp_path / "seen.json").exists()


def test_a_home_put_back_from_an_old_copy_is_caught(tmp_path: Path, home: Path, picture: Picture) -> None:
    init_keys(home)
    shutil.copytree(home, tmp_path / "old")
    _released(tmp_path, home, picture)
    monitor(home, tmp_path / "seen.json")
    kept = (tmp_path / "seen.json").read_bytes()
    (problem,) = monitor(tmp_path / "old", tmp_path / "seen.json").problems
    assert problem.key == "ledger.watch_went_back"
    seal_files([picture("two.png", 5)], tmp_path / "forked", tmp_path / "old")
    (problem,) = monitor(tmp_path / "old", tmp_path / "seen.json").problems
    assert problem.key == "ledger.watch_forked"
    seal_files([picture("three.png", 6)], tmp_path / "forked", tmp_path / "old")
    (problem,) = monitor(tmp_path / "old", tmp_path / "seen.json").problems
    assert problem.key == "ledger.watch_rewritten"
    assert (tmp_path / "seen.json").read_bytes() == kept


def test_the_page_of_a_home_has_its_keys_and_verifies_its_files(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    file, asset = _released(tmp_path, home, picture)
    page = tmp_path / "page" / "verify.html"
    write_page(home, page)
    text = page.read_text(encoding="utf-8")
    keys = given(text)["keys"]
    assert keys.splitlines() == ledger_keys(home).splitlines()[:1]  # Ed25519, which browsers know
    if NODE is None:
        pytest.skip("Node is not installed")
    proof = beside(file).read_bytes()
    whole, changed = ask(text, of_ledger(file.read_bytes(), proof, keys), of_ledger(b"x", proof, keys))
    assert (whole["state"], whole["facts"]["asset"]) == ("trusted", asset)
    assert changed["code"] == "other_file"


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path, home: Path) -> None:
    init_keys(home)
    with pytest.raises(OutNotWritable):
        write_page(home, tmp_path)
