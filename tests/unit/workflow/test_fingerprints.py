"""An owner sends fingerprints instead of pictures: what is found by them, what they may do, how they are verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command import code_of
from rectoverso.errors import (
    BadFingerprints,
    BadSetting,
    BadWorks,
    FingerprintsDoubtful,
    WorkCommon,
    WorkTooPlain,
    WorkUnseen,
)
from rectoverso.store.home import Home
from rectoverso.store.rights import Asked, Kind, State
from rectoverso.types import Pixels
from rectoverso.verso.picture import to_png
from rectoverso.verso.registry.fingerprints import read_fingerprints, written
from rectoverso.verso.registry.refusals import RecordedRefusals
from rectoverso.workflow.calibration import is_counted
from rectoverso.workflow.fingerprints import compare_originals, make_fingerprints
from rectoverso.workflow.ledgers import existing_home
from rectoverso.workflow.registry import add_commons, add_works, claim_works, list_works
from rectoverso.workflow.seal import seal_files
from unit.verso.screen.conftest import Pictures

SAID = {"owner": "Anna", "contact": "anna@example.org"}


@pytest.fixture(scope="module")
def photo() -> Pixels:
    return Pictures.photo(3, 150, 200)


@pytest.fixture
def original(tmp_path: Path, photo: Pixels) -> Path:
    return saved(tmp_path / "original.png", photo)


@pytest.fixture
def sent(tmp_path: Path, original: Path) -> Path:
    """The fingerprints of the original, which only its owner has."""
    make_fingerprints([original], tmp_path / "sent.fingerprints", title="Night", **SAID)
    return tmp_path / "sent.fingerprints"


def saved(path: Path, pixels: Pixels) -> Path:
    path.write_bytes(to_png(pixels))
    return path


def cropped(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[20:130, 30:170])


def looks(home: Path, pictures: Iterator[Pixels] | list[Pixels]) -> list[object]:
    """What the cascade says of each, without the names of works, which are a home's own."""
    from rectoverso.workflow.registry import opened

    _, registry = opened(home)
    told = []
    for pixels in pictures:
        look = registry.search(pixels)
        matches = [{**match.plain(), "id": ""} for match in look.matches]
        told.append((matches, [(one.name, one.compared, len(one.found)) for one in look.stages]))
    return told


def test_what_is_found_is_what_would_be_found_of_the_picture(
    tmp_path: Path, original: Path, sent: Path, photo: Pixels
) -> None:
    """The picture, a part of it, turned and inverted, and another picture: the same matches, numbers and stages."""
    by_picture, by_fingerprints = tmp_path / "one", tmp_path / "two"
    add_works([original], by_picture, title="Night", **SAID)
    add_works([sent], by_fingerprints)
    attacks = [
        photo,
        cropped(photo),
        np.ascontiguousarray(255 - np.rot90(photo)),
        Pictures.photo(9, 120, 160),
    ]
    assert looks(by_picture, attacks) == looks(by_fingerprints, attacks)


def test_nothing_of_the_picture_is_in_the_file(sent: Path, original: Path) -> None:
    (work,) = read_fingerprints(sent)
    assert (work.title, work.owner, work.rights.contact) == ("Night", "Anna", "anna@example.org")
    assert len(sent.read_bytes()) < 18_000
    assert original.read_bytes()[8:64] not in sent.read_bytes()
    assert sent.stat().st_mode & 0o077 == 0


def test_it_says_how_it_came_in_and_holds_at_most_until_its_original_was_compared(
    home: Path, tmp_path: Path, original: Path, sent: Path, photo: Pixels
) -> None:
    """The whole story: a copy is held and says why; the owner brings the original; then a copy is refused."""
    entered = add_works([sent], home)
    (work,) = entered.works
    assert (work.is_unseen, entered.known) == (True, frozenset())
    assert not is_counted(work), "no calibration rests on it"
    assert add_works([sent], home).known == {work.id}, "sent again it stays as it is"
    with pytest.raises(WorkUnseen, match="Anna"):
        claim_works([work.id], home, state=State.VERIFIED, reason="by telephone")

    copy = saved(tmp_path / "copy.png", cropped(photo))
    (passage,) = seal_files([copy], tmp_path / "out", home).passages
    (finding,) = [row for row in passage.asset.findings if row["check"] == "similarity"]
    told = finding["evidence"]["work"]
    assert (passage.asset.decision, told["ruling"], told["doubt"]) == ("hold", "review", "unseen")
    assert (told["unseen"], told["rights"]["contact"]) == (True, "anna@example.org")
    opened = Home.open(home)
    assert RecordedRefusals(opened).held_unseen(work) == (1, 1)

    stranger = saved(tmp_path / "stranger.png", Pictures.photo(5, 120, 160))
    found = compare_originals([original, stranger], home)
    assert [(one.is_same, one.work and one.work.id) for one in found] == [(True, work.id), (False, None)]
    (seen,) = list_works(home)
    assert (seen.is_unseen, seen.by_fingerprints, seen.id) == (False, True, work.id)
    assert RecordedRefusals(opened).of_work(work.id) == 0
    (passage,) = seal_files(
        [saved(tmp_path / "again.png", cropped(photo)[:, 4:])], tmp_path / "out", home
    ).passages
    assert passage.asset.decision == "refuse"
    assert [one.state for one in claim_works([work.id], home, state=State.VERIFIED, reason="saw it")] == [
        State.VERIFIED
    ]

    with opened.database.read() as tx:
        entries = [json.loads(body) for body in opened.log.entries(tx, 0, opened.log.size(tx)).values()]
    told = [one for one in entries if one["kind"].startswith("work_")]
    assert [one["kind"] for one in told] == ["work_registered", "work_compared", "work_claim"]
    assert told[0]["by"] == "fingerprints"
    assert set(told[1]) >= {"work", "original"}
    assert seen.original not in json.dumps(told), "the ledger commits to it"


def test_fingerprints_of_another_picture_stay_unseen(home: Path, tmp_path: Path, photo: Pixels) -> None:
    """Somebody who has a poor copy of a picture has not its original, nor has who changed the numbers."""
    copy = saved(tmp_path / "copy.png", Pictures.jpeg(photo, 50))
    make_fingerprints([copy], tmp_path / "a.fingerprints", **SAID)
    (work,) = read_fingerprints(tmp_path / "a.fingerprints")
    forged = replace(work, hashes=work.hashes[32:] + work.hashes[:32])
    (tmp_path / "b.fingerprints").write_bytes(written([forged], "Anna"))
    add_works([tmp_path / "a.fingerprints", tmp_path / "b.fingerprints"], home)
    found = compare_originals([saved(tmp_path / "original.png", photo)], home)
    assert [one.is_same for one in found] == [False, False]
    assert {"points"} <= set(found[0].differ)
    found = compare_originals([copy], home, owner="Anna")
    assert sorted((one.is_same, one.differ) for one in found) == [(False, ("hashes",)), (True, ())]
    assert [one.is_unseen for one in list_works(home)].count(True) == 1


def test_whoever_has_the_picture_can_enter_it_though_its_fingerprints_are_there(
    home: Path, original: Path, sent: Path
) -> None:
    """Nobody keeps a picture out by sending its fingerprints first, in their own name."""
    add_works([sent], home)
    entered = add_works([original], home, owner="Berta")
    assert (entered.known, entered.contested) == (frozenset(), frozenset())
    assert [(one.owner, one.is_unseen) for one in list_works(home)] == [("Anna", True), ("Berta", False)]


def test_common_content_cannot_be_claimed_by_its_fingerprints(
    home: Path, tmp_path: Path, sent: Path, photo: Pixels
) -> None:
    add_commons([saved(tmp_path / "common.png", Pictures.poor_copy(photo))], home)
    with pytest.raises(WorkCommon):
        add_works([sent], home)
    assert list_works(home) == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kind": Kind.STYLE}, "style"),
        ({"owner": ""}, "--owner"),
        ({"contact": ""}, "--contact"),
        ({"until": "soon"}, "--until"),
    ],
)
def test_what_could_not_be_entered_is_not_made(
    changed: dict[str, str], says: str, original: Path, tmp_path: Path
) -> None:
    with pytest.raises((BadSetting, FingerprintsDoubtful), match=says):
        make_fingerprints([original], tmp_path / "a.fingerprints", **(SAID | changed))
    assert not (tmp_path / "a.fingerprints").exists()


def test_pictures_too_plain_or_with_too_few_points_are_told_together(tmp_path: Path) -> None:
    plain = saved(tmp_path / "plain.png", np.full((64, 64, 3), 9, np.uint8))
    soft = saved(tmp_path / "soft.png", Pictures.scaled(Pictures.photo(1, 4, 4), 90, 120))
    with pytest.raises(WorkTooPlain):
        make_fingerprints([plain], tmp_path / "a.fingerprints", **SAID)
    with pytest.raises(BadWorks, match=r"plain.*\n.*fewer than 12 points"):
        make_fingerprints([plain, soft], tmp_path / "a.fingerprints", **SAID)


def test_a_file_is_one_owners(tmp_path: Path) -> None:
    """What such works lead to is counted by owner: nobody sends a hundred names at once."""
    for number in range(2):
        saved(tmp_path / f"{number}.png", Pictures.photo(number, 160, 200))
    table = tmp_path / "works.csv"
    table.write_text("file,owner,contact\n0.png,Anna,a@example.org\n1.png,Berta,b@example.org\n")
    with pytest.raises(BadSetting, match="Anna, Berta"):
        make_fingerprints([], tmp_path / "a.fingerprints", catalogue=table)


def test_a_file_is_taken_whole_or_not_at_all(home: Path, tmp_path: Path, sent: Path) -> None:
    (tmp_path / "cut.fingerprints").write_bytes(sent.read_bytes()[:-200])
    with pytest.raises(BadFingerprints):
        add_works([sent, tmp_path / "cut.fingerprints"], home)
    assert list_works(home) == []


def test_the_commands(tmp_path: Path, original: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, out = str(tmp_path / "home"), str(tmp_path / "a.fingerprints")
    said = ["--owner", "Anna", "--contact", "a@example.org", "--asked", Asked.REVIEW]
    assert code_of("registry", "fingerprint", str(original), "--out", out, *said, "--json") == 0
    assert json.loads(capsys.readouterr().out)["works"] == 1
    assert code_of("registry", "add", out, "--home", home) == 0
    assert "by fingerprints only" in capsys.readouterr().out
    assert code_of("registry", "add", out, "--home", home, "--owner", "Berta") == 2
    assert code_of("registry", "verify", str(original), "--home", home, "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)["compared"]
    assert (one["same"], one["differ"], one["work"]["by"]) == (True, [], "fingerprints")
    assert code_of("registry", "verify", str(original), "--home", home) == 1, "nothing waits for it any more"
    assert existing_home(Path(home)).works.all()[0].original == one["work"]["original"]
