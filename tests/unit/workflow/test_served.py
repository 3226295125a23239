"""What a service keeps of somebody goes with them, and of others it keeps what it kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import stolen
from rectoverso.errors import BlobMissing, NothingToErase, RecordDamaged
from rectoverso.store.home import Home
from rectoverso.store.jobs import Jobs, State
from rectoverso.store.people import Role
from rectoverso.types import AssetId
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.keys import init_keys
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.served import Erasing, erase_served, served

NOW = "2026-11-28T12:00:00Z"
ANNA, BEN = "Anna Muster", "Ben Beispiel"
MINE, SHARED = b"a picture of Anna in her kitchen", b"a picture that both of them sent"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "home"
    init_keys(path)
    return path


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Home]:
    opened = Home.open(Path(shutil.copytree(template, tmp_path / "home")))
    yield opened
    opened.close()


def order(jobs: Jobs, kind: str, person: str, drawn: Sequence[Any] = (), **asked: Any) -> str:
    job, _ = jobs.add(kind, person, {"kind": kind} | asked, 1, NOW)
    (turn,) = [turn for turn in jobs.unsent(10) if turn.job == job.id]
    jobs.begin(turn)
    jobs.end(turn, State.DONE, {"result": {"released": list(drawn), "for": asked.get("prompt")}})
    return job.id


def everything(home: Home) -> list[tuple[str, bytes]]:
    with home.database.read() as tx:
        found: list[Any] = [home.people.all(tx), home.jobs.all(tx)]
        found += [home.jobs.told(tx, job.id) for job in home.jobs.all(tx)]
    home.close()
    return [("opened", repr(found).encode()), *stolen.files_of(home.path)]


@pytest.mark.parametrize("by", ["name", "id"])
def test_an_account_goes_with_its_orders_and_what_was_sent_for_them(home: Home, by: str) -> None:
    anna, ben = home.people.add(ANNA, Role.MAKER, NOW), home.people.add(BEN, Role.ADMIN, NOW)
    _, token = home.people.issue(anna.id, NOW)
    mine, shared = home.uploads.put(MINE), home.uploads.put(SHARED)
    before = order(home.jobs, "generate", ben.id, prompt="a dog", image=shared)
    order(home.jobs, "generate", anna.id, prompt="the cat of my neighbour", image=mine, mask=shared)
    order(home.jobs, "seal", anna.id, files=[{"digest": mine, "name": "my-kitchen.jpg"}])
    run = order(home.jobs, "train", anna.id, data="digits")
    of_ben = order(home.jobs, "generate", ben.id, prompt=f"the dog of {ANNA}")
    words = {"hers": b"neighbour", "file": b"my-kitchen"} | ({"name": ANNA.encode()} if by == "name" else {})
    assert stolen.found(everything(home), words)
    assert stolen.found(stolen.files_of(home.path), words) == []

    erased = erase(home.path, What.PERSON, ANNA.upper() if by == "name" else anna.id)

    assert (erased.accounts, erased.jobs, erased.sent, erased.keys) == (1, 2, 1, 4)
    assert stolen.found(everything(home), words) == []
    assert (home.people.find(anna.id).name, home.people.known_by(token)) == ("", None)  # type: ignore[union-attr]
    assert home.people.are_there()  # or the door of the service would be open to all again
    with pytest.raises(BlobMissing):
        home.uploads.get(mine)
    assert (home.uploads.has(mine), home.uploads.get(shared)) == (False, SHARED)
    with home.database.read() as tx:
        assert [job.id for job in home.jobs.all(tx)] == [of_ben, run, before]
    told = "the dog of …" if by == "name" else f"the dog of {ANNA}"
    assert home.jobs.find(of_ben).asked["prompt"] == told  # type: ignore[union-attr]
    assert home.people.find(ben.id) == ben
    assert check_ledger(home.path).problems == ()
    assert erase(home.path, What.PERSON, ANNA.upper() if by == "name" else anna.id).repeated


def test_what_was_sent_goes_by_what_is_in_it(home: Home, tmp_path: Path) -> None:
    mine = home.uploads.put(MINE)
    order(home.jobs, "seal", "local", files=[{"digest": mine, "name": "my-kitchen.jpg"}])
    (tmp_path / "mine.jpg").write_bytes(MINE)
    erased = erase(home.path, What.ASSET, str(tmp_path / "mine.jpg"))
    assert (erased.jobs, erased.sent) == (1, 1)
    assert stolen.found(everything(home), {"digest": mine.encode(), "name": b"my-kitchen"}) == []
    assert [path for path in (home.path / "uploads").rglob("*") if path.is_file()] == []
    (tmp_path / "never.jpg").write_bytes(b"never sent")
    with pytest.raises(NothingToErase):
        erase(home.path, What.ASSET, str(tmp_path / "never.jpg"))


def test_with_an_image_goes_what_it_can_be_drawn_from_again(home: Home) -> None:
    rows = [{"asset": f"{number:012x}", "seed": 1000 + number} for number in range(4)]
    mine, other = home.uploads.put(MINE), home.uploads.put(SHARED)
    alone = order(home.jobs, "generate", "ben", prompt="a cat", drawn=rows[:1])
    both = order(home.jobs, "generate", "ben", prompt="two dogs", drawn=rows[1:3])
    files = [{"digest": mine, "name": "a.png"}, {"digest": other, "name": "b.png"}]
    sealed, _ = home.jobs.add("seal", "ben", {"kind": "seal", "files": files}, 2, NOW)
    for turn, drawn in zip(home.jobs.unsent(2), (rows[3:], []), strict=True):
        home.jobs.begin(turn)
        home.jobs.end(turn, State.DONE, {"result": {"released": drawn}})
    meant = Erasing(assets=[AssetId(rows[number]["asset"]) for number in (0, 1, 3)])
    with home.database.transaction() as tx:
        found = served(home, tx, meant)
        assert erase_served(home, tx, found, meant, NOW) == 2  # the order and the picture
        assert (found.jobs, set(found.changed), found.sent) == ((alone,), {both, sealed.id}, (mine,))
        assert [job.id for job in home.jobs.all(tx)] == [sealed.id, both]
        told = repr([home.jobs.told(tx, job) for job in (both, sealed.id)])
    assert ("1002" in told, "1001" in told, "1003" in told) == (True, False, False)
    assert (home.uploads.has(mine), home.uploads.has(other)) == (False, True)


def test_no_copy_of_an_order_opens_afterwards_by_any_key_of_the_home(home: Home) -> None:
    anna = home.people.add(ANNA, Role.MAKER, NOW)
    order(home.jobs, "generate", anna.id, prompt="the cat of my neighbour")
    of_ben = order(home.jobs, "generate", "ben", prompt=f"the dog of {ANNA}")
    query = "SELECT 'jobs/' || id, asked FROM jobs UNION SELECT 'people/' || id, name FROM people"
    with home.database.read() as tx:
        before = {name: bytes(sealed) for name, sealed in tx.connection.exec_driver_sql(query)}
    erase(home.path, What.PERSON, ANNA)
    with home.database.read() as tx:
        there = dict(home.data_keys.of_table(tx, "jobs")) | dict(home.data_keys.of_table(tx, "people"))
    assert list(there) == [f"jobs/{of_ben}"]
    assert len(before) == 3
    for place, sealed in before.items():
        for key in (*there.values(), home.vault):
            with pytest.raises(RecordDamaged):
                key.open(sealed, place)
