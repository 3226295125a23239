"""Taking a released image out of the house with its evidence: one file to hand on, and an entry of who did.

    NAME.png              the released file, label, watermark and credential included
    NAME.png.tlog-proof   the ledger's proof of it
    ledger-keys.txt       the public keys of the ledger
    verifier.html         a page that verifies the proof in a browser, offline

It comes through the door like every file (`release.fetch`); what is not in the ledger, or was taken back, is not
packed. The entry names nobody: it commits to who took it out, and for whom.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.people import Person
from rectoverso.types import AssetId
from rectoverso.verso.ledger.entry import Json
from rectoverso.workflow.ledgers import committed, ledger_keys, open_ledger, verifier
from rectoverso.workflow.release import fetch

PUBLISHED = "published"
"""The kind of entry that says that a released image was taken out."""


def publish(
    home: Home, keys: Keys, asset: str, to: str, by: Person, clock: Clock | None = None
) -> tuple[bytes, int]:
    """The packed image, and the ledger's entry of it; ``to``: for whom, in words. Raises NotReleased, LedgerBroken."""
    clock = clock or SystemClock()
    released = fetch(home, keys, AssetId(asset))
    found = released.asset
    name = f"{found.id}.{found.media_type.rpartition('/')[2]}"
    parts = {
        name: released.data,
        f"{name}.tlog-proof": released.proof.encode(),
        "ledger-keys.txt": ledger_keys(home.path).encode(),
        "verifier.html": verifier(home).encode(),
    }
    packed = _packed(parts, clock.now())
    ledger = open_ledger(home, keys, clock)
    with home.database.transaction() as tx:
        facts: dict[str, Json] = {"asset": found.id, "released": found.ledger_index}
        facts |= {"by": committed(home, tx, f"{by.id} {by.name}"), "to": committed(home, tx, to)}
        entry = ledger.append(tx, PUBLISHED, facts)
    return packed, entry


def _packed(parts: dict[str, bytes], now: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, data in parts.items():
            file.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), data)
    return packed.getvalue()
