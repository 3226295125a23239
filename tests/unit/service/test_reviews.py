"""Held images: shown to who decides and to nobody else, let go by the door only, and each vote on record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from counter import Counter
from rectoverso.store.people import Role
from rectoverso.store.reviews import Choice
from rectoverso.types import AssetId
from rectoverso.verso.picture import to_png
from rectoverso.workflow.held import UNDO
from rectoverso.workflow.people import LOCAL
from rectoverso.workflow.professions import confirm
from rectoverso.workflow.review import Said, decide
from unit.verso.conftest import photo

VIEWER, MAKER, REVIEWER, ADMIN = Role.VIEWER, Role.MAKER, Role.REVIEWER, Role.ADMIN


@dataclass
class Desk:
    """A service with two reviewers, and pictures that are held as soon as they are asked for."""

    counter: Counter
    number: int = 0

    def held(self, use: str = "advertising", by: Role = MAKER, **terms: Any) -> str:
        """A picture, held for a use in which everything is."""
        self.number += 1
        sent = self.counter.ask("POST", "/uploads", by, content=to_png(photo(self.number, 96))).json()
        files = [{"digest": sent["digest"], "name": f"{self.number}.png"}]
        asked = {"files": files, "use": use, "origin": "ai", **terms}
        job = self.counter.ask("POST", "/assets", by, json=asked).json()
        self.counter.work_off()
        items = self.counter.ask("GET", f"/jobs/{job['id']}/items", by).json()["items"]
        (row,) = items[0]["result"]["held"]
        return str(row["asset"])

    def vote(self, asset: str, choice: str, by: Role = REVIEWER, **more: Any) -> Any:
        return self.counter.ask("POST", f"/reviews/{asset}/votes", by, json={"choice": choice, **more})

    def ask(self, path: str, by: Role = REVIEWER, method: str = "GET", **more: Any) -> Any:
        return self.counter.ask(method, path, by, **more)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    counter = Counter(tmp_path_factory.mktemp("reviews") / "home")
    counter.hire(*Role)
    return Desk(counter)


def entries(desk: Desk, kind: str) -> list[dict[str, Any]]:
    found = desk.ask("/ledger/entries?limit=200").json()["items"]
    return [entry["body"] for entry in found if entry["body"]["kind"] == kind]


def test_a_held_draft_is_shown_to_who_decides_and_kept_by_no_cache(desk: Desk) -> None:
    asset = desk.held()
    seen = desk.ask(f"/reviews/{asset}/picture")
    assert seen.headers["content-type"] == "image/png"
    assert "no-store" in seen.headers["cache-control"]
    assert seen.headers["x-rectoverso-draft"] == "held"
    assert (
        desk.counter.client.post("/api/v1/verify", content=seen.content).json()["outcome"] == "nothing_found"
    )
    for role in (VIEWER, MAKER, Role.PUBLISHER):
        for path in (f"/reviews/{asset}/picture", "/reviews", f"/reviews/{asset}/evidence"):
            assert desk.ask(path, role).status_code == 403
        assert desk.ask(f"/assets/{asset}/file", role).status_code == 404
    assert desk.ask(f"/assets/{asset}/file").status_code == 404, "a reviewer has no other way out either"


def test_an_approval_takes_it_through_the_door(desk: Desk) -> None:
    asset = desk.held(law=["cn"], producer="91110000", maker="Muster", maker_version="1")
    told = desk.vote(asset, "approve", comment="I know both of them.").json()
    assert (told["state"], told["picture"]) == ("approved", None)
    released = desk.ask(f"/assets/{told['became']}/file", VIEWER)
    report = desk.counter.client.post("/api/v1/verify", content=released.content).json()
    assert report["outcome"] == "trusted"
    assert b"human_validated" in released.content
    assert report["report"]["laws"], "the terms of the draft still hold"
    entry = desk.ask(f"/assets/{told['became']}", VIEWER).json()["ledger_index"]
    body = desk.ask(f"/ledger/entries/{entry}").json()["body"]
    assert body["held"] == told["asset"]["ledger_index"]
    assert body["reviews"] == [vote["entry"] for vote in told["votes"]] == [entry - 1]
    said = desk.ask(f"/ledger/entries/{entry - 1}").json()["body"]
    assert (said["kind"], said["choice"], said["asset"]) == ("reviewed", "approve", asset)
    assert "know both" not in str(said)
    assert told["votes"][0]["comment"] == "I know both of them."
    assert desk.ask(f"/reviews/{asset}/picture").json()["code"] == "not_waiting"
    assert desk.vote(asset, "refuse").status_code == 409
    assert desk.ask("/ledger/check").json()["holds"]


def test_what_was_let_go_is_the_answer_from_then_on(desk: Desk) -> None:
    first = desk.held()
    became = desk.vote(first, "approve").json()["became"]
    desk.number -= 1
    sent = desk.counter.ask("POST", "/uploads", MAKER, content=to_png(photo(desk.number + 1, 96))).json()
    desk.number += 1
    files = [{"digest": sent["digest"], "name": f"{desk.number}.png"}]
    asked = {"files": files, "use": "advertising", "origin": "ai"}
    job = desk.counter.ask("POST", "/assets", MAKER, json=asked).json()
    desk.counter.work_off()
    result = desk.ask(f"/jobs/{job['id']}/items").json()["items"][0]["result"]
    assert [row["asset"] for row in result["released"]] == [became]


def test_a_refusal_keeps_it_for_good_and_can_be_taken_back_for_an_hour(desk: Desk) -> None:
    asset = desk.held()
    assert desk.vote(asset, "refuse").json()["state"] == "refused"
    assert asset not in str(desk.ask("/reviews?limit=200").json())
    assert desk.ask(f"/reviews/{asset}/undo", ADMIN, "POST").json()["code"] == "not_undone", "somebody else's"
    assert desk.ask(f"/reviews/{asset}/undo", method="POST").json()["state"] == "waiting"
    assert desk.ask(f"/reviews/{asset}/picture").status_code == 200


def test_an_approval_taken_back_revokes_the_release(desk: Desk) -> None:
    asset = desk.held()
    became = desk.vote(asset, "approve").json()["became"]
    file = desk.ask(f"/assets/{became}/file").content
    assert desk.ask(f"/reviews/{asset}/undo", method="POST").json()["state"] == "waiting"
    assert desk.ask(f"/assets/{became}/file").status_code == 404
    report = desk.counter.client.post("/api/v1/verify", content=file).json()
    assert report["report"]["ledger"]["revoked"] is not None
    again = desk.vote(asset, "approve").json()
    assert (again["state"], again["became"] == became) == ("approved", False)
    assert desk.ask("/ledger/check").json()["holds"]


def test_an_escalated_one_needs_an_admin(desk: Desk) -> None:
    asset = desk.held()
    assert desk.vote(asset, "escalate", comment="Is this Anna?").json()["state"] == "escalated"
    assert desk.vote(asset, "approve").json()["state"] == "escalated"
    assert desk.vote(asset, "approve").json()["code"] == "voted_already"
    assert desk.vote(asset, "approve", ADMIN).json()["state"] == "approved"


def test_who_had_it_made_does_not_approve_it(desk: Desk) -> None:
    asset = desk.held(by=ADMIN)
    refused = desk.vote(asset, "approve", ADMIN)
    assert (refused.status_code, refused.json()["code"]) == (403, "own_work")
    assert desk.ask(f"/reviews/{asset}", ADMIN).json()["is_own"] is True


def test_an_auditor_is_told_all_of_it_and_shown_no_draft(desk: Desk) -> None:
    asset = desk.held()
    desk.vote(asset, "escalate", comment="Is this Carla?")
    told = desk.ask(f"/reviews/{asset}", Role.AUDITOR).json()
    assert (told["votes"][0]["comment"], told["picture"]) == ("Is this Carla?", None)
    assert desk.ask(f"/reviews/{asset}/evidence", Role.AUDITOR).json()["reasons"]
    for path in ("picture", "works/00000000/points", "works/00000000/overlay"):
        assert desk.ask(f"/reviews/{asset}/{path}", Role.AUDITOR).status_code == 403


def confirmed(desk: Desk, role: Role = REVIEWER, by: Role = ADMIN, **more: str) -> Any:
    asked = {"use": "medical", "profession": "radiologist", "evidence": "licence 4711, seen on paper"} | more
    return desk.ask(f"/people/{desk.counter.ids[role]}/professions", by, "POST", json=asked)


def test_who_is_confirmed_to_be_a_professional_signs_and_nobody_else(desk: Desk) -> None:
    asset, key = desk.held(use="medical"), desk.counter.keys[REVIEWER]
    signed = {"signature": {"key": key, "meaning": "I have examined it"}}
    assert desk.vote(asset, "approve", **signed).json()["code"] == "profession_unconfirmed"
    assert desk.ask(f"/reviews/{asset}").json()["blocked"] == "unconfirmed"
    assert confirmed(desk, ADMIN).json()["code"] == "own_profession"
    assert confirmed(desk, use="art").status_code == 201
    assert desk.vote(asset, "approve", **signed).json()["code"] == "profession_unconfirmed", "for another use"
    made = confirmed(desk).json()
    person = desk.counter.ids[REVIEWER]
    listed = desk.ask(f"/people/{person}/professions", Role.AUDITOR).json()["items"]
    assert [(one["use"], one["by"]) for one in listed] == [
        (use, desk.counter.ids[ADMIN]) for use in ("art", "medical")
    ]
    body = desk.ask(f"/ledger/entries/{made['entry']}").json()["body"]
    assert (body["kind"], body["use"]) == ("profession_confirmed", "medical")
    assert not any(word in str(body) for word in ("radiologist", "4711", person, "the reviewer"))
    assert desk.ask(f"/reviews/{asset}").json()["profession"] == "radiologist"
    told = desk.vote(asset, "approve", **signed).json()
    assert told["state"] == "approved"
    said = desk.ask(f"/ledger/entries/{told['votes'][0]['entry']}").json()["body"]
    assert (said["signed"], said["professional"]) == (True, True)
    assert {"by", "meaning", "profession", "confirmed"} <= set(said)
    gone = f"/people/{person}/professions/{made['entry']}"
    assert desk.ask(gone, ADMIN, "DELETE").json()["withdrawn"] > made["entry"]
    assert desk.ask(gone, ADMIN, "DELETE").json()["code"] == "confirmation_not_found"
    again = desk.held(use="medical")
    assert desk.vote(again, "approve", **signed).json()["code"] == "profession_unconfirmed"


@pytest.mark.parametrize(
    "more", [{"profession": ""}, {"evidence": " "}, {"use": "nothing"}, {"use": "../x.toml"}]
)
def test_what_is_confirmed_has_to_be_said(desk: Desk, more: dict[str, str]) -> None:
    assert confirmed(desk, **more).status_code in (400, 422)


def test_a_confirmation_that_only_the_table_knows_is_none(desk: Desk) -> None:
    """Whoever writes into the database makes nobody a professional, nor takes another's confirmation."""
    from rectoverso.store.professions import Confirmation

    home, entry = desk.counter.home, confirmed(desk, MAKER).json()["entry"]
    with home.database.transaction() as tx:
        home.professions.withdraw(tx, entry, 1)
        home.professions.add(tx, Confirmation(2, desk.counter.ids[REVIEWER], "medical", "2026-11-28"))
        home.professions.add(tx, Confirmation(10**6, desk.counter.ids[REVIEWER], "medical", "2026-11-28"))
    asset, key = desk.held(use="medical"), desk.counter.keys[REVIEWER]
    signed = {"signature": {"key": key, "meaning": "I have examined it"}}
    assert desk.vote(asset, "approve", **signed).json()["code"] == "profession_unconfirmed"


def test_an_approval_counts_as_long_as_its_profession_does(desk: Desk) -> None:
    policies = desk.counter.home.policies_path
    policies.mkdir(exist_ok=True)
    pack = policies / "medical.toml"
    pack.write_text('version = 1\nextends = "medical"\n[people]\nleast = 2\n', encoding="utf-8")

    def approve(asset: str, by: Role) -> Any:
        signature = {"key": desk.counter.keys[by], "meaning": "I have examined it"}
        return desk.vote(asset, "approve", by, signature=signature).json()

    try:
        asset = desk.held(use="medical")
        first = confirmed(desk).json()["entry"]
        at, admin = desk.counter.app.state.desk, desk.counter.ids[ADMIN]
        confirm(at.home, at.keys, admin, "medical", "surgeon", "seen", LOCAL)
        assert approve(asset, REVIEWER)["state"] == "waiting"
        desk.ask(f"/people/{desk.counter.ids[REVIEWER]}/professions/{first}", ADMIN, "DELETE")
        assert approve(asset, ADMIN)["state"] == "waiting", "one of the two is nobody's any more"
        confirmed(desk)
        assert desk.ask(f"/reviews/{asset}/undo", ADMIN, "POST").json()["state"] == "waiting"
        assert approve(asset, ADMIN)["state"] == "approved"
    finally:
        pack.unlink()


def test_medical_wants_a_signature_of_a_professional(desk: Desk) -> None:
    asset = desk.held(use="medical")
    confirmed(desk)
    assert desk.ask(f"/reviews/{asset}").json()["people"] == {
        "least": 1,
        "professional": True,
        "signed": True,
    }
    own, other = desk.counter.keys[REVIEWER], desk.counter.keys[ADMIN]
    full = {"key": own, "meaning": "I have examined it"}
    for signature in (None, full | {"key": other}, full | {"key": own[:-1] + "?"}):
        told = desk.vote(asset, "approve", signature=signature).json()
        assert told["code"] == "signature_needed", signature
    told = desk.vote(asset, "approve", signature=full).json()
    assert told["state"] == "approved"
    said = desk.ask(f"/ledger/entries/{told['votes'][0]['entry']}").json()["body"]
    assert said["signed"] is True
    assert "examined" not in str(said)
    assert {"by", "meaning", "profession"} <= set(said)


def test_four_eyes_are_those_of_two_people(desk: Desk) -> None:
    policies = desk.counter.home.policies_path
    policies.mkdir(exist_ok=True)
    (policies / "advertising.toml").write_text(
        'version = 1\nextends = "advertising"\n[people]\nleast = 2\n', encoding="utf-8"
    )
    try:
        asset = desk.held()
        assert desk.vote(asset, "approve").json()["state"] == "waiting"
        assert desk.vote(asset, "approve").json()["code"] == "voted_already"
        told = desk.vote(asset, "approve", ADMIN).json()
        assert (told["state"], len(told["votes"])) == ("approved", 2)
    finally:
        (policies / "advertising.toml").unlink()


def test_a_vote_that_only_the_table_knows_lets_nothing_go(desk: Desk) -> None:
    """Whoever writes into the database cannot be the second reviewer."""
    policies = desk.counter.home.policies_path
    policies.mkdir(exist_ok=True)
    pack = policies / "advertising.toml"
    pack.write_text('version = 1\nextends = "advertising"\n[people]\nleast = 2\n', encoding="utf-8")
    try:
        asset = desk.held()
        home = desk.counter.home
        with home.database.transaction() as tx:
            home.reviews.add(
                tx, AssetId(asset), "f" * 12, ADMIN, Choice.APPROVE, "2026-11-28T00:00:00+00:00", 3
            )
        assert desk.vote(asset, "approve").status_code >= 400
        assert desk.ask(f"/reviews/{asset}").json()["state"] == "waiting"
    finally:
        pack.unlink()


def test_a_work_registered_since_is_looked_at_first(desk: Desk, tmp_path: Path) -> None:
    from rectoverso.workflow.registry import add_works, remove_works

    asset = desk.held()
    copy = tmp_path / "copy.png"
    copy.write_bytes(desk.ask(f"/reviews/{asset}/picture").content)
    (work,) = add_works([copy], desk.counter.folder, owner="Anna").works
    told = desk.vote(asset, "approve")
    assert (told.status_code, told.json()["code"]) == (409, "found_since")
    assert desk.ask(f"/reviews/{asset}").json()["votes"] == [], "nothing was said"
    remove_works([work.id], desk.counter.folder)


@pytest.mark.parametrize("instant", ["assets.settle"])
def test_killed_at_any_instant_an_approval_was_or_was_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    asset = desk.held()
    part, _, method = instant.partition(".")
    before, size = desk.ask("/assets?limit=200").json(), desk.ask("/ledger").json()["size"]

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(getattr(desk.counter.home, part), method, killed)
    at, person = desk.counter.app.state.desk, desk.counter.home.people.find(desk.counter.ids[REVIEWER])
    assert person is not None
    with pytest.raises(KeyboardInterrupt):
        decide(at.home, at.keys, asset, Said(Choice.APPROVE), person)
    monkeypatch.undo()
    assert desk.ask("/assets?limit=200").json() == before
    assert desk.ask("/ledger").json()["size"] == size
    told = desk.ask(f"/reviews/{asset}").json()
    assert (told["state"], told["votes"]) == ("waiting", [])
    assert desk.vote(asset, "approve").json()["state"] == "approved"
    assert desk.ask("/ledger").json()["size"] == size + 2


def test_the_queue_goes_on_by_a_cursor(desk: Desk) -> None:
    for _ in range(2):
        desk.held()
    seen, cursor = [], ""
    while True:
        page = desk.ask(f"/reviews?limit=1{cursor}").json()
        seen += [one["asset"]["ledger_index"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(set(seen))
    assert len(seen) >= 2


def test_a_refused_draft_is_gone_after_an_hour(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = desk.held()
    desk.vote(asset, "refuse")
    desk.held()
    assert desk.counter.home.blobs.has(asset), "it can still be taken back"
    monkeypatch.setattr("rectoverso.workflow.held.UNDO", -UNDO)
    monkeypatch.setattr("rectoverso.workflow.orphans._EVERY_S", -1)
    desk.held()
    assert not desk.counter.home.blobs.has(asset)
    assert desk.ask(f"/reviews/{asset}/undo", method="POST").json()["code"] == "not_undone"
    assert desk.ask("/ledger/check").json()["holds"]


def test_alone_on_this_machine_one_may_decide_on_ones_own(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "home")
    sent = counter.ask("POST", "/uploads", content=to_png(photo(5, 96))).json()
    files = [{"digest": sent["digest"], "name": "a.png"}]
    counter.ask("POST", "/assets", json={"files": files, "use": "advertising", "origin": "ai"})
    counter.work_off()
    (held,) = counter.ask("GET", "/reviews").json()["items"]
    told = counter.ask("POST", f"/reviews/{held['asset']['id']}/votes", json={"choice": "approve"}).json()
    assert told["state"] == "approved"


def test_erased_is_erased_with_what_was_said_of_it(desk: Desk) -> None:
    from rectoverso.workflow.erase import What, erase

    asset = desk.held()
    told = desk.vote(asset, "approve", comment="It is Berta.").json()
    erase(desk.counter.folder, What.ASSET, asset)
    after = desk.ask(f"/reviews/{asset}").json()
    assert [vote["comment"] for vote in after["votes"]] == [""]
    assert desk.ask(f"/assets/{told['became']}/file").status_code == 404, "and what it became"
    assert desk.ask("/ledger/check").json()["holds"]
