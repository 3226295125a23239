"""What keepers see of the service: numbers, lines of its log, and what is cleared away."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from counter import Counter
from rectoverso.protocols import SystemClock
from rectoverso.store.people import Role
from rectoverso.verso.picture import to_png
from rectoverso.workflow.jobs.sweep import KEPT, UNFINISHED, sweep
from rectoverso.workflow.keys import rotate_keys
from unit.verso.conftest import photo

MAKER, REVIEWER, ADMIN = Role.MAKER, Role.REVIEWER, Role.ADMIN


def test_numbers_are_for_this_machine_or_who_oversees(counter: Counter) -> None:
    counter.ask("GET", f"/people/{counter.ids[MAKER]}/keys", ADMIN)
    text = counter.client.get("/metrics").text
    assert 'route="/people/{person}/keys"' in text
    assert counter.ids[MAKER] not in text
    assert "rectoverso_images_waiting 0.0" in text
    away = TestClient(counter.app, base_url="http://10.0.0.1", client=("10.9.9.9", 1))
    assert away.get("/metrics").status_code == 401
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "CF-Connecting-IP", "Forwarded"):
        assert counter.client.get("/metrics", headers={header: "10.9.9.9"}).status_code == 401, header
    assert counter.client.get("/metrics", headers={"Host": "rebound.example"}).status_code == 401
    for role in Role:
        key = {"Authorization": f"Bearer {counter.keys[role]}"}
        status = 200 if role in (Role.AUDITOR, ADMIN) else 403
        assert away.get("/metrics", headers=key).status_code == status


def test_a_request_has_one_line_with_its_id_and_nothing_of_what_was_asked(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "rectoverso"):
        answer = counter.ask(
            "GET", "/people/abcdefabcdef/keys?secret=1", ADMIN, headers={"X-Request-ID": "trace-12345"}
        )
    assert answer.headers["x-request-id"] == "trace-12345"
    (line,) = [record for record in caplog.records if record.name == "rectoverso.requests"]
    assert vars(line)["route"] == "/people/{person}/keys"
    assert vars(line)["status"] == 404
    assert not any(word in str(vars(line)) for word in ("abcdefabcdef", "secret", counter.keys[ADMIN]))
    for odd in ("short", "x" * 65, "two words here", 'a"b<c>d&eeee'):
        came = counter.ask("GET", "/healthz", headers={"X-Request-ID": odd}).headers["x-request-id"]
        assert came != odd


def test_who_was_shown_a_draft_is_on_record(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    sent = counter.ask("POST", "/uploads", MAKER, content=to_png(photo(1, 96))).json()
    files = [{"digest": sent["digest"], "name": "a.png"}]
    counter.ask("POST", "/assets", MAKER, json={"files": files, "use": "advertising", "origin": "ai"})
    counter.work_off()
    (held,) = counter.ask("GET", "/reviews", REVIEWER).json()["items"]
    with caplog.at_level(logging.INFO, "rectoverso"):
        counter.ask("GET", f"/reviews/{held['asset']['id']}/picture", REVIEWER)
    (seen,) = [record for record in caplog.records if record.msg == "draft_seen"]
    assert vars(seen)["person"] == counter.ids[REVIEWER]


def test_old_uploads_go_but_for_what_is_wanted(counter: Counter, tmp_path: Path) -> None:
    del tmp_path
    home = counter.home
    old, waiting, shown, young = (to_png(photo(seed, 96)) for seed in (31, 32, 33, 34))
    digests = [
        counter.ask("POST", "/uploads", MAKER, content=data).json()["digest"]
        for data in (old, waiting, shown)
    ]
    asked = {"works": [{"digest": digests[2], "owner": "Anna", "title": "Dusk"}]}
    counter.ask("POST", "/works", REVIEWER, json=asked)
    counter.work_off()
    files = [{"digest": digests[1], "name": "b.png"}]
    counter.ask("POST", "/assets", MAKER, json={"files": files, "origin": "ai"})
    moment = (SystemClock().now() - KEPT - timedelta(hours=1)).timestamp()
    for name in home.uploads._files.all():
        os.utime(home.uploads._files._path(name), (moment, moment))
    part = home.path / "sealed" / ".abc.part"
    part.mkdir(parents=True)
    os.utime(part, ((SystemClock().now() - 2 * UNFINISHED).timestamp(),) * 2)
    fresh = counter.ask("POST", "/uploads", MAKER, content=young).json()["digest"]
    assert sweep(home) >= 1
    assert [home.uploads.has(one) for one in (*digests, fresh)] == [False, True, True, True]
    assert not part.exists()
    counter.work_off()


def test_what_there_is_not_is_told_before_anything_waits(counter: Counter) -> None:
    for field, asked in (
        ("system", {"system": "dcgam"}),
        ("preset", {"system": "dcgan", "preset": "fastest"}),
    ):
        answer = counter.ask("POST", "/runs", MAKER, json={"data": "digits", **asked})
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    answer = counter.ask(
        "POST", "/runs", MAKER, json={"data": "digits", "system": "dcgan", "settings": ["nought=1"]}
    )
    assert answer.status_code == 400


def test_where_keys_are_rotated_the_server_goes_on_with_the_new_ones(counter: Counter) -> None:
    """Its own admin does it, or somebody at the command line beside it."""
    said = {"use": "medical", "profession": "pathologist", "evidence": "register 17"}
    who = f"/people/{counter.ids[REVIEWER]}/professions"
    rotations = (
        lambda: counter.ask("POST", "/keys/rotation", ADMIN).json()["ledger_index"],
        lambda: rotate_keys(counter.folder)[0],
    )
    for rotate in rotations:
        index = rotate()
        answer = counter.ask("POST", who, ADMIN, json=said)
        assert (answer.status_code, answer.json().get("entry")) == (201, index + 1), answer.text
        assert counter.ask("GET", f"/ledger/entries/{index}", Role.AUDITOR).status_code == 200
