"""A home with something of everything in it, and what is in the file of its backup."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from doors import Says, draft_of, through
from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.verso.picture import to_png
from rectoverso.verso.policy import Shelf
from rectoverso.workflow.backup.archive import MANIFEST
from rectoverso.workflow.jobs.asked import SealAsked, Sent
from rectoverso.workflow.jobs.kept import run_of
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.people import add_person
from rectoverso.workflow.release import Door
from unit.verso.conftest import photo

PASSPHRASE = "correct horse battery staple"


def door(home: Home) -> Door:
    return Door(home, open_keys(home), lambda _works: [Says()], Shelf().policy("general"))


def let_out(path: Path, *names: str) -> list[str]:
    home = Home.open(path)
    passages = through(door(home), path.parent / "out", [draft_of(name) for name in names])
    home.close()
    return [passage.asset.id for passage in passages]


def fill(path: Path) -> None:
    """What a service keeps."""
    home = Home.open(path)
    person, *_ = add_person(home, "Berta", Role.MAKER)
    digest = home.uploads.put(to_png(photo(1, 64)))
    asked = SealAsked(files=(Sent(digest=digest, name="sent.png"),), use="general", origin="ai")
    job, _ = order(home, person.id, asked)
    home.jobs.mark_sent(home.jobs.unsent(9))
    kept = home.folders.made(run_of(job.id))
    for name in ("tensors.safetensors", "state.json"):
        kept.write(f"state/000000000064-0/{name}", name.encode())
    kept.write("status.jsonl", b"{}\n")
    (path / "sealed" / ".body.part").mkdir()
    (path / "sealed" / ".body.part" / "half").write_bytes(b"half a body")
    (path / "policies").mkdir()
    (path / "policies" / "ours.toml").write_text("# ours")
    (path / "working").mkdir()
    (path / "working" / "plain.png").write_bytes(b"plain")
    home.close()


def told(path: Path) -> dict[str, Any]:
    """All that a home has to tell."""
    home = Home.open(path)
    with home.database.read() as tx:
        entries = home.log.entries(tx, 0, home.log.size(tx))
    found = {
        "entries": entries,
        "assets": home.assets.all(),
        "works": home.works.all(),
        "people": home.people.all(),
        "jobs": [(job, home.jobs.items(job.id)) for job in home.jobs.open()],
        "pictures": {asset: home.blobs.get(asset) for asset in home.blobs.all()},
        "sent": [
            home.uploads.get(digest)
            for job in home.jobs.open()
            for digest in (job.asked["files"][0]["digest"],)
        ],
        "files": {
            str(file.relative_to(path)): file.read_bytes()
            for part in ("sealed", "policies", "trust")
            for file in sorted((path / part).rglob("*"))
            if file.is_file() and file.parent.suffix != ".part"
        },
    }
    home.close()
    return found


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def exchanged(path: Path, name: str, data: bytes) -> dict[str, bytes]:
    """The members of a backup with another file, and a manifest that says so."""
    found = members(path)
    said = json.loads(found[MANIFEST])
    said["files"][name] = [len(data), hashlib.sha256(data).hexdigest()]
    return found | {name: data, MANIFEST: json.dumps(said).encode()}


def rewrite(path: Path, found: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in found.items():
            archive.writestr(name, data)
