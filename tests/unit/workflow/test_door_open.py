"""While drafts are drawn and screened the door stands open to others, and what they change there counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from doors import Says, draft_of, through
from ledgers import tamper
from rectoverso.errors import ErasedMeanwhile, HomeBusy, LedgerBroken
from rectoverso.protocols import Check
from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.types import Decision, Draft, Finding, Outcome
from rectoverso.verso.picture import to_png
from rectoverso.workflow import release as door_module
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.keys import rotate_keys
from rectoverso.workflow.ledgers import check_ledger, existing_home, keys_of, open_ledger, revoke
from rectoverso.workflow.ledgers import erase as erase_openings
from rectoverso.workflow.registry import add_works
from rectoverso.workflow.release import Door, Passage, release

Act = Callable[[], object]


@dataclass(frozen=True)
class Crowd(Says):
    """Judges drafts together, and changes nothing by it."""

    def together(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        return findings


@dataclass
class Meanwhile:
    """Somebody acts once, while a draft is screened. ``made``: for how many works the checks were made, each time."""

    door: Door
    act: Act = lambda: None
    kind: type[Says] = Says

    def __post_init__(self) -> None:
        self.made: list[int] = []
        self._acts = [self.act]

    def checks(self, works: Sequence[Work]) -> list[Check]:
        """As soon as there is any work, drafts are suspect."""
        self.made.append(len(works))
        return [self.kind(Outcome.REVIEW if works else Outcome.PASS, misbehave=self._once)]

    def release(self, out: Path, *drafts: Draft) -> Iterator[Passage]:
        return release(drafts or (draft_of(),), replace(self.door, checks=self.checks), out)

    def _once(self) -> None:
        if self._acts:
            self._acts.pop()()


@pytest.fixture
def register(home: Path, tmp_path: Path) -> Act:
    def act() -> None:
        (tmp_path / "work.png").write_bytes(to_png(draft_of("work", 80).pixels))
        add_works([tmp_path / "work.png"], home)

    return act


def is_free(home: Path) -> bool:
    opened = Home.open(home)
    try:
        with opened.lock(wait_s=0):
            return True
    except HomeBusy:
        return False
    finally:
        opened.close()


def test_one_is_alone_at_the_door_from_the_verdict_to_the_delivery_and_not_before(
    door: Callable[..., Door], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[tuple[str, bool]] = Counter()

    def look(where: str) -> None:
        seen[where, is_free(home)] += 1

    def drafts() -> Iterator[Draft]:
        for name, side in (("one", 64), ("two", 72)):
            look("drawn")
            yield draft_of(name, side)

    for name in ("mark", "write"):  # the first and the last of it
        done = getattr(door_module, name)
        monkeypatch.setattr(
            door_module, name, lambda *a, _name=name, _done=done, **k: (look(_name), _done(*a, **k))[1]
        )
    at_door = door(Says(misbehave=lambda: look("screened")))
    for passage in release(drafts(), at_door, tmp_path / "out"):
        assert passage.asset.decision is Decision.RELEASE
        look("between")
    before = {("drawn", True): 2, ("screened", True): 2, ("between", True): 2}
    assert seen == before | {("mark", False): 2, ("write", False): 4}


@pytest.mark.parametrize("kind", [Says, Crowd])
def test_a_work_that_is_registered_while_a_draft_is_screened_is_compared_with_all_the_same(
    door: Callable[..., Door], register: Act, tmp_path: Path, kind: type[Says]
) -> None:
    at_door = Meanwhile(door(), register, kind)
    passages = list(at_door.release(tmp_path / "out", draft_of("one"), draft_of("two", 72)))
    assert {passage.asset.decision for passage in passages} == {Decision.HOLD}
    assert at_door.made == [0, 1]
    again = Meanwhile(door(), kind=kind)
    assert [one.repeated for one in again.release(tmp_path / "out", draft_of("one"))] == [True]


def test_what_is_registered_between_two_of_a_group_counts_for_the_rest(
    door: Callable[..., Door], register: Act, tmp_path: Path
) -> None:
    three = [draft_of("one"), draft_of("two", 72), draft_of("three", 80)]
    passages = Meanwhile(door(), kind=Crowd).release(tmp_path / "out", *three)
    assert next(passages).asset.decision is Decision.RELEASE
    register()
    assert [one.asset.decision for one in passages] == [Decision.HOLD] * 2


def test_keys_that_are_rotated_meanwhile_are_those_that_sign(
    door: Callable[..., Door], home: Path, tmp_path: Path
) -> None:
    at_door = Meanwhile(door(), lambda: rotate_keys(home))
    (passage,) = at_door.release(tmp_path / "out")
    assert passage.asset.decision is Decision.RELEASE
    ledger = open_ledger(existing_home(home), keys_of(existing_home(home)))
    assert [ledger.entry(index)["kind"] for index in (1, 2)] == ["ledger_keys_rotated", "released"]
    assert check_ledger(home).holds
    assert at_door.made == [0], "nothing by which drafts are judged is another"


def test_what_is_drawn_while_something_is_erased_is_asked_for_again(
    door: Callable[..., Door], home: Path, tmp_path: Path
) -> None:
    (first,) = through(door(), tmp_path / "out")
    at_door = Meanwhile(door(), lambda: erase(home, What.ASSET, first.asset.id))
    with pytest.raises(ErasedMeanwhile, match="Ask for the same again"):
        list(at_door.release(tmp_path / "out", draft_of("two")))
    assert [asset.id for asset in door().home.assets.all()] == [first.asset.id]
    (again,) = at_door.release(tmp_path / "out", draft_of("two"))
    assert (again.asset.decision, again.repeated) == (Decision.RELEASE, False)


def test_what_a_calibration_rests_on_may_be_erased_meanwhile(
    door: Callable[..., Door], home: Path, tmp_path: Path
) -> None:
    (first,) = through(door(), tmp_path / "out")
    _, entry = revoke(home, first.asset.id, "by mistake")
    at_door = Meanwhile(door(), lambda: erase_openings(home, str(entry)))
    (passage,) = at_door.release(tmp_path / "out", draft_of("two"))
    assert passage.asset.decision is Decision.RELEASE
    assert at_door.made == [0, 0]


def test_a_request_that_two_make_at_once_is_decided_once(door: Callable[..., Door], tmp_path: Path) -> None:
    others: list[Passage] = []
    at_door = Meanwhile(door(), lambda: others.extend(through(door(), tmp_path / "theirs")))
    (passage,) = at_door.release(tmp_path / "out")
    assert passage.repeated
    assert [passage.asset] == [other.asset for other in others] == door().home.assets.all()
    assert passage.path is not None
    assert passage.path.is_file()


def test_what_others_let_out_meanwhile_is_no_reason_to_look_again(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    at_door = Meanwhile(door(), lambda: through(door(), tmp_path / "theirs", [draft_of("theirs", 72)]))
    (passage,) = at_door.release(tmp_path / "out")
    assert (passage.asset.decision, passage.repeated, at_door.made) == (Decision.RELEASE, False, [0])


def test_a_ledger_that_is_put_back_meanwhile_lets_nothing_out(
    door: Callable[..., Door], home: Path, tmp_path: Path
) -> None:
    through(door(), tmp_path / "out")
    cut = ("DELETE FROM entries WHERE seq = 1", "DELETE FROM checkpoints WHERE size = 2")
    at_door = Meanwhile(door(), lambda: tamper(home / "verso.sqlite3", *cut))
    with pytest.raises(LedgerBroken):
        list(at_door.release(tmp_path / "out", draft_of("two")))
