"""The held queue on the command line: the same votes by the same people as in the service."""

from __future__ import annotations

import io
import json
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from holding import hold
from rectoverso.cli.main import main
from rectoverso.cli.review import KEY
from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.people import LOCAL, add_person
from rectoverso.workflow.professions import confirm
from unit.service.conftest import quick_hashes
from unit.verso.conftest import photo

__all__ = ["quick_hashes"]


@dataclass
class Desk:
    """A home with two held pictures of a maker's, one for advertising and one for medicine; and the command over it."""

    path: Path
    held: str
    medical: str
    keys: dict[Role, str]
    ids: dict[Role, str]
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *line: str, by: Role | None = None, typed: str = "") -> tuple[int, Any]:
        """Exit code and answer; ``typed``: what comes on standard input."""
        self.patch.setenv(KEY, self.keys[by] if by else "")
        self.patch.setattr("sys.stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as left:
            main(["review", *line, "--home", str(self.path), "--json"])
        told = json.loads(self.capsys.readouterr().out)
        return int(left.value.code or 0), told.get("error", {}).get("code") or told


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = Home.open(tmp_path_factory.mktemp("desk") / "home")
    people = {role: add_person(home, f"the {role}", role) for role in Role}
    ids = {role: person.id for role, (person, _, _) in people.items()}
    (held,) = hold(home, [photo(1, 96)], ids[Role.MAKER])
    (medical,) = hold(home, [photo(2, 96)], ids[Role.MAKER], "medical")
    home.close()
    return home.path, held, medical, {role: token for role, (_, _, token) in people.items()}, ids


@pytest.fixture
def desk(
    template: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    path, *rest = template
    return Desk(Path(shutil.copytree(path, tmp_path / "home")), *rest, monkeypatch, capsys)


def test_who_has_no_key_or_the_wrong_role_decides_nothing(desk: Desk) -> None:
    assert desk.run("list") == (2, "sign_in_failed")
    assert desk.run("approve", desk.held, typed="rv_no_key\n") == (2, "sign_in_failed")
    for role in set(Role) - {Role.REVIEWER, Role.ADMIN}:
        assert desk.run("approve", desk.held, by=role) == (2, "not_allowed"), role
    assert desk.run("list", by=Role.AUDITOR)[1]["waiting"] == 2
    assert desk.run("show", desk.held, "--out", str(desk.path / "x"), by=Role.AUDITOR) == (2, "not_allowed")
    assert desk.run("approve", "f" * 12, by=Role.REVIEWER) == (2, "not_waiting")


def test_it_is_looked_at_escalated_and_let_go(desk: Desk, tmp_path: Path) -> None:
    code, told = desk.run("list", "--use", "advertising", by=Role.REVIEWER)
    assert (code, [one["asset"] for one in told["reviews"]]) == (0, [desk.held])
    code, told = desk.run("show", desk.held, "--out", str(tmp_path / "out"), by=Role.REVIEWER)
    assert told["evidence"]["lines"]
    (draft,) = map(Path, told["pictures"])
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    with Image.open(draft) as picture:
        assert "held draft, not released" in str(picture.info)
    assert (
        desk.run("escalate", desk.held, "--comment", "Is this Anna?", by=Role.REVIEWER)[1]["state"]
        == "escalated"
    )
    assert desk.run("approve", desk.held, by=Role.REVIEWER)[1]["state"] == "escalated"
    assert desk.run("approve", desk.held, by=Role.REVIEWER) == (2, "voted_already")
    code, told = desk.run("approve", desk.held, by=Role.ADMIN)
    assert (code, told["state"], len(told["votes"])) == (0, "approved", 3)
    assert told["became"]
    assert desk.run("undo", desk.held, by=Role.ADMIN)[1]["state"] == "escalated"
    assert desk.run("refuse", desk.held, by=Role.REVIEWER)[1]["state"] == "refused"
    assert desk.run("list", by=Role.REVIEWER)[1]["waiting"] == 1
    assert check_ledger(desk.path).holds


def test_medicine_is_signed_for_by_a_confirmed_professional(desk: Desk) -> None:
    signing = ("approve", desk.medical, "--meaning", "I have examined it")
    own = f"{desk.keys[Role.REVIEWER]}\n"
    assert desk.run(*signing, by=Role.REVIEWER, typed=own) == (2, "profession_unconfirmed")
    home = Home.open(desk.path)
    confirm(home, open_keys(home), desk.ids[Role.REVIEWER], "medical", "radiologist", "seen", LOCAL)
    home.close()
    assert desk.run("show", desk.medical, by=Role.REVIEWER)[1]["profession"] == "radiologist"
    for typed in ("", "rv_\n", f"{desk.keys[Role.ADMIN]}\n"):
        assert desk.run(*signing, by=Role.REVIEWER, typed=typed) == (2, "signature_needed")
    assert desk.run("approve", desk.medical, by=Role.REVIEWER, typed=own) == (2, "signature_needed")
    assert desk.run(*signing, by=Role.REVIEWER, typed=own)[1]["state"] == "approved"


def test_in_words_it_says_where_it_stands(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "zh")
    monkeypatch.setenv(KEY, desk.keys[Role.REVIEWER])
    for line in (["list"], ["show", desk.medical]):
        with pytest.raises(SystemExit):
            main(["review", *line, "--home", str(desk.path)])
        told = desk.capsys.readouterr().out
        assert desk.medical in told
        assert "留置" in told
    assert "专业人员" in told
