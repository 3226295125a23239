"""Whoever steals the database and the folder of pictures learns nothing: every byte of them is looked at."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import stolen
from rectoverso.store.home import Home
from rectoverso.store.rights import State
from rectoverso.types import Decision, Draft, Finding, Maker, Message, Outcome, Pixels
from rectoverso.verso.picture import to_png
from rectoverso.verso.policy import Shelf
from rectoverso.verso.screen.fingerprint import fingerprint
from rectoverso.workflow import digests
from rectoverso.workflow.keys import init_keys, open_keys
from rectoverso.workflow.ledgers import check_ledger, revoke
from rectoverso.workflow.registry import add_commons, add_works, claim_works
from rectoverso.workflow.release import Door, release
from rectoverso.workflow.seal import seal_files
from stores import ON_BOTH, Server
from unit.verso.conftest import photo

OWNER, PROMPT = "Wilhelmina Ohnesorg", "a lighthouse that grandmother painted"
WORDS = stolen.words(
    owner=OWNER,
    title="Der Leuchtturm am Sund",
    contact="wilhelmina@example.org",
    licence="only with a letter of consent",
    reason="she sent a copy of her passport",
    revoked="her brother asked for it",
    folder="patients-of-doctor-quill",
    file="portrait-of-jadwiga",
    held="birthday-of-kunigunde",
    prompt=PROMPT,
    seed=str(2**61 + 9_876_543_211),
    studio="Studio Zimtstern",
)


@dataclass
class Story:
    """A home in which everything has happened, and what nobody may read there."""

    home: Path
    server: Server | None
    secrets: dict[str, bytes] = field(default_factory=dict)

    def places(self) -> Iterator[tuple[str, bytes]]:
        yield from stolen.files_of(self.home)
        if self.server:
            database = (self.home / "database.txt").read_text().partition("@/")[2].partition("?")[0]
            yield from stolen.tables_of(self.server, database)

    def add_picture(self, name: str, pixels: Pixels, *files: bytes) -> None:
        self.secrets |= stolen.picture(name, pixels, *files)
        self.secrets |= {f"{name} hash": fingerprint(pixels)}


@dataclass(frozen=True)
class Says:
    """A check that gives one answer, with the words of a prompt."""

    outcome: Outcome
    name: str = "similarity"

    def examine(self, draft: Draft) -> Finding:
        del draft
        return Finding(self.name, self.outcome, Message("release.parts_passed", {"prompt": PROMPT}))


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def story(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Story:
    server: Server | None = request.getfixturevalue("postgres") if kind == "postgres" else None
    if server:
        monkeypatch.setenv("RECTOVERSO_DATABASE", server.url(server.database()))
    told = Story(tmp_path / "home", server, dict(WORDS))
    init_keys(told.home, owner="Studio Zimtstern")
    home = Home.open(told.home)
    keys = open_keys(home)
    folder = tmp_path / "patients-of-doctor-quill"
    folder.mkdir()
    shown = {name: photo(number, 128) for number, name in enumerate(("work", "sealed", "common", "old"))}
    files = {name: folder / f"{name}.png" for name in shown}
    files["sealed"] = folder / "portrait-of-jadwiga.png"
    for name, pixels in shown.items():
        files[name].write_bytes(to_png(pixels))
        told.add_picture(name, pixels, files[name].read_bytes())
    rights = {
        "contact": "wilhelmina@example.org",
        "licence": "only with a letter of consent",
        "asked": "review",
    }
    add_works([files["work"]], told.home, title="Der Leuchtturm am Sund", owner=OWNER, **rights)
    claim_works([], told.home, state=State.VERIFIED, reason="she sent a copy of her passport", owner=OWNER)
    add_commons([files["common"]], told.home)
    copy = folder / "birthday-of-kunigunde.png"
    copy.write_bytes(to_png(np.clip(shown["work"].astype(np.int16) + 1, 0, 255).astype(np.uint8)))
    told.add_picture("copy", np.clip(shown["work"].astype(np.int16) + 1, 0, 255).astype(np.uint8))
    batch = seal_files([files["sealed"], files["old"], copy], tmp_path / "out", told.home)
    assert [len(batch.released), len(batch.held)] == [2, 1]
    revoke(told.home, batch.released[1].asset.id, "her brother asked for it")
    for number, outcome in enumerate((Outcome.PASS, Outcome.REVIEW, Outcome.BLOCK)):
        pixels = photo(100 + number, 128)
        draft = Draft(
            pixels,
            digests.of_facts(prompt=PROMPT, number=number),
            Maker("test", "1"),
            seed=2**61 + 9_876_543_211,
            source="patients-of-doctor-quill/drawn.png",
            oversight="prompt_guided",
            prompt=PROMPT,
        )
        door = Door(home, keys, lambda _works, outcome=outcome: [Says(outcome)], Shelf().policy("general"))
        (passage,) = release([draft], door, tmp_path / "out")
        told.add_picture(f"drawn {number}", pixels, to_png(pixels))
        told.secrets[f"request {number}"] = draft.request.encode()
        if passage.asset.decision is Decision.RELEASE:
            assert passage.path is not None
            told.add_picture("released", pixels, passage.path.read_bytes())
        else:
            told.secrets[f"digest of {number}"] = digests.of_pixels(pixels).encode()
            told.secrets[f"file digest of {number}"] = hashlib.sha256(to_png(pixels)).hexdigest().encode()
    home.close()
    return told


@ON_BOTH
def test_a_stolen_home_reveals_no_picture_no_prompt_and_no_name(story: Story) -> None:
    assert stolen.found(story.places(), story.secrets) == []
    assert check_ledger(story.home).problems == ()


def test_what_is_looked_for_is_found_in_every_form() -> None:
    """The search itself: without it, finding nothing would mean nothing."""
    pixels = photo(1, 64)
    secrets = {**WORDS, **stolen.picture("scene", pixels, to_png(pixels))}
    owner = OWNER.encode()
    hidden = {
        "plain": b"x" + owner,
        "UTF-16 LE": OWNER.encode("utf-16-le"),
        "hex": owner.hex().encode(),
        **{f"base64 at {at}": base64.b64encode(b"xyz"[:at] + owner + b"more") for at in range(3)},
        "deflated": b"junk" + zlib.compress(b"the owner is " + owner),
        "JSON": json.dumps(f"{OWNER} 日落").encode(),
    }
    for form, data in hidden.items():
        assert stolen.found([("here", data)], secrets), form
    assert stolen.found([("png", to_png(pixels))], secrets)
    raw = io.BytesIO()
    np.save(raw, pixels)
    assert stolen.found([("npy", raw.getvalue())], secrets)
