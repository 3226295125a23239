"""What the door promises about drafts that are judged together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from doors import Says, draft_of, through
from rectoverso.types import Decision, Draft, Finding, Outcome
from rectoverso.workflow.release import Door, release


@dataclass(frozen=True)
class Crowd(Says):
    """Passes each draft, and says of a group what it was told to."""

    say: Callable[[Sequence[Finding]], Sequence[Finding]] = list

    def together(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        return self.say(findings)


def _all_suspect_of_three(findings: Sequence[Finding]) -> Sequence[Finding]:
    outcome = Outcome.REVIEW if len(findings) == 3 else Outcome.PASS
    return [replace(one, outcome=outcome) for one in findings]


THREE = [draft_of("one"), draft_of("two", 72), draft_of("three", 80)]


def test_what_only_a_group_shows_is_known_before_any_of_it_leaves(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    passages = release(THREE, door(Crowd(say=_all_suspect_of_three)), out)
    assert next(passages).asset.decision is Decision.HOLD
    assert [one.asset.decision for one in passages] == [Decision.HOLD] * 2
    assert not out.exists()


def test_a_group_whose_first_was_decided_before_a_kill_is_judged_as_it_was(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    at_door = door(Crowd(say=_all_suspect_of_three))
    killed = release(THREE, at_door, tmp_path / "out")
    first = next(killed).asset
    assert isinstance(killed, Generator)
    killed.close()
    again = through(at_door, tmp_path / "out", THREE)
    assert [one.repeated for one in again] == [True, False, False]
    assert again[0].asset == first
    assert {one.asset.decision for one in again} == {Decision.HOLD}


def _milder(findings: Sequence[Finding]) -> Sequence[Finding]:
    return [replace(one, outcome=Outcome.PASS) for one in findings]


def _of_another(findings: Sequence[Finding]) -> Sequence[Finding]:
    return [replace(one, check="origin") for one in findings]


def _broken(findings: Sequence[Finding]) -> Sequence[Finding]:
    raise RuntimeError(f"{len(findings)} are too many")


@pytest.mark.parametrize("say", [_broken, _of_another, lambda findings: findings[:1], lambda _: [None] * 3])
def test_a_group_that_cannot_be_judged_is_held(
    door: Callable[..., Door], tmp_path: Path, say: Callable[..., Sequence[Finding]]
) -> None:
    passages = through(door(Crowd(say=say)), tmp_path / "out", THREE)
    assert {one.asset.decision for one in passages} == {Decision.HOLD}
    assert {reason["key"] for one in passages for reason in one.asset.reasons} >= {"screen.failed"}


def test_a_group_never_makes_a_finding_milder(door: Callable[..., Door], tmp_path: Path) -> None:
    (passage,) = through(door(Crowd(Outcome.REVIEW, say=_milder)), tmp_path / "out")
    assert passage.asset.decision is Decision.HOLD


def test_a_request_that_comes_twice_in_a_group_is_decided_once(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    one, other = through(door(Crowd()), tmp_path / "out", [draft_of(), draft_of()])
    assert (one.asset, one.repeated, other.repeated) == (other.asset, False, True)


def test_groups_are_no_larger_than_memory_allows(
    door: Callable[..., Door], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rectoverso.workflow.release.GROUP_BYTES", THREE[0].pixels.nbytes + 1)
    drawn: list[Draft] = []

    def drafts() -> Iterator[Draft]:
        for draft in THREE:
            drawn.append(draft)
            yield draft

    passages = release(drafts(), door(Crowd(say=_all_suspect_of_three)), tmp_path / "out")
    assert next(passages).asset.decision is Decision.RELEASE
    assert len(drawn) == 2
    assert len(list(passages)) == 2
