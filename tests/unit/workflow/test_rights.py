"""Rights at the door: what is asked and how sure it is decide, every change stands in the ledger, owners see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command import code_of
from rectoverso.cli.main import main
from rectoverso.errors import BadCatalogue, BadSetting, OwnerNotFound, WorkNotFound
from rectoverso.protocols import Clock
from rectoverso.store.home import Home
from rectoverso.store.rights import State
from rectoverso.types import Decision
from rectoverso.verso.picture import to_png
from rectoverso.verso.screen import claims
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.incidents import incidents
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import check_ledger, open_ledger, opened
from rectoverso.workflow.prints import PrintIndex
from rectoverso.workflow.progress import Progress
from rectoverso.workflow.registry import add_commons, add_works, claim_works, list_works, remove_works
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.terms import Terms
from unit.verso.conftest import photo

Offered = Callable[..., Batch]


class In:
    """A clock so many days from now."""

    def __init__(self, days: int) -> None:
        self.days = days

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(self.days)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    path = tmp_path / "work.png"
    path.write_bytes(to_png(photo(5, 128)))
    return path


@pytest.fixture
def offered(tmp_path: Path, home: Path) -> Offered:
    """Copies of the work, each a little different, offered to the door."""

    def offer(*numbers: int, clock: Clock | None = None, territory: str = "") -> Batch:
        files = []
        for number in numbers or (0,):
            pixels = photo(5, 128).astype(np.int16) + np.int16(number % 3) - 1
            pixels[0, 0] = number
            path = tmp_path / f"copy-{number:02}.png"
            path.write_bytes(to_png(np.clip(pixels, 0, 255).astype(np.uint8)))
            files.append(path)
        return seal_files(files, tmp_path / "out", home, clock=clock, terms=Terms.of(territory=territory))

    return offer


def decisions(batch: Batch) -> list[Decision]:
    return [passage.asset.decision for passage in batch.passages]


def kinds(home: Path) -> list[str]:
    found = Home.open(home)
    ledger = open_ledger(found, open_keys(found))
    return [str(ledger.entry(at)["kind"]) for at in range(ledger.size())]


def test_each_change_of_a_claim_is_a_new_question_and_an_entry(
    home: Path, work: Path, offered: Offered
) -> None:
    (added,) = add_works([work], home, owner="Anna", asked="review").works
    assert decisions(offered()) == [Decision.HOLD]
    remove_works([added.id], home)
    (added,) = add_works([work], home, owner="Anna").works
    assert decisions(offered()) == [Decision.REFUSE]
    for state, decision in ((State.DISPUTED, Decision.HOLD), (State.VERIFIED, Decision.REFUSE)):
        claim_works([added.id], home, state=state, reason="Anna Muster wrote")
        assert decisions(offered()) == [decision]
    claim_works([], home, owner="Anna", state=State.WITHDRAWN, reason="Anna Muster asked for it")
    assert decisions(offered()) == [Decision.RELEASE]
    assert [kind for kind in kinds(home) if kind.startswith("work")] == [
        *("work_registered", "work_removed", "work_registered"),
        *("work_claim", "work_claim", "work_claim"),
    ]
    assert check_ledger(home).holds


def test_a_credit_is_released_with_its_line(
    home: Path, work: Path, offered: Offered, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_works([work], home, title="Waves", owner="Anna", asked="credit", licence="CC BY 4.0")
    (passage,) = offered().passages
    assert passage.asset.decision is Decision.RELEASE
    assert passage.asset.findings[0]["evidence"]["credits"][0]["line"] == "“Waves”, Anna, CC BY 4.0"
    assert code_of("seal", tmp_path / "copy-00.png", "--out", tmp_path / "out", "--home", home) == 0
    assert "“Waves”, Anna, CC BY 4.0" in capsys.readouterr().out


def test_a_work_is_not_compared_outside_its_days_and_its_end_is_recorded_once(
    home: Path, work: Path, offered: Offered
) -> None:
    first, last = (str(In(days).now().date()) for days in (3, 9))
    add_works([work], home, **{"from": first, "until": last})
    assert decisions(offered(clock=In(2))) == [Decision.RELEASE]
    assert decisions(offered(1, clock=In(9))) == [Decision.REFUSE]
    assert decisions(offered(2, clock=In(10))) == [Decision.RELEASE]
    assert decisions(offered(3, clock=In(11))) == [Decision.RELEASE]
    assert kinds(home).count("work_expired") == 1
    assert [each.expired for each in list_works(home)] == [True]


def test_rights_that_do_not_reach_a_territory_do_not_concern_what_is_for_it_alone(
    home: Path, work: Path, offered: Offered
) -> None:
    add_works([work], home, territory="DE US")
    assert decisions(offered()) == [Decision.REFUSE]
    assert decisions(offered(1, territory="FR DE")) == [Decision.REFUSE]
    assert decisions(offered(2, territory="EU")) == [Decision.REFUSE]
    (passage,) = offered(3, territory="JP").passages
    assert passage.asset.decision is Decision.RELEASE
    found = Home.open(home)
    assert open_ledger(found, open_keys(found)).entry(passage.asset.ledger_index)["territory"] == ["JP"]
    with pytest.raises(BadSetting, match="Mars"):
        offered(territory="Mars")


def test_above_the_quota_an_unverified_work_has_people_decide_until_it_is_verified(
    home: Path, work: Path, offered: Offered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "WORK_QUOTA", 4)
    add_works([work], home, title="Waves", owner="Anna")
    first = decisions(offered(*range(6)))
    assert first == [Decision.REFUSE] * 4 + [Decision.HOLD] * 2
    (held,) = offered(40).passages
    assert held.asset.findings[0]["evidence"]["work"]["doubt"] == "work_quota", (
        "counted from what was recorded"
    )
    claim_works(["Waves"], home, state=State.VERIFIED, reason="by a letter")
    assert decisions(offered(41)) == [Decision.REFUSE]


def test_common_content_stops_no_picture(home: Path, work: Path, offered: Offered) -> None:
    add_works([work], home)
    assert decisions(offered()) == [Decision.REFUSE]
    _, (marked,) = add_commons([work], home, title="Stock waves")
    assert marked.title == "work"
    assert decisions(offered()) == [Decision.HOLD]


def test_owners_see_what_became_of_what_was_alike_and_nothing_else(
    home: Path, work: Path, offered: Offered, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(to_png(photo(9, 128)))
    add_works([work], home, title="Waves", owner="Anna")
    add_works([other], home, title="Hills", owner="Berta", asked="review")
    (refused,) = offered(1).passages
    seal_files([other], tmp_path / "out", home)
    (row,) = incidents(home, owner="Anna")
    assert (row.decision, row.ruling, row.doubt, row.title) == ("refuse", "block", None, "Waves")
    assert row.likeness > 0.99
    found = Home.open(home)
    entry = open_ledger(found, open_keys(found)).entry(row.ledger_index)
    assert (entry["asset"], entry["request"]) == (refused.asset.id, row.request)
    told = json.dumps(row.plain())
    assert not any(word in told for word in ("copy-01", "Berta", "Hills", refused.asset.request))
    assert [each.ruling for each in incidents(home, work="Hills")] == ["review"]
    assert len(incidents(home)) == 2

    remove_works(["Waves"], home)
    assert incidents(home, owner="Anna") == incidents(home, work="Waves") == [row]
    add_works([tmp_path / "work.png"], home, title="Again", owner="Clara")
    assert incidents(home, owner="Clara") == []
    with pytest.raises(OwnerNotFound):
        incidents(home, owner="Dora")
    with pytest.raises(WorkNotFound):
        incidents(home, work="Seas")


def test_nothing_personal_lies_open_and_reasons_can_be_erased(
    home: Path, work: Path, offered: Offered
) -> None:
    add_works([work], home, title="Waves", owner="Anna Muster", contact="anna@example.org")
    offered()
    claim_works(["Waves"], home, state=State.VERIFIED, reason="Anna Muster wrote a letter")
    found = Home.open(home)
    ledger = open_ledger(found, open_keys(found))
    at = kinds(home).index("work_claim")
    assert opened(found, ledger, at, "reason") == "Anna Muster wrote a letter"
    found.database.settle()
    found.close()
    everything = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert not any(word in everything for word in (b"Muster", b"anna@", b"Waves", b"letter"))


def test_a_withdrawn_work_is_no_registered_match(home: Path, work: Path) -> None:
    (added,) = add_works([work], home).works
    index = PrintIndex(Home.open(home))
    near = index.nearest(added.fingerprint)
    assert near is not None
    assert (near.kind, near.name) == ("work", "work")
    claim_works(["work"], home, state=State.WITHDRAWN, reason="x")
    assert index.nearest(added.fingerprint) is None


def _say(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    code = code_of(*arguments, "--json")
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("work")
def test_a_catalogue_goes_in_whole_or_not_at_all(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "flat.png").write_bytes(to_png(np.full((64, 64, 3), 200, np.uint8)))
    (tmp_path / "second.png").write_bytes(to_png(photo(8, 96)))
    table = tmp_path / "works.csv"
    head = "file,title,owner,asked,kind,until\n"
    table.write_text(f"{head}work.png,Waves,Anna,credit,heritage,2031-12-31\nflat.png,Flat,Anna,,,\n")
    code, answer = _say(capsys, "registry", "add", "--catalogue", table, "--home", home)
    assert (code, answer["error"]["code"]) == (2, "work_too_plain")
    assert "works.csv:3" in answer["error"]["message"]
    table.write_text(f"{head}work.png,Waves,Anna,blok,heritage,soon\n")
    with pytest.raises(BadCatalogue):
        add_works([], home, catalogue=table)
    assert list_works(home) == []
    table.write_text(f"{head}work.png,Waves,Anna,credit,heritage,2031-12-31\nsecond.png,,Berta,,,\n")
    code, answer = _say(capsys, "registry", "add", "--catalogue", table, "--home", home)
    assert code == 0
    assert [(row["title"], row["rights"]["asked"]) for row in answer["works"]] == [
        ("Waves", "credit"),
        ("second", "block"),
    ]


def test_whoever_adds_works_hears_how_far_it_is_and_what_was_there_before(
    home: Path, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in (8, 9):
        (folder / f"{number}.png").write_bytes(to_png(photo(number, 96)))
    (first,) = add_works([work], home, title="Waves").works
    heard: list[Progress] = []
    entered = add_works([work, folder], home, title="Other", listener=heard.append)
    assert [(one.done, one.total) for one in heard] == [(1, 3), (2, 3), (3, 3)]
    assert entered.known == {first.id}
    assert [each.title for each in entered.works] == ["Waves", "Other: 8", "Other: 9"]
    assert [each.title for each in list_works(home)] == ["Waves", "Other: 8", "Other: 9"]
    with pytest.raises(SystemExit):
        main(["registry", "add", str(folder), "--home", str(home)])
    told = capsys.readouterr().out
    assert "Registered anew" not in told
    assert "Registered before: 2." in told


def test_a_work_that_has_ended_is_listed_so_before_the_ledger_hears_of_it(home: Path, work: Path) -> None:
    add_works([work], home, until="2020-12-31")
    (listed,) = list_works(home)
    assert listed.expired


def test_all_works_of_an_owner_go_together(
    home: Path, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.png").write_bytes(to_png(photo(8, 96)))
    add_works([work], home, owner="Anna")
    add_works([tmp_path / "own.png"], home, owner="Berta")
    with pytest.raises(BadSetting, match="No work is named"):
        remove_works([], home)
    code, answer = _say(capsys, "registry", "remove", "--owner", "Anna", "--home", home)
    assert (code, [row["owner"] for row in answer["removed"]]) == (0, ["Anna"])
    assert [each.owner for each in list_works(home)] == ["Berta"]


def test_the_words_of_a_work_are_read_as_a_catalogues(home: Path, work: Path) -> None:
    with pytest.raises(BadSetting, match=r"--until, --territory|--territory, --until"):
        add_works([work], home, until="soon", territory="Mars")


def test_a_claim_without_a_work_is_refused(home: Path) -> None:
    with pytest.raises(BadSetting, match="No work is named"):
        claim_works([], home, state=State.VERIFIED, reason="x")


def test_the_command_claims_reports_and_keeps_common_pictures(
    home: Path, work: Path, offered: Offered, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_works([work], home, title="Waves", owner="Anna")
    offered(1)
    at_home = ("--home", home)
    code, answer = _say(capsys, "registry", "report", "--owner", "Anna", *at_home)
    assert (code, [row["decision"] for row in answer["incidents"]]) == (0, ["refuse"])
    code, answer = _say(
        capsys, "registry", "claim", "Waves", "--state", "verified", "--reason", "x", *at_home
    )
    assert (code, answer["works"][0]["claim"]) == (0, "verified")
    (tmp_path / "texture.png").write_bytes(to_png(photo(8, 96)))
    code, answer = _say(capsys, "registry", "common", "add", tmp_path / "texture.png", *at_home)
    assert (code, [row["title"] for row in answer["commons"]], answer["marked"]) == (0, ["texture"], [])
    code, answer = _say(capsys, "registry", "add", tmp_path / "texture.png", *at_home)
    assert (code, answer["error"]["code"]) == (2, "work_common")
    assert _say(capsys, "registry", "common", "remove", "texture", *at_home)[0] == 0
    assert _say(capsys, "registry", "common", "list", *at_home) == (0, {"commons": []})


def test_a_claim_is_not_changed_without_a_reason(home: Path, work: Path) -> None:
    (added,) = add_works([work], home).works
    with pytest.raises(BadSetting, match="--reason"):
        claim_works([added.id], home, state=State.VERIFIED, reason=" \t")
    assert list_works(home)[0].state is State.ASSERTED
