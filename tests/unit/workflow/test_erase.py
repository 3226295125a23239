"""What is erased opens no more, for nobody; what descends from it is named; and it happened exactly once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import stolen
from killing import killed_at_lines
from rectoverso.cli.main import main
from rectoverso.errors import (
    BlobDamaged,
    BlobMissing,
    MasterKeyMissing,
    NotAReceipt,
    NothingToErase,
    RecordDamaged,
    RegisterAltered,
)
from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.store.reviews import Choice
from rectoverso.types import AssetId, Digest, Draft, Finding, Maker, Message, Outcome, ReportOutcome
from rectoverso.verso.picture import to_png
from rectoverso.verso.policy import Shelf
from rectoverso.workflow import digests
from rectoverso.workflow import erase as erasing
from rectoverso.workflow.curate import CurateRequest, curate
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.guard import Guard, sealed
from rectoverso.workflow.incidents import incidents
from rectoverso.workflow.keys import init_keys, open_keys
from rectoverso.workflow.ledgers import check_ledger, committed, ledger_keys, open_ledger, opened, revoke
from rectoverso.workflow.master_key import change_master_key
from rectoverso.workflow.people import add_person
from rectoverso.workflow.receipts import Receipt, check_receipt
from rectoverso.workflow.registry import add_works, list_works
from rectoverso.workflow.release import Door, release
from rectoverso.workflow.scrubbed import says, scrubbed
from rectoverso.workflow.verify import reports
from unit.verso.conftest import photo

ANNA, BERTA = "Anna Muster-Erasmus", "Berta Beispiel"
PICTURE, WEIGHTS, MARKED = (digests.of_bytes(name) for name in (b"a training picture", b"run", b"ingrained"))
SET, LATER_SET, LATER_RUN = (digests.of_bytes(name) for name in (b"set", b"later set", b"later run"))


@dataclass(frozen=True)
class Names:
    """A check that finds a work of Anna's in what has an odd seed."""

    work: str
    name: str = "similarity"

    def examine(self, draft: Draft) -> Finding:
        row = {"id": self.work, "title": "Self-portrait", "owner": ANNA, "outcome": "review", "likeness": 0.9}
        outcome = Outcome.REVIEW if (draft.seed or 0) % 2 else Outcome.PASS
        facts = {"title": "Self-portrait", "owner": ANNA, "percent": 90}
        evidence: dict[str, Any] = {"work": row} if outcome is Outcome.REVIEW else {}
        return Finding(self.name, outcome, Message("screen.similarity.review", facts), evidence=evidence)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Works of two people; a run that learnt from a picture; what it released and held."""
    folder = tmp_path_factory.mktemp("erase")
    path = folder / "home"
    init_keys(path)
    home = Home.open(path)
    keys = open_keys(home)
    for number, (title, owner) in enumerate([("Self-portrait", ANNA), ("Window", ANNA), ("Harbour", BERTA)]):
        (folder / f"{title}.png").write_bytes(to_png(photo(number, 96)))
        add_works([folder / f"{title}.png"], path, title=title, owner=owner)
    anna = next(work.id for work in home.works.all() if work.title == "Self-portrait")
    ledger = open_ledger(home, keys)
    with home.database.transaction() as tx:
        home.lineage.keep(tx, SET, [PICTURE, digests.of_bytes(b"another")])
        ledger.append(tx, "run_trained", {"run": WEIGHTS, "manifests": [SET]})
        ledger.append(tx, "run_ingrained", {"run": MARKED, "from": WEIGHTS})
        ledger.append(tx, "run_trained", {"run": digests.of_bytes(b"unrelated"), "manifests": []})
    door = Door(home, keys, lambda _works: [Names(anna)], Shelf().policy("general"))
    drafts = [
        Draft(
            photo(10 + seed, 64),
            digests.of_facts(seed=seed),
            Maker("run", "1", weights),
            seed=seed,
            source=f"{ANNA}/a.png",
        )
        for seed, weights in ((2, WEIGHTS), (4, MARKED), (6, digests.of_bytes(b"unrelated")), (7, WEIGHTS))
    ]
    passages = list(release(drafts, door, folder / "out"))
    released = passages[0].asset
    with home.database.transaction() as tx:
        home.lineage.keep(tx, LATER_SET, [Digest(str(released.file_digest))])
        ledger.append(tx, "run_trained", {"run": LATER_RUN, "manifests": [LATER_SET]})
    home.close()
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "erase"))


@pytest.fixture
def home(folder: Path) -> Iterator[Home]:
    opened = Home.open(folder / "home")
    yield opened
    opened.close()


def released(home: Home) -> list[AssetId]:
    return home.assets.released_ids()


def entries(path: Path, kind: str = "erased") -> list[dict[str, Any]]:
    home = Home.open(path)
    with home.database.read() as tx:
        found = [json.loads(body) for body in home.log.entries(tx, 0, home.log.size(tx)).values()]
    home.close()
    return [entry for entry in found if entry["kind"] == kind]


def everything_that_opens(path: Path) -> list[tuple[str, bytes]]:
    """What somebody with all the keys gets to see."""
    home = Home.open(path)
    with home.database.read() as tx:
        rows: list[tuple[str, object]] = [("assets", home.assets.all(tx)), ("works", home.works.all(tx))]
        rows.append(("openings", list(home.openings.all(tx))))
        rows.append(("lineage", list(home.lineage._sets(tx))))
    found = [(name, repr(value).encode()) for name, value in rows]
    found += [(f"blobs/{asset}", home.blobs.get(asset)) for asset in home.blobs.all()]
    home.close()
    return [*found, *stolen.files_of(path)]


def test_an_erased_image_is_gone_and_its_entry_stays(home: Home, folder: Path) -> None:
    first, *others = released(home)
    kept = home.blobs.get(first)
    file = next((folder / "out").glob(f"*{first}.png"))
    secret = stolen.picture("released", photo(12, 64), kept)
    assert stolen.found(everything_that_opens(home.path), secret)
    erased = erase(home.path, What.ASSET, first)
    assert stolen.found(everything_that_opens(home.path), secret) == []
    with pytest.raises((BlobMissing, BlobDamaged)):
        home.blobs.get(first)
    asset = home.assets.by_id(first)
    assert asset is not None
    assert (asset.erased, asset.source, asset.seed, asset.file_name) == (erased.ledger_index, None, None, "")
    assert all(home.blobs.get(other) for other in others)
    assert check_ledger(home.path).problems == ()
    (report,) = reports([file], home.path, [])
    assert report.outcome is ReportOutcome.TRUSTED
    assert "verify.evidence.erased" in {row.key for row in report.ledger.evidence}


def test_what_was_erased_is_not_delivered_nor_decided_again(home: Home, tmp_path: Path) -> None:
    draft = Draft(photo(12, 64), digests.of_facts(seed=2), Maker("run", "1", WEIGHTS), seed=2)
    door = Door(home, open_keys(home), lambda _works: [Names("none")], Shelf().policy("general"))
    (one,) = release([draft], door, tmp_path / "again")
    erase(home.path, What.ASSET, one.asset.id)
    (again,) = release([draft], door, tmp_path / "once more")
    assert (again.repeated, again.path, again.asset.id) == (True, None, one.asset.id)
    assert list((tmp_path / "once more").glob("*.png")) == []
    assert check_ledger(home.path).problems == ()


def test_a_held_draft_leaves_only_a_commitment_that_nobody_can_open(home: Home) -> None:
    (held,) = home.assets.held()
    commitment = entries(home.path, "held")[0]["pixels_digest"]["commitment"]
    with home.database.read() as tx:
        assert home.openings.find(tx, commitment)
    erase(home.path, What.ASSET, held.id)
    with home.database.read() as tx:
        assert home.openings.find(tx, commitment) is None
    assert stolen.found(everything_that_opens(home.path), {"digest": held.pixels_digest.encode()}) == []


def test_an_erased_work_is_no_more_compared_with_and_named_nowhere(home: Home) -> None:
    (work,) = [work for work in home.works.all() if work.title == "Self-portrait"]
    assert [row.work for row in incidents(home.path)] == [work.id]
    erased = erase(home.path, What.WORK, "Self-portrait")
    assert {one.title for one in list_works(home.path)} == {"Window", "Harbour"}  # the register holds
    names = {"title": b"Self-portrait", "digest": work.file_digest.encode(), "id": work.id.encode()}
    assert stolen.found(everything_that_opens(home.path), names) == []
    assert (erased.openings, len(erased.mentions)) == (1, 4)
    assert incidents(home.path) == []
    assert check_ledger(home.path).problems == ()


def test_of_an_erased_person_nothing_is_left_and_of_others_everything(home: Home) -> None:
    revoke(home.path, released(home)[0], f"{ANNA} asked for it")
    assert stolen.found(everything_that_opens(home.path), stolen.words(anna=ANNA))
    erased = erase(home.path, What.PERSON, ANNA)
    assert stolen.found(everything_that_opens(home.path), stolen.words(anna=ANNA)) == []
    assert [work.owner for work in list_works(home.path)] == [BERTA]
    assert erased.openings == 3  # two works, and the reason
    assert set(erased.mentions) == {asset.id for asset in home.assets.all()}  # where their sources lay
    assert check_ledger(home.path).problems == ()


def test_what_descends_from_a_training_picture_is_named_and_marked(home: Home, folder: Path) -> None:
    first, second, unrelated = released(home)
    erased = erase(home.path, What.ASSET, PICTURE.upper())
    assert set(erased.descent.sets) == {SET, LATER_SET}  # a release of it was put into a set too
    assert set(erased.descent.runs) == {WEIGHTS, MARKED, LATER_RUN}
    assert set(erased.descent.releases) == {first, second}
    (entry,) = entries(home.path)
    assert (entry["releases"], set(entry["runs"])) == (2, {WEIGHTS, MARKED, LATER_RUN})
    told = {
        asset: {row.key for row in report.ledger.evidence}
        for asset in (first, unrelated)
        for report in reports((folder / "out").glob(f"*{asset}.png"), home.path, [])
    }
    assert "verify.evidence.descends" in told[first]
    assert "verify.evidence.descends" not in told[unrelated]
    with home.database.read() as tx:
        assert home.lineage.marked(tx, LATER_RUN) == erased.ledger_index
        assert home.lineage.sets_of(tx, [PICTURE]) == []  # nor is it known here any more
    assert check_ledger(home.path).problems == ()


def test_a_file_is_meant_by_what_is_in_it(home: Home, tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(b"a training picture")
    assert erase(home.path, What.ASSET, str(tmp_path / "mine.jpg")).descent.sets


def test_a_curated_set_is_known_by_the_files_that_its_pictures_were(home: Home, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    files = [tmp_path / "source" / f"{number}.png" for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(to_png(photo(40 + number, 96)))
    (tmp_path / "source" / "0.png.json").write_text('{"consent": "withdrawn"}')
    made = curate(CurateRequest(tmp_path / "source", tmp_path / "set", processes=1, make_eyes={}), home.path)
    with pytest.raises(NothingToErase):  # it was dropped
        erase(home.path, What.ASSET, str(files[0]))
    assert erase(home.path, What.ASSET, str(files[2])).descent.sets == (made.manifest,)
    assert check_ledger(home.path).problems == ()


def test_who_signed_an_image_stays_known_when_their_comment_named_somebody_else(home: Home) -> None:
    """A vote without its voter would count no more: the next one to vote would be told that the ledger is broken."""
    ledger = open_ledger(home, open_keys(home))
    said = {"by": "1a2b Dr. Brandt", "comment": f"looks like {ANNA}'s slide", "meaning": "I answer for it"}
    with home.database.transaction() as tx:
        facts = {name: committed(home, tx, text) for name, text in said.items()}
        vote = ledger.append(tx, "reviewed", {"asset": "0" * 12, "choice": "approve", **facts})
    erase(home.path, What.PERSON, ANNA)
    kept = {name: opened(home, ledger, vote, name) for name in said}
    assert kept == said | {"comment": None}
    erase(home.path, What.PERSON, "Dr. Brandt")
    assert {opened(home, ledger, vote, name) for name in said} == {None}
    assert check_ledger(home.path).problems == ()


def test_an_approval_whose_giver_is_erased_counts_no_more_where_the_image_still_waits(home: Home) -> None:
    """Else whoever approves after them would be told that the ledger is broken."""
    (brandt, *_), (held,) = add_person(home, "Dr. Brandt", Role.REVIEWER), home.assets.waiting(9)
    with home.database.transaction() as tx:
        for choice in (Choice.ESCALATE, Choice.APPROVE):
            home.reviews.add(tx, held.id, brandt.id, Role.REVIEWER, choice, "2026-01-01", 1)
    erased = erase(home.path, What.PERSON, "Dr. Brandt")
    asked, approved = home.reviews.of([held.id])[held.id]
    assert (erased.votes, asked.undone, approved.undone) == (1, None, erased.ledger_index)


@pytest.mark.parametrize("what", list(What))
def test_what_was_never_here_is_told(home: Home, what: What) -> None:
    with pytest.raises(NothingToErase, match=r"(?i)nobody"):
        erase(home.path, what, "Nobody")
    assert entries(home.path) == []


@pytest.mark.parametrize(
    ("text", "name", "is_said"),
    [
        ("Ed asked for it", "Ed", True),
        ("edited by Fred", "Ed", False),
        ("3fed", "ed", False),
        ("/home/Ed/a.png", "Ed", True),
        ("按王伟的要求", "王伟", True),
        ("anything", "", False),
        ("ANNA  MUSTER", "Anna Muster", True),
        ("Jose\u0301 wrote", "Jos\u00e9", True),
        ("Joseph wrote", "Jos\u00e9", False),
        ("ward/anna_muster-03.png", "Anna Muster", True),
        ("slide2_Anna-Muster2", "anna muster", True),
        ("MUSTER^ANNA", "Muster Anna", True),
        ("Muster, Anna", "Muster Anna", True),
        ("Muster Anna", "Anna Muster", False),
        ("hanna_muster.png", "Anna Muster", False),
        ("anna_musterfrau.png", "Anna Muster", False),
        ("anna2b_c", "Anna", False),
    ],
)
def test_a_name_is_found_as_words_of_its_own(text: str, name: str, is_said: bool) -> None:
    assert says(text, name) is is_said
    assert (scrubbed([text], (), name) != [text]) is is_said


def test_words_of_the_program_stay_whatever_somebody_is_called() -> None:
    """Or what was found could not be read again, and the door would fall over it."""
    message = {"key": "screen.similarity.block", "facts": {"owner": "BLOCK", "list": ["by Block, 2020"]}}
    finding = {"check": "similarity", "outcome": "block", "message": message}
    told = {"facts": {"owner": "", "list": ["by , 2020"]}, "key": "screen.similarity.block"}
    assert scrubbed(finding, (), "Block") == finding | {"message": told}


def test_an_erasure_that_is_undone_in_the_table_is_noticed(home: Home) -> None:
    """Or everything would be erased by whoever writes there: what is erased is swept away at the door."""
    first, second, *_ = released(home)
    erase(home.path, What.ASSET, first)
    for lie in (f"erased = NULL WHERE id = '{first}'", f"erased = 1 WHERE id = '{second}'"):
        with home.database.transaction() as tx:
            tx.connection.exec_driver_sql(f"UPDATE assets SET {lie}")
        with pytest.raises(RegisterAltered):
            list_works(home.path)


def test_asked_again_the_same_receipt_is_given(home: Home) -> None:
    erased = erase(home.path, What.PERSON, ANNA)
    again = erase(home.path, What.PERSON, ANNA)
    assert (again.repeated, again.receipt, again.ledger_index) == (True, erased.receipt, erased.ledger_index)
    assert len(entries(home.path)) == 1


def test_who_comes_back_is_erased_again_under_another_commitment(home: Home, folder: Path) -> None:
    erase(home.path, What.PERSON, ANNA)
    add_works([folder / "Window.png"], home.path, title="Window", owner=ANNA)
    second = erase(home.path, What.PERSON, ANNA)
    one, other = (entry["subject"] for entry in entries(home.path))
    assert one != other
    assert erase(home.path, What.PERSON, ANNA).receipt == second.receipt


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_anywhere_and_started_again_it_ends_once(home: Home, tmp_path: Path, every: int) -> None:
    """At one in so many of its lines."""
    home.close()
    path, done = tmp_path / "tried", []
    watched = (erasing.erase, erasing._erase)
    for _ in killed_at_lines(
        lambda: erase(_fresh(home.path, path), What.PERSON, ANNA), *watched, every=every
    ):
        erased = erase(path, What.PERSON, ANNA)
        assert len(entries(path)) == 1
        assert stolen.found(everything_that_opens(path), stolen.words(name=ANNA)) == []
        done.append(erased)
    assert len(done) > 4
    assert {one.ledger_index for one in done} == {done[0].ledger_index}
    assert {one.repeated for one in done} == {False, True}
    assert check_ledger(path).problems == ()


def _fresh(template: Path, path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(template, path)
    return path


def test_a_backup_opens_until_the_master_key_is_changed(home: Home, tmp_path: Path) -> None:
    """What the command says of backups is so."""
    home.close()
    backup = shutil.copytree(home.path, tmp_path / "backup", ignore=shutil.ignore_patterns("keys"))
    erase(home.path, What.PERSON, ANNA)
    shutil.copytree(home.path / "keys", backup / "keys")
    assert {work.owner for work in Home.open(backup).works.all()} == {ANNA, BERTA}
    change_master_key(home.path)
    shutil.rmtree(backup / "keys")
    shutil.copytree(home.path / "keys", backup / "keys")
    with pytest.raises(MasterKeyMissing):
        Home.open(backup).works.all()


def rows(home: Home) -> dict[str, bytes]:
    """Every sealed value about images, works and sets, by the place that it is bound to."""
    wanted = {
        "assets/{}": "SELECT id, told FROM assets",
        "works/{}": "SELECT id, facts FROM works",
        "traces/{}": "SELECT work, sealed FROM traces",
        "lineage/{}": "SELECT manifest, sealed FROM lineage",
    }
    with home.database.read() as tx:
        return {
            place.format(row): bytes(sealed)
            for place, query in wanted.items()
            for row, sealed in tx.connection.exec_driver_sql(query)
        }


@pytest.mark.parametrize("what", [What.PERSON, What.ASSET])
def test_of_what_stays_no_copy_tells_what_was_erased(home: Home, folder: Path, what: What) -> None:
    """A backup from before, beside all the keys of now, whatever became of the master key."""
    (folder / "drawn.png").write_bytes(to_png(photo(5, 96)))
    add_works([folder / "drawn.png"], home.path, title=f"The house of {ANNA}", owner=BERTA, contact=ANNA)
    said = stolen.words(name=ANNA) if what is What.PERSON else {"picture": bytes.fromhex(PICTURE)[:16]}
    before, opened = rows(home), {}
    erase(home.path, what, ANNA.upper() if what is What.PERSON else PICTURE)
    change_master_key(home.path)
    with home.database.read() as tx:
        for place, sealed in before.items():
            name = place.replace("traces/", "works/")
            with suppress(RecordDamaged):
                opened[place] = home.data_keys.of(tx, name).open(sealed, place)
    assert stolen.found(opened.items(), said) == []
    assert stolen.found(everything_that_opens(home.path), said) == []
    assert len(before) > len(opened) > 0  # and the rest still does
    assert all(home.blobs.get(asset) for asset in home.assets.with_pictures())
    assert dict(home.traces.items()).keys() == {work.id for work in home.works.all()}
    assert check_ledger(home.path).problems == ()


def test_what_a_calibration_rests_on_falls_with_the_calibration(home: Home) -> None:
    keys = open_keys(home)
    guard = Guard(home, ledger := open_ledger(home, keys))
    with home.lock(), guard.changing() as tx:
        record = {"record": committed(home, tx, f"measured on pictures of {ANNA}")}
        guard.say(calibration=ledger.append(tx, "registry_calibrated", record))
    erase(home.path, What.PERSON, ANNA)
    assert sealed(home).calibration is None


def test_a_name_falls_and_the_file_is_still_known_by_how_its_name_ends(home: Home, tmp_path: Path) -> None:
    """Whatever the name was: one who is called as files end must not keep others from being delivered."""
    draft = Draft(
        photo(12, 64), digests.of_facts(seed=98), Maker("run", "1", WEIGHTS), seed=98, source="png.png"
    )
    door = Door(home, open_keys(home), lambda _works: [Names("none")], Shelf().policy("general"))
    (one,) = release([draft], door, tmp_path / "out")
    erase(home.path, What.PERSON, "PNG")
    (again,) = release([draft], door, tmp_path / "again")
    assert again.path is not None
    assert (again.repeated, again.path.name) == (True, f"-{one.asset.id}.png")


@pytest.fixture
def receipt(home: Home, tmp_path: Path) -> tuple[Path, str]:
    """A receipt somewhere else, with the ledger's public keys and no home."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    erase(home.path, What.PERSON, ANNA).receipt.write(elsewhere / "receipt.json")
    keys = ledger_keys(home.path)
    (elsewhere / "ledger.pub").write_text(keys)
    return elsewhere / "receipt.json", str(elsewhere / "ledger.pub")


def test_a_receipt_is_verified_without_the_home(
    receipt: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path, keys = receipt
    nowhere = path.parent / "no home"
    found = check_receipt(path, [keys], nowhere)
    assert (found.holds, found.subject) == (True, f"person {ANNA}")
    given = ["ledger", "check", "--receipt", str(path), "--ledger-key", keys, "--home", str(nowhere)]
    with pytest.raises(SystemExit) as left:
        main(given)
    assert left.value.code == 0
    assert ANNA in capsys.readouterr().out
    assert not nowhere.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda told: replace(told, words=f"person {BERTA}"),
        lambda told: replace(told, salt="00" * 32),
        lambda told: replace(told, proof=told.proof.replace("index ", "index 1")),
        lambda told: replace(told, proof=told.proof[:-40]),
    ],
    ids=["another person", "another salt", "another entry", "no signature"],
)
def test_a_receipt_that_was_changed_does_not_hold(
    receipt: tuple[Path, str], change: Callable[[Receipt], Receipt]
) -> None:
    path, keys = receipt
    change(Receipt.read(path)).write(path)
    assert not check_receipt(path, [keys], path.parent).holds


def test_a_proof_of_something_else_is_no_receipt(home: Home, receipt: tuple[Path, str]) -> None:
    path, keys = receipt
    proof = open_ledger(home, open_keys(home)).prove(0)
    replace(Receipt.read(path), proof=proof).write(path)
    (problem,) = check_receipt(path, [keys], path.parent).problems
    assert problem.key == "ledger.receipt_of_something_else"
    path.write_text("{}")
    with pytest.raises(NotAReceipt):
        check_receipt(path, [keys], path.parent)


def test_the_command_names_what_descends_and_says_what_backups_mean(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    home.close()
    with pytest.raises(SystemExit) as left:
        main(["erase", "--asset", PICTURE, "--home", str(home.path), "--json"])
    told = capsys.readouterr()
    assert left.value.code == 0
    answer = json.loads(told.out)
    assert (len(answer["runs"]), len(answer["releases"]), answer["repeated"]) == (3, 2, False)
    assert Receipt.read(tmp_path / answer["receipt"]).words == f"asset {PICTURE}"
    with pytest.raises(SystemExit) as left:
        main(["erase", "--asset", PICTURE, "--person", ANNA, "--home", str(home.path)])
    assert left.value.code == 2
